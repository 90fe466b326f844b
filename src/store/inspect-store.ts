import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { drizzle as drizzleEmbedded } from 'drizzle-orm/pglite';
import type { Queries } from './database.ts';
import { type FolderLock, lockDirectory } from './embedded-lock.ts';
import { pendingMigrations } from './migrate.ts';
import { missingRights } from './rights.ts';
import { whatIsClear } from './seal-clear-columns.ts';
import { keysOf } from './sealing-keys.ts';
import { clientFor, unreachable } from './server.ts';
import { StoreError, withoutDetails } from './store-error.ts';

/**
 * What is found where a store is, or will be. Nothing is made or migrated, and of what is sealed nothing but
 * by which key is read.
 */
export interface StoreFindings {
  /** ABSENT: `serve` makes it. IN_USE: an embedded one, by another process. */
  state: 'THERE' | 'ABSENT' | 'IN_USE';
  /** Migrations that the next start applies. */
  pending: number;
  /** Whether the database only reads. */
  readOnly: boolean;
  /** Rights that the user lacks for what is to be done, in the words of GRANT. */
  lacking: string[];
  /** Of the PostgreSQL server. */
  version: string | undefined;
  /** Beginnings of what is sealed in it, one for each key; of the oldest and the newest records. */
  sealedBy: string[];
}

const absent: StoreFindings = {
  state: 'ABSENT',
  pending: 0,
  readOnly: false,
  lacking: [],
  version: undefined,
  sealedBy: [],
};

/** Milliseconds that one question may take. */
const questionTimeout = 4_000;

interface Facts {
  readOnly: string;
  version: string;
}

async function factsOf(queries: Queries): Promise<StoreFindings> {
  const { rows } = (await queries.execute(
    sql`select current_setting('transaction_read_only') as "readOnly",
      current_setting('server_version') as "version"`,
  )) as unknown as { rows: Facts[] };
  const [facts] = rows;
  const found: StoreFindings = {
    state: 'THERE',
    pending: 0,
    readOnly: facts?.readOnly !== 'off',
    lacking: [],
    version: facts?.version.split(' ')[0],
    sealedBy: [],
  };
  const { toRead, toServe, toMigrate } = await missingRights(queries);
  if (toRead.length > 0) {
    return { ...found, lacking: [...toRead, ...toServe] };
  }
  const pending = await pendingMigrations(queries);
  if (pending > 0 || (await whatIsClear(queries)) !== null) {
    // Older tables have nothing sealed, or not there.
    return { ...found, pending, lacking: [...toServe, ...toMigrate] };
  }
  const sealedBy = toServe.length > 0 ? [] : await keysOf(queries);
  return { ...found, lacking: toServe, sealedBy };
}

async function inspectServer(databaseUrl: string): Promise<StoreFindings> {
  const client = clientFor(databaseUrl, { query_timeout: questionTimeout });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await factsOf(drizzle(client) as unknown as Queries);
  } catch (error) {
    throw error instanceof StoreError ? error : unreachable(error);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** To open it is to write its files, as any start does, and takes as long as it takes. */
async function inspectEmbedded(dataDirectory: string): Promise<StoreFindings> {
  if (!existsSync(join(dataDirectory, 'database'))) {
    return absent;
  }
  let lock: FolderLock;
  try {
    lock = await lockDirectory(dataDirectory);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'IN_USE') {
      return { ...absent, state: 'IN_USE' };
    }
    throw withoutDetails(error);
  }
  try {
    const client = new PGlite(join(dataDirectory, 'database'));
    try {
      await client.waitReady;
      return await factsOf(drizzleEmbedded(client) as unknown as Queries);
    } finally {
      await client.close();
    }
  } catch (error) {
    throw withoutDetails(error);
  } finally {
    lock.release();
  }
}

/**
 * Looks at the store that `serve` would open.
 * @throws StoreError with a message for an operator, without secrets
 */
export const inspectStore = (databaseUrl: string | undefined, dataDirectory: string) =>
  databaseUrl === undefined ? inspectEmbedded(dataDirectory) : inspectServer(databaseUrl);
