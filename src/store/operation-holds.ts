import { and, eq, inArray, isNotNull, type SQL } from 'drizzle-orm';
import type { Actor } from '../domain/operations.ts';
import type { Database } from './database.ts';
import { heldFor } from './database-clock.ts';
import { operations } from './ledger-tables.ts';
import { isOpen, type OperationRow } from './operation-rows.ts';
import { onlyUuids } from './row-ids.ts';
import { isTaken } from './store-error.ts';

/** Who is at work on which operation: taking it, and writing only while one has it. */
export function createOperationHolds(database: Database, leaseLength: number) {
  /** Updates an operation that the worker still holds. */
  const fenced = async (
    id: string,
    worker: string,
    values: Partial<Record<keyof OperationRow, unknown>>,
  ) => {
    const held = await database.run((queries) =>
      queries
        .update(operations)
        .set(values as Partial<OperationRow>)
        .where(and(eq(operations.id, id), eq(operations.worker, worker), isOpen))
        .returning({ id: operations.id }),
    );
    return held.length > 0;
  };

  const isAtWorkOn = async (target: string) => {
    const found = await database.run((queries) =>
      queries
        .select({ id: operations.id })
        .from(operations)
        .where(and(eq(operations.target, target), isNotNull(operations.worker)))
        .limit(1),
    );
    return found.length > 0;
  };

  const claimWhere = async (
    id: string,
    worker: string,
    condition: SQL | undefined,
    actor?: Actor,
  ) => {
    const acting = actor && { actor: actor.subject, actorRoles: [...actor.roles] };
    const claimed = await database
      .run((queries) =>
        queries
          .update(operations)
          .set({ worker, heldUntil: heldFor(leaseLength), ...acting })
          .where(and(inArray(operations.id, onlyUuids([id])), condition))
          .returning({ id: operations.id }),
      )
      .catch((error: unknown) => {
        // Another operation is at work on the same target.
        if (isTaken(error)) {
          return [];
        }
        throw error;
      });
    return claimed.length > 0;
  };

  return { fenced, claimWhere, isAtWorkOn };
}
