import { and, asc, count, eq, gt, inArray, isNotNull, isNull, sql } from 'drizzle-orm';
import type { AccessEvent, AccessOutcome } from '../domain/records.ts';
import type { AccessLog, AuditReport, Sealer } from '../domain/store.ts';
import { ChainWalk } from './access-chain.ts';
import { createAppend } from './append-at-heads.ts';
import type { Database } from './database.ts';
import { malformedKey, type Ordering, type Position, rowsOf, windowOf } from './keyset.ts';
import { accessChains, accessEvents } from './ledger-tables.ts';
import { onlyUuids } from './row-ids.ts';

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

/** Chains that are walked at a time. */
const chainsAtOnce = 50;

/** Appends to, reads and verifies the log of who saw or changed what of whom. */
export function createAccessLog(
  database: Database,
  sealer: Sealer,
  clock: () => number,
): AccessLog {
  const append = createAppend(database, sealer, clock);

  /** The next chains after one, as they are at one moment. @returns the last of them */
  const walk = (
    report: AuditReport,
    after: string | undefined,
    only: string | undefined,
  ): Promise<string | undefined> =>
    database.transaction(async (queries) => {
      // Not by locks: whoever appends would wait for them.
      await queries.execute(sql`set transaction isolation level repeatable read read only`);
      const heads = await queries
        .select()
        .from(accessChains)
        .where(
          and(
            after === undefined ? undefined : gt(accessChains.patientId, after),
            only === undefined ? undefined : eq(accessChains.patientId, only),
          ),
        )
        .orderBy(asc(accessChains.patientId))
        .limit(chainsAtOnce);
      const rows = await queries
        .select()
        .from(accessEvents)
        .where(
          inArray(
            accessEvents.patientId,
            heads.map(({ patientId }) => patientId),
          ),
        )
        .orderBy(asc(accessEvents.number), asc(accessEvents.sequence));
      for (const head of heads) {
        const chain = new ChainWalk(sealer, head);
        for (const row of rows.filter(({ patientId }) => patientId === head.patientId)) {
          if (row.number === null) {
            report.unchained += 1;
          } else {
            chain.step(row);
            report.events += 1;
          }
        }
        const broken = chain.end();
        report.chains += 1;
        report.broken.push(...(broken ? [broken] : []));
      }
      return heads.at(-1)?.patientId;
    });

  /** Patients with chained events whose head is gone. */
  const headless = (patientId: string | undefined) =>
    database.run((queries) =>
      queries
        .selectDistinct({ patientId: accessEvents.patientId })
        .from(accessEvents)
        .leftJoin(accessChains, eq(accessChains.patientId, accessEvents.patientId))
        .where(
          and(
            isNull(accessChains.patientId),
            isNotNull(accessEvents.number),
            patientId === undefined ? undefined : eq(accessEvents.patientId, patientId),
          ),
        ),
    );

  return {
    record: async (events) => {
      if (events.length > 0) {
        await append(events);
      }
    },

    async verify(patientId, onProgress) {
      const report: AuditReport = { chains: 0, events: 0, unchained: 0, broken: [] };
      let last = await walk(report, undefined, patientId);
      while (last !== undefined) {
        onProgress?.(report.chains);
        last = await walk(report, last, patientId);
      }
      for (const { patientId: lost } of await headless(patientId)) {
        report.broken.push({ patientId: lost, number: 1, problem: 'CHANGED' });
      }
      return report;
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
