import * as client from 'openid-client';
import type {
  ConnectionGrant,
  ConnectionSecrets,
  VendorTokens,
} from '../../domain/capabilities/appointments.ts';
import { VendorError } from '../../domain/errors.ts';
import { type RequestScope, scopeForWrites } from '../../domain/request.ts';
import type { AccountReference, VendorId } from '../../domain/vendor.ts';
import type { Transport } from '../../http/exchange.ts';
import { createMetadata, operationOfDiscovery } from './metadata.ts';
import { asSpecified } from './oauth-answers.ts';
import { asVendorError, isInvalidGrant, type OAuthCall } from './oauth-errors.ts';

/** All three resource scopes at once, so that no doubt about a row of the scope table can bite (section 3). */
const requestedScopes = 'openid profile_read appointment_read appointment_write';

/** Seconds that an access token is taken to live where the portal does not say; [assumed] in 2.5. */
const assumedLifetime = 7200;
const longestLifetime = 365 * 24 * 60 * 60;
/** Milliseconds by which the portal's clock may be ahead of ours. */
const clockTolerance = 5 * 60 * 1000;

interface OAuthParts {
  vendor: VendorId;
  issuer: string;
  clientId: string;
  clientSecret: string;
  redirectUri: URL;
  /** Of the issuer's origin. */
  transport: Transport;
  clock: () => number;
}

const isToken = (text: string | undefined) => text === undefined || /^[\x21-\x7e]+$/.test(text);
/** One blank word where the text is blank: nothing was granted, which is not the same as nothing said. */
const words = (scope: string) => scope.trim().split(/ +/);

/**
 * Client authentication by Basic. RFC 6749 wants both parts form-encoded, which many servers do not
 * undo; letters, digits and `* - . _` stand for themselves here, so that both kinds read the same.
 * (openid-client's own encodes `-` and `_` too.)
 */
function basicAuthentication(secret: string): client.ClientAuth {
  const encoded = (text: string) => new URLSearchParams({ v: text }).toString().slice('v='.length);
  return (_server, { client_id }, _body, headers) => {
    const pair = `${encoded(client_id)}:${encoded(secret)}`;
    headers.set('authorization', `Basic ${Buffer.from(pair).toString('base64')}`);
  };
}

/** The portal's authorization server (section 2), spoken to by openid-client over our transport. */
export function createOAuth(parts: OAuthParts) {
  const { vendor, issuer, clientId, clientSecret, redirectUri, transport, clock } = parts;
  const calls = {
    begin: { operation: 'oauth/authorize', otherwise: { kind: 'UNEXPECTED_SHAPE' } },
    finish: { operation: 'oauth/token', otherwise: { kind: 'REJECTED', reason: 'login_failed' } },
    refresh: { operation: 'oauth/token', otherwise: { kind: 'UNEXPECTED_SHAPE' } },
    revoke: { operation: 'oauth/revoke', otherwise: { kind: 'UNEXPECTED_SHAPE' } },
    introspect: { operation: 'oauth/introspect', otherwise: { kind: 'UNEXPECTED_SHAPE' } },
    userinfo: { operation: 'oauth/userinfo', otherwise: { kind: 'UNEXPECTED_SHAPE' } },
  } as const satisfies Record<string, Pick<OAuthCall, 'operation' | 'otherwise'>>;

  const failure = (error: unknown, call: keyof typeof calls) =>
    asVendorError(error, { vendor, clock, ...calls[call] });
  const unexpected = (call: keyof typeof calls) =>
    new VendorError({ vendor, operation: calls[call].operation, ...calls[call].otherwise });

  /** Reads by GET, what changes something by POST; each under the name of its endpoint. */
  const fetchWithin =
    (scope: RequestScope, known?: client.ServerMetadata): client.CustomFetch =>
    async (url, init) => {
      const names: [string | undefined, string][] = [
        [known?.token_endpoint, 'oauth/token'],
        [known?.revocation_endpoint, 'oauth/revoke'],
        [known?.introspection_endpoint, 'oauth/introspect'],
        [known?.userinfo_endpoint, 'oauth/userinfo'],
        [known?.jwks_uri, 'oauth/discovery/keys'],
      ];
      const name = names.find(([address]) => address === url)?.[1] ?? operationOfDiscovery;
      const send = transport.fetchFor(scope, name, init.method === 'POST' ? 'write' : 'read');
      return await asSpecified(await send(url, init as RequestInit));
    };

  const insecure = issuer.startsWith('http:') ? [client.allowInsecureRequests] : [];
  const metadata = createMetadata({
    vendor,
    issuer,
    clientId,
    clock,
    options: (scope) => ({ [client.customFetch]: fetchWithin(scope), execute: insecure }),
  });

  /** Per call, because the transport's limits are the request's. Signing keys are read anew for each login. */
  async function configured(scope: RequestScope): Promise<client.Configuration> {
    const server = await metadata(scope);
    const methods = server.token_endpoint_auth_methods_supported;
    const postOnly = methods?.includes('client_secret_basic') === false;
    const configuration = new client.Configuration(
      server,
      clientId,
      { client_secret: clientSecret, id_token_signed_response_alg: 'RS256' },
      postOnly && methods?.includes('client_secret_post')
        ? client.ClientSecretPost(clientSecret)
        : basicAuthentication(clientSecret),
    );
    configuration[client.customFetch] = fetchWithin(scope, server);
    for (const allow of insecure) {
      allow(configuration);
    }
    return configuration;
  }

  /** What the library leaves to us: a lone audience's party, the age, and what a subject looks like. */
  function subjectOf(claims: client.IDToken | undefined): string {
    // By the system's clock, as the library judges the token's other times.
    const early = claims && claims.iat * 1000 > Date.now() + clockTolerance;
    const foreign = claims?.azp !== undefined && claims.azp !== clientId;
    if (!claims || early || foreign || !/^[\x21-\x7e]{1,255}$/.test(claims.sub)) {
      throw unexpected('finish');
    }
    return claims.sub;
  }

  function toTokens(
    answer: client.TokenEndpointResponse,
    call: 'finish' | 'refresh',
    before?: VendorTokens,
  ): VendorTokens {
    const { access_token, refresh_token, token_type, scope } = answer;
    if (token_type !== 'bearer' || !isToken(access_token) || !isToken(refresh_token)) {
      throw unexpected(call);
    }
    const seconds = Math.min(answer.expires_in ?? assumedLifetime, longestLifetime);
    return {
      ...before,
      accessToken: access_token,
      refreshToken: refresh_token ?? before?.refreshToken ?? null,
      scopes: scope === undefined ? (before?.scopes ?? []) : words(scope),
      expiresAt: new Date(clock() + seconds * 1000),
    };
  }

  return {
    /** Discovery at most; the browser does the rest. */
    async begin(scope: RequestScope) {
      const secrets: ConnectionSecrets = {
        codeVerifier: client.randomPKCECodeVerifier(),
        nonce: client.randomNonce(),
        state: client.randomState(),
      };
      try {
        const url = client.buildAuthorizationUrl(await configured(scope), {
          redirect_uri: redirectUri.href,
          scope: requestedScopes,
          state: secrets.state,
          nonce: secrets.nonce,
          // Sent although no methods are advertised: a server that knows none ignores it.
          code_challenge: await client.calculatePKCECodeChallenge(secrets.codeVerifier),
          code_challenge_method: 'S256',
        });
        return { authorizationUrl: url.href, secrets };
      } catch (error) {
        throw failure(error, 'begin');
      }
    },

    /** Redeems a callback. @throws VendorError, reason `access_denied` or `login_failed` for refusals */
    async finish(
      scope: RequestScope,
      callbackUrl: URL,
      secrets: ConnectionSecrets,
    ): Promise<ConnectionGrant> {
      // Whatever address the callback was reached by, the redirect URI is the registered one.
      const callback = new URL(redirectUri);
      callback.search = callbackUrl.search;
      try {
        const configuration = await configured(scopeForWrites(scope));
        client.enableNonRepudiationChecks(configuration);
        const answer = await client.authorizationCodeGrant(configuration, callback, {
          pkceCodeVerifier: secrets.codeVerifier,
          expectedState: secrets.state,
          expectedNonce: secrets.nonce,
          idTokenExpected: true,
        });
        return { vendorPatientId: subjectOf(answer.claims()), tokens: toTokens(answer, 'finish') };
      } catch (error) {
        throw failure(error, 'finish');
      }
    },

    /**
     * The next tokens, or undefined where the refresh token is dead. The ID token of a renewal
     * identifies nobody, so its signature is not checked: a failed look at the keys would lose a
     * refresh token that was rotated already. A subject that changed is refused all the same.
     */
    async refresh(
      scope: RequestScope,
      account: AccountReference,
      current: VendorTokens,
    ): Promise<VendorTokens | undefined> {
      if (current.refreshToken === null) {
        return undefined;
      }
      try {
        const configuration = await configured(scopeForWrites(scope));
        const answer = await client.refreshTokenGrant(configuration, current.refreshToken);
        const claims = answer.claims();
        return claims === undefined || claims.sub === account.vendorPatientId
          ? toTokens(answer, 'refresh', current)
          : undefined;
      } catch (error) {
        if (isInvalidGrant(error)) {
          return undefined;
        }
        throw failure(error, 'refresh');
      }
    },

    /** Both tokens; unknown ones are no error. */
    async revoke(scope: RequestScope, { refreshToken, accessToken }: VendorTokens): Promise<void> {
      try {
        const configuration = await configured(scopeForWrites(scope));
        for (const [token, hint] of [
          [refreshToken, 'refresh_token'],
          [accessToken, 'access_token'],
        ] as const) {
          if (token !== null) {
            await client.tokenRevocation(configuration, token, { token_type_hint: hint });
          }
        }
      } catch (error) {
        throw failure(error, 'revoke');
      }
    },

    /** What the portal thinks of a token; it asks for our client's own name and secret first. */
    async introspect(scope: RequestScope, token: string): Promise<void> {
      try {
        await client.tokenIntrospection(await configured(scope), token);
      } catch (error) {
        throw failure(error, 'introspect');
      }
    },

    /** The claims about the account's own subject; about another they are refused. */
    async userinfo(scope: RequestScope, account: AccountReference, accessToken: string) {
      try {
        const configuration = await configured(scope);
        return await client.fetchUserInfo(configuration, accessToken, account.vendorPatientId);
      } catch (error) {
        const found = failure(error, 'userinfo');
        throw found.status === 401
          ? new VendorError({
              vendor,
              operation: found.operation,
              kind: 'AUTHORIZATION_REQUIRED',
              status: 401,
            })
          : found;
      }
    },
  };
}

export type OAuth = ReturnType<typeof createOAuth>;
