import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Config } from './config.ts';

/** The key that the configuration gives, or on loopback one that is kept beside the data. */
export function encryptionKeyOf(
  { encryptionKey, dataDirectory }: Config,
  say: (line: string) => void,
): Buffer {
  if (encryptionKey !== undefined) {
    return encryptionKey;
  }
  const file = join(dataDirectory, 'encryption-key');
  if (!existsSync(file)) {
    mkdirSync(dataDirectory, { recursive: true });
    writeFileSync(file, randomBytes(32).toString('base64'), { mode: 0o600, flag: 'wx' });
  }
  say(`ENCRYPTION_KEY is not set: using the key in ${file}. Set it before this holds real data.`);
  return Buffer.from(readFileSync(file, 'utf8'), 'base64');
}
