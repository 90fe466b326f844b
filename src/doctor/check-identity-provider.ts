import { DiscoveryError } from '../auth/discovery.ts';
import { inspectIssuer } from '../auth/inspect-issuer.ts';
import type { Config } from '../config.ts';
import { connectionWords, type Finding, failed, ok, skipped } from './finding.ts';

/** Milliseconds for each of its two requests. */
const timeout = 4_000;

/** Without what a URL may hide a credential in; undefined for what is none. */
function shown(text: string | undefined): string | undefined {
  const url = text !== undefined && URL.canParse(text) ? new URL(text) : undefined;
  return url && `${url.origin}${url.pathname}`.slice(0, 200);
}

function words({ problem, detail }: DiscoveryError): string {
  switch (problem) {
    case 'UNREACHABLE':
      return `cannot be reached: ${connectionWords(detail, 'AUTH_ISSUER')}`;
    case 'TIMED_OUT':
      return `no answer within ${timeout / 1000} s. Check AUTH_ISSUER, and whether a firewall lets this machine out.`;
    case 'REFUSED':
      return `no discovery document is there (HTTP ${detail}). Check AUTH_ISSUER: /.well-known/openid-configuration has to be below it.`;
    case 'NOT_A_DOCUMENT':
      return 'what is there is no discovery document. Check AUTH_ISSUER.';
    case 'OTHER_ISSUER':
      return `it calls itself ${shown(detail) ?? 'something else'}, and tokens have to say exactly that. Set AUTH_ISSUER to the very same text, its last slash included.`;
    case 'NO_KEYS':
      return 'it says where its keys are (jwks_uri), but there are none. Look at its configuration.';
    case 'KEYS_UNPROTECTED':
      return 'its keys (jwks_uri) are not at an https:// address: whoever is on the way there could sign tokens of their own. Look at its configuration.';
  }
}

/** The discovery document and the keys, as the first token would need them. */
export async function checkIdentityProvider({ authIssuer }: Config): Promise<Finding> {
  if (authIssuer === '') {
    return skipped('not looked at: AUTH_ISSUER has to be right first.');
  }
  try {
    const keys = await inspectIssuer(authIssuer, timeout);
    return keys > 0
      ? ok(
          `answers with ${keys} ${keys === 1 ? 'key' : 'keys'}. Whether its tokens say AUTH_AUDIENCE shows when somebody signs in.`,
        )
      : failed(
          'answers, but with no key that may sign (RSA, EC or EdDSA). Look at its configuration.',
        );
  } catch (error) {
    if (error instanceof DiscoveryError) {
      return failed(words(error));
    }
    throw error;
  }
}
