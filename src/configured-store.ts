import { join } from 'node:path';
import { type Environment, readConfig } from './config.ts';
import type { Store } from './domain/store.ts';
import { encryptionKeyOf } from './encryption-key.ts';
import { openStore } from './store/open-store.ts';
import { createSealer } from './store/sealing.ts';

/**
 * Lends the store that `serve` would use to a command.
 * @throws ConfigurationError, StoreError
 */
export async function withConfiguredStore<T>(
  environment: Environment,
  say: (line: string) => void,
  use: (store: Store) => Promise<T>,
): Promise<T> {
  const config = readConfig(environment, 'production');
  const { databaseUrl } = config;
  const store = await openStore({
    sealer: createSealer({ current: encryptionKeyOf(config, say), old: config.oldEncryptionKeys }),
    ...{ clock: Date.now, onProgress: say },
    ...(databaseUrl !== undefined && { databaseUrl }),
    dataDirectory: join(config.dataDirectory, 'store'),
  });
  try {
    return await use(store);
  } finally {
    await store.close();
  }
}
