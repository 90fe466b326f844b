import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import {
  beginLogin,
  comeBack,
  connect,
  connectionFor,
  mutate,
  portalTimes,
  returnTo,
  sent,
  walkLogin,
} from '../../support/mutations.ts';

let gateway: TestGateway;
let shift = 0;
beforeAll(async () => {
  gateway = await startTestGateway({ clock: () => Date.now() + shift });
});
afterAll(() => gateway.close());
beforeEach(() => {
  shift = 0;
  gateway.forget();
});

const minute = 60 * 1000;
const calls = () => sent(gateway.calls('MY_PATIENT_PORTAL'));
const completed =
  'patient { id } vendorAccount { vendor vendorPatientId linkMethod connected profile { firstName lastName } }';
const complete = (connection: string, as: 'staff' | 'admin' | 'ana' | 'ben' = 'staff') =>
  mutate(gateway, 'completePatientPortalConnection', { connection }, completed, as);

async function portalAccount(name: 'Ana' | 'Ben' | 'Chloe' | 'David') {
  const { data } = await gateway.query(
    'query ($id: ID!) { patient(id: $id) { vendorAccounts { vendor vendorPatientId connected } } }',
    { id: gateway.ids[name] },
  );
  return data.patient.vendorAccounts.find(
    ({ vendor }: { vendor: string }) => vendor === 'MY_PATIENT_PORTAL',
  );
}

const unusable = [
  { __typename: 'GeneralUserError', code: 'INVALID_INPUT', path: ['input', 'connection'] },
];

describe('connectPatientPortal', () => {
  it('O03: leads to the vendor’s own login, with state, nonce and challenge, and links nothing yet', async () => {
    const { payload, errors } = await mutate(
      gateway,
      'connectPatientPortal',
      { patientId: gateway.ids.Chloe, returnTo },
      'authorizationUrl expiresAt',
    );
    expect(errors).toEqual([]);
    expect(payload.userErrors).toEqual([]);
    const lifetime = Date.parse(payload.expiresAt) - Date.now();
    expect(lifetime).toBeGreaterThan(9.8 * minute);
    expect(lifetime).toBeLessThanOrEqual(10 * minute);

    const url = new URL(payload.authorizationUrl);
    const portal = gateway.sandbox.simulators.MY_PATIENT_PORTAL;
    expect(url.origin + url.pathname).toBe(`${portal.origin}/oauth/authorize`);
    const asked = Object.fromEntries(url.searchParams);
    expect(asked).toEqual({
      client_id: 'sandbox-portico',
      response_type: 'code',
      redirect_uri: 'http://localhost:4000/oauth/my-patient-portal/callback',
      scope: 'openid profile_read appointment_read appointment_write',
      state: expect.stringMatching(/^[\w-]{43}$/),
      nonce: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
    expect(new Set([asked.state, asked.nonce, asked.code_challenge]).size).toBe(3);
    expect(url.username + url.password).toBe('');
    // Discovery at most, which may be known from before.
    expect(calls().filter((call) => !call.includes('/.well-known/'))).toEqual([]);
    expect(await portalAccount('Chloe')).toBeUndefined();
  });

  it('makes each login anew', async () => {
    const [one, other] = [
      new URL(await beginLogin(gateway, gateway.ids.Chloe)),
      new URL(await beginLogin(gateway, gateway.ids.Chloe)),
    ];
    for (const name of ['state', 'nonce', 'code_challenge']) {
      expect(one.searchParams.get(name)).not.toBe(other.searchParams.get(name));
    }
  });

  it.each([
    ['another origin', 'https://evil.example.test/connected'],
    ['another scheme', 'https://localhost:4000/connected'],
    ['another port', 'http://localhost:4001/connected'],
    ['another path', 'http://localhost:4000/elsewhere'],
    ['a path below', 'http://localhost:4000/connected/more'],
    ['a path that climbs', 'http://localhost:4000/connected/../elsewhere'],
    ['a user name', 'http://user@localhost:4000/connected'],
    ['a user and a password', 'http://localhost:4000@evil.example.test/connected'],
    ['a user and a password at the right host', 'http://user:password@localhost:4000/connected'],
    ['a look-alike host', 'http://localhost.example.test:4000/connected'],
    ['a host with a letter exchanged', 'http://loca1host:4000/connected'],
    ['no web address', 'javascript:alert(1)'],
  ])('refuses %s as the address to return to', async (_what, address) => {
    const { payload } = await mutate(
      gateway,
      'connectPatientPortal',
      { patientId: gateway.ids.Chloe, returnTo: address },
      'authorizationUrl expiresAt',
    );
    expect(payload).toMatchObject({ authorizationUrl: null, expiresAt: null });
    expect(payload.userErrors).toMatchObject([
      { code: 'INVALID_INPUT', path: ['input', 'returnTo'] },
    ]);
    expect(gateway.allCalls()).toEqual([]);
  });

  it('keeps the query of the address to return to', async () => {
    const input = { patientId: gateway.ids.Chloe, returnTo: `${returnTo}?tab=appointments` };
    const { payload } = await mutate(gateway, 'connectPatientPortal', input, 'authorizationUrl');
    const back = await comeBack(gateway, await walkLogin(payload.authorizationUrl, 'chloe', false));
    expect(back.searchParams.get('tab')).toBe('appointments');
    expect(back.searchParams.get('portal_error')).toBe('access_denied');
  });

  it('is forbidden for another patient', async () => {
    const input = { patientId: gateway.ids.Ben, returnTo };
    const { data, errors } = await mutate(gateway, 'connectPatientPortal', input, '', 'ana');
    expect(data).toBeNull();
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('the callback /oauth/my-patient-portal/callback', () => {
  it('redeems the code and sends the browser on with a one-time token and nothing else', async () => {
    const callback = await walkLogin(await beginLogin(gateway, gateway.ids.Chloe), 'chloe');
    gateway.forget();
    const response = await gateway.fetch(callback);
    expect(response.status).toBe(303);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('referrer-policy')).toBe('no-referrer');
    expect(response.headers.get('set-cookie')).toBeNull();
    const location = new URL(response.headers.get('location') ?? '');
    expect(location.origin + location.pathname).toBe(returnTo);
    expect(Object.fromEntries(location.searchParams)).toEqual({
      portal_connection: expect.stringMatching(/^[\w-]{43}$/),
    });
    const [token] = gateway.calls('MY_PATIENT_PORTAL');
    expect(calls()).toEqual(['POST /oauth/token', 'GET /oauth/discovery/keys']);
    expect(token?.headers.authorization).toMatch(/^Basic /);
    expect(await portalAccount('Chloe')).toBeUndefined();
    expect(gateway.logged()).not.toContain(location.searchParams.get('portal_connection'));
  });

  it('O01: is good once', async () => {
    const callback = await walkLogin(await beginLogin(gateway, gateway.ids.Chloe), 'chloe');
    await comeBack(gateway, callback);
    gateway.forget();
    const again = await gateway.fetch(callback);
    expect(again.status).toBe(400);
    expect(again.headers.get('location')).toBeNull();
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each([
    ['an unknown state', (url: URL) => url.searchParams.set('state', 'a'.repeat(43))],
    ['no state', (url: URL) => url.searchParams.delete('state')],
    ['an empty state', (url: URL) => url.searchParams.set('state', '')],
    ['two states', (url: URL) => url.searchParams.append('state', 'b'.repeat(43))],
    [
      'the callback of no vendor',
      (url: URL) => {
        url.pathname = '/oauth/cerbo/callback';
      },
    ],
  ])('O01: refuses %s without a call and without a redirect', async (_what, change) => {
    const callback = new URL(
      await walkLogin(await beginLogin(gateway, gateway.ids.Chloe), 'chloe'),
    );
    change(callback);
    gateway.forget();
    const response = await gateway.fetch(callback.href);
    expect(response.status).toBe(400);
    expect(response.headers.get('location')).toBeNull();
    expect(await response.text()).not.toContain(callback.searchParams.get('code'));
    expect(gateway.allCalls()).toEqual([]);
  });

  it('tells the page that the patient refused', async () => {
    const callback = await walkLogin(await beginLogin(gateway, gateway.ids.Chloe), 'chloe', false);
    expect(new URL(callback).searchParams.get('error')).toBe('access_denied');
    gateway.forget();
    const back = await comeBack(gateway, callback);
    expect(back.href).toBe(`${returnTo}?portal_error=access_denied`);
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each([
    ['error', '<script>canary</script>'],
    ['error_description', '"><img src=x onerror=canary>'],
    ['error_uri', 'javascript:canary'],
  ])('O11: reflects nothing of a callback whose %s is markup', async (name, markup) => {
    const callback = new URL(
      await walkLogin(await beginLogin(gateway, gateway.ids.Chloe), 'chloe', false),
    );
    callback.searchParams.set(name, markup);
    gateway.forget();
    const response = await gateway.fetch(callback.href);
    expect(response.status).toBe(303);
    expect(response.headers.get('location')).toMatch(
      new RegExp(`^${returnTo}\\?portal_error=(access_denied|login_failed)$`),
    );
    expect(await response.text()).not.toContain('canary');
    const stray = new URL(callback);
    stray.searchParams.set('state', 'c'.repeat(43));
    expect(await (await gateway.fetch(stray.href)).text()).not.toContain('canary');
    expect(gateway.allCalls()).toEqual([]);
  });

  it('tells the page that the login failed where the code is not the vendor’s', async () => {
    const callback = new URL(
      await walkLogin(await beginLogin(gateway, gateway.ids.Chloe), 'chloe'),
    );
    callback.searchParams.set('code', 'forged');
    const back = await comeBack(gateway, callback.href);
    expect(back.href).toBe(`${returnTo}?portal_error=login_failed`);
  });

  it('tells the page that the vendor is down', async () => {
    const callback = await walkLogin(await beginLogin(gateway, gateway.ids.Chloe), 'chloe');
    gateway.sandbox.simulators.MY_PATIENT_PORTAL.fault({
      kind: 'status',
      status: 503,
      match: /oauth\/token/,
    });
    const back = await comeBack(gateway, callback);
    expect(back.href).toBe(`${returnTo}?portal_error=vendor_unavailable`);
  });

  it('comes too late after ten minutes', async () => {
    const callback = await walkLogin(await beginLogin(gateway, gateway.ids.Chloe), 'chloe');
    gateway.forget();
    shift = 10 * minute;
    const response = await gateway.fetch(callback);
    expect(response.status).toBe(400);
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('completePatientPortalConnection', () => {
  it('links the account for the subject who began, and the portal can be asked', async () => {
    const connection = await connectionFor(gateway, gateway.ids.Chloe, 'chloe');
    gateway.forget();
    const { payload, errors } = await complete(connection);
    expect(errors).toEqual([]);
    expect(payload).toEqual({
      patient: { id: gateway.ids.Chloe },
      vendorAccount: {
        vendor: 'MY_PATIENT_PORTAL',
        vendorPatientId: expect.stringMatching(/^[0-9a-f]{64}$/),
        linkMethod: 'OAUTH',
        connected: true,
        profile: { firstName: 'Chloe', lastName: 'Meyer' },
      },
      userErrors: [],
    });
    // The profile that was selected, and no more.
    expect(calls()).toEqual(['GET /profile']);
    expect(gateway.calls('MY_PATIENT_PORTAL')[0]?.headers.authorization).toMatch(/^Bearer \S+$/);
    expect(await portalTimes(gateway, gateway.ids.Chloe)).not.toEqual([]);
  });

  it('is good once', async () => {
    const connection = await connectionFor(gateway, gateway.ids.Chloe, 'chloe');
    expect((await complete(connection)).payload.userErrors).toEqual([]);
    gateway.forget();
    const { payload } = await complete(connection);
    expect(payload).toMatchObject({ patient: null, vendorAccount: null, userErrors: unusable });
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each([
    ['another patient', 'ben'],
    ['another member of staff', 'admin'],
  ] as const)('is refused to %s, onto whose patient nothing lands', async (_who, other) => {
    const before = await portalAccount('Ben');
    const connection = await connectionFor(gateway, gateway.ids.David, 'david');
    const { payload } = await complete(connection, other);
    expect(payload).toMatchObject({ patient: null, vendorAccount: null, userErrors: unusable });
    expect(await portalAccount('Ben')).toEqual(before);
    expect(await portalAccount('David')).toBeUndefined();
  });

  it.each([['made-up'], [''], ['a'.repeat(43)], ['%00']])(
    'O01: refuses the token %j',
    async (token) => {
      const { payload } = await complete(token);
      expect(payload).toMatchObject({ patient: null, vendorAccount: null, userErrors: unusable });
    },
  );

  it('comes too late after ten minutes', async () => {
    const connection = await connectionFor(gateway, gateway.ids.David, 'david');
    shift = 10 * minute;
    expect((await complete(connection)).payload.userErrors).toMatchObject(unusable);
    expect(await portalAccount('David')).toBeUndefined();
  });

  it('comes in time just before', async () => {
    const connection = await connectionFor(gateway, gateway.ids.Chloe, 'chloe');
    shift = 9.9 * minute;
    expect((await complete(connection)).payload.userErrors).toEqual([]);
  });

  it('O04: does not link a portal account that is another patient’s', async () => {
    const before = await portalAccount('Ana');
    const { payload } = await connect(gateway, gateway.ids.Ana, 'ben', 'ana');
    expect(payload).toMatchObject({ patient: null, vendorAccount: null });
    expect(payload.userErrors).toMatchObject([
      { code: 'ALREADY_LINKED', path: ['input', 'connection'] },
    ]);
    expect(await portalAccount('Ana')).toEqual(before);
    // Ana's own authorization is what it was.
    const { data } = await gateway.query(
      '{ viewer { patient { vendorAccounts { vendor profile { firstName } } } } }',
      {},
      'ana',
    );
    expect(data.viewer.patient.vendorAccounts).toContainEqual({
      vendor: 'MY_PATIENT_PORTAL',
      profile: { firstName: 'Ana' },
    });
  });

  it('does not link it either for a patient without any portal account', async () => {
    const { payload } = await connect(gateway, gateway.ids.David, 'ben');
    expect(payload.userErrors).toMatchObject([{ code: 'ALREADY_LINKED' }]);
    expect(await portalAccount('David')).toBeUndefined();
    expect(await portalAccount('Ben')).toMatchObject({ connected: true });
  });

  it('renews the authorization of the account that is linked already', async () => {
    const before = await portalAccount('Ana');
    const { payload } = await connect(gateway, gateway.ids.Ana, 'ana', 'ana');
    expect(payload.userErrors).toEqual([]);
    expect(payload.vendorAccount).toMatchObject({
      vendorPatientId: before.vendorPatientId,
      connected: true,
    });
  });
});
