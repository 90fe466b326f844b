import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { signInAsPatient } from '../../../src/vendors/my-patient-portal/sandbox-login.ts';
import { type Portal, persons, startPortal } from './portal.ts';

let portal: Portal;
beforeAll(async () => {
  portal = await startPortal();
});
afterAll(() => portal.simulator.close());
beforeEach(() => portal.reset());

const begin = () => portal.door.connection.begin(portal.scope());

/** A login up to the callback that the browser is sent to. */
async function signIn(options?: { approve?: boolean }) {
  const { authorizationUrl, secrets } = await begin();
  const callback = await signInAsPatient(authorizationUrl, persons.ana, options);
  return { callback: new URL(callback), secrets };
}

const finish = (callback: URL, secrets: Awaited<ReturnType<typeof begin>>['secrets']) =>
  portal.door.connection.finish(portal.scope(), callback, secrets);

const loginFailed = { kind: 'REJECTED', reason: 'login_failed', mayHaveActed: false };

describe('the authorization request', () => {
  test('O03: carries state, nonce, an S256 challenge, the registered redirect URI and all scopes', async () => {
    const { authorizationUrl, secrets } = await begin();
    const url = new URL(authorizationUrl);
    expect(url.origin + url.pathname).toBe(`${portal.simulator.origin}/oauth/authorize`);
    expect(Object.fromEntries(url.searchParams)).toEqual({
      client_id: 'sandbox-portico',
      response_type: 'code',
      redirect_uri: 'http://localhost:4000/oauth/my-patient-portal/callback',
      scope: 'openid profile_read appointment_read appointment_write',
      state: secrets.state,
      nonce: secrets.nonce,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
    expect(authorizationUrl).not.toContain(secrets.codeVerifier);
  });

  test('is different each time', async () => {
    const [one, other] = [await begin(), await begin()];
    expect(one.secrets.state).not.toBe(other.secrets.state);
    expect(one.secrets.nonce).not.toBe(other.secrets.nonce);
    expect(one.secrets.codeVerifier).not.toBe(other.secrets.codeVerifier);
  });
});

describe('the callback', () => {
  test('brings a pairwise subject, both tokens, the granted scopes and the expiry', async () => {
    const { callback, secrets } = await signIn();
    const { vendorPatientId, tokens } = await finish(callback, secrets);
    expect(vendorPatientId).toMatch(/^[0-9a-f]{64}$/);
    expect(tokens).toEqual({
      accessToken: expect.stringMatching(/^\S{20,}$/),
      refreshToken: expect.stringMatching(/^\S{20,}$/),
      scopes: ['openid', 'profile_read', 'appointment_read', 'appointment_write'],
      expiresAt: new Date(portal.time.now + 7_200_000),
    });
  });

  test('authenticates the client with Basic, which servers read alike that decode and that do not', async () => {
    const { callback, secrets } = await signIn();
    await finish(callback, secrets);
    const call = portal.simulator.calls.find(({ path }) => path === '/oauth/token');
    const basic = Buffer.from('sandbox-portico:sandbox-portal-secret').toString('base64');
    expect(call?.headers.authorization).toBe(`Basic ${basic}`);
  });

  test('is redeemed under the registered address, however it was reached', async () => {
    const { callback, secrets } = await signIn();
    const inside = new URL(`http://10.0.0.7:8080/elsewhere${callback.search}`);
    await expect(finish(inside, secrets)).resolves.toHaveProperty('vendorPatientId');
  });

  test('of a person who refused is access_denied, and no code is redeemed', async () => {
    const { callback, secrets } = await signIn({ approve: false });
    expect(callback.searchParams.get('error')).toBe('access_denied');
    portal.simulator.clear();
    await expect(finish(callback, secrets)).rejects.toMatchObject({
      kind: 'REJECTED',
      reason: 'access_denied',
    });
    expect(portal.sent()).toEqual([]);
  });

  test.each([
    ['another state', (url: URL) => url.searchParams.set('state', 'other')],
    ['no state', (url: URL) => url.searchParams.delete('state')],
    ['a doubled state', (url: URL) => url.searchParams.append('state', 'other')],
    ['another issuer', (url: URL) => url.searchParams.set('iss', 'https://evil.example.test')],
    ['no issuer although announced', (url: URL) => url.searchParams.delete('iss')],
    ['no code', (url: URL) => url.searchParams.delete('code')],
    ['a foreign error', (url: URL) => url.searchParams.set('error', '<script>')],
  ])('O01, O02: with %s is refused, and no code is redeemed', async (_title, change) => {
    const { callback, secrets } = await signIn();
    change(callback);
    portal.simulator.clear();
    await expect(finish(callback, secrets)).rejects.toMatchObject(loginFailed);
    expect(portal.sent()).toEqual([]);
  });

  test('O04: with the code of another login fails at the verifier', async () => {
    const mine = await signIn();
    const theirs = await signIn();
    mine.callback.searchParams.set('code', theirs.callback.searchParams.get('code') ?? '');
    await expect(finish(mine.callback, mine.secrets)).rejects.toMatchObject(loginFailed);
  });

  test('O04: with another nonce is refused', async () => {
    const { callback, secrets } = await signIn();
    await expect(finish(callback, { ...secrets, nonce: 'other' })).rejects.toMatchObject(
      loginFailed,
    );
  });

  test('O01: is good once', async () => {
    const { callback, secrets } = await signIn();
    await finish(callback, secrets);
    await expect(finish(callback, secrets)).rejects.toMatchObject(loginFailed);
  });

  test('keeps what the transport knew when the portal is down', async () => {
    const { callback, secrets } = await signIn();
    portal.simulator.fault({ kind: 'status', status: 503, match: /token/ });
    await expect(finish(callback, secrets)).rejects.toMatchObject({
      kind: 'SERVER_ERROR',
      status: 503,
    });
    portal.simulator.clear();
    portal.simulator.fault({ kind: 'html', status: 200, match: /token/ });
    const second = await signIn();
    await expect(finish(second.callback, second.secrets)).rejects.toMatchObject({
      kind: 'NOT_JSON',
    });
  });

  test('tells a wrong client secret from a failed login, and says nothing of it', async () => {
    const { callback, secrets } = await signIn();
    const door = portal.createDoor({ MY_PATIENT_PORTAL_CLIENT_SECRET: 'canary-secret' });
    const error = await door.connection
      .finish(portal.scope(), callback, secrets)
      .catch((caught: unknown) => caught);
    expect(error).toMatchObject({ kind: 'CREDENTIAL_REFUSED', operation: 'oauth/token' });
    const code = callback.searchParams.get('code') ?? 'none';
    const said = `${JSON.stringify(error)}${String(error)}${String((error as Error).cause)}`;
    for (const secret of ['canary-secret', code, secrets.state, secrets.codeVerifier, 'http']) {
      expect(said).not.toContain(secret);
    }
  });

  test('goes through the body where the portal advertises client_secret_post only', async () => {
    portal.simulator.switches.clientAuthentication = ['client_secret_post'];
    const door = portal.createDoor({});
    const { authorizationUrl, secrets } = await door.connection.begin(portal.scope());
    portal.simulator.switches.clientAuthentication = ['client_secret_basic'];
    const callback = new URL(await signInAsPatient(authorizationUrl, persons.ana));
    await door.connection.finish(portal.scope(), callback, secrets);
    const call = portal.simulator.calls.find(({ path }) => path === '/oauth/token');
    expect(call).toMatchObject({ status: 200 });
    expect(call?.headers).not.toHaveProperty('authorization');
  });
});

describe('people', () => {
  test('with a wrong password do not get through the real pages', async () => {
    const { authorizationUrl } = await begin();
    const wrong = { username: 'ana', password: 'wrong' };
    await expect(signInAsPatient(authorizationUrl, wrong)).rejects.toThrow(/status 401/);
  });

  test('have different subjects, each the same at every login', async () => {
    const [ana, again, ben] = [
      await portal.connect('ana'),
      await portal.connect('ana'),
      await portal.connect('ben'),
    ];
    expect(ana.vendorPatientId).toBe(again.vendorPatientId);
    expect(ana.vendorPatientId).not.toBe(ben.vendorPatientId);
  });

  test('see an HTML page and are sent nowhere by an unregistered redirect URI', async () => {
    const url = new URL((await begin()).authorizationUrl);
    url.searchParams.set('redirect_uri', 'https://evil.example.test/');
    const response = await fetch(url, { redirect: 'manual', headers: { accept: 'text/html' } });
    expect(response.status).toBe(400);
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
  });
});

describe('revoking', () => {
  test('ends both tokens at the portal, and is no call once it is done', async () => {
    const account = await portal.connect('ana');
    portal.simulator.clear();
    await portal.door.connection.revoke(portal.scope(), account);
    await portal.door.connection.revoke(portal.scope(), account);
    expect(portal.sent()).toEqual(Array(2).fill('POST /oauth/revoke'));
    await expect(portal.door.funnel.insurances(portal.scope(), account)).rejects.toMatchObject({
      kind: 'AUTHORIZATION_REQUIRED',
    });
  });

  test('of nothing is no call', async () => {
    await portal.door.connection.revoke(portal.scope(), {
      patientId: 'nobody',
      vendorPatientId: 'x',
    });
    expect(portal.sent()).toEqual([]);
  });
});
