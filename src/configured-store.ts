import { join } from 'node:path';
import { type Environment, readConfig } from './config.ts';
import type { Store } from './domain/store.ts';
import { encryptionKeyOf } from './encryption-key.ts';
import { openStore } from './store/open-store.ts';
import { createSealer } from './store/sealing.ts';

/** Milliseconds after which it is said how far a command has come. */
const silence = 1_000;

/** Says how far a command has come, now and then only. */
export function sayNowAndThen(say: (line: string) => void): (line: () => string) => void {
  let said = performance.now();
  return (line) => {
    if (performance.now() - said > silence) {
      said = performance.now();
      say(line());
    }
  };
}

/**
 * Lends the store that `serve` uses to a command, which neither makes one nor brings it up to date.
 * @param need what the command does with it
 * @throws ConfigurationError, StoreError
 */
export async function withConfiguredStore<T>(
  environment: Environment,
  need: 'READ' | 'CHANGE',
  say: (line: string) => void,
  use: (store: Store) => Promise<T>,
): Promise<T> {
  const config = readConfig(environment, 'production');
  const { databaseUrl } = config;
  const key = encryptionKeyOf(config, say, false);
  const store = await openStore({
    sealer: createSealer({ current: key, old: config.oldEncryptionKeys }),
    ...{ clock: Date.now, onProgress: say, existing: need },
    ...(databaseUrl !== undefined && { databaseUrl }),
    dataDirectory: join(config.dataDirectory, 'store'),
  });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}
