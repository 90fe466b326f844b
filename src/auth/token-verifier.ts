import { hash } from 'node:crypto';
import { errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { LRUCache } from 'lru-cache';
import { CodedError } from '../domain/errors.ts';
import { type Role, roles } from '../domain/roles.ts';
import type { VerifiedCaller } from './access.ts';
import { createKeySet, type KeySetOptions, KeysUnknownError } from './key-set.ts';

export interface TokenVerifierOptions {
  /** Compared exactly with the `iss` claim; its discovery document names the key set. */
  issuer: string;
  audience: string;
  /** Name of the claim with the roles; a dotted path reaches into nested claims. */
  rolesClaim: string;
  /** The identity provider's own role words to ours. */
  roleMapping: ReadonlyMap<string, Role>;
  clock: () => number;
  report: TokenReport;
}

/** Told what an operator has to know of tokens; nothing of whose they are. */
export interface TokenReport {
  keysNotFetched: KeySetOptions['onProblem'];
  /** @param reason what does not fit: a claim, or a code of jose */
  refused(reason: string): void;
  /** The provider did sign it, for somebody else or as somebody else; `found` is what it says. */
  misfit(claim: 'iss' | 'aud', found: string): void;
  /** It is good, but nobody may do anything with it. */
  withoutRole(why: 'NO_CLAIM' | 'NO_KNOWN_ROLE'): void;
}

/** Turns an `Authorization` header into a caller. */
export interface TokenVerifier {
  /**
   * @throws CodedError UNAUTHENTICATED, the same for every reason
   * @throws KeysUnknownError where no token can be checked
   */
  verify(authorization: string | null): Promise<VerifiedCaller>;
  /** The caller of a token that was verified a moment ago; undefined says nothing of the token. */
  known(authorization: string | undefined): VerifiedCaller | undefined;
  /** Fetches the provider's keys ahead of the first token. Never fails. */
  prepare(): Promise<void>;
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
/**
 * Milliseconds for which a token that was verified is known, and how many are: a page asks many times a
 * minute, and its signature costs more to check than many an answer.
 */
const knownFor = 60 * 1000;
const mostKnown = 5_000;
/** Characters of a claim that an operator is told. */
const longestFound = 200;
/** Access tokens; logout tokens, DPoP proofs and the like are signed by the same keys. */
const tokenTypes = ['at+jwt', 'application/at+jwt', 'jwt'];

const bearer = /^Bearer ([A-Za-z0-9._~+/=-]+)$/i;
const hashOf = (token: string) => hash('sha256', token, 'base64');

export const unauthenticated = () =>
  new CodedError(
    'UNAUTHENTICATED',
    'A valid bearer token of the clinic’s identity provider is required.',
  );

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
  const { issuer, audience, clock, report } = options;
  const keySet = createKeySet({ issuer, clock, onProblem: report.keysNotFetched });

  /** By the hash of their tokens. Good for as long as the keys are those of then. */
  const known = new LRUCache<string, { caller: VerifiedCaller; since: number; keysOf: number }>({
    max: mostKnown,
  });

  const know = (tokenHash: string, caller: VerifiedCaller, keysOf: number) => {
    known.set(tokenHash, { caller, since: clock(), keysOf });
    return caller;
  };
  const knownCaller = (tokenHash: string) => {
    const now = clock();
    const { caller, since = 0, keysOf } = known.get(tokenHash) ?? {};
    const isFresh = since <= now && now < since + knownFor && keysOf === keySet.fetchedAt();
    return caller && isFresh && now < caller.expiresAt ? caller : undefined;
  };

  const tokenIn = (authorization: string | null | undefined) => {
    const token = bearer.exec(authorization ?? '')?.[1];
    return token === undefined || token.length > longestToken ? undefined : token;
  };

  const rolesIn = (payload: JWTPayload) => {
    const claim = claimAt(payload, options.rolesClaim);
    const found = rolesOf(claim, options.roleMapping);
    if (found.size === 0) {
      report.withoutRole(claim === undefined ? 'NO_CLAIM' : 'NO_KNOWN_ROLE');
    }
    return found;
  };

  const tellOf = (error: unknown) => {
    if (error instanceof errors.JWTClaimValidationFailed) {
      const { claim, payload } = error;
      report.refused(claim);
      if (claim === 'iss' || claim === 'aud') {
        report.misfit(claim, String(payload[claim]).slice(0, longestFound));
      }
    } else if (error instanceof errors.JOSEError) {
      report.refused(error.code);
    }
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
      let keysOf = Number.NaN;
      const keyFor: JWTVerifyGetKey = async (...token) => {
        await keySet.prepare();
        // Before the check: newer ones that come meanwhile have not seen this token.
        keysOf = keySet.fetchedAt();
        return keySet.keyFor(...token);
      };
      const { payload, protectedHeader } = await jwtVerify(token, keyFor, {
        ...{ issuer, audience, algorithms },
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(clock()),
        requiredClaims: ['sub', 'exp'],
      });
      const { typ = 'JWT' } = protectedHeader;
      if (!payload.sub || !tokenTypes.includes(typ.toLowerCase())) {
        report.refused(payload.sub ? 'typ' : 'sub');
        throw unauthenticated();
      }
      const caller = {
        subject: payload.sub,
        roles: rolesIn(payload),
        expiresAt: ((payload.exp ?? 0) + clockToleranceSeconds) * 1000,
      };
      return know(tokenHash, caller, keysOf);
    } catch (error) {
      if (error instanceof KeysUnknownError) {
        throw error;
      }
      tellOf(error);
      throw unauthenticated();
    }
  }

  return {
    verify,
    prepare: keySet.prepare,
    known(authorization) {
      const token = tokenIn(authorization);
      return token === undefined ? undefined : knownCaller(hashOf(token));
    },
  };
}
