import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { refusal } from './refusal.ts';

/** Seconds in which a caller may use up what a minute allows, divided alike. */
const window = 10;

/** How much each of many may use of something, in this process. */
export interface RateLimit {
  /** Uses it. @throws GraphQLError RATE_LIMITED, HTTP 429 with `Retry-After`, where nothing is left */
  use(key: string): Promise<void>;
  /** Adds what a use turned out to cost. */
  charge(key: string, units: number): Promise<void>;
}

/** @param perMinute units for each key; a sixth of it is given out every ten seconds */
export function createRateLimit(perMinute: number): RateLimit {
  const limiter = new RateLimiterMemory({
    points: Math.max(1, Math.ceil((perMinute * window) / 60)),
    duration: window,
  });
  return {
    async use(key) {
      try {
        await limiter.consume(key);
      } catch (refused) {
        if (!(refused instanceof RateLimiterRes)) {
          throw refused;
        }
        const seconds = Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
        throw refusal('RATE_LIMITED', 429, `Too many requests. Try again in ${seconds} s.`, {
          'retry-after': String(seconds),
        });
      }
    },
    async charge(key, units) {
      if (units > 0) {
        await limiter.penalty(key, units);
      }
    },
  };
}
