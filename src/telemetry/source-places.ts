import { readFileSync } from 'node:fs';
import { SourceMap } from 'node:module';
import { fileURLToPath } from 'node:url';
import { LRUCache } from 'lru-cache';

/** A place of the program as V8 writes it: file, line, column. */
const place = /(file:\/\/\/\S+?\.mjs):(\d+):(\d+)/g;

/** Places that were looked up: faults that come back come from the same ones. */
const known = new LRUCache<string, string>({ max: 1_000 });

/** Of a file of the program; a package's own, and one of a program that is gone, have none. */
function sourceMapOf(file: string): SourceMap | undefined {
  try {
    return new SourceMap(JSON.parse(readFileSync(new URL(`${file}.map`), 'utf8')));
  } catch {
    return undefined;
  }
}

/**
 * The places of a stack in the sources, where it has those of the program that was put together of them.
 * Node could say them by itself (`--enable-source-maps`), but does so for every error whose stack anybody looks
 * at, as GraphQL does wherever a field ends with one, and keeps all maps from then on: tens of megabytes.
 */
export function inSources(stack: string): string {
  const maps = new Map<string, SourceMap | undefined>();
  const lookUp = (file: string, line: number, column: number): string => {
    if (!maps.has(file)) {
      maps.set(file, sourceMapOf(file));
    }
    const origin = maps.get(file)?.findOrigin(line, column);
    return origin !== undefined && 'fileName' in origin
      ? `${fileURLToPath(new URL(origin.fileName, file))}:${origin.lineNumber}:${origin.columnNumber}`
      : `${file}:${line}:${column}`;
  };
  return stack.replace(place, (written, file: string, line: string, column: string) => {
    const found = known.get(written) ?? lookUp(file, Number(line), Number(column));
    known.set(written, found);
    return found;
  });
}
