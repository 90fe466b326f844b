import { setTimeout as delay } from 'node:timers/promises';

const pauses = [50, 200, 750];

/** The store's own error; this room does not know its class. */
const isStoreFault = (error: unknown) => error instanceof Error && error.name === 'StoreError';

/**
 * Writes what is known about a vendor's answer, again for about a second while the store fails: a short
 * fault of the store must not make an outcome unknown. For writes that can be made again only.
 */
export async function insist<T>(write: () => Promise<T>): Promise<T> {
  for (const pause of pauses) {
    try {
      return await write();
    } catch (error) {
      if (!isStoreFault(error)) {
        throw error;
      }
      await delay(pause);
    }
  }
  return write();
}
