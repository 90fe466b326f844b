import { randomUUID } from 'node:crypto';
import { and, count, inArray } from 'drizzle-orm';
import type { AccessEvent, AccessOutcome } from '../domain/records.ts';
import type { AccessLog } from '../domain/store.ts';
import type { Database } from './database.ts';
import { malformedKey, type Ordering, type Position, rowsOf, windowOf } from './keyset.ts';
import { onlyUuids } from './row-ids.ts';
import { accessEvents } from './tables.ts';

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

/** Appends to and reads the log of who saw or changed what of whom. */
export function createAccessLog(database: Database, clock: () => number): AccessLog {
  return {
    async record(events) {
      if (events.length === 0) {
        return;
      }
      const at = new Date(clock());
      const rows = events.map(({ patientId, actor, actorRoles, action, vendor, outcome }) => ({
        id: randomUUID(),
        at,
        patientId,
        actor,
        actorRoles,
        action,
        vendor,
        outcome,
      }));
      await database.run((queries) => queries.insert(accessEvents).values(rows));
    },

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
