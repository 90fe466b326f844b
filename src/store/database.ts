import { setTimeout as delay } from 'node:timers/promises';
import type { SQL } from 'drizzle-orm';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';
import { codeOf, isTransient, withoutDetails } from './store-error.ts';

/** Milliseconds that a statement may take. */
export const statementTimeout = 10_000;

/** What statements are run with: the database itself, or one transaction. */
export type Queries = PgDatabase<PgQueryResultHKT>;
export type Work<T> = (queries: Queries) => PromiseLike<T>;

/**
 * One of the two databases behind the store. Both functions run `work` again, a few times, when the
 * database broke it off because of others (deadlock, serialization), so it must do nothing but
 * statements.
 * @throws StoreError, or CodedError BAD_USER_INPUT for text that cannot be stored
 */
export interface Database {
  run<T>(work: Work<T>): Promise<T>;
  transaction<T>(work: Work<T>): Promise<T>;
  /** Whether it said a moment ago that its disk is full or fails. Its reads go on, so nothing else tells. */
  isOutOfSpace(): boolean;
  close(): Promise<void>;
}

/** What an engine provides; errors may be of any kind. */
export interface Engine {
  queries: Queries;
  transaction<T>(work: Work<T>): Promise<T>;
  /** Whether it goes about it in another way from now on, so that what failed may be tried again. */
  mends?(error: unknown): boolean;
  close(): Promise<void>;
}

const attempts = 5;
/** Disk full, an error of the disk, and the embedded one's words for the former. */
const ofTheDisk = ['53100', '58030', 'ENOSPC'];
/** Milliseconds for which it is taken to be so; whatever is written meanwhile finds out anew. */
const outOfSpaceFor = 5_000;

async function retried<T>(
  attempt: () => PromiseLike<T>,
  mayBeRepeated: (error: unknown) => boolean,
  onError: (error: unknown) => void,
): Promise<T> {
  for (let count = 1; ; count += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (count >= attempts || !mayBeRepeated(error)) {
        onError(error);
        throw withoutDetails(error);
      }
      await delay(Math.random() * 20 * 2 ** count);
    }
  }
}

/** Puts bounded repetition and clean errors around an engine. */
export function createDatabase(engine: Engine): Database {
  let closing: Promise<void> | undefined;
  let outOfSpaceAt = Number.NEGATIVE_INFINITY;
  const mayBeRepeated = (error: unknown) => isTransient(error) || engine.mends?.(error) === true;
  const note = (error: unknown) => {
    if (ofTheDisk.includes(codeOf(error) ?? '')) {
      outOfSpaceAt = performance.now();
    }
  };
  return {
    run: (work) => retried(() => work(engine.queries), mayBeRepeated, note),
    transaction: (work) => retried(() => engine.transaction(work), mayBeRepeated, note),
    isOutOfSpace: () => performance.now() - outOfSpaceAt < outOfSpaceFor,
    close() {
      closing ??= engine.close().catch((error: unknown) => {
        throw withoutDetails(error);
      });
      return closing;
    },
  };
}

/** The rows of a statement in SQL: both drivers hand them over alike, which drizzle's common type does not say. */
export const readRows = async <Row>(queries: Queries, statement: SQL): Promise<Row[]> =>
  ((await queries.execute(statement)) as unknown as { rows: Row[] }).rows;

/** For drizzle's `prepare`: `prepared-statements.ts` gives the names. */
export const unnamed = '';

/**
 * A statement that is built once and run often: to build one takes as long as to run it.
 * @param build ends with `prepare(unnamed)`
 */
export function repeated<T>(
  database: Database,
  build: (queries: Queries) => { execute(values: Record<string, unknown>): Promise<T> },
): (values: Record<string, unknown>) => Promise<T> {
  const built = new WeakMap<Queries, ReturnType<typeof build>>();
  return (values) =>
    database.run((queries) => {
      const statement = built.get(queries) ?? build(queries);
      built.set(queries, statement);
      return statement.execute(values);
    });
}
