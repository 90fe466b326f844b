import { hash } from 'node:crypto';
import { createRemoteJWKSet, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { CodedError } from '../domain/errors.ts';
import { type Role, roles } from '../domain/roles.ts';
import type { VerifiedCaller } from './access.ts';
import { discoverKeySet } from './discovery.ts';

export interface TokenVerifierOptions {
  /** Compared exactly with the `iss` claim; its discovery document names the key set. */
  issuer: string;
  audience: string;
  /** Name of the claim with the roles; a dotted path reaches into nested claims. */
  rolesClaim: string;
  /** The identity provider's own role words to ours. */
  roleMapping: ReadonlyMap<string, Role>;
  clock: () => number;
}

/** Turns an `Authorization` header into a caller. */
export interface TokenVerifier {
  /** @throws CodedError UNAUTHENTICATED, the same for every reason */
  verify(authorization: string | null): Promise<VerifiedCaller>;
  /** The caller of a token that was verified a moment ago; undefined says nothing of the token. */
  known(authorization: string | undefined): VerifiedCaller | undefined;
}

/** Asymmetric only: a public key can never be used as an HMAC secret. */
export const algorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'EdDSA',
];
const clockToleranceSeconds = 30;
const longestToken = 8192;
const discoveryTimeout = 5000;
/** Milliseconds after which known keys are fetched anew, while they go on being used. */
const keysFreshFor = 10 * 60 * 1000;
/** Milliseconds that keys are used although the provider does not answer. */
const keysGoodFor = 24 * 60 * 60 * 1000;
/** Milliseconds between two attempts at a provider that does not answer. */
const pauseAfterFailure = 2_000;
/**
 * Milliseconds for which a token that was verified is known, and how many are: a page asks many times a
 * minute, and its signature costs more to check than many an answer.
 */
const knownFor = 60 * 1000;
const mostKnown = 5_000;
/** Access tokens; logout tokens, DPoP proofs and the like are signed by the same keys. */
const tokenTypes = ['at+jwt', 'application/at+jwt', 'jwt'];

const bearer = /^Bearer ([A-Za-z0-9._~+/=-]+)$/i;
const hashOf = (token: string) => hash('sha256', token, 'base64');

export const unauthenticated = () =>
  new CodedError(
    'UNAUTHENTICATED',
    'A valid bearer token of the clinic’s identity provider is required.',
  );

async function discoverKeys(issuer: string) {
  const address = await discoverKeySet(issuer, discoveryTimeout);
  // How old keys may get is decided here: by itself the set forgets them when it cannot fetch anew.
  const keys = createRemoteJWKSet(address, {
    timeoutDuration: discoveryTimeout,
    cacheMaxAge: Number.POSITIVE_INFINITY,
  });
  await keys.reload();
  return keys;
}

/**
 * The issuer's keys. Known ones are used while the provider is away or slow, for a day at most; nobody
 * waits for a fetch but who came before there were any.
 */
function createKeySet(issuer: string, clock: () => number) {
  let keys: Awaited<ReturnType<typeof discoverKeys>> | undefined;
  let fetching: Promise<void> | undefined;
  let fetchedAt = Number.NEGATIVE_INFINITY;
  let failedAt = Number.NEGATIVE_INFINITY;

  const fetchAnew = () => {
    fetching ??= (keys === undefined ? discoverKeys(issuer) : keys.reload().then(() => keys))
      .then(
        (found) => {
          keys = found;
          fetchedAt = clock();
        },
        () => {
          failedAt = clock();
        },
      )
      .finally(() => {
        fetching = undefined;
      });
    return fetching;
  };

  const load = async (): Promise<JWTVerifyGetKey> => {
    const age = clock() - fetchedAt;
    const mayFetch = clock() - failedAt > pauseAfterFailure;
    if (age > keysGoodFor) {
      keys = undefined;
    }
    if (keys === undefined && (mayFetch || fetching)) {
      await fetchAnew();
    } else if (age > keysFreshFor && mayFetch) {
      void fetchAnew();
    }
    if (keys === undefined) {
      throw new Error('The identity provider’s keys are not known.');
    }
    return keys;
  };
  return { load, fetchedAt: () => fetchedAt };
}

/** The claim under its literal name, or along its dotted path. */
function claimAt(payload: JWTPayload, name: string): unknown {
  return (
    payload[name] ??
    name
      .split('.')
      .reduce<unknown>(
        (found, part) =>
          typeof found === 'object' && found !== null && Object.hasOwn(found, part)
            ? (found as Record<string, unknown>)[part]
            : undefined,
        payload,
      )
  );
}

function rolesOf(claim: unknown, mapping: ReadonlyMap<string, Role>): Set<Role> {
  const words = Array.isArray(claim) ? claim : [];
  const found = words.flatMap(
    (word) => roles.find((role) => role === word) ?? mapping.get(word) ?? [],
  );
  return new Set(found);
}

/**
 * Verifies JWTs against the issuer's published keys: signature, algorithm, issuer, audience, times.
 * Keys are fetched when first needed, every ten minutes, and when an unknown key id turns up, at most
 * every 30 s.
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  const keySet = createKeySet(options.issuer, options.clock);

  /** By the hash of their tokens. Good for as long as the keys are those of then. */
  const known = new LRUCache<string, { caller: VerifiedCaller; since: number; keysOf: number }>({
    max: mostKnown,
  });

  const know = (tokenHash: string, caller: VerifiedCaller, keysOf: number) => {
    known.set(tokenHash, { caller, since: options.clock(), keysOf });
    return caller;
  };
  const knownCaller = (tokenHash: string) => {
    const now = options.clock();
    const { caller, since = 0, keysOf } = known.get(tokenHash) ?? {};
    const isFresh = since <= now && now < since + knownFor && keysOf === keySet.fetchedAt();
    return caller && isFresh && now < caller.expiresAt ? caller : undefined;
  };

  const tokenIn = (authorization: string | null | undefined) => {
    const token = bearer.exec(authorization ?? '')?.[1];
    return token === undefined || token.length > longestToken ? undefined : token;
  };

  async function verify(authorization: string | null): Promise<VerifiedCaller> {
    const token = tokenIn(authorization);
    if (token === undefined) {
      throw unauthenticated();
    }
    const tokenHash = hashOf(token);
    const before = knownCaller(tokenHash);
    if (before !== undefined) {
      return before;
    }
    try {
      const keys = await keySet.load();
      // Before the check: newer ones that come meanwhile have not seen this token.
      const keysOf = keySet.fetchedAt();
      const { payload, protectedHeader } = await jwtVerify(token, keys, {
        issuer: options.issuer,
        audience: options.audience,
        algorithms,
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(options.clock()),
        requiredClaims: ['sub', 'exp'],
      });
      const { typ = 'JWT' } = protectedHeader;
      if (!payload.sub || !tokenTypes.includes(typ.toLowerCase())) {
        throw unauthenticated();
      }
      const caller = {
        subject: payload.sub,
        roles: rolesOf(claimAt(payload, options.rolesClaim), options.roleMapping),
        expiresAt: ((payload.exp ?? 0) + clockToleranceSeconds) * 1000,
      };
      return know(tokenHash, caller, keysOf);
    } catch {
      throw unauthenticated();
    }
  }

  return {
    verify,
    known(authorization) {
      const token = tokenIn(authorization);
      return token === undefined ? undefined : knownCaller(hashOf(token));
    },
  };
}
