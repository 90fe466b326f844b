import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway, type Who } from '../../support/gateway.ts';
import { mutate, roomTimes, sent, vendorIdIn, vseeCall } from '../../support/mutations.ts';
import { vseeOf } from '../../support/simulators.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const fields =
  'visit { id vendor kind status reason start end provider { id } inviteUrl appointment { id } } appointment { id vendor status title start end timeZone cancellable reschedulable isVideoConsultation visit { id } } joinUrl operation { id }';
const room = vseeCall('GET', 'rooms/clinic');
const signIn = vseeCall('POST', 'users/sso');
const intake = vseeCall('POST', 'intakes');
const visits = vseeCall('POST', 'visits');
const availability = vseeCall('GET', 'availability');
const shortVisit = '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a1501';
const longVisit = '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a3002';
/** What the Berlin room charges for, as the vendor words it. */
const charged = {
  id: '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a4905',
  description: 'Second opinion',
  duration: 30,
  amount: 45,
  group: '',
  charge: true,
  slots: 1,
  visible_to_patient: true,
};
interface Consulted {
  consultation?: object;
}
const seconds = (instant: string) => Date.parse(instant) / 1000;

const schedule = (input: Record<string, unknown>, as: Who = 'staff', on = gateway) =>
  mutate(on, 'scheduleVisit', { patientId: on.ids.Ana, roomCode: 'clinic', ...input }, fields, as);

async function freeTime(search: Parameters<typeof roomTimes>[2] = {}, on = gateway) {
  const times = await roomTimes(on, on.ids.Ana, search);
  const time = times.at(-1);
  on.forget();
  return { start: time?.start ?? '', end: time?.end ?? '' };
}

/** A time at which the calendar is empty: a Sunday. */
function emptyTime() {
  const day = new Date(Date.now() + 24 * 60 * 60 * 1000);
  while (day.getUTCDay() !== 0) {
    day.setUTCDate(day.getUTCDate() + 1);
  }
  const date = day.toISOString().slice(0, 10);
  return { start: `${date}T20:00:00.000Z`, end: `${date}T20:15:00.000Z` };
}

describe('scheduleVisit', () => {
  it('looks the room up, makes an intake and the visit, and joins by the one-time link', async () => {
    const time = await freeTime({ consultationId: longVisit });
    const { payload, errors } = await schedule(
      { ...time, consultationId: longVisit, intake: { reasonForVisit: 'Check-up' } },
      'ana',
    );
    expect(errors).toEqual([]);
    expect(payload).toMatchObject({
      visit: {
        vendor: 'VSEE',
        kind: 'SCHEDULED',
        status: 'PENDING',
        reason: 'Check-up',
        ...time,
        provider: null,
        appointment: { id: payload.appointment.id },
      },
      appointment: {
        vendor: 'VSEE',
        status: 'BOOKED',
        title: 'Check-up',
        ...time,
        timeZone: 'America/Los_Angeles',
        cancellable: true,
        reschedulable: false,
        isVideoConsultation: true,
        visit: { id: payload.visit.id },
      },
      operation: { id: expect.any(String) },
      userErrors: [],
    });
    const calls = gateway.calls('VSEE');
    expect(gateway.allCalls()).toHaveLength(3);
    expect(sent(calls)).toEqual([room, intake, visits]);
    expect(calls[1]?.body).toEqual({ room_code: 'clinic', type: 2, reason_for_visit: 'Check-up' });
    expect(calls[2]?.body).toEqual({
      intake_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      room_code: 'clinic',
      member_id: expect.stringMatching(/^\d+$/),
      start: seconds(time.start),
      end: seconds(time.end),
      consultation_id: longVisit,
    });
    const token = String(calls[2]?.headers['x-apitoken']);
    expect(token).toMatch(/^[0-9a-f]{32}$/);
    const portal = gateway.sandbox.simulators.VSEE.environment.VSEE_PORTAL_URL;
    const id = vendorIdIn(payload.visit.id);
    expect(payload.joinUrl.startsWith(`${portal}members/appointment/${id}?token=`)).toBe(true);
    expect(payload.joinUrl).toMatch(/\?token=[a-z0-9]{10}$/);
    expect(payload.joinUrl).not.toContain(token);
    expect(payload.visit.inviteUrl.startsWith(`${portal}visits/join/`)).toBe(true);
    const opened = await fetch(payload.joinUrl, { redirect: 'manual' });
    expect(opened.status).toBeLessThan(400);
  });

  it('joins by the sign-in link where the clinic gives no one-time link', async () => {
    const time = await freeTime({ roomCode: 'berlin' });
    const { payload } = await schedule({ ...time, roomCode: 'berlin', providerId: '826' });
    expect(payload.userErrors).toEqual([]);
    // A provider who was asked for by name has accepted.
    expect(payload.visit).toMatchObject({ status: 'CONFIRMED', provider: { id: '826' } });
    const call = gateway.calls('VSEE').at(-1);
    expect(call?.body).toMatchObject({ room_code: 'berlin', provider_id: 826 });
    const portal = gateway.sandbox.simulators.VSEE.environment.VSEE_PORTAL_URL;
    const token = call?.headers['x-apitoken'];
    const id = vendorIdIn(payload.visit.id);
    expect(payload.joinUrl).toBe(
      `${portal}auth?sso_token=${token}&next=/members/appointment/${id}`,
    );
  });

  it('cannot be cancelled in a room that lets no patient cancel', async () => {
    const { switches } = vseeOf(gateway);
    switches.roomsWithoutCancel = ['clinic'];
    const { payload } = await schedule(await freeTime());
    switches.roomsWithoutCancel = [];
    expect(payload.appointment.cancellable).toBe(false);
    expect(sent(gateway.calls('VSEE'))).toEqual([room, intake, visits]);
  });

  it('tells the intake of the consultation that is charged for, as the room holds it', async () => {
    const key = { idempotencyKey: 'charged' };
    const secondOpinion = { roomCode: 'berlin', consultationId: charged.id };
    const input = { ...(await freeTime(secondOpinion)), ...secondOpinion, ...key };
    vseeOf(gateway).fault({ kind: 'status', status: 429, match: /POST .*visits$/, times: 1 });
    const first = await schedule(input, 'ana');
    expect(first.payload.userErrors).toMatchObject([{ code: 'RATE_LIMITED' }]);
    const update = expect.stringMatching(/^POST \/api_v3\/intakes\/[0-9a-f-]{36}$/);
    const berlin = vseeCall('GET', 'rooms/berlin');
    expect(sent(gateway.calls('VSEE'))).toEqual([berlin, intake, update, visits]);
    expect(gateway.calls('VSEE')[2]?.body).toEqual({ consultation: charged });
    gateway.forget();

    // Gone on with, what the room held is what the operation kept of it.
    const { payload } = await schedule(input, 'ana');
    expect(payload.userErrors).toEqual([]);
    expect(sent(gateway.calls('VSEE'))).toEqual([update, visits]);
    expect(gateway.calls('VSEE')[0]?.body).toEqual({ consultation: charged });
  });

  it('tells it of the only consultation of a room, also where none is chosen', async () => {
    const time = await freeTime({ roomCode: 'paid' });
    const { payload } = await schedule({ ...time, roomCode: 'paid' }, 'ana');
    expect(payload.userErrors).toEqual([]);
    const amounts = gateway.calls('VSEE').map(({ body }) => (body as Consulted)?.consultation);
    expect(amounts).toContainEqual(expect.objectContaining({ amount: 30 }));
  });

  it('tells a used intake nothing more when a lost visit is looked for', async () => {
    const secondOpinion = { roomCode: 'berlin', consultationId: charged.id };
    const time = await freeTime(secondOpinion);
    vseeOf(gateway).fault({ kind: 'reset', act: true, match: /POST .*visits$/, times: 1 });
    const lost = await schedule({ ...time, ...secondOpinion }, 'ana');
    expect(lost.payload.userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
    gateway.forget();
    const operationId = lost.payload.operation.id;
    const settled = await mutate(
      gateway,
      'reconcileOperation',
      { operationId },
      'operation { status }',
    );
    expect(settled.payload).toMatchObject({ operation: { status: 'SUCCEEDED' }, userErrors: [] });
    expect(gateway.allCalls().filter((call) => call.includes('POST /api_v3/intakes'))).toEqual([]);
  });

  it('is among the visits and the appointments, as one and the same', async () => {
    const time = await freeTime();
    const { payload } = await schedule({ ...time, patientId: gateway.ids.Emi });
    expect(payload.userErrors).toEqual([]);
    expect(sent(gateway.calls('VSEE'))).toEqual([room, signIn, intake, visits]);
    gateway.forget();
    const { data } = await gateway.query(
      'query ($id: ID!) { patient(id: $id) { visits { nodes { id kind start } } appointments(filter: { vendor: [VSEE] }) { nodes { id start status visit { id } } sources { vendor state } } } }',
      { id: gateway.ids.Emi },
    );
    expect(data.patient).toEqual({
      visits: { nodes: [{ id: payload.visit.id, kind: 'SCHEDULED', start: time.start }] },
      appointments: {
        nodes: [
          {
            id: payload.appointment.id,
            start: time.start,
            status: 'BOOKED',
            visit: { id: payload.visit.id },
          },
        ],
        sources: [{ vendor: 'VSEE', state: 'OK' }],
      },
    });
    // Asked for twice, read once.
    expect(sent(gateway.calls('VSEE'))).toEqual([
      vseeCall('GET', `visits/${vendorIdIn(payload.visit.id)}`),
    ]);
  });

  it('offers other times where this one is taken, and one of them can be booked', async () => {
    const time = await freeTime({ consultationId: shortVisit });
    const input = { ...time, consultationId: shortVisit };
    expect((await schedule({ ...input, patientId: gateway.ids.Ben })).payload.userErrors).toEqual(
      [],
    );
    gateway.forget();

    const { payload } = await schedule(input, 'ana');
    expect(payload).toMatchObject({ visit: null, appointment: null, joinUrl: null });
    const [error] = payload.userErrors;
    expect(error).toMatchObject({
      __typename: 'AvailabilityGoneError',
      code: 'AVAILABILITY_GONE',
      path: ['input', 'start'],
    });
    expect(sent(gateway.calls('VSEE'))).toEqual([room, intake, visits, availability]);
    expect(error.alternatives.length).toBeGreaterThan(3);
    expect(error.alternatives.map((each: { start: string }) => each.start)).not.toContain(
      time.start,
    );

    const [other] = error.alternatives;
    expect(other.timeZone).toBe('America/Los_Angeles');
    const booked = await mutate(
      gateway,
      'bookAppointment',
      { patientId: gateway.ids.Ana, availabilityId: other.id },
      'appointment { start end vendor }',
      'ana',
    );
    expect(booked.payload).toEqual({
      appointment: { start: other.start, end: other.end, vendor: 'VSEE' },
      userErrors: [],
    });
  });

  it('is refused for a time that the calendar never had', async () => {
    const { payload } = await schedule(emptyTime());
    expect(payload.userErrors).toMatchObject([{ code: 'AVAILABILITY_GONE' }]);
    expect(sent(gateway.calls('VSEE'))).toEqual([room, intake, visits, availability]);
  });

  it.each([
    [
      'a start that is over',
      { start: '2020-01-06T17:00:00Z', end: '2020-01-06T17:15:00Z' },
      'start',
    ],
    [
      'an end before the start',
      { start: '2100-01-04T17:00:00Z', end: '2100-01-04T16:45:00Z' },
      'end',
    ],
    ['an end at the start', { start: '2100-01-04T17:00:00Z', end: '2100-01-04T17:00:00Z' }, 'end'],
    ['more than a day', { start: '2100-01-04T17:00:00Z', end: '2100-01-05T17:00:01Z' }, 'end'],
    ['a provider id that is none', { providerId: 'Dr. Hill' }, 'providerId'],
    ['a room code that cannot be one', { roomCode: 'a/b' }, 'roomCode'],
  ])('refuses %s without a call', async (_what, wrong, field) => {
    const { payload } = await schedule({
      start: '2100-01-04T17:00:00Z',
      end: '2100-01-04T17:15:00Z',
      ...wrong,
    });
    expect(payload.userErrors).toMatchObject([{ code: 'INVALID_INPUT', path: ['input', field] }]);
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each([
    ['an unknown room', { roomCode: 'nowhere' }, 'NOT_FOUND', 'roomCode'],
    ['a room without appointments', { roomCode: 'econsult' }, 'INVALID_INPUT', 'roomCode'],
    [
      'a consultation that the room has not',
      { consultationId: 'none' },
      'INVALID_INPUT',
      'consultationId',
    ],
  ])('refuses %s before anything is made', async (_what, wrong, code, field) => {
    const input = { roomCode: 'clinic', ...emptyTime(), ...wrong };
    const { payload } = await schedule(input);
    expect(payload.userErrors).toMatchObject([{ code, path: ['input', field] }]);
    expect(gateway.allCalls()).toEqual([`VSEE ${vseeCall('GET', `rooms/${input.roomCode}`)}`]);
  });

  it('signs in once more where the token died early', async () => {
    const time = await freeTime();
    gateway.sandbox.simulators.VSEE.switches.expireTokens();
    const { payload } = await schedule(time);
    expect(payload.userErrors).toEqual([]);
    expect(sent(gateway.calls('VSEE'))).toEqual([room, intake, signIn, intake, visits]);
  });

  it('V02: says OUTCOME_UNKNOWN where the answer is lost, and sends nothing twice', async () => {
    const time = await freeTime();
    gateway.sandbox.simulators.VSEE.fault({ kind: 'reset', act: true, match: /POST .*visits$/ });
    const { payload } = await schedule(time);
    expect(payload).toMatchObject({ visit: null, appointment: null, joinUrl: null });
    expect(payload.userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
    expect(sent(gateway.calls('VSEE'))).toEqual([room, intake, visits]);
  });
});

describe('scheduleVisit with overrideCalendar', () => {
  it('books for STAFF although the calendar is empty, with the admin token for the visit alone', async () => {
    const time = emptyTime();
    const { payload } = await schedule({ ...time, overrideCalendar: true });
    expect(payload.userErrors).toEqual([]);
    expect(payload.visit).toMatchObject({ kind: 'SCHEDULED', ...time });
    const calls = gateway.calls('VSEE');
    expect(sent(calls)).toEqual([room, intake, visits]);
    expect(calls[1]?.headers['x-apitoken']).toMatch(/^[0-9a-f]{32}$/);
    expect(calls[2]?.headers['x-apitoken']).toBe('sandbox-admin-token');
    expect(calls[2]?.body).toMatchObject({ member_id: expect.stringMatching(/^\d+$/) });
    expect(gateway.logged()).not.toContain('sandbox-admin-token');
  });

  it('is forbidden to a PATIENT, also for themselves', async () => {
    const { data, errors } = await schedule({ ...emptyTime(), overrideCalendar: true }, 'ana');
    expect(data).toBeNull();
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('a deployment without the VSee admin token', () => {
  let without: TestGateway;
  beforeAll(async () => {
    without = await startTestGateway({ environment: { VSEE_ADMIN_TOKEN: undefined } });
  });
  afterAll(() => without.close());

  it('answers scheduleVisit with overrideCalendar with NOT_CONFIGURED, and books by the calendar', async () => {
    const refused = await schedule({ ...emptyTime(), overrideCalendar: true }, 'staff', without);
    expect(refused.payload.userErrors).toMatchObject([{ code: 'NOT_CONFIGURED' }]);
    expect(without.allCalls()).toEqual([]);

    const booked = await schedule(await freeTime({}, without), 'staff', without);
    expect(booked.payload.userErrors).toEqual([]);
    expect(without.calls('VSEE').at(-1)?.headers['x-apitoken']).toMatch(/^[0-9a-f]{32}$/);
  });
});
