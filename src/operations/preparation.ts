import { notLinked, UserFailure } from '../domain/errors.ts';
import type { Operation, OperationLedger, Quota } from '../domain/operations.ts';
import type { VendorId } from '../domain/vendor.ts';
import { HoldLost, mayHaveActed } from './work.ts';

/** What comes before a write's vendor calls, and what of it holds when it is gone on with later. */

/** An operation's input as it is kept. */
export interface Recorded {
  /** What the mutation was asked. */
  asked: unknown;
  /** What `prepare` made of it. */
  prepared: unknown;
  /** As whom the vendor knew the patient; null: as nobody yet. Older operations do not say. */
  account?: string | null;
}

export interface Preparation<Prepared> {
  vendor: VendorId | null;
  /** What the mutation was asked, without the key. */
  input: unknown;
  /** Checks and reads. Its result is plain data. */
  prepare: () => Promise<Prepared>;
  /** Whether it comes to the same after the vendor has acted, so that it is always made anew. */
  preparesAgain?: boolean | undefined;
  /** As whom the vendor knows the patient now; undefined where the write itself changes that. */
  account?: (() => Promise<string | null>) | undefined;
  /** How often the patient may be the subject of this within a day; undefined: as often as asked. */
  mostPerDay?: number | undefined;
}

const day = 24 * 60 * 60 * 1000;

export const quotaOf = (mostPerDay: number | undefined, now: number): Quota | undefined =>
  mostPerDay === undefined ? undefined : { most: mostPerDay, since: new Date(now - day) };

/** @param by when the oldest of those was started that use the quota up: a day later there is room again */
export const tooOften = (
  { vendor, mostPerDay }: Pick<Preparation<unknown>, 'vendor' | 'mostPerDay'>,
  by: Date,
) =>
  new UserFailure(
    'RATE_LIMITED',
    `This was done ${mostPerDay} times for this patient within a day, which is as often as is allowed. Nothing was sent.`,
    { vendor: vendor ?? undefined, retryAt: new Date(by.getTime() + day) },
  );

/** What is recorded before the first vendor call. */
export async function prepareInput<Prepared>({
  input,
  prepare,
  account,
}: Preparation<Prepared>): Promise<Recorded & { prepared: Prepared }> {
  const prepared = await prepare();
  return { asked: input, prepared, ...(account && { account: await account() }) };
}

/**
 * What to go on with, for an operation that is held: what was recorded, since it must not be checked
 * against what the operation has itself changed. Where no vendor can have acted on it nothing has changed,
 * and what was allowed then may be forbidden now: it is checked as if it began.
 * @throws CodedError NOT_LINKED where the vendor's account is no longer, or another than, the one it is about
 * @throws UserFailure RATE_LIMITED
 */
export async function preparedToGoOn<Prepared>(
  ledger: OperationLedger,
  operation: Operation,
  worker: string,
  preparation: Preparation<Prepared>,
  now: number,
): Promise<Prepared> {
  const { vendor, account, preparesAgain = false, mostPerDay } = preparation;
  // Recorded by this very action, sealed by ourselves.
  const recorded = operation.input as Recorded & { prepared: Prepared };
  const perhapsDone = mayHaveActed(operation);
  if (perhapsDone && !preparesAgain) {
    const known = recorded.account ?? null;
    if (known !== null && account !== undefined && (await account()) !== known) {
      throw notLinked(vendor ?? '');
    }
    return recorded.prepared;
  }
  const quota = perhapsDone ? undefined : quotaOf(mostPerDay, now);
  const by = quota && (await ledger.quotaUsedUpBy(operation, quota));
  if (by !== undefined) {
    throw tooOften(preparation, by);
  }
  const input = await prepareInput(preparation);
  if (!(await ledger.replaceInput(operation.id, worker, input))) {
    throw new HoldLost();
  }
  return input.prepared;
}
