import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { mutate, sent, vendorIdIn, vseeCall } from '../../support/mutations.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const fields =
  'visit { id vendor kind status reason start end provider { id } inviteUrl appointment { id } } operation { id }';
const room = vseeCall('GET', 'rooms/econsult');
const signIn = vseeCall('POST', 'users/sso');
const intake = vseeCall('POST', 'intakes');
const eConsult = vseeCall('POST', 'visits/add_econsult');

const ask = (input: Record<string, unknown>, as: 'staff' | 'ana' | 'ben' = 'staff') =>
  mutate(
    gateway,
    'requestEConsult',
    { patientId: gateway.ids.Ana, roomCode: 'econsult', ...input },
    fields,
    as,
  );

describe('requestEConsult', () => {
  it('tells the intake which consultation was chosen, where several are charged for', async () => {
    const chosen = {
      roomCode: 'second-opinion',
      consultationId: '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a3007',
    };
    const { payload } = await ask(chosen, 'ana');
    expect(payload.userErrors).toEqual([]);
    const [update, made] = gateway.calls('VSEE').slice(-2);
    expect(update?.body).toMatchObject({
      consultation: { id: chosen.consultationId, description: 'Long visit', amount: 45 },
    });
    expect(made && sent([made])).toEqual([eConsult]);
  });

  it('refuses a consultation that the room does not offer, before anything is made', async () => {
    const none = {
      roomCode: 'second-opinion',
      consultationId: '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a1501',
    };
    const { payload } = await ask(none);
    expect(payload.userErrors).toMatchObject([
      { code: 'INVALID_INPUT', path: ['input', 'consultationId'] },
    ]);
    expect(sent(gateway.calls('VSEE'))).toEqual([vseeCall('GET', 'rooms/second-opinion')]);
  });

  it('tells the intake what is charged for, where the room has a single consultation', async () => {
    const { payload } = await ask({ roomCode: 'paid' }, 'ana');
    expect(payload.userErrors).toEqual([]);
    const [, , update, made] = gateway.calls('VSEE');
    expect(update?.body).toMatchObject({
      consultation: { description: 'Short visit', amount: 30 },
    });
    expect(made && sent([made])).toEqual([eConsult]);
  });

  it('makes an intake and a visit without a time, on the token that is there', async () => {
    const { payload, errors } = await ask({ intake: { reasonForVisit: 'A rash' } }, 'ana');
    expect(errors).toEqual([]);
    expect(payload).toMatchObject({
      visit: {
        vendor: 'VSEE',
        kind: 'E_CONSULT',
        status: 'PENDING',
        reason: 'A rash',
        start: null,
        end: null,
        provider: null,
        appointment: null,
      },
      operation: { id: expect.any(String) },
      userErrors: [],
    });
    expect(payload.visit.inviteUrl).toMatch(/\/vc\/stable\/visits\/join\/[0-9a-f]{32}$/);
    const calls = gateway.calls('VSEE');
    expect(gateway.allCalls()).toHaveLength(3);
    expect(sent(calls)).toEqual([room, intake, eConsult]);
    // The vendor has no intake type for eConsults.
    expect(calls[1]?.body).toEqual({ room_code: 'econsult', type: 1, reason_for_visit: 'A rash' });
    expect(calls[2]?.body).toEqual({
      intake_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      room_code: 'econsult',
    });
    for (const call of calls.slice(1)) {
      expect(call.headers['x-apitoken']).toMatch(/^[0-9a-f]{32}$/);
      expect(call.headers).not.toHaveProperty('x-apisecret');
    }
  });

  it('signs a patient in who is new at the vendor, and not again for the next request', async () => {
    const first = await ask({ patientId: gateway.ids.David });
    expect(first.payload.userErrors).toEqual([]);
    expect(sent(gateway.calls('VSEE'))).toEqual([room, signIn, intake, eConsult]);
    gateway.forget();
    const second = await ask({ patientId: gateway.ids.David });
    expect(second.payload.userErrors).toEqual([]);
    expect(sent(gateway.calls('VSEE'))).toEqual([room, intake, eConsult]);
    expect(second.payload.visit.id).not.toBe(first.payload.visit.id);
  });

  it('is among the patient’s visits, with its provider once one has accepted it', async () => {
    const { payload } = await ask({ patientId: gateway.ids.Ben }, 'ben');
    const id = vendorIdIn(payload.visit.id);
    const { origin } = gateway.sandbox.simulators.VSEE;
    await fetch(`${origin}/vc/stable/_sandbox/visits/${id}/status`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ status: 20, provider_id: '827' }),
    });
    gateway.forget();
    const { data } = await gateway.query(
      'query ($id: ID!) { patient(id: $id) { visits(first: 1) { nodes { id kind status provider { id title lastName } } } appointments { nodes { vendor } } } }',
      { id: gateway.ids.Ben },
      'ben',
    );
    expect(data.patient.visits.nodes).toEqual([
      {
        id: payload.visit.id,
        kind: 'E_CONSULT',
        status: 'CONFIRMED',
        provider: { id: '827', title: 'Dr.', lastName: 'Haddad' },
      },
    ]);
    expect(data.patient.appointments.nodes).not.toContainEqual({ vendor: 'VSEE' });
    expect(sent(gateway.calls('VSEE'))).toEqual([vseeCall('GET', `visits/${id}`)]);
  });

  it.each([
    ['a room without eConsults', 'berlin', 'INVALID_INPUT'],
    ['an unknown room', 'nowhere', 'NOT_FOUND'],
  ])('refuses %s before anything is made', async (_what, roomCode, code) => {
    const { payload } = await ask({ roomCode });
    expect(payload.visit).toBeNull();
    expect(payload.userErrors).toMatchObject([{ code, path: ['input', 'roomCode'] }]);
    expect(gateway.allCalls()).toEqual([`VSEE ${vseeCall('GET', `rooms/${roomCode}`)}`]);
  });

  it.each([
    [
      'a custom answer that would be the vendor’s own',
      { intake: { custom: { Visit_Id: '1' } } },
      ['intake', 'custom'],
    ],
    ['a provider id that is none', { providerId: '-' }, ['providerId']],
    ['a blank room code', { roomCode: '' }, ['roomCode']],
  ])('refuses %s without a call', async (_what, wrong, path) => {
    const { payload } = await ask(wrong);
    expect(payload.userErrors).toMatchObject([{ code: 'INVALID_INPUT', path: ['input', ...path] }]);
    expect(gateway.allCalls()).toEqual([]);
  });

  it('passes on that the vendor does not know the provider', async () => {
    const { payload } = await ask({ providerId: '999' });
    expect(payload.visit).toBeNull();
    expect(payload.userErrors).toMatchObject([{ code: 'VENDOR_REJECTED' }]);
    expect(sent(gateway.calls('VSEE'))).not.toContain(eConsult);
  });

  it('signs in once more where the token died early', async () => {
    gateway.sandbox.simulators.VSEE.switches.expireTokens();
    const { payload } = await ask({});
    expect(payload.userErrors).toEqual([]);
    expect(sent(gateway.calls('VSEE'))).toEqual([room, intake, signIn, intake, eConsult]);
  });

  it('V02: says OUTCOME_UNKNOWN where the answer is lost, and sends nothing twice', async () => {
    gateway.sandbox.simulators.VSEE.fault({ kind: 'reset', act: true, match: /add_econsult/ });
    const { payload } = await ask({});
    expect(payload.visit).toBeNull();
    expect(payload.userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
    expect(sent(gateway.calls('VSEE'))).toEqual([room, intake, eConsult]);
  });
});

describe('a deployment without VSee', () => {
  let without: TestGateway;
  beforeAll(async () => {
    const { environment } = gateway.sandbox.simulators.VSEE;
    without = await startTestGateway({
      seeded: false,
      environment: Object.fromEntries(Object.keys(environment).map((name) => [name, undefined])),
    });
  });
  afterAll(() => without.close());

  it.each([
    ['createPortalLink', {}],
    ['startWalkInVisit', { roomCode: 'clinic' }],
    ['requestEConsult', { roomCode: 'econsult' }],
    [
      'scheduleVisit',
      { roomCode: 'clinic', start: '2100-01-04T17:00:00Z', end: '2100-01-04T17:15:00Z' },
    ],
  ])('answers %s with NOT_CONFIGURED', async (name, input) => {
    const registered = await mutate(
      without,
      'registerPatient',
      { firstName: 'Ana', lastName: 'Silva' },
      'patient { id }',
    );
    const patientId = registered.payload.patient.id;
    const { payload, errors } = await mutate(
      without,
      name,
      { patientId, ...input },
      'operation { id }',
    );
    expect(errors).toEqual([]);
    expect(payload.userErrors).toMatchObject([{ code: 'NOT_CONFIGURED' }]);
    expect(without.allCalls()).toEqual([]);
  });
});
