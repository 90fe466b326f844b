import { setTimeout as delay } from 'node:timers/promises';
import type { OperationLedger } from '../domain/operations.ts';
import { isInDoubt, type Unrecorded } from './work.ts';

/** Milliseconds. */
const betweenTries = 1_000;
const triedFor = 10 * 60 * 1000;

/** @returns whether there is nothing left to do */
async function recordNow(
  ledger: OperationLedger,
  { id, worker }: { id: string; worker: string },
  { name, result }: Unrecorded,
): Promise<boolean> {
  const record = () => ledger.finishStep(id, worker, name, 'SUCCEEDED', result);
  if (await record()) {
    return ledger.handBack(id, worker, { status: 'OUTCOME_UNKNOWN' });
  }
  const claimed = await ledger.claim(id, worker);
  if (claimed === undefined) {
    const [found] = await ledger.findByIds([id]);
    return found?.status === 'SUCCEEDED' || found?.status === 'FAILED';
  }
  if (claimed.steps.some((step) => step.name === name && isInDoubt(step))) {
    await record();
    return ledger.handBack(id, worker, { status: 'OUTCOME_UNKNOWN' });
  }
  // Somebody has looked it up meanwhile.
  const status = claimed.status === 'IN_PROGRESS' ? 'IN_PROGRESS' : 'OUTCOME_UNKNOWN';
  return ledger.handBack(id, worker, { status });
}

/**
 * Writes down what a vendor answered while the store was away, or when somebody else had taken the operation
 * over: what is known must not stay unknown, least of all where the vendor has no look-up. The caller was told
 * that the outcome is unknown, and it stays so: whoever reconciles it finds the step done. Ends with the process.
 */
export async function recordLate(
  ledger: OperationLedger,
  held: { id: string; worker: string },
  unrecorded: Unrecorded,
): Promise<void> {
  for (const until = performance.now() + triedFor; performance.now() < until; ) {
    // First of all: a caller who asks at once finds it free.
    await delay(betweenTries, undefined, { ref: false });
    if (await recordNow(ledger, held, unrecorded).catch(() => false)) {
      return;
    }
  }
}
