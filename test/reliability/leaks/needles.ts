import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** What must not be found, and the search for it in bytes of any kind. */

export type Kind = 'credential' | 'issued secret' | 'person' | 'free text';

/** Where a value was found; never the value itself, which would only be printed once more. */
export interface Hit {
  kind: Kind;
  /** What it is, in words. */
  what: string;
  where: string;
}

interface Needle {
  kind: Kind;
  what: string;
  bytes: Buffer;
  /** Whether it does not count in the midst of letters and digits. */
  alone: boolean;
}

/** Shorter values are found by chance. */
const shortest = 5;
/** Words up to this length are found by chance in megabytes of what was sealed, with letters around. */
const longestByChance = 7;
const isByChance = (value: string) => value.length <= longestByChance && /^[a-z]+$/i.test(value);
/** Of what is folded already. */
const isOfWord = (byte: number | undefined) =>
  byte !== undefined && ((byte >= 0x30 && byte <= 0x39) || (byte >= 0x61 && byte <= 0x7a));
const lowered = (byte: number) => (byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte);
const folded = (bytes: Buffer) => Buffer.from(bytes.map(lowered));

/** The part of a text's base64 that does not depend on what stands around it, at each of three offsets. */
function base64Cores(value: string): string[] {
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(value)]).toString('base64');
    return encoded.slice(Math.ceil((offset * 8) / 6), -4).replace(/=+$/, '');
  });
}

/** The ways in which a value may be written down. */
const spellings = (value: string): string[] => {
  const base64 = base64Cores(value).filter((core) => core.length >= 10);
  const url = base64.map((core) => core.replaceAll('+', '-').replaceAll('/', '_'));
  return [
    ...new Set([
      ...[value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1)],
      ...[...base64, ...url],
    ]),
  ];
};

/**
 * Many values searched for at once, whatever their letter case, by the first three bytes of each: a
 * database's files are a hundred megabytes, and the values some thousands.
 */
export class Needles {
  private readonly known = new Set<string>();
  private readonly byStart = new Map<number, Needle[]>();
  private readonly starts = new Uint8Array(1 << 24);

  get size(): number {
    return this.known.size;
  }

  countOf(kind: Kind): number {
    return [...this.known].filter((key) => key.startsWith(`${kind}:`)).length;
  }

  /** Values that are absent, or too short to tell anything, are left out. */
  add(kind: Kind, what: string, ...values: readonly (string | null | undefined)[]): void {
    for (const value of values) {
      const key = `${kind}:${value}`;
      if (value == null || value.length < shortest || this.known.has(key)) {
        continue;
      }
      this.known.add(key);
      for (const spelling of spellings(value)) {
        const bytes = folded(Buffer.from(spelling));
        const start = bytes.readUIntBE(0, 3);
        this.starts[start] = 1;
        const needle = { kind, what, bytes, alone: isByChance(spelling) };
        this.byStart.set(start, [...(this.byStart.get(start) ?? []), needle]);
      }
    }
  }

  /** Each kind of value once for each place. */
  find(where: string, text: string | Buffer, kinds?: readonly Kind[]): Hit[] {
    const bytes = folded(Buffer.isBuffer(text) ? text : Buffer.from(text));
    const hits = new Map<string, Hit>();
    let start = bytes.length < 3 ? 0 : bytes.readUIntBE(0, 2);
    for (let end = 2; end < bytes.length; end += 1) {
      start = ((start << 8) | (bytes[end] ?? 0)) & 0xffffff;
      if (this.starts[start] !== 1) {
        continue;
      }
      for (const { kind, what, bytes: wanted, alone } of this.byStart.get(start) ?? []) {
        const isWanted = kinds === undefined || kinds.includes(kind);
        const after = end - 2 + wanted.length;
        const isPart = alone && isOfWord(bytes[end - 3]) && isOfWord(bytes[after]);
        if (isWanted && !isPart && wanted.equals(bytes.subarray(end - 2, after))) {
          hits.set(`${kind} ${what}`, { kind, what, where });
        }
      }
    }
    return [...hits.values()];
  }

  /** As `find`, in every file below a folder. */
  findInFiles(folder: string, kinds?: readonly Kind[]): Hit[] {
    return filesBelow(folder).flatMap((path) => {
      const where = relative(folder, path);
      return this.find(where, contentOf(path), kinds);
    });
  }
}

export const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

/** What a running server removed meanwhile holds nothing. */
function contentOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return Buffer.alloc(0);
    }
    throw error;
  }
}
