import type { Plugin } from 'graphql-yoga';

/** Requests that were begun and are not ended, whether or not their clients still wait. */
export interface WorkInHand {
  add(work: Promise<unknown>): void;
  readonly count: number;
  /** Resolves at the first moment at which there is none. */
  ended(): Promise<void>;
}

export function createWorkInHand(): WorkInHand {
  const all = new Set<Promise<unknown>>();
  return {
    add(work) {
      const settled = work.catch(() => undefined).finally(() => all.delete(settled));
      all.add(settled);
    },
    get count() {
      return all.size;
    },
    async ended() {
      while (all.size > 0) {
        await Promise.all(all);
      }
    },
  };
}

/**
 * Keeps account of all that the server does for a request, its trail and its record in the ledger
 * included: a client that hangs up ends none of it.
 */
export const useWorkInHand = (inHand: WorkInHand): Plugin => ({
  instrumentation: {
    request: (_request, handle) => {
      const handled = Promise.resolve(handle());
      inHand.add(handled);
      return handled;
    },
  },
});
