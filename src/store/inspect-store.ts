import { accessSync, constants, existsSync } from 'node:fs';
import { Socket } from 'node:net';
import { dirname, resolve } from 'node:path';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/node-postgres';
import { drizzle as drizzleEmbedded } from 'drizzle-orm/pglite';
import { type Queries, readRows } from './database.ts';
import { unusable } from './embedded.ts';
import { hasCluster, openCluster } from './embedded-cluster.ts';
import { lockDirectory } from './embedded-lock.ts';
import { lackOf } from './rights.ts';
import { keysOf } from './sealing-keys.ts';
import { clientFor } from './server-connection.ts';
import { StoreError } from './store-error.ts';
import { unreachable } from './unreachable.ts';

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
  const [facts] = await readRows<Facts>(
    queries,
    sql`select current_setting('transaction_read_only') as "readOnly",
      current_setting('server_version') as "version"`,
  );
  const found: StoreFindings = {
    state: 'THERE',
    pending: 0,
    readOnly: facts?.readOnly !== 'off',
    lacking: [],
    version: facts?.version.split(' ')[0],
    sealedBy: [],
  };
  const { pending, isCurrent, lacking } = await lackOf(queries);
  // What is sealed in older tables is not there, or elsewhere.
  const sealedBy = isCurrent && lacking.length === 0 ? await keysOf(queries) : [];
  return { ...found, pending, lacking, sealedBy };
}

async function inspectServer(databaseUrl: string, patience: number): Promise<StoreFindings> {
  const socket = new Socket();
  const client = clientFor(databaseUrl, {
    query_timeout: questionTimeout,
    stream: () => socket,
  });
  client.on('error', () => undefined);
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    socket.destroy();
  }, patience);
  try {
    await client.connect();
    return await factsOf(drizzle(client) as unknown as Queries);
  } catch (error) {
    if (isLate) {
      throw new StoreError(
        'TIMED_OUT',
        `PostgreSQL answers slowly: to look at it took longer than ${patience / 1000} s. See what it is at (pg_stat_activity), then try again.`,
      );
    }
    throw error instanceof StoreError ? error : unreachable(error);
  } finally {
    await client.end().catch(() => undefined);
    clearTimeout(timer);
  }
}

/** Where something would be made: the folder, or the first one above it that is there. */
const placeOf = (path: string): string =>
  existsSync(path) || dirname(path) === path ? path : placeOf(dirname(path));

/** To open it is to write its files, as any start does, and takes as long as it takes. */
async function inspectEmbedded(dataDirectory: string): Promise<StoreFindings> {
  try {
    if (!hasCluster(dataDirectory)) {
      // With a last part that only a folder has.
      accessSync(`${placeOf(resolve(dataDirectory))}/.`, constants.W_OK | constants.X_OK);
      return absent;
    }
    const lock = await lockDirectory(dataDirectory);
    try {
      const client = await openCluster(dataDirectory);
      try {
        return await factsOf(drizzleEmbedded(client) as unknown as Queries);
      } finally {
        await client.close();
      }
    } finally {
      lock.release();
    }
  } catch (error) {
    if (error instanceof StoreError && error.code === 'IN_USE') {
      return { ...absent, state: 'IN_USE' };
    }
    throw unusable(dataDirectory, error);
  }
}

/**
 * Looks at the store that `serve` would open.
 * @param patience milliseconds for a server; an embedded store takes what it takes
 * @throws StoreError with a message for an operator, without secrets
 */
export const inspectStore = (
  databaseUrl: string | undefined,
  dataDirectory: string,
  patience: number,
) =>
  databaseUrl === undefined ? inspectEmbedded(dataDirectory) : inspectServer(databaseUrl, patience);
