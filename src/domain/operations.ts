import type { FieldPath } from './errors.ts';
import type { VendorId } from './vendor.ts';

/** The ledger of writes: what was begun, how far it came, what it brought. */

export type OperationStatus = 'IN_PROGRESS' | 'SUCCEEDED' | 'FAILED' | 'OUTCOME_UNKNOWN';

/** One vendor call of a write. */
export interface OperationStep {
  name: string;
  /** Whether the call does no harm when it is made again. */
  repeatable: boolean;
  status: OperationStatus;
  startedAt: Date;
  finishedAt: Date | null;
  /**
   * What a call that must not be repeated brought; kept until the operation is settled. Undefined
   * where it can no longer be read.
   */
  result: unknown;
}

/** One write, which may take several vendor calls. It outlives the request, and the process. */
export interface Operation {
  id: string;
  /** The caller's subject, whose key it is. */
  subject: string;
  /** The mutation's name. */
  action: string;
  idempotencyKey: string | null;
  /** Keyed hash of action and input. */
  inputFingerprint: string;
  /** What the mutation was asked, to go on with it later. */
  input: unknown;
  patientId: string | null;
  vendor: VendorId | null;
  /** Keyed hash of what no two operations may be at work on at once; null: of nothing. */
  target: string | null;
  status: OperationStatus;
  /** What it came to, once settled: an answer without secrets, or a failure. */
  outcome: OperationOutcome | null;
  startedAt: Date;
  finishedAt: Date | null;
  /** The subject of the STAFF who settled it by hand. */
  settledBy: string | null;
  steps: OperationStep[];
  /** Whether a living process is at work on it. */
  busy: boolean;
}

/** A settled operation's answer. `failure` is the user error; records hold no bearer secret. */
export type OperationOutcome =
  | { kind: 'ANSWER'; answer: Readonly<Record<string, unknown>> }
  | {
      kind: 'FAILURE';
      code: string;
      message: string;
      path: FieldPath | null;
      otherPaths?: readonly FieldPath[] | undefined;
      vendor?: VendorId | undefined;
      alternatives?: readonly unknown[] | undefined;
    };

export type NewOperation = Pick<
  Operation,
  | 'id'
  | 'subject'
  | 'action'
  | 'idempotencyKey'
  | 'inputFingerprint'
  | 'input'
  | 'patientId'
  | 'vendor'
  | 'target'
> & {
  /** The caller's roles, for the log of access. */
  roles?: readonly string[];
};

/** Who goes on with an operation, for the log of access. */
export interface Actor {
  subject: string;
  roles: readonly string[];
}

/** How many operations of one action may be begun for one patient at one vendor since a time. */
export interface Quota {
  most: number;
  since: Date;
}

/** There is no room for one more; nothing was recorded. */
export class QuotaUsedUp extends Error {
  override readonly name = 'QuotaUsedUp';

  /** @param by when the oldest of those that use it up was started */
  constructor(readonly by: Date) {
    super('The quota of this action is used up.');
  }
}

/** Operations that wait: for their worker, for somebody who goes on with them, or to be reconciled. */
export type UnsettledOperations = Readonly<
  Record<'IN_PROGRESS' | 'OUTCOME_UNKNOWN', { count: number; oldest: Date | null }>
>;

/** How a claimed operation is handed back. */
export type Settlement =
  /** It can be resumed: the vendor certainly did not act on the step that did not finish. */
  | { status: 'IN_PROGRESS' }
  | { status: 'OUTCOME_UNKNOWN' }
  | {
      status: 'FAILED';
      outcome: OperationOutcome;
      /** Nothing was sent: the key can be used again, for another input too. */
      freeKey?: boolean;
      settledBy?: string;
    }
  | {
      status: 'SUCCEEDED';
      outcome: OperationOutcome;
      /** Bearer secrets of the answer, for one delivery or fifteen minutes. */
      secrets?: Readonly<Record<string, string>> | undefined;
      settledBy?: string;
    };

/**
 * The ledger's table. Every change but `begin` is fenced: it does nothing and returns false for a
 * worker who no longer holds the operation. A worker is one attempt at one operation, not a process:
 * two requests of one process must not pass for each other.
 */
export interface OperationLedger {
  /** Milliseconds without a sign of life after which a worker counts as gone. */
  readonly leaseLength: number;
  /**
   * Records a new operation, held by `worker`; or returns the one that has the same subject and key.
   * A key older than `keysValidSince` is free again, unless its operation is held or its outcome
   * unknown. Without an operation: another one is at work on the same target. With a quota, those
   * count that a vendor may have acted on, over all callers and processes.
   * @throws QuotaUsedUp, or StoreError CONSTRAINT where the patient is not, or no longer, in the register
   */
  begin(
    operation: NewOperation,
    worker: string,
    keysValidSince: Date,
    quota?: Quota,
  ): Promise<
    { begun: true; operation: Operation } | { begun: false; operation: Operation | undefined }
  >;
  /** Whether some operation is held that works on a target. */
  isAtWorkOn(target: string): Promise<boolean>;
  findByKey(subject: string, key: string, keysValidSince: Date): Promise<Operation | undefined>;
  findByIds(ids: readonly string[]): Promise<Operation[]>;
  /**
   * Takes an operation that is not settled, that nobody alive holds, and whose target is free.
   * @param actor on whose behalf, where that is another than before
   */
  claim(id: string, worker: string, actor?: Actor): Promise<Operation | undefined>;
  /** The same for one whose worker is gone; nobody else can have had it since. */
  claimAbandoned(id: string, worker: string): Promise<Operation | undefined>;
  /** When the oldest of the others that use up a quota was started; undefined while there is room. */
  quotaUsedUpBy(operation: Operation, quota: Quota): Promise<Date | undefined>;
  /** Replaces the input, where nothing has come of what was recorded first. */
  replaceInput(id: string, worker: string, input: unknown): Promise<boolean>;
  /** Holds on to it; to be called more often than every `leaseLength`. */
  extend(id: string, worker: string): Promise<boolean>;
  /** Also false for a step that must not be repeated and did not FAIL: it is never begun twice. */
  startStep(id: string, worker: string, name: string, repeatable: boolean): Promise<boolean>;
  /** Whether a step was started no longer ago than so many milliseconds, whatever the clock of who started it. */
  startedWithin(id: string, name: string, length: number): Promise<boolean>;
  /**
   * Records how a vendor call ended, and with it the AccessEvent of the write: one for each outcome, in
   * the same transaction, so that a crash cannot part them. Who is not in the register yet has the
   * operation's id there.
   * @param result kept for SUCCEEDED steps that must not be repeated
   */
  finishStep(
    id: string,
    worker: string,
    name: string,
    status: Exclude<OperationStatus, 'IN_PROGRESS'>,
    result?: unknown,
  ): Promise<boolean>;
  /**
   * Ends the hold. Settled operations lose their steps' results; steps left open end as they do. What
   * STAFF settles by hand is an AccessEvent.
   */
  handBack(id: string, worker: string, settlement: Settlement): Promise<boolean>;
  /** The bearer secrets of a settled operation, while they are kept. */
  secrets(id: string): Promise<Readonly<Record<string, string>> | undefined>;
  /** The first answer is delivered: its secrets are no longer needed. */
  dropSecrets(id: string): Promise<void>;
  /** Operations whose worker is gone, oldest first. */
  abandoned(limit: number): Promise<string[]>;
  /** Drops secrets whose time is over, and frees keys that have expired. */
  sweep(keysValidSince: Date): Promise<void>;
  /** How many are not settled, counted to a bound, and when the oldest of them was started. */
  unsettled(): Promise<UnsettledOperations>;
}
