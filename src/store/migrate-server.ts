import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { drizzle, type NodePgDatabase } from 'drizzle-orm/node-postgres';
import { migrate } from 'drizzle-orm/node-postgres/migrator';
import type pg from 'pg';
import type { Sealer } from '../domain/store.ts';
import type { Queries } from './database.ts';
import { isBehind, migrateWith } from './migrate.ts';
import { clientFor, ignored, isAnswer } from './server-connection.ts';
import { codeOf, isTransient, StoreError } from './store-error.ts';

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

/** What a session that migrates is given, whatever its role's is: to write a large table anew takes its time. */
const migrating = ['-c statement_timeout=0', `-c lock_timeout=${lockTimeout}`];

/**
 * By a transaction, which ends with `rollback`: a pooler gives a session, with the locks that it took, to somebody
 * else. Tried again and again instead of waited for: a waiting statement would block some migrations.
 * @returns whether nobody else migrates
 */
async function lock(holder: pg.Client): Promise<boolean> {
  await holder.query('begin; set local idle_in_transaction_session_timeout = 0');
  const { rows } = await holder.query<{ locked: boolean }>(
    `select pg_try_advisory_xact_lock(${migrationLock}) as locked`,
  );
  return rows[0]?.locked === true;
}

/** One attempt. @returns what is in its way, if anything */
async function migrateOnce(
  queries: NodePgDatabase,
  holder: pg.Client,
  sealer: Sealer,
  onProgress: (line: string) => void,
): Promise<keyof typeof hindrances | undefined> {
  const anyQueries = queries as unknown as Queries;
  const patience = setTimeout(onProgress, longestSilence, isMigrated);
  try {
    if (!(await lock(holder))) {
      return 'MIGRATION';
    }
    await migrateWith(anyQueries, (config) => migrate(queries, config), sealer, onProgress);
    return undefined;
  } catch (error) {
    if (codeOf(error) === '55P03' || isTransient(error)) {
      return 'TRANSACTION';
    }
    throw error;
  } finally {
    clearTimeout(patience);
    await holder.query('rollback').catch(ignored);
  }
}

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
 * Migrates over connections of its own, one of which holds the lock: of many processes that start at once one
 * migrates, and the others find it done. It takes the time that it needs, and from over there a server that
 * is at work looks like one that is silent: so others ask it meanwhile.
 */
export async function migrateServer(
  databaseUrl: string,
  pool: pg.Pool,
  sealer: Sealer,
  onProgress: (line: string) => void,
): Promise<void> {
  const sockets: Socket[] = [];
  const open = (...options: string[]) => {
    const stream = () => {
      const socket = new Socket();
      sockets.push(socket);
      return socket;
    };
    const client = clientFor(databaseUrl, { stream }, ...options);
    client.on('error', ignored);
    return client;
  };
  const [client, holder] = [open(...migrating), open()];
  const over = new AbortController();
  let isSilent = false;
  silenceOf(pool, onProgress, over.signal).then(() => {
    isSilent = true;
    for (const socket of sockets) {
      socket.destroy();
    }
  }, ignored);
  try {
    await client.connect();
    const queries = drizzle(client);
    if (await isBehind(queries as unknown as Queries)) {
      await holder.connect();
      await migrateOver(queries, holder, sealer, onProgress);
    }
  } catch (error) {
    throw isSilent
      ? new StoreError(
          'UNAVAILABLE',
          'For two minutes the PostgreSQL server named by DATABASE_URL has answered nobody, while it was to be migrated. Look at it, and at the network between, then start this one again: nothing is left half done.',
        )
      : error;
  } finally {
    await Promise.all([client, holder].map((one) => one.end().catch(ignored)));
    over.abort();
  }
}

async function migrateOver(
  queries: NodePgDatabase,
  holder: pg.Client,
  sealer: Sealer,
  onProgress: (line: string) => void,
): Promise<void> {
  const begun = performance.now();
  for (let told: string | undefined; ; ) {
    const hindrance = await migrateOnce(queries, holder, sealer, onProgress);
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
