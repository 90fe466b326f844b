import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

export interface HostileAnswers {
  /** Instead of the discovery document; null for a 404. */
  discovery?: Record<string, unknown> | null;
  /** Changes the ID token's claims. */
  claims?: JWTPayload;
  /** Claims that the ID token lacks. */
  withoutClaims?: readonly string[];
  /** Replaces the ID token; undefined leaves it out. */
  idToken?: (token: string) => string | undefined;
  /** Changes the token answer. */
  token?: Record<string, unknown>;
  /** Status of the token answer, which then repeats its error in a header as Doorkeeper does. */
  tokenErrorStatus?: number;
  /** Signs with a key that is not published. */
  foreignKey?: boolean;
  /** `kid` of the ID token. */
  keyId?: string;
}

/** An OpenID provider that lies as it is told to; the redirect is played by the test. */
export async function startHostilePortal() {
  const pair = await generateKeyPair('RS256');
  const foreign = await generateKeyPair('RS256');
  const published = { ...(await exportJWK(pair.publicKey)), kid: 'k1', alg: 'RS256', use: 'sig' };
  const state = { answers: {} as HostileAnswers, nonce: '', calls: [] as string[] };
  let current = { pair, published };

  async function tokenAnswer() {
    const { claims, withoutClaims = [], idToken, token, foreignKey, keyId } = state.answers;
    const now = Math.floor(Date.now() / 1000);
    const payload: JWTPayload = {
      iss: origin,
      aud: 'client',
      sub: 'person',
      nonce: state.nonce,
      iat: now,
      exp: now + 600,
      ...claims,
    };
    for (const name of withoutClaims) {
      delete payload[name];
    }
    const signed = await new SignJWT(payload)
      .setProtectedHeader({ alg: 'RS256', kid: keyId ?? current.published.kid })
      .sign(foreignKey ? foreign.privateKey : current.pair.privateKey);
    return {
      access_token: 'at',
      token_type: 'Bearer',
      expires_in: 7200,
      refresh_token: 'rt',
      id_token: idToken ? idToken(signed) : signed,
      ...token,
    };
  }

  const server = createServer(async (request, response) => {
    const path = request.url ?? '';
    state.calls.push(`${request.method} ${path}`);
    const { discovery } = state.answers;
    const json = (status: number, body: unknown, headers: Record<string, string> = {}) => {
      response.writeHead(status, { 'content-type': 'application/json', ...headers });
      response.end(JSON.stringify(body));
    };
    if (path === '/.well-known/openid-configuration') {
      return discovery === null ? json(404, {}) : json(200, { issuer: origin, ...discovery });
    }
    if (path === '/oauth/discovery/keys') {
      return json(200, { keys: [current.published] });
    }
    if (path !== '/oauth/token') {
      return json(404, {});
    }
    const { token, tokenErrorStatus: status } = state.answers;
    const challenge = `Bearer realm="Doorkeeper", error="${token?.error}"`;
    return status === undefined
      ? json(200, await tokenAnswer())
      : json(status, await tokenAnswer(), { 'www-authenticate': challenge });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    origin,
    state,
    /** Signs with a new key from now on, and publishes it alone. */
    async rotateKeys() {
      const next = await generateKeyPair('RS256');
      const key = await exportJWK(next.publicKey);
      current = { pair: next, published: { ...key, kid: 'k-next', alg: 'RS256', use: 'sig' } };
    },
    environment: {
      MY_PATIENT_PORTAL_ISSUER: origin,
      MY_PATIENT_PORTAL_API_URL: `${origin}/api/oauth2/v1`,
      MY_PATIENT_PORTAL_CLIENT_ID: 'client',
      MY_PATIENT_PORTAL_CLIENT_SECRET: 'secret',
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
