/** Room for so many at once; more wait in line, first come, first served. */
export interface Room {
  /**
   * True once there is a place, which `leave` must give back; false where the line is full, the time
   * ran out or the signal aborted.
   */
  enter(milliseconds: number, signal: AbortSignal | undefined): Promise<boolean>;
  leave(): void;
  readonly taken: number;
  readonly waiting: number;
}

/** setTimeout takes anything above this for zero. */
const longestTimer = 2 ** 31 - 1;

/**
 * Written by hand because cockatiel's bulkhead keeps those in line who gave up, and stops serving the
 * line when it meets one whose signal was aborted.
 */
export function createRoom(places: number, lineLength: number): Room {
  let taken = 0;
  const line = new Set<(entered: boolean) => void>();
  return {
    async enter(milliseconds, signal) {
      if (signal?.aborted) {
        return false;
      }
      if (taken < places) {
        taken += 1;
        return true;
      }
      if (line.size >= lineLength || milliseconds <= 0) {
        return false;
      }
      return new Promise((resolve) => {
        const settle = (entered: boolean) => {
          line.delete(settle);
          clearTimeout(timer);
          signal?.removeEventListener('abort', giveUp);
          resolve(entered);
        };
        const giveUp = () => settle(false);
        const timer = setTimeout(giveUp, Math.min(milliseconds, longestTimer));
        signal?.addEventListener('abort', giveUp, { once: true });
        line.add(settle);
      });
    },
    leave() {
      const [next] = line;
      if (next) {
        // The place changes hands without becoming free, so that nobody jumps the line.
        next(true);
      } else {
        taken -= 1;
      }
    },
    get taken() {
      return taken;
    },
    get waiting() {
      return line.size;
    },
  };
}
