import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { UserFailure } from '../domain/errors.ts';
import {
  type Actor,
  type Operation,
  type OperationLedger,
  QuotaUsedUp,
} from '../domain/operations.ts';
import type { Sealer } from '../domain/store.ts';
import type { VendorId } from '../domain/vendor.ts';
import { outcomeUnknown } from '../domain/vendor-failure.ts';
import { failureFrom, failureWith } from './failures.ts';
import { type Answered, type Held, type Performed, proceed } from './proceed.ts';
import { settleLostStep } from './recovery.ts';
import type { Work } from './work.ts';

export interface PerformEnvironment {
  ledger: OperationLedger;
  sealer: Sealer;
  /** Milliseconds since the epoch. */
  clock: () => number;
  /** The caller. */
  actor: Actor;
  /** Milliseconds since the epoch: how long to wait for another worker. */
  deadline: number;
  /** Milliseconds that idempotency keys are good for. */
  keysValidFor: number;
  /** Milliseconds after which a vendor has certainly ended a call, answered or not. */
  callsOverAfter: number;
  /** Set while an operation is gone on with or reconciled, by its id and not by its key. */
  resumed?: Held | undefined;
}

export interface Request {
  action: string;
  idempotencyKey: string | null | undefined;
  /** What the mutation was asked, without the key. */
  input: Readonly<Record<string, unknown>>;
  patientId: string | null;
  vendor: VendorId | null;
  /** What no two operations may be at work on at once; null: nothing. */
  target?: string | null;
  /** How often the patient may be the subject of this within a day; undefined: as often as asked. */
  mostPerDay?: number | undefined;
}

const day = 24 * 60 * 60 * 1000;

const tooOften = ({ vendor, mostPerDay }: Request, by: Date) =>
  new UserFailure(
    'RATE_LIMITED',
    `This was done ${mostPerDay} times for this patient within a day, which is as often as is allowed. Nothing was sent.`,
    { vendor: vendor ?? undefined, retryAt: new Date(by.getTime() + day) },
  );

const longestPause = 250;
const longestKey = 255;

/** Keys are the caller's own text; the store keeps them as they are. */
function checkKey(key: string | null | undefined): string | null {
  if (key != null && (key.length > longestKey || !/^[\x21-\x7e]+$/.test(key))) {
    throw new UserFailure(
      'INVALID_INPUT',
      `An idempotency key has 1 to ${longestKey} printable ASCII characters without spaces.`,
      { path: ['input', 'idempotencyKey'] },
    );
  }
  return key ?? null;
}

/** The same for the same input, however its fields are ordered. */
const canonical = (value: unknown): unknown =>
  value instanceof Date
    ? { at: value.getTime() }
    : Array.isArray(value)
      ? value.map(canonical)
      : typeof value === 'object' && value !== null
        ? {
            of: Object.entries(value)
              .filter(([, each]) => each !== undefined && each !== null)
              .sort(([a], [b]) => (a < b ? -1 : 1))
              .map(([name, each]) => [name, canonical(each)]),
          }
        : value;

const canonicalText = (action: string, input: unknown) =>
  JSON.stringify([action, canonical(input)]);

/** An operation's input as it is kept. */
export interface Recorded {
  /** What the mutation was asked. */
  asked: unknown;
  /** What `prepare` made of it. */
  prepared: unknown;
}

/**
 * Runs a write on the ledger: recorded before the first vendor call, each step before and after it,
 * never twice for one key. See design.md, "Writes".
 * @param prepare checks and reads; what it refuses does not use up the key. Its result, plain data, is
 *   recorded: an operation that is gone on with is not checked against what it has itself changed
 * @param act the vendor calls, and what they leave here
 * @throws UserFailure with the operation in its payload
 */
export async function perform<Prepared, Answer extends object>(
  environment: PerformEnvironment,
  request: Request,
  prepare: () => Promise<Prepared>,
  act: (work: Work, prepared: Prepared) => Promise<Answered<Answer>>,
): Promise<Performed<Answer>> {
  const { ledger, sealer, actor, clock, keysValidFor, callsOverAfter, resumed } = environment;
  const { subject, roles } = actor;
  const { action, input, patientId, vendor, mostPerDay } = request;
  // Recorded by this very action, sealed by ourselves.
  const run = (operation: Operation, worker: string, reconciling = false) =>
    proceed(
      ledger,
      { operation, worker, reconciling, overBefore: clock() - callsOverAfter },
      async (work) => act(work, (operation.input as Recorded).prepared as Prepared),
    );
  if (resumed !== undefined) {
    return run(resumed.operation, resumed.worker, resumed.reconciling);
  }
  const key = checkKey(request.idempotencyKey);
  const text = canonicalText(action, input);
  const inputFingerprint = sealer.fingerprint('operation-input', text);
  const keysValidSince = () => new Date(clock() - keysValidFor);
  const find = async () =>
    key === null ? undefined : ledger.findByKey(subject, key, keysValidSince());
  // A name for this attempt alone: another request of this process is another worker.
  const worker = randomUUID();
  const target = request.target == null ? null : sealer.fingerprint('target', request.target);
  const pauses = pausesUntil(environment);
  let operation = await find();
  while (operation === undefined) {
    let prepared: Prepared;
    try {
      prepared = await prepare();
    } catch (refusal) {
      // Perhaps because the same request has been doing it meanwhile.
      operation = await find();
      if (operation === undefined) {
        throw refusal;
      }
      break;
    }
    const begun = await ledger
      .begin(
        {
          ...{
            id: randomUUID(),
            subject,
            roles,
            action,
            inputFingerprint,
            patientId,
            vendor,
            target,
          },
          idempotencyKey: key,
          input: { asked: input, prepared } satisfies Recorded,
        },
        worker,
        keysValidSince(),
        mostPerDay === undefined ? undefined : { most: mostPerDay, since: new Date(clock() - day) },
      )
      .catch((error: unknown) => {
        throw error instanceof QuotaUsedUp ? tooOften(request, error.by) : error;
      });
    if (begun.begun) {
      return run(begun.operation, worker);
    }
    operation = begun.operation;
    if (operation === undefined) {
      const { value: pause, done } = pauses.next();
      if (done) {
        throw targetIsTaken(vendor, clock());
      }
      await delay(pause);
      operation = await find();
    }
  }
  return follow(environment, operation, text, inputFingerprint, worker, run);
}

const targetIsTaken = (vendor: VendorId | null, now: number) =>
  new UserFailure(
    'VENDOR_UNAVAILABLE',
    'Another change of the same record is under way. Nothing was done; try again.',
    { retryAt: new Date(now + 1_000), ...(vendor !== null && { vendor }) },
  );

/** Growing pauses, as long as another one can be afforded. */
function* pausesUntil({ clock, deadline }: PerformEnvironment) {
  for (let pause = 20; clock() + pause < deadline; pause = Math.min(longestPause, pause * 1.5)) {
    yield pause;
  }
}

/** Whether an operation was asked for the same; its fingerprint changes with the encryption key. */
const isSameInput = (operation: Operation, text: string, fingerprint: string) =>
  operation.inputFingerprint === fingerprint ||
  (operation.input !== null &&
    canonicalText(operation.action, (operation.input as Recorded).asked) === text);

/** Answers with what an earlier request of the same key came to, or goes on with it. */
async function follow<Answer extends object>(
  environment: PerformEnvironment,
  known: Operation,
  text: string,
  fingerprint: string,
  worker: string,
  run: (operation: Operation, worker: string) => Promise<Performed<Answer>>,
): Promise<Performed<Answer>> {
  const { ledger, actor } = environment;
  if (!isSameInput(known, text, fingerprint)) {
    throw failureWith(
      new UserFailure(
        'IDEMPOTENCY_CONFLICT',
        'This key was used with another input. Use a new key for a new write.',
        { path: ['input', 'idempotencyKey'] },
      ),
      { ...known, steps: [] },
    );
  }
  let operation = known;
  const pauses = pausesUntil(environment);
  for (;;) {
    const settled = await replay<Answer>(ledger, operation);
    if (settled !== undefined) {
      return settled;
    }
    const claimed = operation.busy ? undefined : await ledger.claim(operation.id, worker, actor);
    if (claimed !== undefined) {
      if (!(await settleLostStep(ledger, claimed, worker))) {
        return run(claimed, worker);
      }
      const [unknown] = await ledger.findByIds([claimed.id]);
      throw failureWith(outcomeUnknown(), unknown ?? claimed);
    }
    const { value: pause, done } = pauses.next();
    if (done) {
      throw failureWith(
        new UserFailure(
          'OUTCOME_UNKNOWN',
          'This is still being done. Ask for the operation, or try again with the same key.',
        ),
        operation,
      );
    }
    await delay(pause);
    operation = (await ledger.findByIds([operation.id]))[0] ?? operation;
  }
}

/** The first result of a settled operation; undefined where it is not settled. */
export async function replay<Answer extends object>(
  ledger: OperationLedger,
  operation: Operation,
): Promise<Performed<Answer> | undefined> {
  const { status, outcome } = operation;
  if (status === 'IN_PROGRESS') {
    return undefined;
  }
  if (status === 'OUTCOME_UNKNOWN') {
    throw failureWith(outcomeUnknown(), operation);
  }
  if (outcome === null) {
    throw failureWith(
      new UserFailure('OUTCOME_UNKNOWN', 'What this write came to can no longer be read.'),
      operation,
    );
  }
  if (outcome.kind === 'FAILURE') {
    throw failureWith(failureFrom(outcome), operation);
  }
  const secrets = await ledger.secrets(operation.id);
  return { answer: outcome.answer as Answer, secrets, operation, replayed: true };
}
