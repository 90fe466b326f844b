import { randomUUID } from 'node:crypto';
import { and, desc, eq, inArray, isNull, type SQL } from 'drizzle-orm';
import type { PortalAccess, PortalAccessStatus } from '../domain/records.ts';
import type { PortalAccessRecords, Sealer } from '../domain/store.ts';
import type { Database, Queries } from './database.ts';
import { onlyUuids } from './row-ids.ts';
import { StoreError } from './store-error.ts';
import { patients, portalAccess } from './tables.ts';

type Row = typeof portalAccess.$inferSelect;

const newestFirst = [desc(portalAccess.issuedAt), desc(portalAccess.sequence)];
const ofVendor = (patientId: string, vendor: string) =>
  and(eq(portalAccess.patientId, patientId), eq(portalAccess.vendor, vendor));

/** One change of a patient's accesses at a time; without it two additions would both stay active. */
const lockPatient = (transaction: Queries, patientId: string) =>
  transaction
    .select({ id: patients.id })
    .from(patients)
    .where(inArray(patients.id, onlyUuids([patientId])))
    .for('no key update');

// By patient and not by access: one statement revokes several.
export const reasonPurpose = (patientId: string) =>
  `portal_access/${patientId}/sealed_revocation_reason`;
export const sealReason = (sealer: Sealer, patientId: string, reason: string | null) =>
  reason === null ? null : sealer.seal(reasonPurpose(patientId), reason);
function openReason(sealer: Sealer, patientId: string, sealed: string | null): string | null {
  const reason = sealed === null ? null : sealer.open(reasonPurpose(patientId), sealed);
  if (reason === undefined) {
    throw new StoreError('UNREADABLE');
  }
  return reason;
}

/** Reads and writes which portal accesses were issued; never a link or token. */
export function createPortalAccessRecords(
  database: Database,
  sealer: Sealer,
  clock: () => number,
): PortalAccessRecords {
  const toAccess = ({ sealedRevocationReason, ...row }: Row): PortalAccess => ({
    id: row.id,
    patientId: row.patientId,
    vendor: row.vendor,
    status: row.status as PortalAccessStatus,
    issuedAt: row.issuedAt,
    expiresAt: row.expiresAt,
    revokedAt: row.revokedAt,
    revocationReason: openReason(sealer, row.patientId, sealedRevocationReason),
  });

  async function where(condition: SQL | undefined): Promise<PortalAccess[]> {
    const rows = await database.run((queries) =>
      queries
        .select()
        .from(portalAccess)
        .where(condition)
        .orderBy(...newestFirst),
    );
    return rows.map(toAccess);
  }

  return {
    async findByIds(ids) {
      const wellFormed = onlyUuids(ids);
      return wellFormed.length === 0 ? [] : where(inArray(portalAccess.id, wellFormed));
    },

    async findByPatients(patientIds) {
      const ids = onlyUuids(patientIds);
      return ids.length === 0 ? [] : where(inArray(portalAccess.patientId, ids));
    },

    add: ({ id = randomUUID(), patientId, vendor, status, expiresAt, revocationReason = null }) =>
      database.transaction(async (transaction) => {
        const now = new Date(clock());
        if ((await lockPatient(transaction, patientId)).length === 0) {
          throw new StoreError('MISSING', 'There is no such patient.');
        }
        const [known] = await transaction
          .select()
          .from(portalAccess)
          .where(eq(portalAccess.id, id));
        if (known !== undefined) {
          return toAccess(known);
        }
        if (status === 'ACTIVE') {
          await transaction
            .update(portalAccess)
            .set({ status: 'EXPIRED' })
            .where(and(ofVendor(patientId, vendor), eq(portalAccess.status, 'ACTIVE')));
        }
        const [row] = await transaction
          .insert(portalAccess)
          .values({
            id,
            patientId,
            vendor,
            status,
            issuedAt: now,
            expiresAt,
            revokedAt: status === 'REVOKED' ? now : null,
            sealedRevocationReason: sealReason(sealer, patientId, revocationReason),
          })
          .returning();
        if (row === undefined) {
          throw new StoreError('FAULT');
        }
        return toAccess(row);
      }),

    revoke: (patientId, vendor, reason) =>
      database.transaction(async (transaction) => {
        if ((await lockPatient(transaction, patientId)).length === 0) {
          return undefined;
        }
        await transaction
          .update(portalAccess)
          .set({
            ...{ status: 'REVOKED', revokedAt: new Date(clock()) },
            sealedRevocationReason: sealReason(sealer, patientId, reason),
          })
          .where(and(ofVendor(patientId, vendor), isNull(portalAccess.revokedAt)));
        const [newest] = await transaction
          .select()
          .from(portalAccess)
          .where(ofVendor(patientId, vendor))
          .orderBy(...newestFirst)
          .limit(1);
        return newest && toAccess(newest);
      }),
  };
}
