import { and, asc, eq, inArray, isNotNull, lt, not, or, type SQL, sql } from 'drizzle-orm';
import type { NewOperation, OperationLedger } from '../domain/operations.ts';
import type { Sealer } from '../domain/store.ts';
import type { Database } from './database.ts';
import { heldFor, now } from './database-clock.ts';
import { operationSteps, operations } from './ledger-tables.ts';
import { recordAccess } from './operation-events.ts';
import { createOperationHolds } from './operation-holds.ts';
import { insertWithin, usedUpBy } from './operation-quota.ts';
import {
  createOperationRows,
  isAbandoned,
  isExpired,
  isFree,
  isOpen,
  isUnresolved,
  noHold,
  purpose,
  stepPurpose,
} from './operation-rows.ts';
import { onlyUuids } from './row-ids.ts';
import { StoreError } from './store-error.ts';
import { countUnsettled } from './unsettled-operations.ts';

/** Milliseconds without a sign of life after which a worker counts as gone. */
const usualLease = 10_000;
/** Tries to begin under a key that others take and free at the same moment. */
const beginnings = 5;
/** Milliseconds that secrets wait for their first delivery. */
const secretsKept = 15 * 60 * 1000;

/** The ledger's tables; inputs, results, outcomes and secrets are sealed. */
export function createOperationLedger(
  database: Database,
  sealer: Sealer,
  clock: () => number,
  leaseLength = usualLease,
): OperationLedger {
  const { json, where, startedWithin } = createOperationRows(database, sealer);
  const { fenced, claimWhere, isAtWorkOn } = createOperationHolds(database, leaseLength);

  const findByIds: OperationLedger['findByIds'] = async (ids) => {
    const wellFormed = onlyUuids(ids);
    return wellFormed.length === 0 ? [] : where(inArray(operations.id, wellFormed));
  };

  const findByKey: OperationLedger['findByKey'] = async (subject, key, keysValidSince) => {
    const [found] = await where(
      and(
        eq(operations.subject, subject),
        eq(operations.idempotencyKey, key),
        not(isExpired(keysValidSince)),
      ),
    );
    return found;
  };

  const rowOf = (operation: NewOperation, worker: string) => {
    const { id, input, roles, ...rest } = operation;
    return {
      ...rest,
      id,
      subjectRoles: [...(roles ?? [])],
      actor: operation.subject,
      actorRoles: [...(roles ?? [])],
      sealedInput: json.seal(purpose(id, 'sealed_input'), input) ?? '',
      status: 'IN_PROGRESS',
      startedAt: new Date(clock()),
      worker,
      heldUntil: heldFor(leaseLength),
    };
  };

  return {
    leaseLength,
    findByIds,
    findByKey,
    isAtWorkOn,
    startedWithin,

    async begin(operation, worker, keysValidSince, quota) {
      const { id, subject, idempotencyKey: key } = operation;
      for (let count = 1; count <= beginnings; count += 1) {
        // A key that expired is taken from its old operation first, so that it can be used anew.
        if (key !== null) {
          await database.run((queries) =>
            queries
              .update(operations)
              .set({ idempotencyKey: null })
              .where(
                and(
                  eq(operations.subject, subject),
                  eq(operations.idempotencyKey, key),
                  isExpired(keysValidSince),
                ),
              ),
          );
        }
        const lost = await insertWithin(database, rowOf(operation, worker), quota).then(
          () => undefined,
          (error: unknown) => error,
        );
        // Nobody else has its id: where the answer was lost, the row says whether it is there.
        const [begun] = await findByIds([id]);
        if (begun !== undefined) {
          return { begun: true, operation: begun };
        }
        if (lost !== undefined) {
          throw lost;
        }
        const known = key === null ? undefined : await findByKey(subject, key, keysValidSince);
        const { target } = operation;
        if (known !== undefined || (target !== null && (await isAtWorkOn(target)))) {
          return { begun: false, operation: known };
        }
        // Who had the key, or the target, has freed it in between.
      }
      throw new StoreError('CONTENDED');
    },

    claim: async (id, worker, actor) =>
      (await claimWhere(id, worker, and(isOpen, isFree), actor))
        ? (await findByIds([id]))[0]
        : undefined,
    claimAbandoned: async (id, worker) =>
      (await claimWhere(id, worker, isAbandoned)) ? (await findByIds([id]))[0] : undefined,

    quotaUsedUpBy: (operation, quota) =>
      database.transaction((transaction) => usedUpBy(transaction, operation, quota)),

    replaceInput: (id, worker, input) =>
      fenced(id, worker, { sealedInput: json.seal(purpose(id, 'sealed_input'), input) }),

    extend: (id, worker) => fenced(id, worker, { heldUntil: heldFor(leaseLength) }),

    startStep: (id, worker, name, repeatable) =>
      database.transaction(async (transaction) => {
        const held = await transaction
          .update(operations)
          .set({ heldUntil: heldFor(leaseLength), status: 'IN_PROGRESS' })
          .where(and(eq(operations.id, id), eq(operations.worker, worker), isOpen))
          .returning({ id: operations.id });
        if (held.length === 0) {
          return false;
        }
        const started = { status: 'IN_PROGRESS', startedAt: now, finishedAt: null };
        const written = await transaction
          .insert(operationSteps)
          .values({ operationId: id, name, repeatable, ...started })
          .onConflictDoUpdate({
            target: [operationSteps.operationId, operationSteps.name],
            set: started,
            // The last wall against doing it twice, whatever the worker believes.
            setWhere: or(
              eq(operationSteps.status, 'FAILED'),
              and(operationSteps.repeatable, sql`${repeatable}`),
            ) as SQL,
          })
          .returning({ name: operationSteps.name });
        return written.length > 0;
      }),

    finishStep: (id, worker, name, status, result) =>
      database.transaction(async (transaction) => {
        const [held] = await transaction
          .update(operations)
          .set({ heldUntil: heldFor(leaseLength) })
          .where(and(eq(operations.id, id), eq(operations.worker, worker), isOpen))
          .returning();
        if (held === undefined) {
          return false;
        }
        const finished = await transaction
          .update(operationSteps)
          .set({
            status,
            finishedAt: new Date(clock()),
            sealedResult: json.seal(stepPurpose(id, name), result),
          })
          .where(and(eq(operationSteps.operationId, id), eq(operationSteps.name, name)))
          .returning({ name: operationSteps.name });
        if (finished.length > 0) {
          const outcome = status === 'SUCCEEDED' ? 'ALLOWED' : 'FAILED';
          await recordAccess(transaction, sealer, new Date(clock()), held, outcome);
        }
        return true;
      }),

    handBack: (id, worker, settlement) =>
      database.transaction(async (transaction) => {
        const { status } = settlement;
        const settled = status === 'SUCCEEDED' || status === 'FAILED';
        const secrets = status === 'SUCCEEDED' ? settlement.secrets : undefined;
        const freeKey = status === 'FAILED' && settlement.freeKey === true;
        const finishedAt = sql.param(new Date(clock()), operations.finishedAt);
        const held = await transaction
          .update(operations)
          .set({
            ...noHold,
            status,
            finishedAt: settled ? sql`${finishedAt}` : null,
            ...(settled && {
              sealedOutcome: json.seal(purpose(id, 'sealed_outcome'), settlement.outcome),
              settledBy: settlement.settledBy ?? null,
            }),
            ...(freeKey && { idempotencyKey: null }),
            ...(secrets && {
              sealedSecrets: json.seal(purpose(id, 'sealed_secrets'), secrets),
              secretsUntil: new Date(clock() + secretsKept),
            }),
          })
          .where(and(eq(operations.id, id), eq(operations.worker, worker), isOpen))
          .returning();
        const [row] = held;
        if (row?.settledBy) {
          const at = new Date(clock());
          await recordAccess(transaction, sealer, at, row, 'ALLOWED', 'reconcileOperation');
        }
        if (held.length > 0 && settled) {
          await transaction
            .update(operationSteps)
            .set({
              sealedResult: null,
              status: sql`case when ${isUnresolved} then ${status} else ${operationSteps.status} end`,
              finishedAt: sql`coalesce(${operationSteps.finishedAt}, ${finishedAt})`,
            })
            .where(eq(operationSteps.operationId, id));
        }
        return held.length > 0;
      }),

    async secrets(id) {
      const [row] = await database.run((queries) =>
        queries
          .select({ sealed: operations.sealedSecrets, until: operations.secretsUntil })
          .from(operations)
          .where(inArray(operations.id, onlyUuids([id]))),
      );
      if (row === undefined || row.until === null || row.until.getTime() <= clock()) {
        return undefined;
      }
      const opened = json.open(purpose(id, 'sealed_secrets'), row.sealed);
      return (opened ?? undefined) as Readonly<Record<string, string>> | undefined;
    },

    async dropSecrets(id) {
      await database.run((queries) =>
        queries
          .update(operations)
          .set({ sealedSecrets: null, secretsUntil: null })
          .where(inArray(operations.id, onlyUuids([id]))),
      );
    },

    async abandoned(limit) {
      const rows = await database.run((queries) =>
        queries
          .select({ id: operations.id })
          .from(operations)
          .where(isAbandoned)
          .orderBy(asc(operations.startedAt))
          .limit(limit),
      );
      return rows.map(({ id }) => id);
    },

    async sweep(keysValidSince) {
      await database.run((queries) =>
        queries
          .update(operations)
          .set({ sealedSecrets: null, secretsUntil: null })
          // Those that are kept, as the index has it: without that word each sweep reads the whole table.
          .where(
            and(
              lt(operations.secretsUntil, new Date(clock())),
              isNotNull(operations.sealedSecrets),
            ),
          ),
      );
      await database.run((queries) =>
        queries
          .update(operations)
          .set({ idempotencyKey: null })
          .where(and(isExpired(keysValidSince), isNotNull(operations.idempotencyKey))),
      );
    },

    unsettled: () => countUnsettled(database),
  };
}
