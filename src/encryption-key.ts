import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Config, ConfigurationError } from './config.ts';
import { makeFolder } from './store/make-folder.ts';

const keyLength = 32;

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? 'no reason given';

/** Whole or not there at all, and never in the place of one that is there. */
function makeKey(file: string): void {
  const draft = `${file}-${randomUUID()}`;
  try {
    makeFolder(dirname(file));
    try {
      const key = randomBytes(keyLength).toString('base64');
      writeFileSync(draft, key, { mode: 0o600, flag: 'wx', flush: true });
      linkSync(draft, file);
    } finally {
      rmSync(draft, { force: true });
    }
  } catch (error) {
    // Another process that was started at the same time may have been first.
    if (!existsSync(file)) {
      throw new ConfigurationError([
        `DATA_DIR cannot take the file ${file} (${codeOf(error)}): make it a folder that this user may write to, on a disk with space left; or name another DATA_DIR, or set ENCRYPTION_KEY`,
      ]);
    }
  }
}

function readKey(file: string): Buffer {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigurationError([
      codeOf(error) === 'ENOENT'
        ? `ENCRYPTION_KEY is not set, and there is no file ${file}: set the key that serve has, or run this where serve runs`
        : `ENCRYPTION_KEY is not set, and the file ${file} cannot be read (${codeOf(error)}): let this user read it, or set ENCRYPTION_KEY`,
    ]);
  }
  const key = Buffer.from(text, 'base64');
  if (key.length !== keyLength) {
    throw new ConfigurationError([
      `ENCRYPTION_KEY is not set, and the file ${file} holds no key of ${keyLength} bytes: put the right one back; where the store has never held anything, remove the file, and serve makes another one`,
    ]);
  }
  return key;
}

/**
 * The key that the configuration gives, or on loopback one that is kept beside the data.
 * @param make whether to make one where there is none
 * @throws ConfigurationError
 */
export function encryptionKeyOf(
  { encryptionKey, dataDirectory }: Config,
  say: (line: string) => void,
  make = true,
): Buffer {
  if (encryptionKey !== undefined) {
    return encryptionKey;
  }
  const file = join(dataDirectory, 'encryption-key');
  if (make && !existsSync(file)) {
    makeKey(file);
  }
  const key = readKey(file);
  say(`ENCRYPTION_KEY is not set: using the key in ${file}. Set it before this holds real data.`);
  return key;
}
