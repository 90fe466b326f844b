import { setImmediate as turn } from 'node:timers/promises';
import { StoreError } from './store-error.ts';

/** One call's items, and how to tell it what came of them. */
interface Waiting<Item, Found> {
  items: readonly Item[];
  resolve: (found: Found) => void;
  reject: (error: unknown) => void;
}

/** Calls whose items go together, at most. */
const callsTogether = 200;

/** Whether an error is about what was written or asked for, and not about the database. */
const isOfOne = (error: unknown) =>
  !(error instanceof StoreError) || ['CONSTRAINT', 'FAULT'].includes(error.kind);

/**
 * Takes together what is given in one turn of the event loop, and while the work on what came before is
 * under way: so many callers cost one transaction or statement, and none of them waits for another's locks.
 * Without the turn a faster database would make smaller batches, and each statement costs this process more
 * than a row of it.
 * @param work on all of them or none; tried for each call alone where that may save the others
 */
export function gathered<Item, Found = void>(
  work: (items: readonly Item[]) => Promise<Found>,
  spoilsOthers: (error: unknown) => boolean = isOfOne,
): (items: readonly Item[]) => Promise<Found> {
  let waiting: Waiting<Item, Found>[] = [];
  let running = false;

  async function settle(calls: readonly Waiting<Item, Found>[]): Promise<void> {
    try {
      const found = await work(calls.flatMap(({ items }) => items));
      for (const { resolve } of calls) {
        resolve(found);
      }
    } catch (error) {
      if (calls.length > 1 && spoilsOthers(error)) {
        for (const call of calls) {
          await settle([call]);
        }
        return;
      }
      for (const { reject } of calls) {
        reject(error);
      }
    }
  }

  async function run(): Promise<void> {
    running = true;
    while (waiting.length > 0) {
      await turn();
      const calls = waiting.slice(0, callsTogether);
      waiting = waiting.slice(callsTogether);
      await settle(calls);
    }
    running = false;
  }

  return (items) =>
    new Promise((resolve, reject) => {
      waiting.push({ items, resolve, reject });
      if (!running) {
        void run();
      }
    });
}

/**
 * Reads rows by their keys, those of requests that come together in one statement. It begins after each of
 * them asked: nobody gets what was before.
 * @param read rows of all keys; their order is kept
 */
export function gatheredReads<Key, Row>(
  read: (keys: readonly Key[]) => Promise<readonly Row[]>,
  nameOf: (key: Key) => string,
  nameOfRow: (row: Row) => string,
): (keys: readonly Key[]) => Promise<Row[]> {
  const all = gathered((keys: readonly Key[]) =>
    read([...new Map(keys.map((key) => [nameOf(key), key])).values()]),
  );
  return async (keys) => {
    if (keys.length === 0) {
      return [];
    }
    const rows = await all(keys);
    const names = new Set(keys.map(nameOf));
    return rows.filter((row) => names.has(nameOfRow(row)));
  };
}
