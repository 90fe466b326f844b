/**
 * Waits for a turn.
 * @param milliseconds that may be waited at the most
 * @returns false where it would come later, or nobody wants it any more
 */
export type Pace = (milliseconds: number, signal: AbortSignal | undefined) => Promise<boolean>;

/** Timers may be early by less than this, in milliseconds. */
const early = 1;

/**
 * Gives out a budget of calls evenly, first come, first served: a burst that uses a second up at once would be
 * followed by silence. Whoever would wait too long is told at once, and takes nobody's turn; nor does whoever
 * has gone meanwhile.
 */
export function createPace(perSecond: number): Pace {
  const gap = 1000 / perSecond + early;
  /** When the next turn comes. */
  let next = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  const line = new Set<() => void>();

  function serveLine(): void {
    const [first] = line;
    timer = first && setTimeout(serveNext, Math.max(0, next - performance.now()));
  }

  function serveNext(): void {
    const [first] = line;
    next = Math.max(performance.now(), next) + gap;
    first?.();
    serveLine();
  }

  return async (milliseconds, signal) => {
    const now = performance.now();
    const turn = Math.max(now, next) + line.size * gap;
    if (turn - now > milliseconds || signal?.aborted) {
      return false;
    }
    if (turn === now) {
      next = now + gap;
      return true;
    }
    return new Promise((resolve) => {
      const settle = (came: boolean) => {
        line.delete(take);
        signal?.removeEventListener('abort', giveUp);
        resolve(came);
      };
      const take = () => settle(true);
      const giveUp = () => {
        settle(false);
        if (line.size === 0) {
          clearTimeout(timer);
          timer = undefined;
        }
      };
      signal?.addEventListener('abort', giveUp, { once: true });
      line.add(take);
      if (timer === undefined) {
        serveLine();
      }
    });
  };
}
