import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import { CodedError } from '../domain/errors.ts';
import { type Role, roles } from '../domain/roles.ts';
import type { Caller } from './access.ts';

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
export type TokenVerifier = (authorization: string | null) => Promise<Caller>;

/** Asymmetric only: a public key can never be used as an HMAC secret. */
const algorithms = [
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

const discoveryDocument = z.object({ issuer: z.string(), jwks_uri: z.url() });

export const unauthenticated = () =>
  new CodedError(
    'UNAUTHENTICATED',
    'A valid bearer token of the clinic’s identity provider is required.',
  );

async function discoverKeys(issuer: string) {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const answer = await fetch(address, {
    redirect: 'error',
    signal: AbortSignal.timeout(discoveryTimeout),
  });
  const document = discoveryDocument.parse(await answer.json());
  if (document.issuer !== issuer) {
    throw new Error('The discovery document names another issuer.');
  }
  return createRemoteJWKSet(new URL(document.jwks_uri), { timeoutDuration: discoveryTimeout });
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
 * Keys are fetched when first needed and again when an unknown key id turns up, at most every 30 s.
 * @throws CodedError UNAUTHENTICATED, the same for every reason
 */
export function createTokenVerifier(options: TokenVerifierOptions): TokenVerifier {
  let keys: ReturnType<typeof discoverKeys> | undefined;

  const loadKeys = () => {
    keys ??= discoverKeys(options.issuer).catch((error: unknown) => {
      // The next request tries again: a provider that was down at start must not lock us out.
      keys = undefined;
      throw error;
    });
    return keys;
  };

  return async (authorization) => {
    const token = /^Bearer ([A-Za-z0-9._~+/=-]+)$/i.exec(authorization ?? '')?.[1];
    if (token === undefined || token.length > longestToken) {
      throw unauthenticated();
    }
    try {
      const { payload } = await jwtVerify(token, await loadKeys(), {
        issuer: options.issuer,
        audience: options.audience,
        algorithms,
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(options.clock()),
        requiredClaims: ['sub', 'exp'],
      });
      if (!payload.sub) {
        throw unauthenticated();
      }
      return {
        subject: payload.sub,
        roles: rolesOf(claimAt(payload, options.rolesClaim), options.roleMapping),
      };
    } catch (error) {
      if (error instanceof errors.JWKSTimeout) {
        keys = undefined;
      }
      throw unauthenticated();
    }
  };
}
