import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { keyIn, mutate, sent, vendorIdIn, vseeCall } from '../../support/mutations.ts';

let gateway: TestGateway;
let openWalkIns: string[] = [];
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());
/** A patient has one open walk-in at a time: those of a test are ended after it. */
afterEach(async () => {
  for (const id of openWalkIns) {
    const { origin } = gateway.sandbox.simulators.VSEE;
    await fetch(`${origin}/vc/stable/_sandbox/visits/${id}/status`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ status: 40 }),
    });
  }
  openWalkIns = [];
});

const fields =
  'visit { id vendor kind status reason start end actualStart provider { id } inviteUrl appointment { id } patient { fullName } } joinUrl operation { id }';

async function walkIn(input: Record<string, unknown>, as: 'staff' | 'ana' | 'ben' = 'staff') {
  const answer = await mutate(gateway, 'startWalkInVisit', input, fields, as);
  if (answer.payload?.visit) {
    openWalkIns.push(vendorIdIn(answer.payload.visit.id));
  }
  return answer;
}

const room = vseeCall('GET', 'rooms/clinic');
const signIn = vseeCall('POST', 'users/sso');
const intake = vseeCall('POST', 'intakes');
const walkInCall = vseeCall('POST', 'visits/add_walkin');

describe('startWalkInVisit', () => {
  it('looks the room up, signs in, makes an intake and the visit, for a patient who is new at the vendor', async () => {
    const { Emi } = gateway.ids;
    const before = Date.now();
    const { payload, errors } = await walkIn({
      patientId: Emi,
      roomCode: 'clinic',
      providerId: '827',
      intake: {
        reasonForVisit: '  Sore throat ',
        location: 'ca',
        phone: '+15550104481',
        custom: { custom_fever: true },
      },
    });

    expect(errors).toEqual([]);
    const { visit, joinUrl, operation, userErrors } = payload;
    expect(userErrors).toEqual([]);
    expect(operation).toEqual({ id: expect.any(String) });
    expect(visit).toMatchObject({
      vendor: 'VSEE',
      kind: 'WALK_IN',
      status: 'PENDING',
      reason: 'Sore throat',
      actualStart: null,
      provider: { id: '827' },
      appointment: null,
      patient: { fullName: 'Emi Tanaka' },
    });
    expect(Math.abs(Date.parse(visit.start) - before)).toBeLessThan(10_000);
    expect(Date.parse(visit.end) - Date.parse(visit.start)).toBe(15 * 60 * 1000);

    const calls = gateway.calls('VSEE');
    expect(sent(calls)).toEqual([room, signIn, intake, walkInCall]);
    expect(gateway.allCalls()).toHaveLength(4);
    const [roomCall, signInCall, intakeCall, visitCall] = calls;
    const token = String(intakeCall?.headers['x-apitoken']);
    expect(token).toMatch(/^[0-9a-f]{32}$/);
    expect(roomCall?.headers).toMatchObject({ 'x-accountcode': 'portico-sandbox' });
    for (const secret of ['x-apikey', 'x-apisecret', 'x-apitoken']) {
      expect(roomCall?.headers).not.toHaveProperty(secret);
    }
    expect(signInCall?.headers).toMatchObject({
      'x-accountcode': 'portico-sandbox',
      'x-apikey': 'sandbox-api-key',
      'x-apisecret': 'sandbox-api-secret',
      'content-type': 'application/json',
    });
    expect(signInCall?.headers).not.toHaveProperty('x-apitoken');
    expect(signInCall?.body).toEqual({
      first_name: 'Emi',
      last_name: 'Tanaka',
      type: 200,
      code: `portico-${keyIn(Emi)}`,
      dob: '2001-03-17',
      email: 'emi.tanaka@example.com',
      gender: 'female',
      street_addr: '1 Sandbox Street',
      city: 'Los Angeles',
      state: 'CA',
      zip: '90012',
      phone: '+15550104481',
    });
    expect(intakeCall?.headers).not.toHaveProperty('x-apikey');
    expect(intakeCall?.headers).not.toHaveProperty('x-apisecret');
    expect(intakeCall?.body).toEqual({
      room_code: 'clinic',
      type: 1,
      reason_for_visit: 'Sore throat',
      provider_id: 827,
      location: 'CA',
      phone: '+15550104481',
      custom_fever: true,
    });
    expect(visitCall?.headers['x-apitoken']).toBe(token);
    expect(visitCall?.body).toEqual({
      intake_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      room_code: 'clinic',
      provider_id: 827,
    });

    const portal = gateway.sandbox.simulators.VSEE.environment.VSEE_PORTAL_URL;
    expect(joinUrl).toBe(
      `${portal}auth?sso_token=${token}&next=/visits/start/${vendorIdIn(visit.id)}`,
    );
    expect(visit.inviteUrl).toMatch(/\/vc\/stable\/visits\/join\/[0-9a-f]{32}$/);
    expect(visit.inviteUrl.startsWith(`${portal}visits/join/`)).toBe(true);
    expect(gateway.logged()).not.toContain(token);
  });

  it('links the account that the first sign-in made, and the visit is listed', async () => {
    const { Chloe } = gateway.ids;
    const { payload } = await walkIn({ patientId: Chloe, roomCode: 'clinic' });
    expect(payload.userErrors).toEqual([]);
    gateway.forget();
    const { data } = await gateway.query(
      'query ($id: ID!) { patient(id: $id) { vendorAccounts { vendor vendorPatientId linkMethod connected } visits { nodes { id kind status } totalCount sources { vendor state } } } }',
      { id: Chloe },
    );
    expect(data.patient.vendorAccounts).toContainEqual({
      vendor: 'VSEE',
      vendorPatientId: expect.stringMatching(/^\d+$/),
      linkMethod: 'CREATED',
      connected: true,
    });
    expect(data.patient.visits).toEqual({
      nodes: [{ id: payload.visit.id, kind: 'WALK_IN', status: 'PENDING' }],
      totalCount: 1,
      sources: [{ vendor: 'VSEE', state: 'OK' }],
    });
    expect(sent(gateway.calls('VSEE'))).toEqual([
      vseeCall('GET', `visits/${vendorIdIn(payload.visit.id)}`),
    ]);
  });

  it('uses the token of the sign-in before, so that no second one is made', async () => {
    const { payload } = await walkIn({ patientId: gateway.ids.Ana, roomCode: 'clinic' }, 'ana');
    expect(payload.userErrors).toEqual([]);
    expect(payload.visit.provider).toBeNull();
    expect(sent(gateway.calls('VSEE'))).toEqual([room, intake, walkInCall]);
    const [, intakeCall, visitCall] = gateway.calls('VSEE');
    expect(intakeCall?.body).toEqual({ room_code: 'clinic', type: 1 });
    expect(Object.keys(visitCall?.body as object)).toEqual(['intake_id', 'room_code']);
  });

  it('signs in once more where the token died early', async () => {
    gateway.sandbox.simulators.VSEE.switches.expireTokens();
    const { payload } = await walkIn({ patientId: gateway.ids.Ben, roomCode: 'clinic' });
    expect(payload.userErrors).toEqual([]);
    expect(sent(gateway.calls('VSEE'))).toEqual([room, intake, signIn, intake, walkInCall]);
    const [, dead, , live, visitCall] = gateway.calls('VSEE');
    expect(dead?.status).toBe(401);
    expect(live?.headers['x-apitoken']).not.toBe(dead?.headers['x-apitoken']);
    expect(visitCall?.headers['x-apitoken']).toBe(live?.headers['x-apitoken']);
    expect(payload.joinUrl).toContain(`sso_token=${live?.headers['x-apitoken']}&`);
  });

  it('keeps the intake where the token dies between it and the visit', async () => {
    gateway.sandbox.simulators.VSEE.fault({
      kind: 'status',
      status: 401,
      match: /add_walkin/,
      times: 1,
    });
    const { payload } = await walkIn({ patientId: gateway.ids.Ben, roomCode: 'clinic' });
    expect(payload.userErrors).toEqual([]);
    expect(sent(gateway.calls('VSEE'))).toEqual([room, intake, walkInCall, signIn, walkInCall]);
    const [, , refused, , taken] = gateway.calls('VSEE');
    expect(taken?.body).toEqual(refused?.body);
  });

  it.each([
    [
      'a reason of 1,001 characters',
      { intake: { reasonForVisit: 'a'.repeat(1001) } },
      'intake.reasonForVisit',
    ],
    ['a location that is no state code', { intake: { location: 'California' } }, 'intake.location'],
    [
      'custom answers of 10,001 characters',
      { intake: { custom: { note: 'a'.repeat(10_001) } } },
      'intake.custom',
    ],
    [
      'a custom answer under a name of the vendor’s',
      { intake: { custom: { member_id: '1' } } },
      'intake.custom',
    ],
    ['a custom answer under a strange name', { intake: { custom: { 'a b': 1 } } }, 'intake.custom'],
    ['a provider id that is no number', { providerId: '12; 13' }, 'providerId'],
    ['a room code that cannot be one', { roomCode: '../users' }, 'roomCode'],
  ])('refuses %s without a call', async (_what, wrong, path) => {
    const { payload } = await walkIn({
      patientId: gateway.ids.Ana,
      roomCode: 'clinic',
      ...wrong,
    });
    expect(payload).toMatchObject({ visit: null, joinUrl: null });
    expect(payload.userErrors).toMatchObject([
      { code: 'INVALID_INPUT', path: ['input', ...path.split('.')] },
    ]);
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each([
    ['an unknown room', 'nowhere', 'NOT_FOUND'],
    ['a closed room', 'night', 'INVALID_INPUT'],
    ['a room without walk-ins', 'econsult', 'INVALID_INPUT'],
  ])('refuses %s before anything is made', async (_what, roomCode, code) => {
    const { payload } = await walkIn({ patientId: gateway.ids.Ana, roomCode });
    expect(payload.visit).toBeNull();
    expect(payload.userErrors).toMatchObject([{ code, path: ['input', 'roomCode'] }]);
    expect(gateway.allCalls()).toEqual([`VSEE ${vseeCall('GET', `rooms/${roomCode}`)}`]);
  });

  it('is refused for a patient id that is none, and for one of nobody', async () => {
    const nobody = Buffer.from('Patient:00000000-0000-4000-8000-000000000000').toString(
      'base64url',
    );
    for (const [patientId, code] of [
      ['Ana', 'INVALID_INPUT'],
      [nobody, 'NOT_FOUND'],
    ]) {
      const { payload } = await walkIn({ patientId, roomCode: 'clinic' });
      expect(payload.userErrors).toMatchObject([{ code, path: ['input', 'patientId'] }]);
    }
    expect(gateway.allCalls()).toEqual([]);
  });

  it('is forbidden to another patient', async () => {
    const input = { patientId: gateway.ids.Ben, roomCode: 'clinic' };
    const { data, errors } = await walkIn(input, 'ana');
    expect(data).toBeNull();
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
    expect(gateway.allCalls()).toEqual([]);
  });

  it('passes the vendor’s refusal of a second open walk-in on', async () => {
    const input = { patientId: gateway.ids.Ana, roomCode: 'clinic' };
    await walkIn(input);
    gateway.forget();
    const { payload } = await walkIn(input);
    expect(payload.visit).toBeNull();
    expect(payload.userErrors).toMatchObject([{ code: 'VENDOR_REJECTED' }]);
    expect(sent(gateway.calls('VSEE'))).toEqual([room, intake, walkInCall]);
  });

  it('says VENDOR_UNAVAILABLE where the vendor is down before anything was made', async () => {
    gateway.sandbox.simulators.VSEE.fault({ kind: 'status', status: 503, match: /rooms/ });
    const { payload } = await walkIn({ patientId: gateway.ids.Ana, roomCode: 'clinic' });
    expect(payload.userErrors).toMatchObject([
      { __typename: 'VendorUnavailableError', code: 'VENDOR_UNAVAILABLE', vendor: 'VSEE' },
    ]);
    expect(sent(gateway.calls('VSEE'))).toEqual([room, room, room]);
  });

  it('tells the intake which consultation was chosen, where several are charged for', async () => {
    const chosen = {
      roomCode: 'second-opinion',
      consultationId: '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a3007',
    };
    const { payload } = await walkIn({ patientId: gateway.ids.David, ...chosen });
    expect(payload.userErrors).toEqual([]);
    const [update, made] = gateway.calls('VSEE').slice(-2);
    expect(update?.body).toMatchObject({
      consultation: { id: chosen.consultationId, description: 'Long visit', amount: 45 },
    });
    expect(made && sent([made])).toEqual([walkInCall]);
  });

  it('refuses a consultation that the room does not offer, before anything is made', async () => {
    const none = {
      roomCode: 'second-opinion',
      consultationId: '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a1501',
    };
    const { payload } = await walkIn({ patientId: gateway.ids.Ana, ...none });
    expect(payload.userErrors).toMatchObject([
      { code: 'INVALID_INPUT', path: ['input', 'consultationId'] },
    ]);
    expect(sent(gateway.calls('VSEE'))).toEqual([vseeCall('GET', 'rooms/second-opinion')]);
  });

  it('tells the intake what is charged for, where the room has a single consultation', async () => {
    const { David } = gateway.ids;
    const { payload } = await walkIn({ patientId: David, roomCode: 'paid' });
    expect(payload.userErrors).toEqual([]);
    const update = gateway.calls('VSEE').at(-2);
    expect(update?.path).toMatch(/^\/api_v3\/intakes\/[0-9a-f-]{36}$/);
    expect(update?.body).toMatchObject({
      consultation: { description: 'Short visit', amount: 30 },
    });
    expect(sent(gateway.calls('VSEE')).at(-1)).toBe(walkInCall);
  });

  it('says when to come back where the vendor asks for fewer calls', async () => {
    gateway.sandbox.simulators.VSEE.fault({
      kind: 'status',
      status: 429,
      headers: { 'retry-after': '30' },
      match: /intakes/,
    });
    const before = Date.now();
    const { payload } = await walkIn({ patientId: gateway.ids.Ana, roomCode: 'clinic' });
    const [error] = payload.userErrors;
    expect(error).toMatchObject({ __typename: 'VendorUnavailableError', code: 'RATE_LIMITED' });
    expect(Date.parse(error.retryAt) - before).toBeGreaterThan(28_000);
    expect(sent(gateway.calls('VSEE'))).toEqual([room, intake]);
  });

  it.each([
    ['breaks off', 'David', { kind: 'reset' }],
    ['is a 502', 'Chloe', { kind: 'status', status: 502 }],
    ['is cut short', 'Emi', { kind: 'truncate' }],
  ] as const)(
    'says OUTCOME_UNKNOWN where the answer %s, and sends nothing twice',
    async (_how, name, fault) => {
      gateway.sandbox.simulators.VSEE.fault({ ...fault, act: true, match: /add_walkin/ });
      const { payload } = await walkIn({ patientId: gateway.ids[name], roomCode: 'clinic' });
      expect(payload.visit).toBeNull();
      expect(payload.joinUrl).toBeNull();
      expect(payload.userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
      expect(sent(gateway.calls('VSEE')).filter((call) => call === walkInCall)).toHaveLength(1);
      expect(payload.userErrors[0].message).not.toMatch(/http|token|502/i);
    },
  );
});
