import { z } from 'zod';

/** Why an identity provider's keys could not be found. */
export type DiscoveryProblem =
  | 'UNREACHABLE'
  | 'TIMED_OUT'
  /** No 2xx, or a redirect. */
  | 'REFUSED'
  /** No JSON, or not that of a discovery document. */
  | 'NOT_A_DOCUMENT'
  | 'OTHER_ISSUER'
  /** What its document points at holds no key set. */
  | 'NO_KEYS'
  /** Whoever is on the way to them could put in their own. */
  | 'KEYS_UNPROTECTED';

/** Holds what an operator may see: no address but the issuer that the provider itself names. */
export class DiscoveryError extends Error {
  override readonly name = 'DiscoveryError';

  constructor(
    readonly problem: DiscoveryProblem,
    /** HTTP status, the system's code, or the provider's own issuer. */
    readonly detail?: string,
  ) {
    super(detail === undefined ? problem : `${problem} ${detail}`);
  }
}

const document = z.object({ issuer: z.string().max(2048), jwks_uri: z.url() });

/** Whatever a `fetch` trips over, as ours. */
export function discoveryFault(error: unknown): DiscoveryError {
  if (error instanceof DiscoveryError) {
    return error;
  }
  const { name, code, cause } = error as { name?: string; code?: unknown; cause?: unknown };
  if (code === 'ERR_JOSE_GENERIC' || code === 'ERR_JWKS_INVALID') {
    return new DiscoveryError('NO_KEYS');
  }
  const late = name === 'TimeoutError' || code === 'ERR_JWKS_TIMEOUT';
  const inner = (cause as { code?: unknown } | undefined)?.code;
  return late
    ? new DiscoveryError('TIMED_OUT')
    : new DiscoveryError('UNREACHABLE', typeof inner === 'string' ? inner : undefined);
}

/**
 * Where the provider's keys are, as its discovery document says.
 * @param timeout milliseconds
 * @throws DiscoveryError
 */
export async function discoverKeySet(issuer: string, timeout: number): Promise<URL> {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const fault = (error: unknown): never => {
    throw discoveryFault(error);
  };
  const signal = AbortSignal.timeout(timeout);
  const answer = await fetch(address, { redirect: 'manual', signal }).catch(fault);
  if (!answer.ok) {
    await answer.body?.cancel();
    throw new DiscoveryError('REFUSED', String(answer.status));
  }
  const text = await answer.text().catch(fault);
  const parsed = document.safeParse(jsonOf(text));
  if (!parsed.success) {
    throw new DiscoveryError('NOT_A_DOCUMENT');
  }
  if (parsed.data.issuer !== issuer) {
    throw new DiscoveryError('OTHER_ISSUER', parsed.data.issuer);
  }
  const keys = new URL(parsed.data.jwks_uri);
  // The issuer's own origin is https already, or on this machine.
  if (keys.protocol !== 'https:' && keys.origin !== new URL(issuer).origin) {
    throw new DiscoveryError('KEYS_UNPROTECTED');
  }
  return keys;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
