import { and, asc, eq, inArray, isNull, lt, ne, or, type SQL, sql } from 'drizzle-orm';
import type {
  Operation,
  OperationLedger,
  OperationOutcome,
  OperationStatus,
  OperationStep,
} from '../domain/operations.ts';
import type { Sealer } from '../domain/store.ts';
import type { Database } from './database.ts';
import { isOver, isWithin } from './database-clock.ts';
import { operationSteps, operations } from './ledger-tables.ts';
import { createSealedJson } from './sealed-json.ts';

/** How the ledger's rows are told apart and read. */

export type OperationRow = typeof operations.$inferSelect;
type StepRow = typeof operationSteps.$inferSelect;

export const isFree = or(isNull(operations.heldUntil), isOver(operations.heldUntil));
export const isOpen = inArray(operations.status, ['IN_PROGRESS', 'OUTCOME_UNKNOWN']);
/** Also one that was being reconciled: while it is held, nothing else may change its target. */
export const isAbandoned = and(isOpen, isOver(operations.heldUntil));
/** A key outlives its time while somebody is at work under it, and while what it did is unknown. */
export const isExpired = (keysValidSince: Date) =>
  and(
    lt(operations.startedAt, keysValidSince),
    or(
      inArray(operations.status, ['SUCCEEDED', 'FAILED']),
      and(eq(operations.status, 'IN_PROGRESS'), isNull(operations.worker)),
    ),
  ) as SQL;
export const isUnresolved = inArray(operationSteps.status, ['IN_PROGRESS', 'OUTCOME_UNKNOWN']);
/** Whether a vendor may have acted on any of its calls. */
export const mayHaveActed = sql`exists (select 1 from ${operationSteps} where ${operationSteps.operationId} = ${operations.id} and ${ne(operationSteps.status, 'FAILED')})`;
export const noHold = { worker: null, heldUntil: null };

/** What each sealed column of theirs is for. */
export const purpose = (id: string, column: string) => `operations/${id}/${column}`;
export const stepPurpose = (id: string, name: string) =>
  `operation_steps/${id}:${name}/sealed_result`;

/** Reads operations with their steps. */
export function createOperationRows(database: Database, sealer: Sealer) {
  const json = createSealedJson(sealer);
  const toStep = (row: StepRow): OperationStep => ({
    name: row.name,
    repeatable: row.repeatable,
    status: row.status as OperationStatus,
    startedAt: row.startedAt,
    finishedAt: row.finishedAt,
    result: json.open(stepPurpose(row.operationId, row.name), row.sealedResult),
  });

  const toOperation = (
    row: OperationRow & { busy: boolean },
    steps: readonly StepRow[],
  ): Operation => ({
    id: row.id,
    subject: row.subject,
    action: row.action,
    idempotencyKey: row.idempotencyKey,
    inputFingerprint: row.inputFingerprint,
    input: json.open(purpose(row.id, 'sealed_input'), row.sealedInput) ?? null,
    patientId: row.patientId,
    vendor: row.vendor,
    target: row.target,
    status: row.status as OperationStatus,
    outcome: (json.open(purpose(row.id, 'sealed_outcome'), row.sealedOutcome) ??
      null) as OperationOutcome | null,
    startedAt: row.startedAt,
    finishedAt: row.finishedAt,
    settledBy: row.settledBy,
    steps: steps.filter((step) => step.operationId === row.id).map(toStep),
    busy: row.busy,
  });

  async function where(condition: SQL | undefined): Promise<Operation[]> {
    const rows = await database.run((queries) =>
      queries
        .select({ row: operations, free: sql<boolean>`coalesce(${isFree}, true)` })
        .from(operations)
        .where(condition),
    );
    if (rows.length === 0) {
      return [];
    }
    const ids = rows.map(({ row }) => row.id);
    const steps = await database.run((queries) =>
      queries
        .select()
        .from(operationSteps)
        .where(inArray(operationSteps.operationId, ids))
        .orderBy(asc(operationSteps.sequence)),
    );
    return rows.map(({ row, free }) => toOperation({ ...row, busy: !free }, steps));
  }

  const startedWithin: OperationLedger['startedWithin'] = async (id, name, length) => {
    const found = await database.run((queries) =>
      queries
        .select({ name: operationSteps.name })
        .from(operationSteps)
        .where(
          and(
            eq(operationSteps.operationId, id),
            eq(operationSteps.name, name),
            isWithin(operationSteps.startedAt, length),
          ),
        ),
    );
    return found.length > 0;
  };

  return { json, where, startedWithin };
}
