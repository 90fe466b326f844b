import { count, min } from 'drizzle-orm';
import type { UnsettledOperations } from '../domain/operations.ts';
import type { Database } from './database.ts';
import { operations } from './ledger-tables.ts';
import { isOpen } from './operation-rows.ts';

/** Unsettled operations that are counted; beyond, that there are many is all that matters. */
const mostCounted = 10_000;

/** How many operations wait to be settled, and since when. */
export async function countUnsettled(database: Database): Promise<UnsettledOperations> {
  const rows = await database.run((queries) => {
    const open = queries
      .select({ status: operations.status, startedAt: operations.startedAt })
      .from(operations)
      .where(isOpen)
      .limit(mostCounted)
      .as('open');
    return queries
      .select({ status: open.status, count: count(), oldest: min(open.startedAt) })
      .from(open)
      .groupBy(open.status);
  });
  const none = { count: 0, oldest: null };
  return {
    ...{ IN_PROGRESS: none, OUTCOME_UNKNOWN: none },
    ...Object.fromEntries(rows.map(({ status, ...waiting }) => [status, waiting])),
  };
}
