import { and, asc, eq, gt, gte, inArray, isNull, lt, lte, min, not, or } from 'drizzle-orm';
import type { Retention } from '../domain/keeping.ts';
import type { Sealer } from '../domain/store.ts';
import { isSealed } from './access-chain.ts';
import { sealedHead } from './append-events.ts';
import { clearExpiredLogins } from './connections.ts';
import type { Database, Queries } from './database.ts';
import { accessChains, accessEvents, operations } from './ledger-tables.ts';
import { mayHaveActed } from './operation-rows.ts';

/** Rows that are deleted at a time, so that nobody waits for long. */
const rowsAtOnce = 500;

type Limits = Parameters<Retention['prune']>[0];

/**
 * Settled ones, and those that only wait for somebody to go on with them, which nobody can under a key that has
 * expired: where a vendor may have acted, staff has to look at them.
 */
const isOver = ({ settledBefore, keysValidSince }: Omit<Limits, 'eventsBefore'>) =>
  and(
    isNull(operations.worker),
    or(
      and(
        inArray(operations.status, ['SUCCEEDED', 'FAILED']),
        or(
          lt(operations.startedAt, settledBefore),
          and(
            eq(operations.status, 'FAILED'),
            isNull(operations.patientId),
            lt(operations.startedAt, keysValidSince),
          ),
        ),
      ),
      and(
        eq(operations.status, 'IN_PROGRESS'),
        lt(operations.startedAt, keysValidSince),
        not(mayHaveActed),
      ),
    ),
  );

/** Deletes operations whose time of keeping is over, with their steps. @returns how many */
const pruneOperations = (database: Database, limits: Omit<Limits, 'eventsBefore'>) =>
  database.transaction(async (queries) => {
    const old = await queries
      .select({ id: operations.id })
      .from(operations)
      .where(isOver(limits))
      .orderBy(asc(operations.startedAt))
      .limit(rowsAtOnce)
      .for('update', { skipLocked: true });
    // Looked at once more: who was at work on one may have let it go in between, with a step that was done.
    const gone = await queries
      .delete(operations)
      .where(
        and(
          inArray(
            operations.id,
            old.map(({ id }) => id),
          ),
          isOver(limits),
        ),
      )
      .returning({ id: operations.id });
    return gone.length;
  });

/**
 * Deletes the beginning of one patient's chain, and lets its head say so. A chain that is broken at that
 * place is left: what was done to it must stay to be seen.
 */
async function pruneChain(
  queries: Queries,
  sealer: Sealer,
  patientId: string,
  before: Date,
): Promise<number> {
  const ofPatient = eq(accessEvents.patientId, patientId);
  const [head] = await queries
    .select()
    .from(accessChains)
    .where(eq(accessChains.patientId, patientId))
    .for('update');
  // One that was changed is left as it is: sealed anew it would look whole.
  if (head === undefined || !isSealed(sealer, head)) {
    return 0;
  }
  const [kept] = await queries
    .select({ number: min(accessEvents.number) })
    .from(accessEvents)
    .where(and(ofPatient, gte(accessEvents.at, before)));
  const last = Math.min((kept?.number ?? head.length + 1) - 1, head.prunedLength + rowsAtOnce);
  const [end] = await queries
    .select({ hash: accessEvents.hash })
    .from(accessEvents)
    .where(and(ofPatient, eq(accessEvents.number, last)));
  if (last <= head.prunedLength || end?.hash == null) {
    return 0;
  }
  const gone = await queries
    .delete(accessEvents)
    .where(and(ofPatient, lte(accessEvents.number, last)))
    .returning({ id: accessEvents.id });
  await queries
    .update(accessChains)
    .set(sealedHead(sealer, { ...head, prunedLength: last, prunedHash: end.hash }))
    .where(eq(accessChains.patientId, patientId));
  return gone.length;
}

/** Deletes one patient's, some at a time. @returns how many */
const pruneEventsOf = (database: Database, sealer: Sealer, patientId: string, before: Date) =>
  database.transaction(async (queries) => {
    const unchained = await queries
      .delete(accessEvents)
      .where(
        and(
          eq(accessEvents.patientId, patientId),
          isNull(accessEvents.number),
          lt(accessEvents.at, before),
        ),
      )
      .returning({ id: accessEvents.id });
    return unchained.length + (await pruneChain(queries, sealer, patientId, before));
  });

/** Patient by patient: chains that are left as they are do not keep those of others. */
async function pruneEvents(
  database: Database,
  sealer: Sealer,
  before: Date,
  signal: AbortSignal | undefined,
): Promise<number> {
  let total = 0;
  for (let last: string | undefined; ; ) {
    const old = await database.run((queries) =>
      queries
        .selectDistinct({ patientId: accessEvents.patientId })
        .from(accessEvents)
        .where(
          and(
            lt(accessEvents.at, before),
            last === undefined ? undefined : gt(accessEvents.patientId, last),
          ),
        )
        .orderBy(asc(accessEvents.patientId))
        .limit(rowsAtOnce),
    );
    for (const { patientId } of old) {
      for (let gone = rowsAtOnce; gone >= rowsAtOnce && !signal?.aborted; ) {
        gone = await pruneEventsOf(database, sealer, patientId, before);
        total += gone;
      }
    }
    last = old.at(-1)?.patientId;
    if (last === undefined || signal?.aborted) {
      return total;
    }
  }
}

/** Deletes rows whose time of keeping is over. */
export const createRetention = (
  database: Database,
  sealer: Sealer,
  clock: () => number,
): Retention => ({
  async prune({ eventsBefore, ...limits }, signal) {
    await clearExpiredLogins(database, new Date(clock()));
    let operations = 0;
    for (let gone = 1; gone > 0 && !signal?.aborted; ) {
      gone = await pruneOperations(database, limits);
      operations += gone;
    }
    return { operations, events: await pruneEvents(database, sealer, eventsBefore, signal) };
  },
});
