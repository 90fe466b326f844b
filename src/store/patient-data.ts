import { randomUUID } from 'node:crypto';
import { and, arrayOverlaps, asc, eq, isNull, ne, not, or } from 'drizzle-orm';
import type { PatientData } from '../domain/keeping.ts';
import type { Patient } from '../domain/records.ts';
import type { Sealer, Store } from '../domain/store.ts';
import { appendEvents } from './append-events.ts';
import type { Database, Queries } from './database.ts';
import { accessEvents, operations } from './ledger-tables.ts';
import { isOpen } from './operation-rows.ts';
import { onlyUuids } from './row-ids.ts';
import {
  connectionGrants,
  followUps,
  patients,
  pendingConnections,
  portalAccess,
  vendorAccounts,
  vendorTokens,
  visits,
} from './tables.ts';

/** Whatever refers to the patient; the register itself comes last. */
const held = {
  vendorTokens,
  vendorAccounts,
  portalAccess,
  visits,
  followUps,
  pendingConnections,
  connectionGrants,
};

const staff = ['STAFF', 'ADMIN'];

/**
 * STAFF onboards others, but may be a patient as well. Who went on with it in the end may be somebody else: their
 * roles count only where they are the one who began it, in rows that do not keep as whom.
 */
const notByStaff = and(
  not(arrayOverlaps(operations.subjectRoles, staff)),
  or(ne(operations.actor, operations.subject), not(arrayOverlaps(operations.actorRoles, staff))),
);

/**
 * An onboarding begins before its patient exists: the operation's id is then the patient's, or, where
 * nothing came of it, its subject theirs.
 */
const operationsOf = ({ id, subject }: Pick<Patient, 'id' | 'subject'>) =>
  or(
    eq(operations.patientId, id),
    eq(operations.id, id),
    subject === null
      ? undefined
      : and(isNull(operations.patientId), eq(operations.subject, subject), notByStaff),
  );

/** Reads and deletes all that is held of one patient. */
export function createPatientData(
  database: Database,
  sealer: Sealer,
  clock: () => number,
  store: Pick<
    Store,
    'patients' | 'accounts' | 'portalAccess' | 'visits' | 'followUps' | 'operations'
  >,
): PatientData {
  const erasedBy = (queries: Queries, patientId: string, actor: string) =>
    appendEvents(queries, sealer, new Date(clock()), [
      {
        ...{ id: randomUUID(), patientId, actor, actorRoles: [] },
        ...{ action: 'erase', vendor: null, outcome: 'ALLOWED' },
      },
    ]);

  return {
    async export(patientId) {
      const [patient] = await store.patients.find([patientId]);
      if (patient === undefined) {
        return undefined;
      }
      const ids = await database.run((queries) =>
        queries
          .select({ id: operations.id })
          .from(operations)
          .where(operationsOf(patient))
          .orderBy(asc(operations.startedAt)),
      );
      const events = await database.run((queries) =>
        queries
          .select()
          .from(accessEvents)
          .where(eq(accessEvents.patientId, patientId))
          .orderBy(asc(accessEvents.at), asc(accessEvents.sequence)),
      );
      const ofLedger = await store.operations.findByIds(ids.map(({ id }) => id));
      return {
        patient,
        vendorAccounts: await store.accounts.findByPatients([patientId]),
        portalAccess: await store.portalAccess.findByPatients([patientId]),
        visits: await store.visits.findByPatients([patientId]),
        followUps: await store.followUps.findByPatients([patientId]),
        operations: ofLedger.map(
          ({ id, action, vendor, status, startedAt, finishedAt, input }) => ({
            ...{ id, action, vendor, status, startedAt, finishedAt },
            // What was read beside it is the ledger's own.
            input: (input as { asked?: unknown } | null)?.asked ?? null,
          }),
        ),
        accessEvents: events.map(({ sequence: _, number: __, hash: ___, ...event }) => ({
          ...event,
          outcome: event.outcome as 'ALLOWED' | 'DENIED' | 'FAILED',
        })),
      };
    },

    async erase(patientId, by) {
      const [id] = onlyUuids([patientId]);
      if (id === undefined) {
        return undefined;
      }
      return database.transaction(async (queries) => {
        // First of all, since a write that begins holds the patient: it is seen here, or comes too late.
        const [patient] = await queries
          .select({ id: patients.id, subject: patients.subject })
          .from(patients)
          .where(eq(patients.id, id))
          .for('update');
        if (patient === undefined) {
          return undefined;
        }
        const open = await queries
          .select({ id: operations.id })
          .from(operations)
          .where(and(operationsOf(patient), isOpen));
        if (open.length > 0) {
          return { unsettled: open.map((operation) => operation.id) };
        }
        const accounts = await queries
          .select({
            vendor: vendorAccounts.vendor,
            vendorPatientId: vendorAccounts.vendorPatientId,
          })
          .from(vendorAccounts)
          .where(eq(vendorAccounts.patientId, id));
        const erased: Record<string, number> = {};
        for (const [name, table] of Object.entries(held)) {
          const rows = await queries.delete(table).where(eq(table.patientId, id)).returning();
          erased[name] = rows.length;
        }
        const settled = await queries
          .delete(operations)
          // Their onboarding as somebody new holds no patient: it may have begun since.
          .where(and(operationsOf(patient), not(isOpen)))
          .returning({ id: operations.id });
        await queries.delete(patients).where(eq(patients.id, id));
        await erasedBy(queries, id, by);
        return {
          erased: { ...erased, operations: settled.length, patients: 1 },
          vendorAccounts: accounts,
        };
      });
    },
  };
}
