import { and, count, inArray } from 'drizzle-orm';
import type { AccessEvent, AccessOutcome } from '../domain/records.ts';
import type { AccessLog, Sealer } from '../domain/store.ts';
import { createAppend } from './append-at-heads.ts';
import type { Database } from './database.ts';
import { malformedKey, type Ordering, type Position, rowsOf, windowOf } from './keyset.ts';
import { accessEvents } from './ledger-tables.ts';
import { onlyUuids } from './row-ids.ts';
import { verifyChains } from './verify-chains.ts';

type Row = typeof accessEvents.$inferSelect;

const order: Ordering = {
  columns: [accessEvents.at, accessEvents.sequence],
  direction: 'desc',
};

const toEvent = (row: Row): AccessEvent => ({
  id: row.id,
  at: row.at,
  patientId: row.patientId,
  actor: row.actor,
  actorRoles: row.actorRoles,
  action: row.action,
  vendor: row.vendor,
  outcome: row.outcome as AccessOutcome,
});

/** The key holds the position itself, so that it still works when its row has been cleared away. */
const keyOf = (row: Row) => `${row.at.getTime()}_${row.sequence}`;

function positionOf(key: string | undefined): Position | undefined {
  if (key === undefined) {
    return undefined;
  }
  const [, at, sequence] = /^(\d{1,14})_(\d{1,15})$/.exec(key) ?? [];
  if (at === undefined || sequence === undefined) {
    throw malformedKey();
  }
  return [new Date(Number(at)), Number(sequence)];
}

/** Appends to, reads and verifies the log of who saw or changed what of whom. */
export function createAccessLog(
  database: Database,
  sealer: Sealer,
  clock: () => number,
): AccessLog {
  const append = createAppend(database, sealer, clock);

  return {
    record: async (events) => {
      if (events.length > 0) {
        await append(events);
      }
    },

    verify: verifyChains(database, sealer),

    async list(patientId, page) {
      const bounds = { after: positionOf(page.after), before: positionOf(page.before) };
      const window = windowOf(page, order, bounds);
      const ofPatient = inArray(accessEvents.patientId, onlyUuids([patientId]));
      const [found, counted] = await Promise.all([
        database.run((queries) =>
          queries
            .select()
            .from(accessEvents)
            .where(and(ofPatient, ...window.conditions))
            .orderBy(...window.order)
            .limit(window.limit),
        ),
        database.run((queries) =>
          queries.select({ total: count() }).from(accessEvents).where(ofPatient),
        ),
      ]);
      return {
        ...rowsOf(found, page, (row) => ({ key: keyOf(row), value: toEvent(row) })),
        totalCount: counted[0]?.total ?? 0,
      };
    },
  };
}
