import { existsSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Config } from '../src/config.ts';
import { encryptionKeyOf } from '../src/encryption-key.ts';
import { endAll, temporaryFolder } from './support/command-line.ts';

const disk = vi.hoisted(() => ({ isFull: false }));

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  return {
    ...fs,
    writeFileSync(...[file, data, options]: Parameters<typeof fs.writeFileSync>) {
      fs.writeFileSync(file, disk.isFull ? String(data).slice(0, 8) : data, options);
      if (disk.isFull) {
        throw Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' });
      }
    },
  };
});

afterAll(endAll);

/** The key of a gateway on loopback that is given none. */
describe('a key that is kept beside the data', () => {
  const lines: string[] = [];
  let dataDirectory = '';
  let file = '';
  beforeEach(() => {
    disk.isFull = false;
    lines.length = 0;
    dataDirectory = join(temporaryFolder(), 'data');
    file = join(dataDirectory, 'encryption-key');
  });
  const keyOf = (make?: boolean) =>
    encryptionKeyOf(
      { dataDirectory, encryptionKey: undefined } as Config,
      (line) => lines.push(line),
      make,
    );

  it('is made once, for this user only, and said', () => {
    const key = keyOf();
    expect(key).toHaveLength(32);
    expect(keyOf()).toEqual(key);
    expect(keyOf(false)).toEqual(key);
    expect(readdirSync(dataDirectory)).toEqual(['encryption-key']);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(lines[0]).toContain(`using the key in ${file}`);
  });

  it('is whole or not there: a disk that is full leaves nothing behind', () => {
    disk.isFull = true;
    expect(() => keyOf()).toThrow(
      expect.objectContaining({
        name: 'ConfigurationError',
        message: expect.stringMatching(/DATA_DIR cannot take .*\(ENOSPC\).*space left/),
      }),
    );
    expect(readdirSync(dataDirectory)).toEqual([]);
    disk.isFull = false;
    expect(keyOf()).toHaveLength(32);
  });

  it.each(['', 'c2hvcnQ=', 'A'.repeat(44)])('is refused where it is no key: %j', (content) => {
    mkdirSync(dataDirectory);
    writeFileSync(file, content);
    expect(() => keyOf()).toThrow(/holds no key of 32 bytes: put the right one back/);
    expect(lines).toEqual([]);
  });

  it('is not made for who only needs one that is there', () => {
    expect(() => keyOf(false)).toThrow(/there is no file .*set the key that serve has/);
    expect(existsSync(dataDirectory)).toBe(false);
  });

  it('says so where its folder cannot be made, and where it cannot be read', () => {
    writeFileSync(dataDirectory, 'a file');
    expect(() => keyOf()).toThrow(/DATA_DIR cannot take .*\(ENOTDIR\)/);
    dataDirectory = join(temporaryFolder(), 'data');
    mkdirSync(join(dataDirectory, 'encryption-key'), { recursive: true });
    expect(() => keyOf()).toThrow(/cannot be read \(EISDIR\)/);
  });
});
