import { describe, expect, test } from 'vitest';
import { ask, openClinic, seconds, wednesday } from './clinic.ts';

const account = { 'x-accountcode': 'portico-sandbox' };
const application = {
  ...account,
  'x-apikey': 'sandbox-api-key',
  'x-apisecret': 'sandbox-api-secret',
};
const admin = { ...account, 'x-apitoken': 'sandbox-admin-token' };
const person = { first_name: 'Emi', last_name: 'Tanaka', type: 200, code: 'emi' };

/** The clinic, and a patient signed in by hand. */
async function openWithEmi() {
  const clinic = await openClinic();
  const api = (method: string, path: string, headers: Record<string, string>, body?: unknown) =>
    ask(clinic.api, method, path, { headers, body });
  const signedIn = await api('POST', 'users/sso', application, person);
  const id = String(signedIn.data.id);
  const token = String((signedIn.data.token as { token: string }).token);
  const emi = { ...account, 'x-apitoken': token };
  const intake = async (headers = emi, more = {}) => {
    const made = await api('POST', 'intakes', headers, { room_code: 'clinic', ...more });
    return String(made.data.id);
  };
  return { ...clinic, call: api, emi, id, token, intake };
}

describe('credentials at the sandbox', () => {
  test.each([
    [
      'no account code',
      { 'x-apikey': 'sandbox-api-key', 'x-apisecret': 'sandbox-api-secret' },
      401,
    ],
    ['the key alone', { ...account, 'x-apikey': 'sandbox-api-key' }, 401],
    ['a wrong secret', { ...application, 'x-apisecret': 'x' }, 401],
    ['a token that does not belong there', { ...application, 'x-apitoken': 'x' }, 400],
    ['key and secret', application, 200],
  ])('sign-in with %s', async (_case, headers, status) => {
    const { api } = await openClinic();
    const answer = await ask(api, 'POST', 'users/sso', { headers, body: person });
    expect(answer.status).toBe(status);
    expect(Object.keys(answer.body)).toEqual(status === 200 ? ['data'] : ['code', 'message']);
  });

  test('each call takes its own and no other', async () => {
    const { call, emi } = await openWithEmi();
    const status = async (method: string, path: string, headers: Record<string, string>) =>
      (await call(method, path, headers, method === 'POST' ? { x: 1 } : undefined)).status;
    expect(await status('POST', 'intakes', account)).toBe(401);
    expect(await status('POST', 'intakes', application)).toBe(400);
    expect(await status('POST', 'visits/add_econsult', admin)).toBe(403);
    expect(await status('GET', 'visits', emi)).toBe(403);
    expect(await status('GET', 'visits', admin)).toBe(200);
    expect(await status('GET', 'rooms', account)).toBe(200);
    expect(await status('GET', 'rooms', {})).toBe(401);
    expect(await status('GET', 'rooms/clinic', emi)).toBe(400);
    expect(await status('GET', 'nothing', emi)).toBe(404);
  });
});

describe('users at the sandbox', () => {
  test('are the same for the same code, with the profile updated and a token of a day', async () => {
    const { call, id, token } = await openWithEmi();
    const again = await call('POST', 'users/sso.json?fields=vsee', application, {
      ...person,
      last_name: 'Sato',
      type: '200',
    });
    expect(again.data).toMatchObject({
      id,
      code: 'emi',
      last_name: 'Sato',
      active: true,
      tos: false,
      subtype: '',
      token: {
        user_id: id,
        token: expect.stringMatching(/^[0-9a-f]{32}$/),
        expiry: seconds(wednesday) + 86_400,
        refresh_token: {
          expiry: seconds(wednesday) + 2_592_000,
          created: seconds(wednesday),
        },
      },
      vsee: { id: expect.any(String), token: expect.any(String) },
    });
    expect(again.data).not.toHaveProperty('dob');
    const old = await call('GET', 'users/-', { ...account, 'x-apitoken': token });
    expect(old.data).toMatchObject({ id, full_name: 'Emi Sato', gender: null, status: 20 });
    expect((await call('GET', `users/${id}.json`, admin)).data.id).toBe(id);
  });

  test('guests are new each time', async () => {
    const { call } = await openWithEmi();
    const guest = { ...person, type: 600, code: undefined };
    const one = await call('POST', 'users/sso', application, guest);
    const other = await call('POST', 'users/sso', application, guest);
    expect(one.data.code).toMatch(/^[0-9a-f]{32}$/);
    expect(other.data.id).not.toBe(one.data.id);
  });

  test.each([
    ['no first name', { first_name: undefined }],
    ['no code', { code: undefined }],
    ['a code that is too long', { code: 'x'.repeat(129) }],
    ['another type', { type: 100 }],
    ['a birth date in words', { dob: 'May 1988' }],
    ['a gender by number', { gender: 1 }],
    ['a state in full', { state: 'California' }],
  ])('are refused with %s', async (_case, change) => {
    const { call } = await openWithEmi();
    const answer = await call('POST', 'users/sso', application, { ...person, ...change });
    expect(answer).toMatchObject({ status: 400, body: { code: 400 } });
  });
});

describe('intakes at the sandbox', () => {
  test('echo custom answers only, are updated, and know their visit in the end', async () => {
    const { call, emi } = await openWithEmi();
    const file = '0b7e4a52-6a54-4f2e-9c0e-2f5a3c1d0a01';
    const made = await call('POST', 'intakes.json', emi, {
      room_code: 'clinic',
      reason_for_visit: 'cough',
      type: '1',
      provider: 5,
      attachments: file,
      custom_a: [1],
    });
    const id = String(made.data.id);
    expect(made.body).toEqual({ data: { id, custom_a: [1] } });
    expect((await call('POST', `intakes/${id}`, emi, { custom_b: 'x' })).body).toEqual({
      data: { id },
    });
    const visit = await call('POST', 'visits/add_walkin', emi, {
      intake_id: id,
      room_code: 'clinic',
    });
    expect((await call('GET', `intakes/${id}`, emi)).data).toMatchObject({
      id,
      type: '1',
      reason_for_visit: 'cough',
      custom_a: [1],
      custom_b: 'x',
      created: seconds(wednesday),
      attachments: [{ _id: file, created: { sec: seconds(wednesday), usec: 0 } }],
      visit_id: visit.data.id,
    });
  });

  test('refuse a consultation that cannot be read', async () => {
    const { call, emi, intake } = await openWithEmi();
    const broken = { consultation: '{' };
    expect((await call('POST', `intakes/${await intake()}`, emi, broken)).status).toBe(400);
  });

  test('are made for a member by an admin, by id or code, and never for another patient', async () => {
    const { call, emi, id, intake } = await openWithEmi();
    const status = async (headers: Record<string, string>, more: object) =>
      (await call('POST', 'intakes', headers, { room_code: 'clinic', ...more })).status;
    expect(await status(admin, {})).toBe(400);
    expect(await status(admin, { member_id: Number(id) })).toBe(200);
    expect(await status(admin, { member_id: 'emi' })).toBe(200);
    expect(await status(admin, { member_id: '1' })).toBe(404);
    expect(await status(emi, { member_id: id })).toBe(200);
    const ben = await call('POST', 'users/sso', application, { ...person, code: 'ben' });
    expect(await status(emi, { member_id: ben.data.id })).toBe(404);
    const token = String((ben.data.token as { token: string }).token);
    const foreign = await call('GET', `intakes/${await intake()}`, {
      ...account,
      'x-apitoken': token,
    });
    expect(foreign.status).toBe(404);
  });

  test.each([
    ['no room', { room_code: undefined }, 400],
    ['an unknown room', { room_code: 'x' }, 404],
    ['an unknown type', { type: 3 }, 400],
    ['a provider in words', { provider_id: 'Dr. Hill' }, 404],
    ['attachments without ids', { attachments: [{}] }, 400],
  ])('are refused with %s', async (_case, change, status) => {
    const { call, emi } = await openWithEmi();
    const answer = await call('POST', 'intakes', emi, { room_code: 'clinic', ...change });
    expect(answer.status).toBe(status);
  });
});

describe('visits at the sandbox', () => {
  test('have texts where they are created and integers where they are listed', async () => {
    const { call, emi, id, intake } = await openWithEmi();
    const body = { intake_id: await intake(), room_code: 'clinic' };
    const made = await call('POST', 'visits/add_walkin', emi, body);
    const now = seconds(wednesday);
    const shared = { id: '67001', member_id: id, provider_id: null, created: now, modified: now };
    expect(made.data).toMatchObject({
      ...shared,
      _id: '67001',
      type: '1',
      status: '10',
      start: String(now),
      end: String(now + 900),
      actual_start: null,
      payment: { duration: 15, amount: '00.00' },
    });
    const list = await call('GET', `visits?room_code=clinic&start_time=${now}`, admin);
    expect(list.body).toMatchObject({
      data: [{ ...shared, type: 1, status: 10, start: now, end: now + 900 }],
      total_count: 1,
    });
    const ids = await call('GET', 'visits?fields=id,status', admin);
    expect(ids.body.data).toEqual([{ id: '67001', status: 10 }]);
    const later = await call('GET', `visits?start_time=${now + 1}`, admin);
    expect(later.body).toEqual({ data: [], total_count: 0 });
  });

  test('go from state to state as people do, and no other way', async () => {
    const { call, emi, intake, asProvider } = await openWithEmi();
    const body = { intake_id: await intake(), room_code: 'clinic' };
    await call('POST', 'add_econsult', emi, body);
    expect(await asProvider('67001', 30)).toBe(400);
    expect(await asProvider('67001', 20)).toBe(200);
    expect(await asProvider('67001', 10)).toBe(400);
    expect(await asProvider('67001', 25)).toBe(200);
    expect(await asProvider('67001', 30)).toBe(200);
    const close = await call('POST', 'visits/67001/close', emi, { reason: 'call_ended' });
    expect(close.status).toBe(400);
    expect(await asProvider('67001', 50)).toBe(200);
    expect(await asProvider('1', 20)).toBe(404);
  });

  test('are closed with a known reason, by the patient', async () => {
    const { call, emi, id, intake } = await openWithEmi();
    const body = { intake_id: await intake(), room_code: 'clinic' };
    await call('POST', 'visits/add_walkin', emi, body);
    const bored = await call('POST', 'visits/67001/close', emi, { reason: 'bored' });
    expect(bored.status).toBe(400);
    const closed = await call('POST', 'visits/67001/close', emi, { reason: 'patient_exit_room' });
    expect(closed.data).toMatchObject({
      status: '40',
      completed_by: id,
      actual_end: String(seconds(wednesday)),
    });
  });

  test('of an admin need the member and ignore the calendar', async () => {
    const { call, id, intake } = await openWithEmi();
    const start = seconds(wednesday) + 10 * 3600 + 7;
    const body = { intake_id: await intake(), room_code: 'clinic', start, end: start + 60 };
    expect((await call('POST', 'visits', admin, body)).status).toBe(400);
    const forced = await call('POST', 'visits', admin, { ...body, member_id: id });
    expect(forced.data).toMatchObject({ type: '2', status: '10', start: String(start) });
    expect(forced.data.one_time_link_token).toMatch(/^[a-z0-9]{10}$/);
  });

  test.each([
    ['a time in the past', { start: 1, end: 2 }],
    ['a time off the grid', { start: seconds(wednesday) + 3660, end: seconds(wednesday) + 4560 }],
    ['another slot’s handle', { slot_id: 'clinic-1-15' }],
    ['a consultation of another room', { consultation_id: '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a4904' }],
  ])('are refused with %s', async (_case, change) => {
    const { call, emi, intake } = await openWithEmi();
    const start = seconds(wednesday) + 3600;
    const good = { intake_id: await intake(), room_code: 'clinic', start, end: start + 900 };
    expect((await call('POST', 'visits', emi, { ...good, ...change })).status).toBe(400);
    expect((await call('POST', 'visits', emi, good)).status).toBe(200);
  });
});

describe('the sandbox’s rooms and calendar', () => {
  test('list rooms by page, and their providers', async () => {
    const { call } = await openWithEmi();
    const page = await call('GET', 'rooms?page=2&limit=3', account);
    expect(page.body).toMatchObject({
      data: [{ code: 'paid' }, { code: 'second-opinion' }, { code: 'berlin' }],
      total: 6,
    });
    const providers = await call('GET', 'rooms/clinic/providers', account);
    expect(providers.body.data).toMatchObject([{ id: '826' }, { id: '827', last_name: 'Haddad' }]);
    expect((await call('GET', 'rooms/clinic/providers/827', account)).data.title).toBe('Dr.');
    expect((await call('GET', 'rooms/x/providers', account)).status).toBe(404);
  });

  test('answer availability as GET and as a posted form alike, booked slots with no places left', async () => {
    const { api, call, emi, id, intake } = await openWithEmi();
    const start = seconds(wednesday) + 3600;
    const body = { intake_id: await intake(), room_code: 'clinic', start, end: start + 900 };
    await call('POST', 'visits', emi, { ...body, member_id: id });
    const query = new URLSearchParams({
      room_code: 'clinic',
      member_id: id,
      start: String(start),
      end: String(start + 1800),
      duration: '15',
    });
    const got = await call('GET', `availability?${query}`, emi);
    expect(got.body.data).toMatchObject([
      { slot_start: start, slot_booked: 1, slot_available: 0 },
      { slot_start: start + 900, slot_booked: 0, slot_available: 1, provider_ids: ['826', '827'] },
    ]);
    const posted = await ask(api, 'POST', 'availability', { headers: emi, form: query });
    expect(posted.body).toEqual(got.body);
  });

  test('a 429 with Retry-After beyond the minute’s number, where a test sets one', async () => {
    const { call, simulator, time } = await openWithEmi();
    simulator.switches.requestsPerMinute = 2;
    await call('GET', 'rooms', account);
    await call('GET', 'rooms', account);
    const refused = await call('GET', 'rooms', account);
    expect(refused).toMatchObject({ status: 429, body: { code: 429 } });
    expect(refused.headers.get('retry-after')).toBe('1');
    time.now += 60_000;
    expect((await call('GET', 'rooms', account)).status).toBe(200);
  });
});
