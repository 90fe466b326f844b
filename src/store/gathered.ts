/** One call's items, and how to tell it what came of them. */
interface Waiting<Item> {
  items: readonly Item[];
  resolve: () => void;
  reject: (error: unknown) => void;
}

/** Calls whose items are written at once, at most. */
const callsAtOnce = 200;

/**
 * Writes together what is given while a write is under way: so many callers cost one transaction, and
 * never wait for one another's locks.
 * @param write all or none; tried for each call alone where that may save the others
 * @param isOfOne whether an error is about what was written, and not about the database
 */
export function gathered<Item>(
  write: (items: readonly Item[]) => Promise<void>,
  isOfOne: (error: unknown) => boolean,
): (items: readonly Item[]) => Promise<void> {
  let waiting: Waiting<Item>[] = [];
  let running = false;

  async function settle(calls: readonly Waiting<Item>[]): Promise<void> {
    try {
      await write(calls.flatMap(({ items }) => items));
      for (const { resolve } of calls) {
        resolve();
      }
    } catch (error) {
      if (calls.length > 1 && isOfOne(error)) {
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
      const calls = waiting.slice(0, callsAtOnce);
      waiting = waiting.slice(callsAtOnce);
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
