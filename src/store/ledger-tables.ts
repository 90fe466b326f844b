import { sql } from 'drizzle-orm';
import {
  bigint,
  boolean,
  check,
  index,
  pgTable,
  primaryKey,
  text,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';
import { instant, sequence } from './columns.ts';

/** The tables of what was done: the log of access, and the ledger of writes. */

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
    index('access_events_at').on(table.at),
    check('access_events_outcome', sql`${table.outcome} in ('ALLOWED', 'DENIED', 'FAILED')`),
  ],
);

/** How long each patient's chain of events is and what it ends with; written together with the events. */
export const accessChains = pgTable('access_chains', {
  patientId: uuid('patient_id').primaryKey(),
  length: bigint('length', { mode: 'number' }).notNull(),
  /** The last event's hash. */
  hash: text('hash').notNull(),
  /** The number and hash of the last event whose time of keeping was over; the chain goes on from there. */
  prunedLength: bigint('pruned_length', { mode: 'number' }).notNull().default(0),
  prunedHash: text('pruned_hash').notNull().default(''),
  /** Keyed hash of all of these, so that no shorter chain can be made to look whole. */
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
    /** As whom they began it, whoever went on with it; empty in rows from before this was kept. */
    subjectRoles: text('subject_roles').array().notNull().default([]),
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
    /** Who is at work on it, or was last: the log of access names them. */
    actor: text('actor'),
    actorRoles: text('actor_roles').array().notNull().default([]),
    /** Which worker holds it, and until when without a sign of life; by the database's clock. */
    worker: uuid('worker'),
    heldUntil: instant('held_until'),
  },
  (table) => [
    uniqueIndex('operations_key').on(table.subject, table.idempotencyKey),
    uniqueIndex('operations_target').on(table.target).where(sql`${table.worker} is not null`),
    index('operations_open').on(table.heldUntil).where(sql`${table.heldUntil} is not null`),
    // For counting them, and since when: few of many.
    index('operations_unsettled')
      .on(table.status, table.startedAt)
      .where(sql`${table.status} in ('IN_PROGRESS', 'OUTCOME_UNKNOWN')`),
    index('operations_secrets')
      .on(table.secretsUntil)
      .where(sql`${table.sealedSecrets} is not null`),
    index('operations_started').on(table.startedAt),
    // For freeing those that expire: few of many have one still.
    index('operations_expiring_keys')
      .on(table.startedAt)
      .where(sql`${table.idempotencyKey} is not null`),
    // For the limits by patient and day.
    index('operations_patient').on(table.patientId, table.action, table.startedAt),
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
