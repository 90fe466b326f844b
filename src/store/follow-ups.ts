import { randomUUID } from 'node:crypto';
import { desc, inArray, type SQL } from 'drizzle-orm';
import type { FollowUp } from '../domain/records.ts';
import type { FollowUps } from '../domain/store.ts';
import type { Database } from './database.ts';
import { onlyUuids } from './row-ids.ts';
import { StoreError } from './store-error.ts';
import { followUps } from './tables.ts';

type Row = typeof followUps.$inferSelect;

const toFollowUp = (row: Row): FollowUp => ({
  id: row.id,
  patientId: row.patientId,
  vendor: row.vendor,
  vendorFollowUpId: row.vendorFollowUpId,
  date: row.date,
  createdAt: row.createdAt,
});

/** Reads and writes the follow-ups that were arranged here. */
export function createFollowUps(database: Database, clock: () => number): FollowUps {
  async function where(condition: SQL): Promise<FollowUp[]> {
    const rows = await database.run((queries) =>
      queries
        .select()
        .from(followUps)
        .where(condition)
        .orderBy(desc(followUps.createdAt), desc(followUps.sequence)),
    );
    return rows.map(toFollowUp);
  }

  return {
    async findByIds(ids) {
      const wellFormed = onlyUuids(ids);
      return wellFormed.length === 0 ? [] : where(inArray(followUps.id, wellFormed));
    },

    async findByPatients(patientIds) {
      const ids = onlyUuids(patientIds);
      return ids.length === 0 ? [] : where(inArray(followUps.patientId, ids));
    },

    async add({ id = randomUUID(), patientId, vendor, vendorFollowUpId, date }) {
      const createdAt = new Date(clock());
      const [row] = await database.run((queries) =>
        queries
          .insert(followUps)
          .values({ id, patientId, vendor, vendorFollowUpId, date, createdAt })
          .onConflictDoNothing()
          .returning(),
      );
      const added = row === undefined ? (await this.findByIds([id]))[0] : toFollowUp(row);
      if (added === undefined) {
        throw new StoreError('FAULT');
      }
      return added;
    },
  };
}
