import { createRemoteJWKSet } from 'jose';
import { discoverKeySet, discoveryFault } from './discovery.ts';
import { algorithms } from './token-verifier.ts';

/** Key types that the algorithms of the allow-list need; a shared secret (`oct`) is none. */
const keyTypes = ['RSA', 'EC', 'OKP'];

/**
 * Looks at the clinic's identity provider as the first token would.
 * @param timeout milliseconds, for each of the two requests
 * @returns how many of its keys can sign tokens that are accepted
 * @throws DiscoveryError
 */
export async function inspectIssuer(issuer: string, timeout: number): Promise<number> {
  const keys = createRemoteJWKSet(await discoverKeySet(issuer, timeout), {
    timeoutDuration: timeout,
  });
  try {
    await keys.reload();
  } catch (error) {
    throw discoveryFault(error);
  }
  const usable = (keys.jwks()?.keys ?? []).filter(
    ({ kty, use, alg }) =>
      keyTypes.includes(kty ?? '') &&
      (use ?? 'sig') === 'sig' &&
      (alg === undefined || algorithms.includes(alg)),
  );
  return usable.length;
}
