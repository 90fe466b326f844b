import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import pg from 'pg';
import type { Sealer } from '../domain/store.ts';
import { createDatabase, type Database, type Queries, statementTimeout } from './database.ts';
import { isBehind, migrateWith, needCurrent } from './migrate.ts';
import { lackBehind } from './rights.ts';
import { codeOf, isTransient, StoreError } from './store-error.ts';
import { unreachable } from './unreachable.ts';

export const connectionTimeout = 3_000;
/** For a server that is silent altogether, so that no statement waits for ever. */
const answerTimeout = statementTimeout + 2_000;
/** Milliseconds of quiet after which a connection's other end is asked for a sign of life; the system's own are hours. */
const keepAliveInitialDelayMillis = 10_000;
/** Any number, the same in all processes of Portico: names the lock on migrating. */
const migrationLock = 7_061_726_846;
const longestMigrationWait = 120_000;
/** Milliseconds between two looks at whether a server that is being migrated still answers anybody. */
const betweenLooks = 2_000;
/** Milliseconds without an answer after which that is said; one look alone may fail on a busy machine. */
const longestUnanswered = 10_000;
/** Milliseconds of waiting after which it is said. */
const longestSilence = 5_000;
/** Milliseconds that a migration waits for rows or tables: for as long, whoever wants them next waits behind it. */
const lockTimeout = 1_000;

/** An `error` event that nobody listens to ends the process; statements get the error anyway. */
const ignored = () => undefined;

/** Written in ISO and in UTC whatever the server's defaults, so that instants are read rightly. */
const sessionOptions = '-c TimeZone=UTC -c DateStyle=ISO';

/** Where pg finds options in a URL, it leaves out all others: ours come after them, and win. */
function connectionTo(databaseUrl: string) {
  const asked = new URLSearchParams(/\?([^#]*)/.exec(databaseUrl)?.[1]).getAll('options');
  return {
    connectionString: databaseUrl.replace(/(?<=[?&])options=[^&#]*/g, ''),
    options: [...asked, sessionOptions].join(' '),
    ...{ keepAlive: true, keepAliveInitialDelayMillis },
  };
}

/** What the driver cannot make anything of. Its own words may quote the password. */
const unreadable = (error?: unknown) => {
  const ofFile = error instanceof Error && 'syscall' in error;
  return new StoreError(
    'UNUSABLE',
    ofFile
      ? `DATABASE_URL cannot be used: a file that sslrootcert, sslcert or sslkey there names cannot be read (${codeOf(error)}). Check its path and who may read it.`
      : 'DATABASE_URL cannot be used: it is no postgres:// URL that can be read. Check host, port and parameters; in user and password, write @ : / ? # % as %40 %3A %2F %3F %23 %25.',
  );
};

/**
 * A client that is not connected yet.
 * @throws StoreError UNUSABLE where the URL cannot be read, without the URL
 */
export function clientFor(databaseUrl: string, settings: pg.ClientConfig = {}): pg.Client {
  let client: pg.Client;
  try {
    client = new pg.Client({
      ...connectionTo(databaseUrl),
      connectionTimeoutMillis: connectionTimeout,
      ...settings,
    });
  } catch (error) {
    throw unreadable(error);
  }
  if (!(client.port >= 0 && client.port <= 65_535)) {
    throw unreadable();
  }
  return client;
}

/** What keeps a migration from its work, and what is said of it. */
const hindrances = {
  MIGRATION: {
    pause: 100,
    waiting: 'Database: another process is migrating it. Waiting for two minutes at the most...',
    last: 'Another process has been migrating the database for two minutes. Look at that process, then start this one again.',
  },
  TRANSACTION: {
    // Long enough for those that waited behind it.
    pause: 1_000,
    waiting:
      'Database: a transaction holds what has to be migrated. Waiting for two minutes at the most...',
    last: 'For two minutes a transaction has held what has to be migrated. End it (pg_stat_activity names the oldest), then start this one again.',
  },
};

const isMigrated = 'Database: it is being migrated. Large tables take their time...';

/** One attempt. @returns what is in its way, if anything */
async function migrateOnce(
  queries: NodePgDatabase,
  sealer: Sealer,
  onProgress: (line: string) => void,
): Promise<keyof typeof hindrances | undefined> {
  const anyQueries = queries as unknown as Queries;
  try {
    if (!(await isBehind(anyQueries))) {
      return undefined;
    }
    // Tried again and again instead of waited for: a waiting statement would block some migrations.
    const { rows } = await queries.execute<{ locked: boolean }>(
      sql`select pg_try_advisory_lock(${migrationLock}) as locked`,
    );
    if (rows[0]?.locked !== true) {
      return 'MIGRATION';
    }
    // To write a large table anew takes its time, whatever the role's statements are given.
    await queries.execute(
      sql`select set_config('statement_timeout', '0', false), set_config('lock_timeout', ${String(lockTimeout)}, false)`,
    );
    const patience = setTimeout(onProgress, longestSilence, isMigrated);
    try {
      await migrateWith(anyQueries, (config) => migrate(queries, config), sealer, onProgress);
    } finally {
      clearTimeout(patience);
      // A pooler may give the session to somebody else.
      await queries.execute(sql`reset all`).catch(ignored);
    }
    return undefined;
  } catch (error) {
    if (codeOf(error) === '55P03' || isTransient(error)) {
      return 'TRANSACTION';
    }
    throw error;
  }
}

/** PostgreSQL's own codes: it has answered. */
const isAnswer = (error: unknown) => /^[0-9][0-9A-Z]{4}$/.test(codeOf(error) ?? '');

/** Resolves when the server has answered nobody for two minutes. */
async function silenceOf(
  pool: pg.Pool,
  onProgress: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (let answered = performance.now(), told = false; ; ) {
    await delay(betweenLooks, undefined, { signal });
    if (await pool.query('select 1').then(() => true, isAnswer)) {
      answered = performance.now();
    }
    const unanswered = performance.now() - answered;
    if (unanswered > longestMigrationWait) {
      return;
    }
    if (unanswered > longestUnanswered && !told) {
      told = true;
      onProgress('Database: the server does not answer. Waiting for two minutes at the most...');
    }
  }
}

/**
 * Migrates over a connection of its own, under a lock that goes with the connection: of many
 * processes that start at once one migrates, and the others find it done. It takes the time that it needs,
 * and from over there a server that is at work looks like one that is silent: so others ask it meanwhile.
 */
async function migrateServer(
  databaseUrl: string,
  pool: pg.Pool,
  sealer: Sealer,
  onProgress: (line: string) => void,
): Promise<void> {
  const socket = new Socket();
  const client = clientFor(databaseUrl, { stream: () => socket });
  client.on('error', ignored);
  const over = new AbortController();
  let isSilent = false;
  silenceOf(pool, onProgress, over.signal).then(() => {
    isSilent = true;
    socket.destroy();
  }, ignored);
  try {
    await client.connect();
    await migrateOver(drizzle(client), sealer, onProgress);
  } catch (error) {
    throw isSilent
      ? new StoreError(
          'UNAVAILABLE',
          'For two minutes the PostgreSQL server named by DATABASE_URL has answered nobody, while it was to be migrated. Look at it, and at the network between, then start this one again: nothing is left half done.',
        )
      : error;
  } finally {
    await client.end().catch(ignored);
    over.abort();
  }
}

async function migrateOver(
  queries: NodePgDatabase,
  sealer: Sealer,
  onProgress: (line: string) => void,
): Promise<void> {
  const begun = performance.now();
  for (let told: string | undefined; ; ) {
    const hindrance = await migrateOnce(queries, sealer, onProgress);
    if (hindrance === undefined) {
      return;
    }
    const { pause, waiting, last } = hindrances[hindrance];
    const waited = performance.now() - begun;
    if (waited > longestMigrationWait) {
      throw new StoreError('UNUSABLE', last);
    }
    if (waited > longestSilence && told !== waiting) {
      told = waiting;
      onProgress(waiting);
    }
    await delay(pause);
  }
}

function engineOf(pool: pg.Pool) {
  return {
    queries: drizzle(pool) as unknown as Queries,

    // Not drizzle's transaction on the pool: that one loses a connection for good when BEGIN fails.
    async transaction<T>(work: (transaction: Queries) => PromiseLike<T>): Promise<T> {
      const client = await pool.connect();
      let failure: unknown;
      try {
        return await drizzle(client).transaction(async (transaction) =>
          work(transaction as unknown as Queries),
        );
      } catch (error) {
        failure = error;
        throw error;
      } finally {
        // A connection whose transaction broke for a reason the database did not give is not reused.
        const refused = failure === undefined || failure instanceof StoreError;
        client.release(!(refused || isAnswer(failure)));
      }
    },

    close: () => pool.end(),
  };
}

/**
 * Opens a PostgreSQL database.
 * @param poolSize connections at most
 * @param existing whether it has to be there and up to date; otherwise it is migrated
 * @throws StoreError UNAVAILABLE or UNUSABLE, without the URL
 */
export async function openServer(
  databaseUrl: string,
  poolSize: number,
  sealer: Sealer,
  onProgress: (line: string) => void,
  existing = false,
): Promise<Database> {
  // It connects when it is first asked.
  const pool = new pg.Pool({
    ...connectionTo(databaseUrl),
    max: poolSize,
    connectionTimeoutMillis: connectionTimeout,
    statement_timeout: statementTimeout,
    idle_in_transaction_session_timeout: statementTimeout,
    query_timeout: answerTimeout,
  });
  pool.on('error', ignored);
  // The pool listens to idle connections only; one that is lost while it is in use must not kill us.
  pool.on('connect', (client) => client.on('error', ignored));
  const engine = engineOf(pool);
  try {
    await (existing
      ? needCurrent(engine.queries, 'the database named by DATABASE_URL')
      : migrateServer(databaseUrl, pool, sealer, onProgress));
  } catch (error) {
    const problem =
      error instanceof StoreError
        ? error
        : ((await lackBehind(error, engine.queries)) ?? unreachable(error));
    await pool.end().catch(ignored);
    throw problem;
  }
  return createDatabase(engine);
}
