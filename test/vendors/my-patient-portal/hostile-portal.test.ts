import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { RequestScope } from '../../../src/domain/request.ts';
import type { TokenVault } from '../../../src/domain/store.ts';
import { createTransport } from '../../../src/http/transport.ts';
import { myPatientPortal } from '../../../src/vendors/my-patient-portal/index.ts';
import { type HostileAnswers, startHostilePortal } from './hostile-portal.ts';
import { createVault } from './portal.ts';

type Hostile = Awaited<ReturnType<typeof startHostilePortal>>;
let hostile: Hostile;
let now = Date.now();
beforeAll(async () => {
  hostile = await startHostilePortal();
});
afterAll(() => hostile.close());
beforeEach(() => {
  hostile.state.answers = {};
  hostile.state.calls.length = 0;
  now = Date.now();
});
afterEach(() => {
  hostile.state.nonce = '';
});

const clock = () => now;
const scope = (milliseconds = 5_000): RequestScope => ({
  requestId: 'test',
  deadline: clock() + milliseconds,
});

function doorWith(tokens: TokenVault, environment: Record<string, string> = {}) {
  return myPatientPortal.create({
    id: 'MY_PATIENT_PORTAL',
    settings: myPatientPortal.environment.parse({ ...hostile.environment, ...environment }),
    transport: (given) => createTransport({ vendor: 'MY_PATIENT_PORTAL', clock, ...given }),
    tokens,
    publicUrl: new URL('http://localhost:4000'),
    clock,
  });
}

function connection(environment: Record<string, string> = {}) {
  const door = doorWith(createVault(), environment);
  if (!door.connection) {
    throw new Error('a capability is absent');
  }
  return door.connection;
}

async function login(answers: HostileAnswers, given = connection()) {
  hostile.state.answers = answers;
  const { secrets } = await given.begin(scope());
  hostile.state.nonce = secrets.nonce;
  const callback = new URL('http://localhost:4000/oauth/my-patient-portal/callback');
  callback.search = `?code=c&state=${secrets.state}`;
  return await given.finish(scope(), callback, secrets);
}

const seconds = () => Math.floor(Date.now() / 1000);
const base64url = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('an ID token', () => {
  test('that is right is taken', async () => {
    await expect(login({})).resolves.toEqual({
      vendorPatientId: 'person',
      tokens: {
        accessToken: 'at',
        refreshToken: 'rt',
        scopes: [],
        expiresAt: new Date(now + 7_200_000),
      },
    });
  });

  test.each<[string, HostileAnswers]>([
    ['of another issuer', { claims: { iss: 'https://evil.example.test' } }],
    ['for another client', { claims: { aud: 'other' } }],
    ['for several clients without a party', { claims: { aud: ['client', 'other'] } }],
    ['for another party', { claims: { azp: 'other' } }],
    ['that is over', { claims: { exp: seconds() - 60 } }],
    ['that is not yet valid', { claims: { nbf: seconds() + 600 } }],
    ['from the future', { claims: { iat: seconds() + 3600 } }],
    ['with another nonce', { claims: { nonce: 'other' } }],
    ['with an empty subject', { claims: { sub: '' } }],
    ['with a subject of two lines', { claims: { sub: 'a\nb' } }],
    ['with a subject without end', { claims: { sub: 'x'.repeat(256) } }],
    ...['iss', 'aud', 'sub', 'exp', 'iat', 'nonce'].map((claim): [string, HostileAnswers] => [
      `without ${claim}`,
      { withoutClaims: [claim] },
    ]),
    ['that is missing', { idToken: () => undefined }],
    ['with a foreign signature', { foreignKey: true }],
    ['with an unknown key', { keyId: 'k2', foreignKey: true }],
    [
      'that was changed',
      { idToken: (token) => token.replace(/\.[^.]+\./, `.${base64url({ sub: 'x' })}.`) },
    ],
    [
      'without signature',
      { idToken: (token) => `${base64url({ alg: 'none' })}.${token.split('.')[1]}.` },
    ],
    [
      'signed by a shared secret',
      { idToken: (token) => token.replace(/^[^.]+/, base64url({ alg: 'HS256', kid: 'k1' })) },
    ],
    ['that is none', { idToken: () => 'nonsense' }],
  ])('O05: %s is refused', async (_title, answers) => {
    await expect(login(answers)).rejects.toMatchObject({
      kind: 'REJECTED',
      reason: 'login_failed',
    });
  });
});

describe('the portal’s signing key', () => {
  const keys = () => hostile.state.calls.filter((call) => call === 'GET /oauth/discovery/keys');

  test('O06: that was changed just before is read anew, once for each login', async () => {
    await login({});
    await hostile.rotateKeys();
    hostile.state.calls.length = 0;
    await expect(login({})).resolves.toMatchObject({ vendorPatientId: 'person' });
    expect(keys()).toHaveLength(1);
  });

  test('O06: of an unknown name is looked for at most twice', async () => {
    hostile.state.calls.length = 0;
    await expect(login({ keyId: 'unknown', foreignKey: true })).rejects.toMatchObject({
      reason: 'login_failed',
    });
    expect(keys().length).toBeLessThanOrEqual(2);
  });
});

describe('a token answer', () => {
  test.each<[string, Record<string, unknown>]>([
    ['without a type', { token_type: undefined }],
    ['of another type', { token_type: 'mac' }],
    ['bound to a key', { token_type: 'DPoP' }],
    ['without a token', { access_token: undefined }],
    ['with a token of two lines', { access_token: 'a\r\nx-evil: 1' }],
    ['with a negative lifetime', { expires_in: -1 }],
    ['with a refresh token that is none', { refresh_token: 7 }],
  ])('O09: %s is refused', async (_title, token) => {
    await expect(login({ token })).rejects.toMatchObject({
      kind: 'REJECTED',
      reason: 'login_failed',
    });
  });

  test('without a lifetime is taken to live two hours, one without end a year at most', async () => {
    const { tokens } = await login({
      token: { expires_in: undefined, scope: 'openid  profile_read' },
    });
    expect(tokens).toMatchObject({
      expiresAt: new Date(now + 7_200_000),
      scopes: ['openid', 'profile_read'],
    });
    const endless = await login({ token: { expires_in: 1e300 } });
    expect(endless.tokens.expiresAt).toEqual(new Date(now + 365 * 86_400_000));
  });
});

const account = { patientId: 'ana', vendorPatientId: 'person' };

/** A vault whose tokens are over. */
function staleVault() {
  const vault = createVault();
  vault.entries.set('ana', {
    accessToken: 'old',
    refreshToken: 'kept',
    scopes: ['profile_read'],
    expiresAt: new Date(now - 1_000),
  });
  return vault;
}

describe.each([
  ['200', undefined],
  ['400 and a challenge', 400],
  ['401 and a challenge', 401],
])('an error that comes with %s', (_what, tokenErrorStatus) => {
  const error = (code: string): HostileAnswers => ({
    token: { error: code },
    ...(tokenErrorStatus && { tokenErrorStatus }),
  });

  test('refuses a login, whatever comes beside it', async () => {
    await expect(login(error('invalid_grant'))).rejects.toMatchObject({
      kind: 'REJECTED',
      reason: 'login_failed',
    });
  });

  test.each([
    ['invalid_grant', 'AUTHORIZATION_REQUIRED', 0],
    ['invalid_client', 'CREDENTIAL_REFUSED', 1],
  ])('O13: %s of a renewal is %s', async (code, kind, left) => {
    const vault = staleVault();
    hostile.state.answers = error(code);
    const profile = doorWith(vault).profile?.(scope(), account);
    await expect(profile).rejects.toMatchObject({ kind });
    expect(vault.entries.size).toBe(left);
  });
});

describe('what is null in a token answer', () => {
  const nothing = { refresh_token: null, scope: null, expires_in: null };

  test('is what a login does not say', async () => {
    const { tokens } = await login({ token: nothing });
    expect(tokens).toMatchObject({
      refreshToken: null,
      scopes: [],
      expiresAt: new Date(now + 7_200_000),
    });
  });

  test.each([
    [{ ...nothing, id_token: null }, 'kept'],
    [{ refresh_token: '', id_token: '' }, 'kept'],
    [{ id_token: null }, 'rt'],
  ])('loses no renewed pair: %j', async (token, refreshToken) => {
    const vault = staleVault();
    hostile.state.answers = { token };
    // The hostile portal serves no profile.
    await doorWith(vault)
      .profile?.(scope(), account)
      .catch(() => undefined);
    expect(vault.entries.get('ana')).toEqual({
      accessToken: 'at',
      refreshToken,
      scopes: ['profile_read'],
      expiresAt: new Date(now + 7_200_000),
    });
  });
});

describe('scopes', () => {
  test.each(['', ' '])('that are told as %j grant nothing', async (blank) => {
    const vault = createVault();
    const { tokens } = await login({ token: { scope: blank } });
    vault.entries.set('ana', tokens);
    hostile.state.calls.length = 0;
    await expect(doorWith(vault).profile?.(scope(), account)).rejects.toMatchObject({
      kind: 'AUTHORIZATION_REQUIRED',
      reason: 'insufficient_scope',
    });
    expect(hostile.state.calls).toEqual([]);
  });
});

describe('the discovery document', () => {
  const discoveries = () => hostile.state.calls.filter((call) => call.includes('.well-known'));

  test('that is missing is replaced by the documented paths', async () => {
    const given = connection();
    await expect(login({ discovery: null }, given)).resolves.toMatchObject({
      vendorPatientId: 'person',
    });
    const { authorizationUrl } = await given.begin(scope());
    expect(authorizationUrl.startsWith(`${hostile.origin}/oauth/authorize?`)).toBe(true);
  });

  test.each<[string, Record<string, unknown>]>([
    ['another issuer', { issuer: 'https://evil.example.test' }],
    ['a token endpoint elsewhere', { token_endpoint: 'https://evil.example.test/token' }],
    ['a login page elsewhere', { authorization_endpoint: 'https://evil.example.test/login' }],
    ['keys elsewhere', { jwks_uri: 'http://127.0.0.1:9/keys' }],
    ['an endpoint that is no address', { userinfo_endpoint: 7 }],
  ])('with %s is refused', async (_title, discovery) => {
    hostile.state.answers = { discovery };
    await expect(connection().begin(scope())).rejects.toMatchObject({ kind: 'UNEXPECTED_SHAPE' });
  });

  test('O08: must spell the issuer exactly as configured, also its last slash', async () => {
    hostile.state.answers = { discovery: { issuer: `${hostile.origin}/` } };
    await expect(connection().begin(scope())).rejects.toMatchObject({ kind: 'UNEXPECTED_SHAPE' });
    const slashed = connection({ MY_PATIENT_PORTAL_ISSUER: `${hostile.origin}/` });
    await expect(slashed.begin(scope())).resolves.toHaveProperty('authorizationUrl');
  });

  test('is fetched once for many, kept for an hour, and fetched again after a failure', async () => {
    const given = connection();
    hostile.state.answers = { discovery: { issuer: 'https://evil.example.test' } };
    await expect(given.begin(scope())).rejects.toThrow();
    hostile.state.answers = {};
    hostile.state.calls.length = 0;
    await Promise.all(Array.from({ length: 10 }, () => given.begin(scope())));
    expect(discoveries()).toHaveLength(1);
    now += 3_599_000;
    await given.begin(scope());
    expect(discoveries()).toHaveLength(1);
    now += 2_000;
    await given.begin(scope());
    expect(discoveries()).toHaveLength(2);
  });

  test('of a portal that is away leaves the kind of the error', async () => {
    const closed = { MY_PATIENT_PORTAL_ISSUER: 'http://127.0.0.1:1' };
    await expect(connection(closed).begin(scope())).rejects.toMatchObject({
      kind: 'UNREACHABLE',
      mayHaveActed: false,
    });
  });
});
