import { and, desc, eq, inArray, or, type SQL } from 'drizzle-orm';
import type { VisitKind, VisitRecord } from '../domain/records.ts';
import type { VisitRecords } from '../domain/store.ts';
import type { Database } from './database.ts';
import { onlyUuids } from './row-ids.ts';
import { visits } from './tables.ts';

type Row = typeof visits.$inferSelect;

const toVisit = (row: Row): VisitRecord => ({
  patientId: row.patientId,
  vendor: row.vendor,
  vendorVisitId: row.vendorVisitId,
  kind: row.kind as VisitKind,
  createdAt: row.createdAt,
});

/** Reads and writes which visits were made here. */
export function createVisitRecords(database: Database, clock: () => number): VisitRecords {
  async function where(condition: SQL | undefined): Promise<VisitRecord[]> {
    const rows = await database.run((queries) =>
      queries
        .select()
        .from(visits)
        .where(condition)
        .orderBy(desc(visits.createdAt), desc(visits.sequence)),
    );
    return rows.map(toVisit);
  }

  return {
    async find(keys) {
      return keys.length === 0
        ? []
        : where(
            or(
              ...keys.map((key) =>
                and(eq(visits.vendor, key.vendor), eq(visits.vendorVisitId, key.vendorVisitId)),
              ),
            ),
          );
    },

    async findByPatients(patientIds) {
      const ids = onlyUuids(patientIds);
      return ids.length === 0 ? [] : where(inArray(visits.patientId, ids));
    },

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
