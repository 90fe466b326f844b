import { inTime } from '../domain/in-time.ts';
import type { OperationLedger, UnsettledOperations } from '../domain/operations.ts';

/** Milliseconds that a reading is good for, however often it is asked for. */
const goodFor = 15_000;
/** Milliseconds that a scrape waits for the store. */
const patience = 2_000;

/**
 * Reads how many operations of the ledger wait to be settled, seldom, and never twice at once.
 * @returns undefined where the store does not say
 */
export function createLedgerReader(ledger: Pick<OperationLedger, 'unsettled'>) {
  let reading: Promise<UnsettledOperations | undefined> | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  return async (): Promise<UnsettledOperations | undefined> => {
    if (reading === undefined || performance.now() - readAt > goodFor) {
      readAt = performance.now();
      const asked = ledger.unsettled().catch(() => {
        // Asked again by the next scrape.
        readAt = Number.NEGATIVE_INFINITY;
        return undefined;
      });
      reading = asked;
    }
    return inTime(patience, reading, () => undefined);
  };
}
