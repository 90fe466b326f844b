import { sql } from 'drizzle-orm';
import {
  check,
  date,
  index,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { instant, sequence } from './columns.ts';

/**
 * The tables of what Portico keeps about patients, for queries and for drizzle-kit, which writes the
 * migrations from the files `*tables.ts` (`npm run migrations`). Vendors are plain text, so that a new one needs no migration.
 */

const patientId = () =>
  uuid('patient_id')
    .notNull()
    .references(() => patients.id);
export const patients = pgTable(
  'patients',
  {
    id: uuid('id').primaryKey(),
    subject: text('subject').unique('patients_subject_unique'),
    /** Sealed JSON of `Demographics`. */
    sealed: text('sealed').notNull(),
    /** What the sealed names and e-mail are found by: keyed hashes of `domain/name-folding.ts`. */
    nameIndex: text('name_index').array().notNull(),
    emailIndex: text('email_index'),
    createdAt: instant('created_at').notNull(),
  },
  (table) => [
    index('patients_order').on(table.createdAt, table.id),
    index('patients_name').using('gin', table.nameIndex),
    index('patients_email').on(table.emailIndex),
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
    /** Sealed text: staff writes there what it wants. */
    sealedRevocationReason: text('sealed_revocation_reason'),
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
