import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { importJWK, type JWK, SignJWT } from 'jose';
import {
  type AuthorizationServer,
  createAuthorizationServer,
  generateSigningKey,
  type SandboxLogin,
} from './authorization-server.ts';

/** The clinic's people in the sandbox. Patients' subjects are fixed, so that links outlive a restart. */
export const people = [
  { username: 'ana', subject: 'sandbox-ana', role: 'PATIENT', name: 'Ana Silva' },
  { username: 'ben', subject: 'sandbox-ben', role: 'PATIENT', name: 'Ben Okafor' },
  { username: 'staff', subject: 'sandbox-staff', role: 'STAFF', name: 'Sandbox Staff' },
  { username: 'admin', subject: 'sandbox-admin', role: 'ADMIN', name: 'Sandbox Admin' },
] as const;

const logins: SandboxLogin[] = people.map(({ username, subject, role, name }) => ({
  username,
  password: `${username}-sandbox`,
  accountId: subject,
  claims: { name, roles: [role] },
}));

/** The public client that a browser signs in with, by code and PKCE. */
export const sandboxClientId = 'portico-sandbox';

/** Seconds that a token lives, unless asked otherwise. */
const tokenLifetime = 8 * 60 * 60;

export interface IdentityProviderOptions {
  /** 0: any free port. */
  port: number;
  /** Milliseconds since the epoch, for minted tokens; the login flow follows the system's clock. */
  clock: () => number;
  /** The `aud` of all tokens. */
  audience: string;
  /** Where `portico-sandbox` may be sent back to; default GraphiQL on localhost:4000. */
  redirectUris?: readonly string[];
}

export interface TokenWishes {
  subject: string;
  roles: readonly string[];
  /** Default eight hours; negative for a token that is over already. */
  expiresInSeconds?: number;
  /** Wrong values, for tests. */
  issuer?: string;
  audience?: string;
  claims?: Readonly<Record<string, unknown>>;
  header?: Readonly<Record<string, unknown>>;
}

/** The clinic's own identity provider as the sandbox runs it, over real HTTP on loopback. */
export interface IdentityProvider {
  readonly issuer: string;
  readonly audience: string;
  /** A signed access token (RS256, `at+jwt`), as a login would bring. */
  token(wishes: TokenWishes): Promise<string>;
  /** Changes the signing key: earlier tokens no longer verify. */
  rotateKeys(): Promise<void>;
  /** Received calls, oldest first. */
  readonly calls: readonly { method: string; path: string }[];
  close(): Promise<void>;
}

interface Instance {
  server: AuthorizationServer;
  key: Record<string, unknown>;
}

async function createInstance(
  issuer: string,
  { audience, redirectUris }: IdentityProviderOptions,
): Promise<Instance> {
  const key = generateSigningKey();
  // A resource is named by a URI, an audience by any text.
  const resource = URL.canParse(audience)
    ? audience
    : `urn:portico:${encodeURIComponent(audience)}`;
  const server = await createAuthorizationServer({
    issuer,
    title: 'Clinic sign-in (sandbox)',
    cookiePrefix: 'clinic',
    signInPath: '/sign-in',
    logins,
    wishes: { openid: 'know who you are', roles: 'know your role at the clinic' },
    signingKey: key,
    configuration: {
      clients: [
        {
          client_id: sandboxClientId,
          token_endpoint_auth_method: 'none',
          grant_types: ['authorization_code'],
          response_types: ['code'],
          redirect_uris: redirectUris ?? ['http://localhost:4000/graphql'],
        },
      ],
      responseTypes: ['code'],
      scopes: ['openid'],
      claims: { openid: ['sub', 'name', 'roles'] },
      routes: {
        authorization: '/authorize',
        token: '/token',
        jwks: '/jwks',
        userinfo: '/userinfo',
      },
      pkce: { required: () => true },
      clientBasedCORS: (_context: unknown, origin: string, client: { redirectUris: string[] }) =>
        client.redirectUris.some((uri) => new URL(uri).origin === origin),
      extraTokenClaims: (_context: unknown, token: { accountId?: string }) => ({
        roles: logins.find(({ accountId }) => accountId === token.accountId)?.claims.roles ?? [],
      }),
      ttl: {
        AccessToken: tokenLifetime,
        AuthorizationCode: 60,
        Grant: tokenLifetime,
        IdToken: 600,
        Interaction: 600,
        Session: tokenLifetime,
      },
      features: {
        devInteractions: { enabled: false },
        rpInitiatedLogout: { enabled: false },
        pushedAuthorizationRequests: { enabled: false },
        dPoP: { enabled: false },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => resource,
          useGrantedResource: () => true,
          getResourceServerInfo: () => ({
            scope: '',
            audience,
            accessTokenFormat: 'jwt',
            accessTokenTTL: tokenLifetime,
            jwt: { sign: { alg: 'RS256' } },
          }),
        },
      },
    },
  });
  return { server, key };
}

/** Starts the sandbox's identity provider on 127.0.0.1. */
export async function startIdentityProvider(
  options: IdentityProviderOptions,
): Promise<IdentityProvider> {
  const { audience, clock } = options;
  const calls: { method: string; path: string }[] = [];
  let instance: Instance | undefined;
  const http = createServer((request, response) => {
    calls.push({ method: request.method ?? '', path: (request.url ?? '').split('?')[0] ?? '' });
    if (calls.length > 10_000) {
      calls.shift();
    }
    instance?.server.handle(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(options.port, '127.0.0.1', resolve);
  });
  const issuer = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  instance = await createInstance(issuer, options);

  return {
    issuer,
    audience,
    calls,
    async token(wishes) {
      const key = instance?.key ?? {};
      const now = Math.floor(clock() / 1000);
      return await new SignJWT({
        roles: wishes.roles,
        client_id: sandboxClientId,
        ...wishes.claims,
      })
        .setProtectedHeader({
          alg: 'RS256',
          typ: 'at+jwt',
          kid: String(key.kid),
          ...wishes.header,
        })
        .setIssuer(wishes.issuer ?? issuer)
        .setAudience(wishes.audience ?? audience)
        .setSubject(wishes.subject)
        .setIssuedAt(now)
        .setExpirationTime(now + (wishes.expiresInSeconds ?? tokenLifetime))
        .setJti(crypto.randomUUID())
        .sign(await importJWK(key as JWK, 'RS256'));
    },
    async rotateKeys() {
      instance = await createInstance(issuer, options);
    },
    close: () =>
      new Promise((resolve) => {
        http.close(() => resolve());
        http.closeAllConnections();
      }),
  };
}
