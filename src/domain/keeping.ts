import type { Operation } from './operations.ts';
import type {
  AccessEvent,
  FollowUp,
  Patient,
  PortalAccess,
  VendorAccount,
  VisitRecord,
} from './records.ts';

/** What is done with all that the store holds: kept for its time, handed out, deleted, sealed anew. */

export interface Retention {
  /**
   * Deletes, a few at a time, settled operations and AccessEvents from before these times; and logins
   * under way whose time is over, which are not counted. What failed for somebody who is not in the
   * register, and so cannot be erased, goes with its idempotency key, and so does what was never sent
   * and waits to be.
   * @param signal to leave the rest to the next time
   */
  prune(
    limits: { settledBefore: Date; keysValidSince: Date; eventsBefore: Date },
    signal?: AbortSignal,
  ): Promise<{ operations: number; events: number }>;
}

/** What is held of one patient, for them to have. Bearer secrets and tokens are left out. */
export interface PatientExport {
  patient: Patient;
  vendorAccounts: readonly VendorAccount[];
  portalAccess: readonly PortalAccess[];
  visits: readonly VisitRecord[];
  followUps: readonly FollowUp[];
  /** With what was asked as `input`, and nothing of what was read for it. */
  operations: readonly Pick<
    Operation,
    'id' | 'action' | 'vendor' | 'status' | 'startedAt' | 'finishedAt' | 'input'
  >[];
  accessEvents: readonly AccessEvent[];
}

/** Who a patient is at a vendor. */
type VendorReference = Pick<VendorAccount, 'vendor' | 'vendorPatientId'>;

/** What of a patient was deleted, in rows; or the writes that have to be settled first. */
export type Erasure =
  | { erased: Readonly<Record<string, number>>; vendorAccounts: readonly VendorReference[] }
  | { unsettled: readonly string[] };

/** One patient's data as a whole. */
export interface PatientData {
  /** Undefined where there is no such patient. */
  export(patientId: string): Promise<PatientExport | undefined>;
  /**
   * Deletes everything but the log of access, which then leads to nobody, until its time is over. What
   * vendors hold is theirs.
   * @param by who erases, for the log of access
   */
  erase(patientId: string, by: string): Promise<Erasure | undefined>;
}

/** How much was sealed anew, and what could not be. */
export interface Resealed {
  /** Sealed values, by the table that they are in. */
  resealed: Readonly<Record<string, number>>;
  /** Those that no known key opens, or that were changed: they are left as they are. */
  unreadable: Readonly<Record<string, number>>;
  /** When the last login that an earlier key sealed is over; they are left to end. */
  loginsUntil: Date | null;
}

/** Brings what is stored under the key that is in use, so that an earlier one can be given up. */
export interface Resealing {
  /**
   * Seals anew, a few values at a time, what an earlier key sealed; what somebody writes meanwhile stays as they
   * write it. Events in the log of access are never changed: their hashes stay those of their time.
   * @param onProgress told now and then how far it has come
   */
  reseal(onProgress?: (resealed: Resealed['resealed']) => void): Promise<Resealed>;
}
