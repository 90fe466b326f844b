import { and, asc, eq, gt, inArray, isNull, lt, lte, not, or } from 'drizzle-orm';
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
/** Events that are looked at to see whose are to be deleted. */
const eventsLookedAt = 5_000;

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
  // Not by the times of all that is kept, which may be millions.
  const next = await queries
    .select({ number: accessEvents.number, hash: accessEvents.hash, at: accessEvents.at })
    .from(accessEvents)
    .where(and(ofPatient, gt(accessEvents.number, head.prunedLength)))
    .orderBy(asc(accessEvents.number))
    .limit(rowsAtOnce);
  const firstKept = next.findIndex(
    ({ number, at }, index) => at >= before || number !== head.prunedLength + 1 + index,
  );
  const end = next[(firstKept === -1 ? next.length : firstKept) - 1];
  if (end?.number == null || end.hash === null) {
    return 0;
  }
  const gone = await queries
    .delete(accessEvents)
    .where(and(ofPatient, lte(accessEvents.number, end.number)))
    .returning({ id: accessEvents.id });
  await queries
    .update(accessChains)
    .set(sealedHead(sealer, { ...head, prunedLength: end.number, prunedHash: end.hash }))
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

/** Patient by patient, the oldest first: chains that are left as they are do not keep those of others. */
async function pruneEvents(
  database: Database,
  sealer: Sealer,
  before: Date,
  signal: AbortSignal | undefined,
): Promise<number> {
  let total = 0;
  for (let last: Date | undefined; ; ) {
    // Where the time of keeping was made shorter, those that are over may be too many for one statement.
    const old = await database.run((queries) =>
      queries
        .select({ patientId: accessEvents.patientId, at: accessEvents.at })
        .from(accessEvents)
        .where(
          and(
            lt(accessEvents.at, before),
            last === undefined ? undefined : gt(accessEvents.at, last),
          ),
        )
        .orderBy(asc(accessEvents.at))
        .limit(eventsLookedAt),
    );
    const already = total;
    for (const patientId of new Set(old.map((event) => event.patientId))) {
      for (let gone = rowsAtOnce; gone >= rowsAtOnce && !signal?.aborted; ) {
        gone = await pruneEventsOf(database, sealer, patientId, before);
        total += gone;
      }
    }
    if (old.length === 0 || signal?.aborted) {
      return total;
    }
    // Others may be of the same instant as the last one: beyond it only where all of these stay.
    last = total > already ? last : old.at(-1)?.at;
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
