import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { mutate, sent, vseeCall } from '../../support/mutations.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const fields =
  'portalAccess { id vendor status issuedAt expiresAt revokedAt redirectUrl patient { id } } operation { id }';
const signIn = vseeCall('POST', 'users/sso');
const hour = 60 * 60 * 1000;

const link = (input: Record<string, unknown>, as: 'staff' | 'ana' = 'staff') =>
  mutate(gateway, 'createPortalLink', { patientId: gateway.ids.Ana, ...input }, fields, as);

describe('createPortalLink', () => {
  it('signs the patient in and leads to the clinic’s dashboard', async () => {
    const { payload, errors } = await link({}, 'ana');
    expect(errors).toEqual([]);
    expect(payload.userErrors).toEqual([]);
    expect(payload.operation).toEqual({ id: expect.any(String) });
    const { portalAccess } = payload;
    expect(portalAccess).toMatchObject({
      vendor: 'VSEE',
      status: 'ACTIVE',
      revokedAt: null,
      patient: { id: gateway.ids.Ana },
    });
    expect(Date.parse(portalAccess.expiresAt) - Date.now()).toBeGreaterThan(23.9 * hour);
    expect(Date.parse(portalAccess.expiresAt) - Date.now()).toBeLessThanOrEqual(24 * hour);

    const portal = gateway.sandbox.simulators.VSEE.environment.VSEE_PORTAL_URL;
    const [, token] = /\?sso_token=([0-9a-f]{32})&next=/.exec(portalAccess.redirectUrl) ?? [];
    expect(portalAccess.redirectUrl).toBe(`${portal}auth?sso_token=${token}&next=/u/clinic`);
    expect(gateway.allCalls()).toEqual([`VSEE ${signIn}`]);
    const [call] = gateway.calls('VSEE');
    expect(call?.headers).toMatchObject({
      'x-accountcode': 'portico-sandbox',
      'x-apikey': 'sandbox-api-key',
      'x-apisecret': 'sandbox-api-secret',
    });
    expect(call?.headers).not.toHaveProperty('x-apitoken');
    expect(call?.body).toMatchObject({ type: 200, first_name: 'Ana' });
    expect(call?.body).not.toHaveProperty('disable_emails');
    expect(gateway.logged()).not.toContain(token);
  });

  it('issues a link that the portal takes', async () => {
    const { payload } = await link({});
    const opened = await fetch(payload.portalAccess.redirectUrl, { redirect: 'manual' });
    expect(opened.status).toBe(302);
    expect(opened.headers.get('location')).toMatch(/\/vc\/stable\/u\/clinic$/);
  });

  it.each([
    [{ hideNavigation: true }, '/u/clinic&disable_navigation=1'],
    [{ destination: 'ROOM', roomSlug: 'berlin-practice' }, '/u/berlin-practice'],
    [
      { destination: 'ROOM', roomSlug: 'night', hideNavigation: true },
      '/u/night&disable_navigation=1',
    ],
  ])('builds the link for %j', async (input, next) => {
    const { payload } = await link(input);
    expect(payload.userErrors).toEqual([]);
    const { redirectUrl } = payload.portalAccess;
    expect(redirectUrl.slice(redirectUrl.indexOf('&next='))).toBe(`&next=${next}`);
    expect(sent(gateway.calls('VSEE'))).toEqual([signIn]);
  });

  it('leads to the room whose slug its code has found', async () => {
    const { data } = await gateway.query('{ clinicRoom(code: "berlin") { code slug } }');
    const { slug: roomSlug } = data.clinicRoom;
    expect(data.clinicRoom).toEqual({ code: 'berlin', slug: 'berlin-practice' });
    const { payload } = await link({ destination: 'ROOM', roomSlug });
    expect(payload.portalAccess.redirectUrl).toContain('/u/berlin-practice');
  });

  it('takes a new token for each link, so that it lives as long as it can', async () => {
    const first = await link({});
    const second = await link({});
    expect(first.payload.portalAccess.redirectUrl).not.toBe(
      second.payload.portalAccess.redirectUrl,
    );
    expect(first.payload.portalAccess.id).not.toBe(second.payload.portalAccess.id);
    expect(sent(gateway.calls('VSEE'))).toEqual([signIn, signIn]);
  });

  it('has the vendor send no mail only where that is asked for', async () => {
    const { payload } = await link({ disableEmails: true });
    expect(payload.userErrors).toEqual([]);
    expect(payload.portalAccess.redirectUrl).not.toContain('disable');
    expect(gateway.calls('VSEE')[0]?.body).toMatchObject({ disable_emails: 1 });
  });

  it('is listed afterwards, without its secret', async () => {
    const { payload } = await link({});
    gateway.forget();
    const { data } = await gateway.query(
      'query ($id: ID!, $access: ID!) { patient(id: $id) { portalAccess(vendor: VSEE) { id status redirectUrl } } node(id: $access) { ... on PortalAccess { id redirectUrl } } }',
      { id: gateway.ids.Ana, access: payload.portalAccess.id },
      'ana',
    );
    expect(data.patient.portalAccess).toContainEqual({
      id: payload.portalAccess.id,
      status: 'ACTIVE',
      redirectUrl: null,
    });
    expect(data.node).toEqual({ id: payload.portalAccess.id, redirectUrl: null });
    expect(gateway.allCalls()).toEqual([]);
  });

  it('makes the vendor account of a patient who is new there', async () => {
    const { payload } = await link({ patientId: gateway.ids.Emi });
    expect(payload.userErrors).toEqual([]);
    const { data } = await gateway.query(
      'query ($id: ID!) { patient(id: $id) { vendorAccounts { vendor linkMethod } } }',
      { id: gateway.ids.Emi },
    );
    expect(data.patient.vendorAccounts).toEqual([{ vendor: 'VSEE', linkMethod: 'CREATED' }]);
  });

  it.each([
    ['a room without its slug', { destination: 'ROOM' }],
    ['a slug without the room', { roomSlug: 'berlin' }],
    ['a slug that leads elsewhere', { destination: 'ROOM', roomSlug: '../../evil' }],
    ['a slug with a query', { destination: 'ROOM', roomSlug: 'clinic?next=//evil.test' }],
    ['a slug with an address', { destination: 'ROOM', roomSlug: '//evil.test' }],
  ])('refuses %s without a call', async (_what, input) => {
    const { payload } = await link(input);
    expect(payload.portalAccess).toBeNull();
    expect(payload.userErrors).toMatchObject([
      { code: 'INVALID_INPUT', path: ['input', 'roomSlug'] },
    ]);
    expect(gateway.allCalls()).toEqual([]);
  });

  it('says VENDOR_UNAVAILABLE where single sign-on is down, and leaves no access behind', async () => {
    gateway.sandbox.simulators.VSEE.fault({ kind: 'status', status: 503, match: /sso/ });
    const before = await accesses();
    const { payload } = await link({});
    expect(payload.userErrors).toMatchObject([
      { __typename: 'VendorUnavailableError', code: 'VENDOR_UNAVAILABLE', vendor: 'VSEE' },
    ]);
    expect(sent(gateway.calls('VSEE'))).toEqual([signIn, signIn, signIn]);
    expect(await accesses()).toBe(before);
  });

  it('is not the patient’s fault where single sign-on is switched off at the vendor', async () => {
    const { switches } = gateway.sandbox.simulators.VSEE;
    switches.ssoEnabled = false;
    try {
      const { payload } = await link({});
      expect(payload.portalAccess).toBeNull();
      expect(payload.userErrors).toMatchObject([{ code: 'VENDOR_UNAVAILABLE' }]);
      expect(payload.userErrors[0].message).not.toContain('SSO is not enabled');
      expect(sent(gateway.calls('VSEE'))).toEqual([signIn]);
    } finally {
      switches.ssoEnabled = true;
    }
  });

  it('is forbidden to another patient', async () => {
    const { data, errors } = await link({ patientId: gateway.ids.Ben }, 'ana');
    expect(data).toBeNull();
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
    expect(gateway.allCalls()).toEqual([]);
  });
});

async function accesses(): Promise<number> {
  const { data } = await gateway.query(
    'query ($id: ID!) { patient(id: $id) { portalAccess(vendor: VSEE) { id } } }',
    { id: gateway.ids.Ana },
  );
  return data.patient.portalAccess.length;
}
