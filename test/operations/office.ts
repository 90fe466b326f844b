import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { UserFailure } from '../../src/domain/errors.ts';
import type { Operation, OperationLedger } from '../../src/domain/operations.ts';
import { perform } from '../../src/operations/perform.ts';
import type { Found, Work } from '../../src/operations/work.ts';
import type { Database } from '../../src/store/database.ts';
import { openEmbedded } from '../../src/store/embedded.ts';
import { createOperationLedger } from '../../src/store/operations.ts';
import { createSealer } from '../../src/store/sealing.ts';
import { createFakeVendor, type FakeVendor, type Made } from './fake-vendor.ts';

export const key = randomBytes(32);
export const sealer = createSealer({ current: key });
export const month = 30 * 24 * 3600 * 1000;

/** One embedded database for all tests of a file. */
export function useDatabase(): () => Database {
  let database: Database | undefined;
  beforeAll(async () => {
    database = await openEmbedded(undefined, sealer, () => undefined);
  });
  afterAll(() => database?.close());
  return () => {
    if (database === undefined) {
      throw new Error('The database is not open yet.');
    }
    return database;
  };
}

export const ledgerOn = (database: Database, leaseLength?: number) =>
  createOperationLedger(database, sealer, Date.now, leaseLength);

export interface Answer {
  visitId: string;
  made: Date;
}

export interface Submission {
  key?: string | null;
  subject?: string;
  input?: Record<string, unknown>;
  action?: string;
  /** Milliseconds to wait for another worker. */
  patience?: number;
  /** What no two submissions may be at work on at once. */
  target?: string;
  prepare?: () => Promise<unknown>;
  preparesAgain?: boolean;
  account?: () => Promise<string | null>;
  act?: (
    work: Work,
    prepared: unknown,
  ) => Promise<{ answer: Answer; secrets?: Record<string, string> }>;
}

/** What a submission came to, as plain data. */
export interface Reply {
  code: string;
  answer: Answer | undefined;
  operation: Operation;
  failure: UserFailure | undefined;
  replayed: boolean;
  secrets: Readonly<Record<string, string>> | undefined;
}

export type LookUp = (step: string) => Promise<Found<Made>>;

/** The action under test: an intake, then a visit with a link, neither to be made twice. */
export const chain =
  (vendor: FakeVendor, lookUp?: LookUp) =>
  async (work: Work): Promise<{ answer: Answer; secrets: Record<string, string> }> => {
    const ask = (step: string) => lookUp && (() => lookUp(step));
    const intake = await work.once('intake', () => vendor.call('intake'), ask('intake'));
    const visit = await work.once('visit', () => vendor.call('visit'), ask('visit'));
    return {
      answer: { visitId: `${intake.id}/${visit.id}`, made: visit.at },
      secrets: { joinUrl: 'https://vendor.example.com/canary-link' },
    };
  };

/** A process of the gateway: performs submissions on a ledger. */
export function createOffice(
  ledger: OperationLedger,
  vendor: FakeVendor,
  /** Milliseconds; default: a call that was not answered is over. */
  callsOverAfter = 0,
) {
  const environment = (submission: Submission) => ({
    ledger,
    sealer,
    clock: Date.now,
    actor: { subject: submission.subject ?? 'subject-ana', roles: ['PATIENT'] },
    deadline: Date.now() + (submission.patience ?? 10_000),
    keysValidFor: month,
    callsOverAfter,
  });
  const request = (submission: Submission) => ({
    action: submission.action ?? 'startWalkInVisit',
    idempotencyKey: submission.key,
    input: submission.input ?? { roomCode: 'main' },
    patientId: null,
    vendor: 'NIMBUS',
    target: submission.target ?? null,
    prepare: submission.prepare ?? (async () => undefined),
    preparesAgain: submission.preparesAgain,
    account: submission.account,
  });

  async function replyOf(performing: ReturnType<typeof perform<unknown, Answer>>): Promise<Reply> {
    try {
      const { answer, operation, replayed, secrets } = await performing;
      return { code: 'OK', answer, operation, failure: undefined, replayed, secrets };
    } catch (failure) {
      if (!(failure instanceof UserFailure) || failure.details.payload === undefined) {
        throw failure;
      }
      const operation = failure.details.payload.operation as Operation;
      const { code } = failure;
      return { code, answer: undefined, operation, failure, replayed: false, secrets: undefined };
    }
  }

  return {
    submit: (submission: Submission = {}) =>
      replyOf(
        perform<unknown, Answer>(
          environment(submission),
          request(submission),
          submission.act ?? chain(vendor),
        ),
      ),

    /** Goes on with an operation by its id; undefined where somebody holds it or it is settled. */
    async resume(
      id: string,
      reconciling = true,
      act: NonNullable<Submission['act']> = chain(vendor, vendor.lookUp),
    ): Promise<Reply | undefined> {
      const worker = randomUUID();
      const operation = await ledger.claim(id, worker);
      const resumed = operation && { operation, worker, reconciling };
      return (
        resumed &&
        replyOf(perform<unknown, Answer>({ ...environment({}), resumed }, request({}), act))
      );
    },
  };
}

/** An office at a vendor of its own, and a key that nobody has used. */
export function openOffice(database: Database) {
  const vendor = createFakeVendor();
  const ledger = ledgerOn(database);
  return { vendor, ledger, ...createOffice(ledger, vendor), key: randomUUID() };
}

/** The record as it stands. */
export async function recordOf(ledger: OperationLedger, id: string): Promise<Operation> {
  const [operation] = await ledger.findByIds([id]);
  if (operation === undefined) {
    throw new Error('There is no such operation.');
  }
  return operation;
}

export const stepsOf = ({ steps }: Operation) => steps.map(({ name, status }) => [name, status]);
