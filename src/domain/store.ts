import type { ConnectionSecrets, VendorTokens } from './capabilities/appointments.ts';
import type { PatientData, Resealing, Retention } from './keeping.ts';
import type { OperationLedger } from './operations.ts';
import type {
  AccessEvent,
  Demographics,
  FollowUp,
  Patient,
  PortalAccess,
  VendorAccount,
  VisitRecord,
} from './records.ts';
import type { VendorId } from './vendor.ts';

/** Keyset window over a list ordered newest first; `after` and `before` are row keys. */
export interface Page {
  limit: number;
  after?: string | undefined;
  before?: string | undefined;
  /** True to take the last rows of the window instead of the first; rows still come in list order. */
  fromEnd?: boolean | undefined;
}

/** Rows in list order, each with its opaque key, and whether more lie in the direction of travel. */
export interface Rows<T> {
  rows: readonly { key: string; value: T }[];
  hasMore: boolean;
}

export interface PatientRegister {
  find(ids: readonly string[]): Promise<Patient[]>;
  findBySubject(subject: string): Promise<Patient | undefined>;
  /**
   * Search in names (each part of `text` must be found, in any order, without regard to case, accents,
   * apostrophes, and whether ü is written as ue) or an exact e-mail.
   */
  search(text: string | null, page: Page): Promise<Rows<Patient> & { totalCount: number }>;
  /**
   * Undefined where the subject has a record already.
   * @param id for a record that must be made once only: where it exists, it is returned as it is
   */
  create(person: Demographics, subject: string | null, id?: string): Promise<Patient | undefined>;
  /** Fills fields that are null; never overwrites one. */
  fillGaps(id: string, person: Partial<Demographics>): Promise<Patient>;
  /** `TAKEN`: the subject is another patient, or the patient has another subject. */
  linkSubject(id: string, subject: string): Promise<Patient | 'TAKEN'>;
  /** Patients of this very name (compared as `search` compares) and birth date. */
  findNamesakes(
    person: Pick<Demographics, 'firstName' | 'lastName' | 'birthDate'>,
  ): Promise<Patient[]>;
  /** Patients that have this e-mail (compared case-insensitively). */
  findByEmail(email: string): Promise<Patient[]>;
}

export type NewVendorAccount = Pick<
  VendorAccount,
  'patientId' | 'vendor' | 'vendorPatientId' | 'linkMethod'
>;

export interface VendorAccounts {
  /** `connected` comes from the vault: false where the vendor needs tokens that are not there. */
  findByPatients(patientIds: readonly string[]): Promise<VendorAccount[]>;
  findByVendorIds(vendor: VendorId, vendorPatientIds: readonly string[]): Promise<VendorAccount[]>;
  /**
   * Links, or returns the link as it is where the very same exists. `TAKEN`: the vendor's patient is
   * linked to somebody else, or this patient to another account of the vendor.
   */
  link(account: NewVendorAccount): Promise<VendorAccount | 'TAKEN'>;
  /** Removes the link and the sealed tokens; false where there was none. */
  unlink(patientId: string, vendor: VendorId): Promise<boolean>;
}

export interface PortalAccessRecords {
  findByIds(ids: readonly string[]): Promise<PortalAccess[]>;
  /** Newest first. */
  findByPatients(patientIds: readonly string[]): Promise<PortalAccess[]>;
  /**
   * Records a new access and, for ACTIVE ones, expires the vendor's older active ones.
   * @param id for an access that must be recorded once only: where it exists, it is returned as it is
   */
  add(
    access: Pick<PortalAccess, 'patientId' | 'vendor' | 'status' | 'expiresAt'> &
      Partial<Pick<PortalAccess, 'id' | 'revocationReason'>>,
  ): Promise<PortalAccess>;
  /** Marks all not yet revoked accesses of the patient at the vendor; returns the newest, or undefined. */
  revoke(
    patientId: string,
    vendor: VendorId,
    reason: string | null,
  ): Promise<PortalAccess | undefined>;
}

export interface VisitRecords {
  find(keys: readonly { vendor: VendorId; vendorVisitId: string }[]): Promise<VisitRecord[]>;
  /** Newest first. */
  findByPatients(patientIds: readonly string[]): Promise<VisitRecord[]>;
  /** Idempotent by vendor and vendor's id. */
  add(visit: Omit<VisitRecord, 'createdAt'>): Promise<void>;
}

export interface FollowUps {
  findByIds(ids: readonly string[]): Promise<FollowUp[]>;
  /** Newest first. */
  findByPatients(patientIds: readonly string[]): Promise<FollowUp[]>;
  /** With an `id` that exists, the follow-up is returned as it is. */
  add(followUp: Omit<FollowUp, 'id' | 'createdAt'> & { id?: string }): Promise<FollowUp>;
}

/** A login under way, from `connectPatientPortal` to `completePatientPortalConnection`. */
export interface PendingConnection {
  vendor: VendorId;
  patientId: string;
  subject: string;
  returnTo: string;
  secrets: ConnectionSecrets;
  expiresAt: Date;
}

export interface PendingConnections {
  /** Found again by the hash of `secrets.state`; secrets are sealed. */
  begin(connection: PendingConnection): Promise<void>;
  /** Takes the login that a callback belongs to: single use, undefined where unknown, used or expired. */
  takeByState(state: string): Promise<PendingConnection | undefined>;
  /** Keeps a finished login under a one-time token for its subject; tokens are sealed. */
  keepGrant(
    token: string,
    connection: PendingConnection,
    grant: { vendorPatientId: string; tokens: VendorTokens },
  ): Promise<void>;
  /**
   * Whose finished login it is: undefined where unknown, used, expired, or another subject's (which
   * also uses it up).
   */
  findGrant(
    token: string,
    subject: string,
  ): Promise<{ vendor: VendorId; patientId: string } | undefined>;
  /**
   * Takes a finished login, links its account and keeps its tokens, all of it or nothing: single use,
   * undefined where unknown, used or expired. `TAKEN`, as of an account's `link`, uses it up.
   */
  linkGrant(token: string): Promise<VendorAccount | 'TAKEN' | undefined>;
}

/**
 * Sealed vendor tokens of one patient at one vendor, shared by all processes on the store.
 * Used by vendors' doors; the key is our patient, so that a session can exist before an account does.
 */
export interface TokenVault {
  read(vendor: VendorId, patientId: string): Promise<VendorTokens | undefined>;
  /** Replaces whatever is there. */
  write(vendor: VendorId, patientId: string, tokens: VendorTokens): Promise<void>;
  /**
   * Renews tokens in a single flight across processes: one caller runs `renew` with the newest
   * tokens, the others wait for its result. Tokens that changed since `seen` are returned as they
   * are, without renewing. `renew` returning undefined removes the tokens. A newer answer that was
   * stored is never overwritten by an older one.
   * @param seen the access token that was found stale
   * @param waitUntil milliseconds since the epoch; past it the wait ends with undefined
   */
  renew(
    vendor: VendorId,
    patientId: string,
    seen: string,
    waitUntil: number,
    renew: (current: VendorTokens) => Promise<VendorTokens | undefined>,
  ): Promise<VendorTokens | undefined>;
}

/** A patient's chain of events that does not hold, and at which of them. */
export interface BrokenChain {
  patientId: string;
  /** 1 is the patient's first. */
  number: number;
  problem: 'CHANGED' | 'MISSING' | 'REMOVED_AT_THE_END' | 'ADDED';
}

export interface AuditReport {
  chains: number;
  events: number;
  /** Written before there were chains: nothing can be said about them. */
  unchained: number;
  broken: BrokenChain[];
}

export interface AccessLog {
  /** Appends all or none, each to its patient's chain; those whose ids are there already are left. */
  record(events: readonly Omit<AccessEvent, 'at'>[]): Promise<void>;
  /**
   * Walks the chains, of one patient or of all.
   * @param onProgress told now and then how many chains were walked
   */
  verify(
    patientId: string | undefined,
    onProgress?: (chains: number) => void,
  ): Promise<AuditReport>;
  /** Newest first. */
  list(patientId: string, page: Page): Promise<Rows<AccessEvent> & { totalCount: number }>;
}

/** Short messages between the processes on one database. Some may be lost; none is kept. */
export interface Announcements {
  /** @param text at most 7,500 bytes; nothing of a patient */
  say(topic: string, text: string): void;
  /** Of the other processes; one listener for each topic. */
  onSaid(topic: string, listener: (text: string) => void): void;
}

/** Everything that Portico keeps itself. */
export interface Store {
  readonly patients: PatientRegister;
  readonly accounts: VendorAccounts;
  readonly portalAccess: PortalAccessRecords;
  readonly visits: VisitRecords;
  readonly followUps: FollowUps;
  readonly connections: PendingConnections;
  readonly tokens: TokenVault;
  readonly accessLog: AccessLog;
  readonly operations: OperationLedger;
  readonly patientData: PatientData;
  readonly retention: Retention;
  readonly resealing: Resealing;
  /** Absent where no other process can be on the database. */
  readonly announcements?: Announcements;
  /** Resolves where the store answers and is not read-only. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Authenticated encryption for values that leave this process or are stored.
 * `purpose` is bound to the sealed text: it opens under the same purpose only.
 */
export interface Sealer {
  /** URL-safe text with the key's id. */
  seal(purpose: string, value: string): string;
  /** Undefined where it was changed, is for another purpose, or its key is unknown. */
  open(purpose: string, sealed: string): string | undefined;
  /** What all begins with that it seals. Tells which key it is, and nothing of it. */
  readonly beginning: string;
  /** Whether it has the key of sealed text that begins so. */
  knows(beginning: string): boolean;
  /** Keyed one-way hash, hex, for look-ups of secrets (one-time tokens, states). */
  fingerprint(purpose: string, value: string): string;
  /** The same by each known key, the current one first. */
  fingerprints(purpose: string, value: string): string[];
}
