import type { VendorError, VendorErrorKind } from '../domain/errors.ts';

const transientBase = 50;
const throttledBase = 1_000;
const longestBackoff = 2_000;
const longestRetryAfter = 5_000;

/** Milliseconds below which an attempt is not worth beginning. */
const leastTime = 50;
/** The same where a lost answer would leave an unknown outcome. */
const leastTimeOfUnsafe = 1_000;

/**
 * Milliseconds that have to be left for an attempt to begin.
 * @param limit milliseconds that its class allows an attempt
 */
export const leastTimeFor = (repeatable: boolean, limit: number): number =>
  repeatable ? leastTime : Math.max(leastTime, Math.min(leastTimeOfUnsafe, limit / 2));

const retriedStatuses: readonly (number | undefined)[] = [500, 502, 503, 504];
const retriedKinds: readonly VendorErrorKind[] = [
  'UNREACHABLE',
  'CONNECTION_LOST',
  'RATE_LIMITED',
  'TRUNCATED_BODY',
];

/**
 * Whether a failed attempt may be followed by another. A vendor that hung is not asked again in the
 * same request; what may have been acted upon is repeated only where that does no harm.
 */
function isWorthRetrying(error: VendorError, repeatable: boolean): boolean {
  if (!repeatable) {
    return error.kind === 'UNREACHABLE' && !error.mayHaveActed;
  }
  return error.kind === 'SERVER_ERROR'
    ? retriedStatuses.includes(error.status)
    : retriedKinds.includes(error.kind);
}

export interface RetryQuestion {
  error: VendorError;
  repeatable: boolean;
  /** Attempts made so far. */
  attempts: number;
  /** Milliseconds since the epoch. */
  now: number;
  /** Milliseconds since the epoch by which the pause has to be over. */
  latestStart: number;
}

/** Retries are a tenth of the calls and a few more, so that they never become the load themselves. */
export interface RetryPolicy {
  /** To be told of each call. */
  called(): void;
  /** Milliseconds to wait before the next attempt, or undefined where there is to be none. */
  pause(question: RetryQuestion): number | undefined;
}

/**
 * The policy of one vendor.
 * @param mostAttempts of one call, the first one included
 * @param random from 0 to 1, so that callers who failed together do not come back together
 */
export function createRetryPolicy(mostAttempts: number, random: () => number): RetryPolicy {
  const mostTokens = 10;
  let tokens = mostTokens;
  return {
    called() {
      tokens = Math.min(mostTokens, tokens + 0.1);
    },
    pause({ error, repeatable, attempts, now, latestStart }) {
      if (attempts >= mostAttempts || tokens < 1 || !isWorthRetrying(error, repeatable)) {
        return undefined;
      }
      const asked = error.retryAt && error.retryAt.getTime() - now;
      if (asked !== undefined && asked > longestRetryAfter) {
        return undefined;
      }
      const base = error.kind === 'RATE_LIMITED' ? throttledBase : transientBase;
      const backoff = random() * Math.min(longestBackoff, base * 2 ** (attempts - 1));
      const pause = asked || backoff;
      if (now + pause > latestStart) {
        return undefined;
      }
      tokens -= 1;
      return pause;
    },
  };
}
