import { setMaxListeners } from 'node:events';

/** Subscriptions that are open in this process. */
export interface Streams {
  /** One more of a caller's; false where they have as many as they may. */
  open(subject: string): boolean;
  closed(subject: string): void;
  /** Aborts when all are to end. */
  readonly signal: AbortSignal;
  /** Ends all, with a word to their clients. */
  end(): void;
}

/** @param perCaller how many each subject may have at once */
export function createStreams(perCaller: number): Streams {
  const counts = new Map<string, number>();
  const ending = new AbortController();
  // Each stream listens.
  setMaxListeners(0, ending.signal);
  return {
    open(subject) {
      const count = counts.get(subject) ?? 0;
      if (count >= perCaller) {
        return false;
      }
      counts.set(subject, count + 1);
      return true;
    },
    closed(subject) {
      const count = (counts.get(subject) ?? 0) - 1;
      if (count > 0) {
        counts.set(subject, count);
      } else {
        counts.delete(subject);
      }
    },
    signal: ending.signal,
    end: () => ending.abort(),
  };
}
