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
import {
  type Preparation,
  preparedToGoOn,
  prepareInput,
  quotaOf,
  type Recorded,
  tooOften,
} from './preparation.ts';
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

/** What `prepare` refuses does not use up the key. */
export interface Request<Prepared> extends Preparation<Prepared> {
  action: string;
  idempotencyKey: string | null | undefined;
  input: Readonly<Record<string, unknown>>;
  patientId: string | null;
  /** What no two operations may be at work on at once; null: nothing. */
  target?: string | null;
}

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

/**
 * Runs a write on the ledger: recorded before the first vendor call, each step before and after it,
 * never twice for one key. See the README, "Writes".
 * @param act the vendor calls, and what they leave here
 * @throws UserFailure with the operation in its payload
 */
export async function perform<Prepared, Answer extends object>(
  environment: PerformEnvironment,
  request: Request<Prepared>,
  act: (work: Work, prepared: Prepared) => Promise<Answered<Answer>>,
): Promise<Performed<Answer>> {
  const { ledger, sealer, actor, clock, keysValidFor, callsOverAfter, resumed } = environment;
  const { subject, roles } = actor;
  const { action, input, patientId, vendor, mostPerDay } = request;
  const run = (held: Held, prepared: () => Promise<Prepared>) =>
    proceed(ledger, { ...held, callsOverAfter }, async (work) => act(work, await prepared()));
  const goOn = (held: Held) =>
    run(held, () => preparedToGoOn(ledger, held.operation, held.worker, request, clock()));
  if (resumed !== undefined) {
    return goOn(resumed);
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
    let recorded: Recorded;
    try {
      recorded = await prepareInput(request);
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
          input: recorded,
        },
        worker,
        keysValidSince(),
        quotaOf(mostPerDay, clock()),
      )
      .catch((error: unknown) => {
        throw error instanceof QuotaUsedUp ? tooOften(request, error.by) : error;
      });
    if (begun.begun) {
      const { operation } = begun;
      // As it was kept, so that it is the same whenever it is gone on with.
      const { prepared } = operation.input as Recorded & { prepared: Prepared };
      return run({ operation, worker, reconciling: false }, async () => prepared);
    }
    operation = begun.operation;
    for (let taken = true; operation === undefined && taken; ) {
      const { value: pause, done } = pauses.next();
      if (done) {
        throw targetIsTaken(vendor, clock());
      }
      await delay(pause);
      operation = await find();
      // What is prepared asks vendors: it is made anew once the target is free, not each time it is not.
      taken = target !== null && (await ledger.isAtWorkOn(target));
    }
  }
  return follow(environment, operation, text, inputFingerprint, worker, goOn);
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
  goOn: (held: Held) => Promise<Performed<Answer>>,
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
        return goOn({ operation: claimed, worker, reconciling: false });
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
async function replay<Answer extends object>(
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
