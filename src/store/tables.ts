import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  customType,
  date,
  index,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';

/**
 * The tables, for queries and for drizzle-kit, which writes the migrations from this file
 * (`npm run migrations`). Vendors are plain text, so that a new one needs no migration.
 */

/** An instant; milliseconds, as precise as a `Date`. */
const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
/** Order of insertion, where two rows have the same instant. */
const sequence = () => bigint('sequence', { mode: 'number' }).notNull().generatedAlwaysAsIdentity();
const patientId = () =>
  uuid('patient_id')
    .notNull()
    .references(() => patients.id);
/** Compared byte by byte: sorted alike on every server, whatever its locale. */
const bytewiseText = customType<{ data: string }>({ dataType: () => 'text collate "C"' });

export const patients = pgTable(
  'patients',
  {
    id: uuid('id').primaryKey(),
    subject: text('subject').unique('patients_subject_unique'),
    firstName: text('first_name').notNull(),
    lastName: text('last_name').notNull(),
    birthDate: date('birth_date', { mode: 'string' }),
    sex: text('sex'),
    email: text('email'),
    phone: text('phone'),
    address: jsonb('address'),
    createdAt: instant('created_at').notNull(),
    /** Folded by `name-folding.ts`, so that search and order do not depend on a server's locale. */
    searchName: text('search_name').notNull(),
    sortName: bytewiseText('sort_name').notNull(),
    emailKey: text('email_key'),
  },
  (table) => [
    index('patients_order').on(table.sortName, table.id),
    index('patients_email').on(table.emailKey),
    check('patients_sex', sql`${table.sex} in ('FEMALE', 'MALE', 'OTHER', 'UNKNOWN')`),
  ],
);

export const vendorAccounts = pgTable(
  'vendor_accounts',
  {
    patientId: patientId(),
    vendor: text('vendor').notNull(),
    vendorPatientId: text('vendor_patient_id').notNull(),
    linkMethod: text('link_method').notNull(),
    linkedAt: instant('linked_at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'vendor_accounts_key', columns: [table.patientId, table.vendor] }),
    uniqueIndex('vendor_accounts_vendor_patient').on(table.vendor, table.vendorPatientId),
    check('vendor_accounts_link_method', sql`${table.linkMethod} in ('CREATED', 'OAUTH', 'STAFF')`),
  ],
);

export const vendorTokens = pgTable(
  'vendor_tokens',
  {
    vendor: text('vendor').notNull(),
    patientId: patientId(),
    /** Sealed JSON of `VendorTokens`. */
    sealed: text('sealed').notNull(),
    expiresAt: instant('expires_at').notNull(),
    /** A new random value with every write, so that no two writes are ever taken for one another. */
    version: uuid('version').notNull(),
    /** Who is renewing at the moment, and until when the others wait for it. */
    leaseOwner: uuid('lease_owner'),
    leaseUntil: instant('lease_until'),
  },
  (table) => [
    primaryKey({ name: 'vendor_tokens_key', columns: [table.vendor, table.patientId] }),
    index('vendor_tokens_patient').on(table.patientId),
    check(
      'vendor_tokens_lease',
      sql`(${table.leaseOwner} is null) = (${table.leaseUntil} is null)`,
    ),
  ],
);

export const portalAccess = pgTable(
  'portal_access',
  {
    id: uuid('id').primaryKey(),
    sequence: sequence(),
    patientId: patientId(),
    vendor: text('vendor').notNull(),
    status: text('status').notNull(),
    issuedAt: instant('issued_at').notNull(),
    expiresAt: instant('expires_at'),
    revokedAt: instant('revoked_at'),
    revocationReason: text('revocation_reason'),
  },
  (table) => [
    index('portal_access_patient').on(table.patientId, table.vendor),
    uniqueIndex('portal_access_one_active')
      .on(table.patientId, table.vendor)
      .where(sql`${table.status} = 'ACTIVE'`),
    check(
      'portal_access_status',
      sql`${table.status} in ('ACTIVE', 'EXPIRED', 'REVOKED', 'INVITED')`,
    ),
    check(
      'portal_access_revoked',
      sql`(${table.status} = 'REVOKED') = (${table.revokedAt} is not null)`,
    ),
  ],
);

export const visits = pgTable(
  'visits',
  {
    vendor: text('vendor').notNull(),
    vendorVisitId: text('vendor_visit_id').notNull(),
    sequence: sequence(),
    patientId: patientId(),
    kind: text('kind').notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (table) => [
    primaryKey({ name: 'visits_key', columns: [table.vendor, table.vendorVisitId] }),
    index('visits_patient').on(table.patientId),
    check(
      'visits_kind',
      sql`${table.kind} in ('WALK_IN', 'SCHEDULED', 'E_CONSULT', 'GUEST', 'UNKNOWN')`,
    ),
  ],
);

export const followUps = pgTable(
  'follow_ups',
  {
    id: uuid('id').primaryKey(),
    sequence: sequence(),
    patientId: patientId(),
    vendor: text('vendor').notNull(),
    vendorFollowUpId: text('vendor_follow_up_id').notNull(),
    date: date('date', { mode: 'string' }).notNull(),
    createdAt: instant('created_at').notNull(),
  },
  (table) => [index('follow_ups_patient').on(table.patientId)],
);

/** Logins whose callback has not come yet. A row is deleted when it is taken. */
export const pendingConnections = pgTable(
  'pending_connections',
  {
    stateFingerprint: text('state_fingerprint').primaryKey(),
    vendor: text('vendor').notNull(),
    patientId: patientId(),
    subject: text('subject').notNull(),
    returnTo: text('return_to').notNull(),
    /** Sealed JSON of `ConnectionSecrets`. */
    sealedSecrets: text('sealed_secrets').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [
    index('pending_connections_expiry').on(table.expiresAt),
    index('pending_connections_patient').on(table.patientId),
  ],
);

/** Finished logins that wait for their subject. A row is deleted when it is taken. */
export const connectionGrants = pgTable(
  'connection_grants',
  {
    tokenFingerprint: text('token_fingerprint').primaryKey(),
    vendor: text('vendor').notNull(),
    patientId: patientId(),
    subject: text('subject').notNull(),
    /** Sealed JSON of the vendor's patient id and tokens. */
    sealedGrant: text('sealed_grant').notNull(),
    expiresAt: instant('expires_at').notNull(),
  },
  (table) => [
    index('connection_grants_expiry').on(table.expiresAt),
    index('connection_grants_patient').on(table.patientId),
  ],
);

/** No foreign key: a refused look at a patient who does not exist is logged as well. */
export const accessEvents = pgTable(
  'access_events',
  {
    id: uuid('id').primaryKey(),
    sequence: sequence(),
    at: instant('at').notNull(),
    patientId: uuid('patient_id').notNull(),
    actor: text('actor').notNull(),
    actorRoles: text('actor_roles').array().notNull(),
    action: text('action').notNull(),
    vendor: text('vendor'),
    outcome: text('outcome').notNull(),
    /** Its place in the patient's chain, from 1, and what ties it to the one before; see `access-chain.ts`. */
    number: bigint('number', { mode: 'number' }),
    hash: text('hash'),
  },
  (table) => [
    uniqueIndex('access_events_chain').on(table.patientId, table.number),
    index('access_events_patient').on(table.patientId, table.at, table.sequence),
    check('access_events_outcome', sql`${table.outcome} in ('ALLOWED', 'DENIED', 'FAILED')`),
  ],
);

/** How long each patient's chain of events is and what it ends with; written together with the events. */
export const accessChains = pgTable('access_chains', {
  patientId: uuid('patient_id').primaryKey(),
  length: bigint('length', { mode: 'number' }).notNull(),
  /** The last event's hash. */
  hash: text('hash').notNull(),
  /** Keyed hash of the two, so that no shorter chain can be made to look whole. */
  seal: text('seal').notNull(),
});

const operationStatuses = sql.raw("('IN_PROGRESS', 'SUCCEEDED', 'FAILED', 'OUTCOME_UNKNOWN')");

/**
 * The ledger of writes. No foreign key: an onboarding begins before its patient exists, and the
 * ledger outlives what it was about.
 */
export const operations = pgTable(
  'operations',
  {
    id: uuid('id').primaryKey(),
    subject: text('subject').notNull(),
    action: text('action').notNull(),
    idempotencyKey: text('idempotency_key'),
    inputFingerprint: text('input_fingerprint').notNull(),
    /** Sealed JSON of the mutation's input. */
    sealedInput: text('sealed_input').notNull(),
    patientId: uuid('patient_id'),
    vendor: text('vendor'),
    /** Keyed hash of what no two operations may be at work on at once. */
    target: text('target'),
    status: text('status').notNull(),
    /** Sealed JSON of `OperationOutcome`. */
    sealedOutcome: text('sealed_outcome'),
    /** Sealed JSON of bearer secrets, until the first delivery or `secretsUntil`. */
    sealedSecrets: text('sealed_secrets'),
    secretsUntil: instant('secrets_until'),
    startedAt: instant('started_at').notNull(),
    finishedAt: instant('finished_at'),
    settledBy: text('settled_by'),
    /** Which worker holds it, and until when without a sign of life; by the database's clock. */
    worker: uuid('worker'),
    heldUntil: instant('held_until'),
  },
  (table) => [
    uniqueIndex('operations_key').on(table.subject, table.idempotencyKey),
    uniqueIndex('operations_target').on(table.target).where(sql`${table.worker} is not null`),
    index('operations_open').on(table.heldUntil).where(sql`${table.status} = 'IN_PROGRESS'`),
    index('operations_secrets')
      .on(table.secretsUntil)
      .where(sql`${table.sealedSecrets} is not null`),
    index('operations_started').on(table.startedAt),
    check('operations_status', sql`${table.status} in ${operationStatuses}`),
    check('operations_held', sql`(${table.worker} is null) = (${table.heldUntil} is null)`),
  ],
);

export const operationSteps = pgTable(
  'operation_steps',
  {
    operationId: uuid('operation_id')
      .notNull()
      .references(() => operations.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    sequence: sequence(),
    /** Whether the call does no harm when it is made again. */
    repeatable: boolean('repeatable').notNull(),
    status: text('status').notNull(),
    startedAt: instant('started_at').notNull(),
    finishedAt: instant('finished_at'),
    /** Sealed JSON of what the call brought, until the operation is settled. */
    sealedResult: text('sealed_result'),
  },
  (table) => [
    primaryKey({ name: 'operation_steps_key', columns: [table.operationId, table.name] }),
    check('operation_steps_status', sql`${table.status} in ${operationStatuses}`),
  ],
);
