import { describe, expect, test } from 'vitest';
import { VendorError } from '../../../src/domain/errors.ts';
import type { Patient } from '../../../src/domain/records.ts';
import { ana, ben, errorOf, openClinic, wednesday } from './clinic.ts';

const day = 86_400_000;

describe('signing in at VSee', () => {
  test('sends key, secret and account code, a code that cannot be guessed, and the whole e-prescribing group', async () => {
    const { visits, scope, lastCall } = await openClinic();
    await visits.signIn(scope(), ana);
    expect(lastCall()).toEqual({
      method: 'POST',
      path: '/api_v3/users/sso',
      query: {},
      headers: {
        'x-accountcode': 'portico-sandbox',
        'x-apikey': 'sandbox-api-key',
        'x-apisecret': 'sandbox-api-secret',
      },
      body: {
        first_name: 'Ana',
        last_name: 'Silva',
        type: 200,
        code: `portico-${ana.id}`,
        dob: '1988-02-11',
        email: 'ana.silva@example.com',
        gender: 'female',
        street_addr: '1 Sandbox Street',
        city: 'Los Angeles',
        state: 'CA',
        zip: '90012',
        phone: '5550104477',
      },
      status: 200,
    });
  });

  const at = { street: '1 Sandbox Street', city: 'Los Angeles', state: 'CA', postalCode: '90012' };
  const incomplete: [string, Partial<Patient>][] = [
    ['no birth date', { birthDate: null }],
    ['a sex that the vendor has no word for', { sex: 'OTHER' }],
    ['no phone', { phone: null }],
    ['no address', { address: null }],
    ['a state in full', { address: { ...at, country: null, state: 'California' } }],
    ['an address abroad', { address: { ...at, country: 'DE' } }],
    ['no postal code', { address: { ...at, country: 'US', postalCode: null } }],
  ];
  test.each(incomplete)(
    'leaves the e-prescribing group out as a whole with %s',
    async (_case, change) => {
      const { visits, scope, lastCall } = await openClinic();
      await visits.signIn(scope(), { ...ana, ...change });
      const sent = Object.keys(lastCall().body as object);
      expect(sent.slice(0, 4)).toEqual(['first_name', 'last_name', 'type', 'code']);
      for (const name of ['gender', 'street_addr', 'city', 'state', 'zip', 'phone']) {
        expect(sent).not.toContain(name);
      }
    },
  );

  test('takes the expiry from the answer and keeps token and member in the vault', async () => {
    const { visits, scope, vault } = await openClinic();
    const session = await visits.signIn(scope(), ana);
    expect(session).toMatchObject({
      patientId: ana.id,
      vendorPatientId: '183201',
      expiresAt: new Date(wednesday + day),
    });
    expect(session.token).toMatch(/^[0-9a-f]{32}$/);
    expect(vault.kept.get(`VSEE ${ana.id}`)).toEqual({
      accessToken: session.token,
      refreshToken: null,
      scopes: [],
      expiresAt: session.expiresAt,
      vendorPatientId: '183201',
    });
  });

  test('reuses the stored token without a call, and signs in again a minute before its end', async () => {
    const { visits, scope, simulator, time } = await openClinic();
    const first = await visits.signIn(scope(), ana);
    time.now = wednesday + day - 61_000;
    expect(await visits.signIn(scope(), ana)).toEqual(first);
    expect(simulator.calls).toHaveLength(1);
    time.now = wednesday + day - 60_000;
    const second = await visits.signIn(scope(), ana);
    expect(simulator.calls).toHaveLength(2);
    expect(second.vendorPatientId).toBe(first.vendorPatientId);
    expect(second.token).not.toBe(first.token);
  });

  test('signs in anew when asked to, and when mail is to be disabled, which no stored token can say', async () => {
    const { visits, scope, simulator, lastCall } = await openClinic();
    await visits.signIn(scope(), ana);
    await visits.signIn(scope(), ana, { renew: true });
    expect(lastCall().body).not.toHaveProperty('disable_emails');
    await visits.signIn(scope(), ana, { disableEmails: true });
    expect(lastCall().body).toMatchObject({ disable_emails: 1 });
    expect(simulator.calls).toHaveLength(3);
  });

  test('gives two patients two members', async () => {
    const { visits, scope } = await openClinic();
    const one = await visits.signIn(scope(), ana);
    const other = await visits.signIn(scope(), ben);
    expect(other.vendorPatientId).not.toBe(one.vendorPatientId);
  });

  test('is repeated after a fault, since it is an upsert', async () => {
    const { visits, scope, simulator } = await openClinic();
    simulator.fault({ kind: 'status', status: 503, act: true, times: 1 });
    const session = await visits.signIn(scope(), ana);
    expect(session.vendorPatientId).toBe('183201');
    expect(simulator.calls.map(({ status }) => status)).toEqual([503, 200]);
  });

  test('is a refused credential where single sign-on is off, or the secret is wrong', async () => {
    const off = await openClinic();
    off.simulator.switches.ssoEnabled = false;
    expect(await errorOf(off.visits.signIn(off.scope(), ana))).toMatchObject({
      kind: 'CREDENTIAL_REFUSED',
      status: 403,
      mayHaveActed: false,
    });
    const wrong = await openClinic({ VSEE_API_SECRET: 'another' });
    expect(await errorOf(wrong.visits.signIn(wrong.scope(), ana))).toMatchObject({
      kind: 'CREDENTIAL_REFUSED',
      status: 401,
    });
  });
});

describe('a token that dies before its announced end', () => {
  test('leaves the vault and asks for a new sign-in; nothing was done', async () => {
    const { visits, scope, begin, simulator, vault } = await openClinic();
    const { session, place } = await begin(ana, 'clinic');
    simulator.switches.expireTokens();
    const error = await errorOf(visits.startWalkIn(scope(), session, place));
    expect(error).toBeInstanceOf(VendorError);
    expect(error).toMatchObject({
      kind: 'AUTHORIZATION_REQUIRED',
      status: 401,
      mayHaveActed: false,
      operation: 'visits/add_walkin',
    });
    expect(vault.kept.size).toBe(0);
    const renewed = await visits.signIn(scope(), ana);
    const { visit } = await visits.startWalkIn(scope(), renewed, place);
    expect(visit.kind).toBe('WALK_IN');
  });

  test('does not take a newer token with it', async () => {
    const { visits, scope, simulator, vault } = await openClinic();
    const old = await visits.signIn(scope(), ana);
    simulator.switches.expireTokens();
    const renewed = await visits.signIn(scope(), ana, { renew: true });
    const error = await errorOf(visits.visit(scope(), old, '67001'));
    expect(error.kind).toBe('AUTHORIZATION_REQUIRED');
    expect(vault.kept.get(`VSEE ${ana.id}`)?.accessToken).toBe(renewed.token);
  });
});

test('the profile that VSee holds is read with the patient’s own token as `users/-`', async () => {
  const { visits, scope, lastCall } = await openClinic();
  const session = await visits.signIn(scope(), ana);
  expect(await visits.profile(scope(), session)).toEqual({
    vendor: 'VSEE',
    firstName: 'Ana',
    lastName: 'Silva',
    birthDate: '1988-02-11',
    sex: 'FEMALE',
    email: 'ana.silva@example.com',
    phone: null,
    address: null,
  });
  expect(lastCall()).toMatchObject({
    method: 'GET',
    path: '/api_v3/users/-',
    headers: { 'x-accountcode': 'portico-sandbox', 'x-apitoken': session.token },
  });
  expect(Object.keys(lastCall().headers)).toHaveLength(2);
});
