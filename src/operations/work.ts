import { CodedError, UserFailure, VendorError } from '../domain/errors.ts';
import type { Operation, OperationLedger, OperationStep } from '../domain/operations.ts';
import { outcomeUnknown } from '../domain/vendor-failure.ts';
import { insist } from './insist.ts';

/** What a look at the vendor says about a step whose answer was lost. */
export type Found<Result> =
  | { done: true; result: Result }
  /** The vendor certainly did not act. */
  | { done: false }
  | 'CANNOT_TELL';

/** An operation under way, as an action sees it. Steps are told apart by their names. */
export interface Work {
  /** Also the id of what the operation records here, so that it is recorded once. */
  readonly operationId: string;
  /**
   * A vendor call that must not be repeated. Done before: returns what it brought then. Its answer
   * lost: asks `lookUp` if the operation is being reconciled, else the outcome is unknown. Told that it is done, but
   * not what came of it (VendorError `success_alone`): asks `lookUp` at once.
   * @param call the call alone: a UserFailure or CodedError of it means that nothing was sent
   */
  once<Result>(
    name: string,
    call: () => Promise<Result>,
    lookUp?: () => Promise<Found<Result>>,
  ): Promise<Result>;
  /** A vendor call that does no harm when it is made again, also after a crash. */
  repeatable<Result>(name: string, call: () => Promise<Result>): Promise<Result>;
  /** Whether a step was done, or may have been: what only prepares it is of no use any more. */
  isBegun(name: string): boolean;
}

/** Somebody else has taken the operation over: nothing more may be sent. */
export class HoldLost extends Error {
  override readonly name = 'HoldLost';
}

/** The look-up found that the vendor did not act. */
export class FoundUndone extends Error {
  override readonly name = 'FoundUndone';
}

/** The vendor does not have it, but may still be at it. */
export class TooEarly extends Error {
  override readonly name = 'TooEarly';
}

/** There is no way to ask the vendor. */
export class CannotTell extends Error {
  override readonly name = 'CannotTell';
}

/** The vendor certainly did not act, and may be asked again. */
const isUnsent = (error: unknown) =>
  error instanceof VendorError &&
  !error.mayHaveActed &&
  error.kind !== 'REJECTED' &&
  error.kind !== 'NOT_FOUND';

/** Of a read between the steps: a lost answer of a step never comes up as the vendor's error. */
const isLostRead = (error: unknown) =>
  error instanceof VendorError && error.mayHaveActed && error.repeatable;

/** Refused, by the vendor or by its door before anything was sent. */
const isRefusal = (error: unknown) =>
  error instanceof UserFailure ||
  error instanceof CodedError ||
  (error instanceof VendorError && !error.mayHaveActed);

/** Whether a vendor may have acted on any of its calls. */
export const mayHaveActed = ({ steps }: Pick<Operation, 'steps'>) =>
  steps.some(({ status }) => status !== 'FAILED');

/** A call that must not be repeated, and may have been made. */
export const isInDoubt = ({ repeatable, status }: OperationStep) =>
  !repeatable && (status === 'IN_PROGRESS' || status === 'OUTCOME_UNKNOWN');

type EndOfStep = 'SUCCEEDED' | 'FAILED' | 'OUTCOME_UNKNOWN';

export interface WorkOptions {
  ledger: OperationLedger;
  operation: Operation;
  worker: string;
  /** Whether a lost answer is looked up; else it keeps the operation unknown. */
  reconciling: boolean;
  /** Milliseconds after which a vendor has certainly ended a call, answered or not. */
  callsOverAfter: number;
}

/** What a vendor answered to a call that must not be repeated, and could not be written down. */
export interface Unrecorded {
  name: string;
  result: unknown;
}

export interface WorkUnderWay extends Work {
  /** Whether anything was sent that the vendor may have taken or has refused, by whomever. */
  readonly hasSent: boolean;
  /** Whether a call that must not be repeated is under way, or its answer lost. */
  readonly inDoubt: boolean;
  readonly unrecorded: Unrecorded | undefined;
  /** Whether the operation can be gone on with under its key after an error. */
  isResumable(error: unknown): boolean;
}

/** The steps of an operation that is held: those that are done are never made again. */
export function workOn(options: WorkOptions): WorkUnderWay {
  const { ledger, operation, worker, reconciling, callsOverAfter } = options;
  const { id } = operation;
  const recorded = new Map<string, Pick<OperationStep, 'status' | 'result'>>(
    operation.steps.map((step) => [step.name, step]),
  );
  const doubts = new Set(operation.steps.filter(isInDoubt).map(({ name }) => name));
  /** Errors of steps after which the operation can be gone on with. */
  const resumable = new WeakSet<object>();
  const ofSteps = new WeakSet<object>();
  /** A look at what was done that fails does not undo it. */
  const isReadAfterwards = (error: unknown) =>
    error instanceof VendorError &&
    !ofSteps.has(error) &&
    [...recorded.values()].some(({ status }) => status === 'SUCCEEDED');
  let sent = mayHaveActed(operation);
  let unrecorded: Unrecorded | undefined;

  const finish = async (name: string, status: EndOfStep, result?: unknown) => {
    if (!(await insist(() => ledger.finishStep(id, worker, name, status, result)))) {
      throw new HoldLost();
    }
    recorded.set(name, { status, result: result ?? null });
    if (status !== 'OUTCOME_UNKNOWN') {
      doubts.delete(name);
    }
  };

  /** Of a call that must not be repeated. */
  const finishDone = async (name: string, result: unknown) => {
    try {
      await finish(name, 'SUCCEEDED', result);
    } catch (error) {
      unrecorded = { name, result };
      throw error;
    }
  };

  const begin = async (name: string, repeatable: boolean) => {
    try {
      if (await ledger.startStep(id, worker, name, repeatable)) {
        return;
      }
    } catch (error) {
      // Perhaps recorded all the same; nothing was sent, so it must not look as if it had been. What an
      // earlier attempt may have done stands.
      const { status: before = 'FAILED' } = recorded.get(name) ?? {};
      const end = before === 'IN_PROGRESS' ? 'OUTCOME_UNKNOWN' : before;
      await ledger.finishStep(id, worker, name, end).catch(() => undefined);
      throw error;
    }
    throw new HoldLost();
  };

  async function settleLost<Result>(
    name: string,
    lookUp: (() => Promise<Found<Result>>) | undefined,
  ): Promise<Result> {
    if (!reconciling) {
      throw outcomeUnknown();
    }
    const found = lookUp === undefined ? 'CANNOT_TELL' : await lookUp();
    if (found === 'CANNOT_TELL') {
      throw new CannotTell();
    }
    if (!found.done) {
      if (await ledger.startedWithin(id, name, callsOverAfter)) {
        throw new TooEarly();
      }
      // Recorded together with the end of the operation.
      doubts.delete(name);
      throw new FoundUndone();
    }
    await finish(name, 'SUCCEEDED', found.result);
    return found.result;
  }

  return {
    operationId: id,
    get hasSent() {
      return sent;
    },
    get inDoubt() {
      return doubts.size > 0;
    },
    get unrecorded() {
      return unrecorded;
    },
    isResumable: (error) =>
      isUnsent(error) ||
      isLostRead(error) ||
      isReadAfterwards(error) ||
      (typeof error === 'object' && error !== null && resumable.has(error)),

    isBegun: (name) => (recorded.get(name)?.status ?? 'FAILED') !== 'FAILED',

    async once(name, call, lookUp) {
      const before = recorded.get(name);
      if (before?.status === 'SUCCEEDED') {
        if (before.result === undefined) {
          throw new Error('What an earlier step brought can no longer be read.');
        }
        // Sealed by ourselves under this very name.
        return before.result as Awaited<ReturnType<typeof call>>;
      }
      if (before?.status === 'OUTCOME_UNKNOWN' || before?.status === 'IN_PROGRESS') {
        return settleLost(name, lookUp);
      }
      await begin(name, false);
      doubts.add(name);
      let result: Awaited<ReturnType<typeof call>>;
      try {
        result = await call();
      } catch (error) {
        if (!isRefusal(error)) {
          sent = true;
          await finish(name, 'OUTCOME_UNKNOWN');
          // Whatever is in the way of a look is met again by who reconciles it.
          const isDone = error instanceof VendorError && error.reason === 'success_alone';
          const found = isDone && (await lookUp?.().catch(() => undefined));
          if (!found || found === 'CANNOT_TELL' || !found.done) {
            throw outcomeUnknown();
          }
          await finishDone(name, found.result);
          return found.result;
        }
        ofSteps.add(error as object);
        sent ||= error instanceof VendorError && !isUnsent(error);
        await finish(name, 'FAILED');
        throw error;
      }
      sent = true;
      await finishDone(name, result);
      return result;
    },

    async repeatable(name, call) {
      const { status: before = 'FAILED' } = recorded.get(name) ?? {};
      await begin(name, true);
      let result: Awaited<ReturnType<typeof call>>;
      try {
        result = await call();
      } catch (error) {
        // That it is refused now does not undo what an earlier attempt may have done.
        const isUndone = before === 'FAILED' && isRefusal(error);
        await finish(name, isUndone ? 'FAILED' : 'OUTCOME_UNKNOWN');
        if (error instanceof VendorError) {
          // A repetition that is refused undoes nothing either: what was done after it the first time stands.
          if (before === 'FAILED') {
            ofSteps.add(error);
          }
          if (error.mayHaveActed) {
            resumable.add(error);
          }
        }
        sent ||= error instanceof VendorError && !isUnsent(error);
        throw error;
      }
      sent = true;
      await finish(name, 'SUCCEEDED');
      return result;
    },
  };
}
