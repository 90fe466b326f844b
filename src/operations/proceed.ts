import type { UserFailure } from '../domain/errors.ts';
import type {
  Operation,
  OperationLedger,
  OperationOutcome,
  Settlement,
} from '../domain/operations.ts';
import { outcomeUnknown } from '../domain/vendor-failure.ts';
import {
  cannotBeAsked,
  failureOf,
  failureOutcome,
  failureWith,
  foundUndone,
  notSettledBecause,
  stillUnknown,
  takenOver,
} from './failures.ts';
import { insist } from './insist.ts';
import { recordLate } from './record-late.ts';
import {
  CannotTell,
  FoundUndone,
  HoldLost,
  TooEarly,
  type Work,
  type WorkUnderWay,
  workOn,
} from './work.ts';

/** Heartbeats in the time after which a worker counts as gone. */
const beatsInLease = 4;

/** An operation that is held, to be gone on with. */
export interface Held {
  operation: Operation;
  /** Who holds it: nobody else goes by this name. */
  worker: string;
  /** Whether lost answers are looked up at the vendor. */
  reconciling: boolean;
}

export interface Proceeding extends Held {
  /** Milliseconds after which a vendor has certainly ended a call, answered or not. */
  callsOverAfter: number;
}

/** An answer of records; bearer secrets apart, by their name. */
export interface Answered<Answer> {
  answer: Answer;
  secrets?: Readonly<Record<string, string>> | undefined;
}

export interface Performed<Answer> extends Answered<Answer> {
  operation: Operation;
  /** Whether this is the answer of an earlier request. */
  replayed: boolean;
}

/**
 * Runs the steps that are left of an operation that is held, and hands it back as what they came to.
 * @throws UserFailure with the operation in its payload
 */
export async function proceed<Answer extends object>(
  ledger: OperationLedger,
  { operation, worker, reconciling, callsOverAfter }: Proceeding,
  act: (work: Work) => Promise<Answered<Answer>>,
): Promise<Performed<Answer>> {
  const { id } = operation;
  const work = workOn({ ledger, operation, worker, reconciling, callsOverAfter });
  const beat = setInterval(() => {
    ledger.extend(id, worker).catch(() => undefined);
  }, ledger.leaseLength / beatsInLease);
  beat.unref();

  /** The record as it is, or as we believe it to be while the store cannot be read. */
  const asItIs = async (status: Operation['status']): Promise<Operation> => {
    const [found] = await ledger.findByIds([id]).catch(() => []);
    return found ?? { ...operation, status, busy: false };
  };

  async function handBack(settlement: Settlement): Promise<boolean> {
    if (await insist(() => ledger.handBack(id, worker, settlement))) {
      return true;
    }
    // Refused perhaps because it was done: the store's answer to the first try was lost.
    const [found] = await ledger.findByIds([id]);
    return found?.status === settlement.status;
  }

  async function fail(error: unknown): Promise<UserFailure> {
    const { settlement, failure } = endOf(work, error, reconciling);
    try {
      const held = settlement === undefined || (await handBack(settlement));
      if (failure === undefined) {
        throw error;
      }
      return failureWith(
        held ? failure : takenOver(),
        await asItIs(settlement?.status ?? 'IN_PROGRESS'),
      );
    } catch (fault) {
      if (fault === error || !work.inDoubt) {
        throw fault;
      }
      // Not even that could be recorded: the hold ends by itself, and recovery records it.
      return failureWith(outcomeUnknown(), { ...operation, status: 'OUTCOME_UNKNOWN' });
    }
  }

  try {
    const { answer, secrets } = await act(work);
    if (work.inDoubt) {
      throw outcomeUnknown();
    }
    const outcome: OperationOutcome = { kind: 'ANSWER', answer: answer as Record<string, unknown> };
    if (!(await handBack({ status: 'SUCCEEDED', outcome, secrets }))) {
      throw new HoldLost();
    }
    return { answer, secrets, operation: await asItIs('SUCCEEDED'), replayed: false };
  } catch (error) {
    throw await fail(error);
  } finally {
    clearInterval(beat);
    if (work.unrecorded !== undefined) {
      void recordLate(ledger, { id, worker }, work.unrecorded);
    }
  }
}

/** What an error makes of the operation, and what the caller is told; undefined where it goes on up. */
function endOf(
  work: WorkUnderWay,
  error: unknown,
  reconciling: boolean,
): { settlement?: Settlement; failure: UserFailure | undefined } {
  if (error instanceof HoldLost) {
    return { failure: takenOver() };
  }
  if (error instanceof TooEarly) {
    return { settlement: { status: 'OUTCOME_UNKNOWN' }, failure: stillUnknown() };
  }
  if (error instanceof CannotTell) {
    return { settlement: { status: 'OUTCOME_UNKNOWN' }, failure: cannotBeAsked() };
  }
  if (work.inDoubt) {
    // Whatever else went wrong: what the vendor did is not known, so it is neither failed nor free.
    const failure = reconciling ? notSettledBecause(error) : outcomeUnknown();
    return { settlement: { status: 'OUTCOME_UNKNOWN' }, failure };
  }
  if (error instanceof FoundUndone) {
    const failure = foundUndone();
    return { settlement: { status: 'FAILED', outcome: failureOutcome(failure) }, failure };
  }
  const resumable = work.isResumable(error);
  const failure = failureOf(error, resumable);
  if (failure?.code === 'OUTCOME_UNKNOWN') {
    return { settlement: { status: 'OUTCOME_UNKNOWN' }, failure };
  }
  if (failure === undefined || resumable) {
    // A fault of ours between two steps leaves nothing unknown: it can be gone on with.
    return { settlement: { status: 'IN_PROGRESS' }, failure };
  }
  // Refused before anything was sent: the caller mends the input and may keep the key.
  const freeKey = !work.hasSent;
  return {
    settlement: { status: 'FAILED', outcome: failureOutcome(failure), freeKey },
    failure,
  };
}
