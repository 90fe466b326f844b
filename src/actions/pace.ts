/** Gives out a budget of calls evenly: whoever asks waits for their turn, first come, first served. */
export interface Pace {
  /** Resolves at its turn. @throws the signal's reason once that aborts: the turn is then somebody else's */
  turn(signal: AbortSignal): Promise<void>;
}

/** @param perMinute turns; the first of a quiet time comes at once */
export function createPace(perMinute: number): Pace {
  const gap = 60_000 / perMinute;
  const waiting = new Set<() => void>();
  let nextAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;

  const serve = () => {
    timer = undefined;
    const [first] = waiting;
    const now = performance.now();
    if (first === undefined) {
      return;
    }
    if (now >= nextAt) {
      nextAt = now + gap;
      first();
    }
    if (waiting.size > 0) {
      timer = setTimeout(serve, Math.max(0, nextAt - now));
      timer.unref();
    }
  };

  return {
    turn: (signal) =>
      new Promise((resolve, reject) => {
        const leave = () => {
          waiting.delete(enter);
          signal.removeEventListener('abort', give);
        };
        const enter = () => {
          leave();
          resolve();
        };
        const give = () => {
          leave();
          reject(signal.reason);
        };
        if (signal.aborted) {
          reject(signal.reason);
          return;
        }
        signal.addEventListener('abort', give);
        waiting.add(enter);
        if (timer === undefined) {
          serve();
        }
      }),
  };
}
