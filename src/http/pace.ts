import { setTimeout as delay } from 'node:timers/promises';

/**
 * Waits for a turn.
 * @param milliseconds that may be waited at the most
 * @returns false where it would come later, or nobody wants it any more
 */
export type Pace = (milliseconds: number, signal: AbortSignal | undefined) => Promise<boolean>;

/** Timers may be early by less than this, in milliseconds. */
const early = 1;

/**
 * Turns at a vendor that takes so many calls a second, evenly: a burst that uses a second up at once would be
 * followed by silence. Whoever would wait too long is told at once, and takes nobody's turn.
 */
export function createPace(perSecond: number): Pace {
  const gap = 1000 / perSecond + early;
  let next = Number.NEGATIVE_INFINITY;
  return async (milliseconds, signal) => {
    const now = performance.now();
    const turn = Math.max(now, next);
    if (turn - now > milliseconds || signal?.aborted) {
      return false;
    }
    next = turn + gap;
    if (turn > now) {
      await delay(turn - now, undefined, { signal }).catch(() => undefined);
    }
    return signal?.aborted !== true;
  };
}
