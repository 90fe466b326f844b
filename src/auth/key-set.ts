import { createRemoteJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { type DiscoveryError, discoverKeySet, discoveryFault } from './discovery.ts';

const timeout = 5000;
/** Milliseconds after which known keys are fetched anew, while they go on being used. */
const freshFor = 10 * 60 * 1000;
/** Milliseconds that keys are used although the provider does not answer. */
const goodFor = 24 * 60 * 60 * 1000;
/** Milliseconds between two attempts at a provider that does not answer. */
const pauseAfterFailure = 2_000;
/** Milliseconds between two fetches for the sake of a key that is not among the known ones. */
const pauseForUnknownKeys = 30_000;

/** There are no keys to check a token with: it may well be a good one. */
export class KeysUnknownError extends Error {
  override readonly name = 'KeysUnknownError';
}

/** The keys that an identity provider signs with. */
export interface KeySet {
  /** Fetches the keys where they are not known, or starts to where they are old. Never fails. */
  prepare(): Promise<void>;
  /**
   * The key that a token names, among those that are known.
   * @throws KeysUnknownError, JOSEError
   */
  keyFor: JWTVerifyGetKey;
  /** Milliseconds since the epoch; changes with the keys. */
  fetchedAt(): number;
}

export interface KeySetOptions {
  issuer: string;
  clock: () => number;
  /** @param areKnown whether those of before go on being used */
  onProblem: (problem: DiscoveryError, areKnown: boolean) => void;
}

async function discoverKeys(issuer: string) {
  // When to fetch, and how old keys may get, is decided here: by itself the set forgets them when it cannot
  // fetch anew, and asks a provider that does not answer for every token.
  const keys = createRemoteJWKSet(await discoverKeySet(issuer, timeout), {
    timeoutDuration: timeout,
    cacheMaxAge: Number.POSITIVE_INFINITY,
    cooldownDuration: Number.POSITIVE_INFINITY,
  });
  await keys.reload();
  return keys;
}

/**
 * The issuer's keys. Known ones are used while the provider is away or slow, for a day at most; nobody
 * waits for a fetch but who came before there were any, or with a key that is not among them.
 */
export function createKeySet({ issuer, clock, onProblem }: KeySetOptions): KeySet {
  let keys: Awaited<ReturnType<typeof discoverKeys>> | undefined;
  let fetching: Promise<void> | undefined;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let failedAt = Number.NEGATIVE_INFINITY;
  /** When they were last fetched for the sake of a key that was not among them. */
  let soughtAt = Number.NEGATIVE_INFINITY;

  /** Milliseconds; for ever where the clock was set back meanwhile, or nobody could get in until it is there again. */
  const since = (then: number) => {
    const passed = clock() - then;
    return passed < 0 ? Number.POSITIVE_INFINITY : passed;
  };

  const fetchAnew = () => {
    // After a failure they are looked for: the provider may have moved them.
    const known = failedAt > fetchedAt ? undefined : keys;
    fetching ??= (known === undefined ? discoverKeys(issuer) : known.reload().then(() => known))
      .then(
        (found) => {
          keys = found;
          fetchedAt = clock();
        },
        (error) => {
          failedAt = clock();
          onProblem(discoveryFault(error), keys !== undefined);
        },
      )
      .finally(() => {
        fetching = undefined;
      });
    return fetching;
  };
  const mayFetch = () => since(failedAt) > pauseAfterFailure;

  const known: JWTVerifyGetKey = (header, token) => {
    if (keys === undefined) {
      throw new KeysUnknownError();
    }
    return keys(header, token);
  };

  return {
    async prepare() {
      if (clock() - fetchedAt > goodFor) {
        keys = undefined;
      }
      if (keys === undefined && (mayFetch() || fetching)) {
        await fetchAnew();
      } else if (since(fetchedAt) > freshFor && mayFetch()) {
        void fetchAnew();
      }
    },
    async keyFor(header, token) {
      try {
        return await known(header, token);
      } catch (error) {
        // A provider may change its keys at any time, also just after they were fetched for another reason.
        const maySeek = since(soughtAt) > pauseForUnknownKeys && mayFetch();
        if (!(error instanceof errors.JWKSNoMatchingKey && (fetching || maySeek))) {
          throw error;
        }
        const before = fetchedAt;
        await fetchAnew();
        soughtAt = fetchedAt === before ? soughtAt : fetchedAt;
        return known(header, token);
      }
    },
    fetchedAt: () => fetchedAt,
  };
}
