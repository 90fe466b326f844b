import { desc, type SQL, sql } from 'drizzle-orm';
import type { VisitKind, VisitRecord } from '../domain/records.ts';
import type { VisitRecords } from '../domain/store.ts';
import { type Database, repeated, unnamed } from './database.ts';
import { gatheredReads } from './gathered.ts';
import { onlyUuids } from './row-ids.ts';
import { visits } from './tables.ts';

type Row = typeof visits.$inferSelect;

type VisitKey = Pick<VisitRecord, 'vendor' | 'vendorVisitId'>;

const nameOf = ({ vendor, vendorVisitId }: VisitKey) => JSON.stringify([vendor, vendorVisitId]);

const toVisit = (row: Row): VisitRecord => ({
  patientId: row.patientId,
  vendor: row.vendor,
  vendorVisitId: row.vendorVisitId,
  kind: row.kind as VisitKind,
  createdAt: row.createdAt,
});

/** Reads and writes which visits were made here. */
export function createVisitRecords(database: Database, clock: () => number): VisitRecords {
  const rowsWhere = (condition: SQL) =>
    repeated(database, (queries) =>
      queries
        .select()
        .from(visits)
        .where(condition)
        .orderBy(desc(visits.createdAt), desc(visits.sequence))
        .prepare(unnamed),
    );
  const byKeys = rowsWhere(
    sql`(${visits.vendor}, ${visits.vendorVisitId}) in (select * from unnest(${sql.placeholder('vendors')}::text[], ${sql.placeholder('ids')}::text[]))`,
  );
  const byPatients = rowsWhere(sql`${visits.patientId} = any(${sql.placeholder('ids')}::uuid[])`);

  const rowsOfKeys = gatheredReads(
    (keys: readonly VisitKey[]) =>
      byKeys({
        vendors: keys.map(({ vendor }) => vendor),
        ids: keys.map(({ vendorVisitId }) => vendorVisitId),
      }),
    nameOf,
    nameOf,
  );
  const rowsOfPatients = gatheredReads(
    (ids: readonly string[]) => byPatients({ ids }),
    (id) => id,
    ({ patientId }) => patientId,
  );

  return {
    find: async (keys) => (await rowsOfKeys(keys)).map(toVisit),

    findByPatients: async (patientIds) =>
      (await rowsOfPatients(onlyUuids(patientIds))).map(toVisit),

    async add({ patientId, vendor, vendorVisitId, kind }) {
      const createdAt = new Date(clock());
      await database.run((queries) =>
        queries
          .insert(visits)
          .values({ patientId, vendor, vendorVisitId, kind, createdAt })
          .onConflictDoNothing(),
      );
    },
  };
}
