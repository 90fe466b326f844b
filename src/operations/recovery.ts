import { randomUUID } from 'node:crypto';
import type { Operation, OperationLedger } from '../domain/operations.ts';
import { isInDoubt } from './work.ts';

export interface RecoveryOptions {
  ledger: OperationLedger;
  /** Milliseconds since the epoch. */
  clock: () => number;
  /** Milliseconds that idempotency keys are good for. */
  keysValidFor: number;
  /** Deletes what need not be kept any longer, until the signal; called every hour. */
  prune?: (signal: AbortSignal) => Promise<void>;
  /** Told of each operation that a dead process left behind. */
  onRecovered: (
    operation: Pick<Operation, 'id' | 'action'>,
    status: 'OUTCOME_UNKNOWN' | 'RESUMABLE',
  ) => void;
  onError: (error: unknown) => void;
}

const batch = 50;
const betweenRounds = 5_000;
const roundsBetweenSweeps = 12;
const roundsBetweenPrunings = 720;

/**
 * Operations whose process died: where a call that must not be repeated was under way, the outcome is
 * unknown; otherwise they can be gone on with under their key. Two processes never take the same one.
 */
export async function recoverAbandoned(
  { ledger, onRecovered }: Pick<RecoveryOptions, 'ledger' | 'onRecovered'>,
  signal?: AbortSignal,
) {
  const worker = randomUUID();
  const errors: unknown[] = [];
  for (const id of await ledger.abandoned(batch)) {
    if (signal?.aborted) {
      break;
    }
    try {
      const operation = await ledger.claimAbandoned(id, worker);
      if (operation !== undefined) {
        const unknown = await settleLostStep(ledger, operation, worker);
        if (unknown || (await ledger.handBack(id, worker, { status: 'IN_PROGRESS' }))) {
          onRecovered(operation, unknown ? 'OUTCOME_UNKNOWN' : 'RESUMABLE');
        }
      }
    } catch (error) {
      // One that cannot be recovered must not keep the others waiting.
      errors.push(error);
    }
  }
  if (errors.length > 0) {
    throw errors[0];
  }
}

/**
 * Settles what a dead process had under way, for an operation that is held: repeatable steps are begun
 * anew when it is gone on with, others are unknown.
 * @returns whether the outcome is unknown; then the operation is handed back
 */
export async function settleLostStep(
  ledger: OperationLedger,
  operation: Operation,
  worker: string,
): Promise<boolean> {
  const lost = operation.steps.filter(isInDoubt);
  if (lost.length === 0 && operation.status !== 'OUTCOME_UNKNOWN') {
    return false;
  }
  for (const { name, status } of lost) {
    if (status === 'IN_PROGRESS') {
      await ledger.finishStep(operation.id, worker, name, 'OUTCOME_UNKNOWN');
    }
  }
  await ledger.handBack(operation.id, worker, { status: 'OUTCOME_UNKNOWN' });
  return true;
}

/**
 * Looks for abandoned operations now and then, beginning now, and for what need not be kept.
 * @returns to stop it; resolves when what it is at has ended, and leaves the rest of the round
 */
export function startRecovery(options: RecoveryOptions): () => Promise<void> {
  const { ledger, clock, keysValidFor, prune, onError } = options;
  const stopping = new AbortController();
  const { signal } = stopping;
  const chores = [
    { every: 1, due: 0, work: () => recoverAbandoned(options, signal) },
    {
      every: roundsBetweenSweeps,
      due: 0,
      work: () => ledger.sweep(new Date(clock() - keysValidFor)),
    },
    { every: roundsBetweenPrunings, due: 0, work: async () => prune?.(signal) },
  ];
  let round = 0;
  let running: Promise<void> | undefined;
  const doWhatIsDue = async () => {
    for (const chore of chores.filter(({ due }) => due <= round)) {
      if (signal.aborted) {
        return;
      }
      try {
        await chore.work();
        chore.due = round + chore.every;
      } catch (error) {
        // What fails is tried again in the next round, and does not keep the other chores waiting.
        if (!signal.aborted) {
          onError(error);
        }
      }
    }
    round += 1;
  };
  const run = () => {
    running ??= doWhatIsDue().finally(() => {
      running = undefined;
    });
  };
  run();
  const timer = setInterval(run, betweenRounds);
  timer.unref();
  return async () => {
    stopping.abort();
    clearInterval(timer);
    await running;
  };
}
