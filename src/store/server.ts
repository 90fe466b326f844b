import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import type { Sealer } from '../domain/store.ts';
import { createDatabase, type Database, type Queries, statementTimeout } from './database.ts';
import { needCurrent } from './migrate.ts';
import { migrateServer } from './migrate-server.ts';
import { createPreparedStatements, type PreparedStatements } from './prepared-statements.ts';
import { lackBehind } from './rights.ts';
import { connectionTimeout, connectionTo, ignored, isAnswer } from './server-connection.ts';
import { StoreError } from './store-error.ts';
import { unreachable } from './unreachable.ts';

/** For a server that is silent altogether, so that no statement waits for ever. */
const answerTimeout = statementTimeout + 2_000;

function engineOf(pool: pg.Pool, statements: PreparedStatements) {
  return {
    mends: statements.areBehind,
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
  const statements = createPreparedStatements();
  pool.on('connect', statements.nameThoseOf);
  const engine = engineOf(pool, statements);
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
