import { realpathSync } from 'node:fs';
import type { PGlite } from '@electric-sql/pglite';
import { drizzle, type PgliteDatabase } from 'drizzle-orm/pglite';
import { migrate } from 'drizzle-orm/pglite/migrator';
import type { Sealer } from '../domain/store.ts';
import { createDatabase, type Database, type Engine, type Queries } from './database.ts';
import { hasCluster, openCluster } from './embedded-cluster.ts';
import { type FolderLock, lockDirectory } from './embedded-lock.ts';
import { beginUpkeep } from './embedded-upkeep.ts';
import { makeFolder } from './make-folder.ts';
import { migrateWith, needCurrent, noStore } from './migrate.ts';
import { codeOf, StoreError, withoutDetails } from './store-error.ts';

/** What an operator is told of a folder that an embedded database cannot be kept in. */
export function unusable(directory: string, error: unknown): StoreError {
  if (error instanceof StoreError) {
    return error;
  }
  const code = codeOf(error);
  return new StoreError(
    'UNUSABLE',
    `The data folder ${directory} cannot be used${code ? ` (${code})` : ''}. Check that it is a writable folder, on a disk with space left, with a database of this version of Portico in it, or none; or name another DATA_DIR.`,
    code,
  );
}

function prepared(directory: string): string {
  try {
    makeFolder(directory);
    // One folder has one lock, whatever path it is reached by.
    return realpathSync(directory);
  } catch (error) {
    throw unusable(directory, error);
  }
}

async function opened(
  directory: string | undefined,
  lock: FolderLock | undefined,
): Promise<PGlite> {
  const client = await openCluster(directory);
  if (lock !== undefined) {
    // All that the database is told goes through here, also in a transaction that was begun before.
    const tell = client.execProtocolRawSync.bind(client);
    client.execProtocolRawSync = (message) => {
      lock.check();
      return tell(message);
    };
  }
  return client;
}

/**
 * Opens the embedded database, which runs one statement at a time in this process.
 * @param dataDirectory the folder to keep it in; in memory where undefined
 * @param existing whether it has to be there and up to date; otherwise it is made and migrated
 * @throws StoreError UNUSABLE
 */
export async function openEmbedded(
  dataDirectory: string | undefined,
  sealer: Sealer,
  onProgress: (line: string) => void,
  existing = false,
): Promise<Database> {
  const where = `the data folder ${dataDirectory}`;
  if (existing && !hasCluster(dataDirectory ?? '')) {
    throw noStore(where);
  }
  const directory = dataDirectory === undefined ? undefined : prepared(dataDirectory);
  let lock: FolderLock | undefined;
  if (directory !== undefined) {
    try {
      lock = await lockDirectory(directory, onProgress);
    } catch (error) {
      throw unusable(directory, error);
    }
  }
  let client: PGlite | undefined;
  try {
    client = await opened(directory, lock);
    const database = drizzle(client);
    const queries = database as unknown as Queries;
    await (existing
      ? needCurrent(queries, where)
      : migrateWith(queries, (config) => migrate(database, config), sealer, onProgress));
    return createDatabase(engineOf(database, lock));
  } catch (error) {
    await client?.close().catch(() => undefined);
    lock?.release();
    throw directory === undefined ? withoutDetails(error) : unusable(directory, error);
  }
}

function engineOf(
  database: PgliteDatabase & { $client: PGlite },
  lock: FolderLock | undefined,
): Engine {
  const endUpkeep = beginUpkeep(database.$client);
  return {
    queries: database as unknown as Queries,
    transaction: <T>(work: (transaction: Queries) => PromiseLike<T>) =>
      database.transaction(async (transaction) => work(transaction as unknown as Queries)),
    async close() {
      endUpkeep();
      try {
        // To close it is to write, too.
        lock?.check();
        await database.$client.close();
      } finally {
        lock?.release();
      }
    },
  };
}
