import { LRUCache } from 'lru-cache';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { refusal } from './refusal.ts';

/** Seconds in which a caller may use up what a minute allows, divided alike. */
const window = 10;

/** Milliseconds for which what was used here is gathered before the others hear of it. */
const gathering = 500;
/** Keys in one message: PostgreSQL's hold 8,000 bytes. */
const keysInMessage = 100;
/** Aliases that are not made anew. */
const aliasesKept = 5_000;

/** How much each of many may use of something. */
export interface RateLimit {
  /** Uses it. @throws GraphQLError RATE_LIMITED, HTTP 429 with `Retry-After`, where nothing is left */
  use(key: string): Promise<void>;
  /** Adds what a use turned out to cost. */
  charge(key: string, units: number): Promise<void>;
}

/** The other processes that count the same. */
export interface OtherCounters {
  tell(counts: string): void;
  onTold(listener: (counts: string) => void): void;
  /** What a key is called between processes; at most 64 characters, and nobody's name. */
  alias(key: string): string;
}

/** `[alias, units]` each. Whatever else there is in a message is none of ours. */
function countsIn(text: string): [string, number][] {
  try {
    const found: unknown = JSON.parse(text);
    return (Array.isArray(found) ? found : []).filter(
      (entry) => typeof entry?.[0] === 'string' && Number.isSafeInteger(entry[1]) && entry[1] > 0,
    );
  } catch {
    return [];
  }
}

/**
 * Counted in this process, so that a request never waits for it. What was used is told to the other
 * processes twice a second, and what they tell counts here as well: who spreads requests over many
 * processes gets half a second of each of them beyond the limit, and no more.
 * @param perMinute units for each key; a sixth of it is given out every ten seconds
 */
export function createRateLimit(perMinute: number, others?: OtherCounters): RateLimit {
  const limiter = new RateLimiterMemory({
    points: Math.max(1, Math.ceil((perMinute * window) / 60)),
    duration: window,
  });
  const untold = new Map<string, number>();
  const aliases = new LRUCache<string, string>({ max: aliasesKept });

  function tell() {
    const counts = [...untold];
    untold.clear();
    for (let first = 0; first < counts.length; first += keysInMessage) {
      others?.tell(JSON.stringify(counts.slice(first, first + keysInMessage)));
    }
  }

  others?.onTold((text) => {
    for (const [alias, units] of countsIn(text)) {
      void limiter.penalty(alias, units);
    }
  });

  const counted = (alias: string, units: number) => {
    if (others === undefined) {
      return;
    }
    if (untold.size === 0) {
      setTimeout(tell, gathering).unref();
    }
    untold.set(alias, (untold.get(alias) ?? 0) + units);
  };
  const aliasOf = (key: string) => {
    const known = aliases.get(key);
    if (known !== undefined || others === undefined) {
      return known ?? key;
    }
    const alias = others.alias(key);
    aliases.set(key, alias);
    return alias;
  };

  return {
    async use(key) {
      const alias = aliasOf(key);
      try {
        await limiter.consume(alias);
        counted(alias, 1);
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
        const alias = aliasOf(key);
        await limiter.penalty(alias, units);
        counted(alias, units);
      }
    },
  };
}
