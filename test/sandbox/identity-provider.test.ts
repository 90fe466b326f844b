import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import * as client from 'openid-client';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type IdentityProvider,
  sandboxClientId,
  startIdentityProvider,
} from '../../src/sandbox/identity-provider.ts';
import { tokenRoute } from '../../src/sandbox/token-route.ts';
import { signInAsPatient } from '../../src/vendors/my-patient-portal/sandbox-login.ts';

const redirectUri = 'http://localhost:4000/graphql';
let provider: IdentityProvider;
beforeAll(async () => {
  provider = await startIdentityProvider({ port: 0, clock: Date.now, audience: 'portico' });
});
afterAll(() => provider.close());

async function verify(token: string) {
  const document = await fetch(`${provider.issuer}/.well-known/openid-configuration`);
  const { jwks_uri } = (await document.json()) as { jwks_uri: string };
  return await jwtVerify(token, createRemoteJWKSet(new URL(jwks_uri)), {
    issuer: provider.issuer,
    audience: provider.audience,
    algorithms: ['RS256'],
    typ: 'at+jwt',
  });
}

const ana = { subject: 'sandbox-ana', roles: ['PATIENT'] };

describe('a ready token', () => {
  let origin: string;
  const server = createServer((request, response) =>
    tokenRoute(provider, (_request, answer) => answer.writeHead(404).end())(request, response),
  );
  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => server.close());
  const ask = (who: string) => fetch(`${origin}/sandbox/token/${who}`);

  test.each([
    ['ana', 'sandbox-ana', 'PATIENT'],
    ['staff', 'sandbox-staff', 'STAFF'],
  ])('of %s is theirs', async (who, sub, role) => {
    const { payload } = await verify(await (await ask(who)).text());
    expect(payload).toMatchObject({ sub, roles: [role] });
  });

  test.each(['nobody', 'constructor'])('of %s is there none', async (who) => {
    expect((await ask(who)).status).toBe(404);
  });
});

describe('a minted token', () => {
  test('verifies by discovery and JWKS, with subject, roles and times', async () => {
    const { payload } = await verify(await provider.token({ ...ana, expiresInSeconds: 60 }));
    expect(payload).toMatchObject({ sub: 'sandbox-ana', roles: ['PATIENT'], aud: 'portico' });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(60);
  });

  test.each([
    ['that is over', { expiresInSeconds: -60 }],
    ['for another audience', { audience: 'other' }],
    ['of another issuer', { issuer: 'https://evil.example.test' }],
    ['of another type', { header: { typ: 'JWT' } }],
    ['of an unknown key', { header: { kid: 'other' } }],
  ])('%s does not verify', async (_title, wrong) => {
    await expect(verify(await provider.token({ ...ana, ...wrong }))).rejects.toThrow();
  });

  test('does not outlive a change of keys', async () => {
    const token = await provider.token(ana);
    await provider.rotateKeys();
    await expect(verify(token)).rejects.toThrow();
    await expect(verify(await provider.token(ana))).resolves.toHaveProperty('payload');
  });
});

describe('a login in the browser', () => {
  async function login(username: string) {
    const configuration = await client.discovery(
      new URL(provider.issuer),
      sandboxClientId,
      undefined,
      client.None(),
      { execute: [client.allowInsecureRequests] },
    );
    const pkceCodeVerifier = client.randomPKCECodeVerifier();
    const url = client.buildAuthorizationUrl(configuration, {
      redirect_uri: redirectUri,
      scope: 'openid',
      state: 'state',
      code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
      code_challenge_method: 'S256',
    });
    const person = { username, password: `${username}-sandbox` };
    const callback = new URL(await signInAsPatient(url.href, person));
    return await client.authorizationCodeGrant(configuration, callback, {
      pkceCodeVerifier,
      expectedState: 'state',
    });
  }

  test.each([
    ['ana', 'sandbox-ana', 'PATIENT'],
    ['ben', 'sandbox-ben', 'PATIENT'],
    ['staff', 'sandbox-staff', 'STAFF'],
    ['admin', 'sandbox-admin', 'ADMIN'],
  ])('as %s brings an access token of %s with the role %s', async (username, subject, role) => {
    const { access_token } = await login(username);
    const { payload } = await verify(access_token);
    expect(payload).toMatchObject({ sub: subject, roles: [role], client_id: sandboxClientId });
  });

  test('needs PKCE', async () => {
    const url = new URL(`${provider.issuer}/authorize`);
    url.search = new URLSearchParams({
      client_id: sandboxClientId,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'openid',
      state: 'state',
    }).toString();
    const response = await fetch(url, { redirect: 'manual' });
    expect(response.headers.get('location')).toMatch(/error=invalid_request/);
  });

  test('lets a page of the registered origin redeem its code, and no other', async () => {
    const preflight = async (origin: string) => {
      const response = await fetch(`${provider.issuer}/token`, {
        method: 'POST',
        headers: { origin },
        body: new URLSearchParams({ client_id: sandboxClientId, grant_type: 'authorization_code' }),
      });
      return response.headers.get('access-control-allow-origin');
    };
    expect(await preflight('http://localhost:4000')).toBe('http://localhost:4000');
    expect(await preflight('https://evil.example.test')).toBeNull();
  });

  test('leaves a trace of calls', () => {
    expect(provider.calls).toContainEqual({ method: 'POST', path: '/token' });
  });
});
