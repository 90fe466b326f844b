import { and, desc, eq, gt, inArray, isNotNull, ne, or, type SQL, sql } from 'drizzle-orm';
import { type Quota, QuotaUsedUp } from '../domain/operations.ts';
import type { Database, Queries } from './database.ts';
import { operations } from './ledger-tables.ts';
import { mayHaveActed } from './operation-rows.ts';
import { patients } from './tables.ts';

/** By the database's clock, see `heldFor`. */
type NewRow = Omit<typeof operations.$inferInsert, 'heldUntil'> & { heldUntil: SQL };
type Row = Pick<NewRow, 'id' | 'patientId' | 'action' | 'vendor' | 'subject' | 'idempotencyKey'>;

/** Whether the vendor may have acted on it, or is about to be asked. */
const counts = or(
  inArray(operations.status, ['SUCCEEDED', 'OUTCOME_UNKNOWN']),
  and(eq(operations.status, 'IN_PROGRESS'), or(isNotNull(operations.worker), mayHaveActed)),
);

/**
 * When the operation that uses up a quota was started; undefined while there is room for one more.
 * Until the transaction ends, no other process can ask for the same patient, action and vendor.
 */
export async function usedUpBy(
  transaction: Queries,
  { id, patientId, action, vendor, subject, idempotencyKey }: Row,
  { most, since }: Quota,
): Promise<Date | undefined> {
  if (patientId == null || vendor == null) {
    return undefined;
  }
  const place = `operation-quota/${patientId}/${action}/${vendor}`;
  await transaction.execute(sql`select pg_advisory_xact_lock(hashtextextended(${place}, 0))`);
  // The same request in another process is no further one.
  const isTheSame =
    idempotencyKey == null
      ? undefined
      : and(eq(operations.subject, subject), eq(operations.idempotencyKey, idempotencyKey));
  const [last] = await transaction
    .select({ startedAt: operations.startedAt })
    .from(operations)
    .where(
      and(
        eq(operations.patientId, patientId),
        eq(operations.action, action),
        eq(operations.vendor, vendor),
        gt(operations.startedAt, since),
        counts,
        ne(operations.id, id),
        isTheSame && sql`(${isTheSame}) is not true`,
      ),
    )
    .orderBy(desc(operations.startedAt))
    .offset(most - 1)
    .limit(1);
  return last?.startedAt;
}

/**
 * The row's id, with a hold on its patient: whoever erases them waits until the row is there, or has come
 * first. Then it is null, which the table refuses.
 */
const idUnder = (id: string, patientId: string) =>
  sql`(select ${id}::uuid from ${patients} where ${eq(patients.id, patientId)} for key share)`;

/**
 * Adds a row; false where another one has its key.
 * @throws QuotaUsedUp, or StoreError CONSTRAINT for a patient who is not in the register
 */
export async function insertWithin(
  database: Database,
  row: NewRow,
  quota: Quota | undefined,
): Promise<boolean> {
  const { id, patientId } = row;
  const add = async (queries: Queries) => {
    const added = await queries
      .insert(operations)
      .values({ ...row, id: patientId == null ? id : idUnder(id, patientId) })
      .onConflictDoNothing()
      .returning({ id: operations.id });
    return added.length > 0;
  };
  if (quota === undefined) {
    return database.run(add);
  }
  const added = await database.transaction(
    async (queries) => (await usedUpBy(queries, row, quota)) ?? add(queries),
  );
  if (added instanceof Date) {
    throw new QuotaUsedUp(added);
  }
  return added;
}
