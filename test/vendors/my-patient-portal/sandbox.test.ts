import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSlotIds, toIso } from '../../../src/vendors/my-patient-portal/sandbox-slots.ts';
import { type Portal, startPortal } from './portal.ts';

/** The simulator as strict as the contract, asked without the door. */
let portal: Portal;
let token: string;
beforeAll(async () => {
  portal = await startPortal();
  await portal.connect('ana');
  token = portal.vault.entries.get('ana')?.accessToken ?? '';
});
afterAll(() => portal.simulator.close());

const api = (path: string, init: RequestInit = {}) =>
  fetch(`${portal.simulator.environment.MY_PATIENT_PORTAL_API_URL}/${path}`, {
    ...init,
    headers: { authorization: `Bearer ${token}`, ...init.headers },
  });

async function freeSlot(): Promise<string> {
  const step = 'insurance_id=136&appointment_category_id=53&appointment_type_id=198';
  const answer = (await (await api(`availabilities?${step}`)).json()) as { data: { id: string }[] };
  return answer.data[0]?.id ?? '';
}

describe('the resource API', () => {
  test.each([
    ['GET', 'profile', {}, 401],
    ['GET', 'profile', { authorization: 'Bearer wrong' }, 401],
    ['GET', 'profile', { authorization: 'Basic c2FuZGJveA==' }, 401],
    ['GET', 'unknown', { authorization: 'Bearer wrong' }, 401],
  ])('answers %s %s with %j by %d', async (method, path, headers, status) => {
    const url = `${portal.simulator.environment.MY_PATIENT_PORTAL_API_URL}/${path}`;
    const response = await fetch(url, { method, headers: headers as Record<string, string> });
    expect(response.status).toBe(status);
    expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /);
    expect(await response.json()).toMatchObject({ error: 'invalid_token' });
  });

  test.each([
    ['GET', 'available_days', 404],
    ['GET', 'institutions', 404],
    ['GET', 'portal', 404],
    ['GET', 'appointments/none', 404],
    ['DELETE', 'profile', 405],
    ['GET', 'appointment_types?insurance_id=136', 400],
    ['GET', 'appointment_types?insurance_id=136&appointment_category_id=99', 404],
    ['GET', 'appointment_types?insurance_id=136&appointment_category_id=54', 403],
  ])('answers %s %s by %d', async (method, path, status) => {
    expect((await api(path, { method })).status).toBe(status);
  });

  test('refuses what misses, what is malformed and what it does not know', async () => {
    const id = await freeSlot();
    for (const body of [
      {},
      { availability_id: id },
      { insurance_id: 136 },
      { availability_id: id, insurance_id: 136, patient_id: 7 },
      { availability_id: id, insurance_id: 136, asap_list_opt_in: 'perhaps' },
    ]) {
      const response = await api('booking', {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      });
      expect(response.status).toBe(400);
    }
  });

  test('takes a booking as a form, in which a bare plus is no plus', async () => {
    let id = await freeSlot();
    while (!id.includes('+')) {
      id = await freeSlot();
    }
    const send = (body: string) =>
      api('booking', {
        method: 'POST',
        body,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      });
    expect((await send(`availability_id=${id}&insurance_id=136`)).status).toBe(422);
    const form = new URLSearchParams({ availability_id: id, insurance_id: '136' });
    expect((await send(form.toString())).status).toBe(201);
  });

  test('gives no second appointment for one slot to two who book at once', async () => {
    const id = await freeSlot();
    const body = JSON.stringify({ availability_id: id, insurance_id: 136 });
    const headers = { 'content-type': 'application/json' };
    const answers = await Promise.all(
      [1, 2].map(() => api('booking', { method: 'POST', body, headers })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([201, 422]);
  });
});

describe('the authorization server', () => {
  test('publishes the documented metadata under both addresses, without PKCE methods', async () => {
    const { origin } = portal.simulator;
    const read = async (name: string) =>
      (await (await fetch(`${origin}/.well-known/${name}`)).json()) as Record<string, unknown>;
    const metadata = await read('openid-configuration');
    expect(metadata).toMatchObject({
      issuer: origin,
      authorization_endpoint: `${origin}/oauth/authorize`,
      token_endpoint: `${origin}/oauth/token`,
      revocation_endpoint: `${origin}/oauth/revoke`,
      introspection_endpoint: `${origin}/oauth/introspect`,
      userinfo_endpoint: `${origin}/oauth/userinfo`,
      jwks_uri: `${origin}/oauth/discovery/keys`,
      response_types_supported: ['code'],
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['RS256'],
      token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post'],
    });
    expect(metadata).not.toHaveProperty('code_challenge_methods_supported');
    expect(await read('oauth-authorization-server')).toEqual(metadata);
  });

  test('answers token requests in the documented words', async () => {
    const ask = (form: Record<string, string>, secret = 'sandbox-portal-secret') =>
      fetch(`${portal.simulator.origin}/oauth/token`, {
        method: 'POST',
        body: new URLSearchParams({ client_id: 'sandbox-portico', client_secret: secret, ...form }),
      });
    const refresh = { grant_type: 'refresh_token', refresh_token: 'unknown' };
    const cases = [
      [await ask(refresh), 400, 'invalid_grant'],
      [await ask(refresh, 'wrong'), 401, 'invalid_client'],
      [await ask({ grant_type: 'password' }), 400, 'unsupported_grant_type'],
      [await ask({ grant_type: 'refresh_token' }), 400, 'invalid_request'],
    ] as const;
    for (const [response, status, error] of cases) {
      expect(response.status).toBe(status);
      expect(await response.json()).toMatchObject({ error });
      expect(response.headers.get('www-authenticate')).toContain(`error="${error}"`);
    }
    const tokens = portal.vault.entries.get('ana');
    const good = await ask({ ...refresh, refresh_token: tokens?.refreshToken ?? '' });
    expect(await good.json()).toMatchObject({
      token_type: 'Bearer',
      expires_in: 7200,
      created_at: expect.any(Number),
      scope: 'openid profile_read appointment_read appointment_write',
      id_token: expect.any(String),
    });
  });

  test('shows plain pages: labelled, without anything from elsewhere', async () => {
    const { authorizationUrl } = await portal.door.connection.begin(portal.scope());
    const first = await fetch(authorizationUrl, { redirect: 'manual' });
    const cookie = first.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; ');
    const page = await fetch(new URL(first.headers.get('location') ?? '', authorizationUrl), {
      headers: { cookie },
    });
    const html = await page.text();
    expect(html).toContain('<label for="username">');
    expect(html).toContain('<label for="password">');
    expect(html).not.toMatch(/<script|https?:\/\//);
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
  });
});

describe('slots', () => {
  const ids = createSlotIds();
  const slot = { typeId: 198, insuranceId: 136, start: Date.parse('2026-03-20T09:00:00Z') };

  test('have ids of the documented alphabet and layout that open to the last character', () => {
    const id = ids.seal(slot);
    expect(id).toMatch(/^[A-Za-z0-9+_]{184}--[A-Za-z0-9+_]{16}--[A-Za-z0-9+_]{22}==$/);
    expect(id).toHaveLength(228);
    expect(ids.open(id)).toEqual(slot);
    expect(ids.open(id.slice(0, -1))).toBeUndefined();
    expect(ids.open(id.replace(/^./, (sign) => (sign === 'A' ? 'B' : 'A')))).toBeUndefined();
    expect(ids.seal(slot)).not.toBe(id);
    expect(createSlotIds().open(id)).toBeUndefined();
  });

  test('are written with the offset of their day', () => {
    expect(toIso(Date.parse('2026-03-28T08:00:00Z'))).toBe('2026-03-28T09:00:00+01:00');
    expect(toIso(Date.parse('2026-03-30T08:00:00Z'))).toBe('2026-03-30T10:00:00+02:00');
  });
});
