import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { mutate, roomTimes, sent, vendorIdIn, vseeCall } from '../../support/mutations.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const fields =
  'appointment { id vendor title status start end cancellable reschedulable isVideoConsultation visit { id kind status provider { id } } } operation { id }';
const room = vseeCall('GET', 'rooms/clinic');
const signIn = vseeCall('POST', 'users/sso');
const intake = vseeCall('POST', 'intakes');
const visits = vseeCall('POST', 'visits');
const longVisit = '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a3002';

const book = (input: Record<string, unknown>, as: 'staff' | 'ana' = 'ana') =>
  mutate(gateway, 'bookAppointment', { patientId: gateway.ids.Ana, ...input }, fields, as);

async function time(search: Parameters<typeof roomTimes>[2] = {}) {
  const times = await roomTimes(gateway, gateway.ids.Ana, search);
  gateway.forget();
  const last = times.at(-1);
  return { id: last?.id ?? '', start: last?.start ?? '', end: last?.end ?? '' };
}

describe('bookAppointment in a VSee room', () => {
  it('makes an intake and a scheduled visit at the slot, on the token that is there', async () => {
    const free = await time({ consultationId: longVisit, providerId: '826' });
    const { payload, errors } = await book({
      availabilityId: free.id,
      intake: { reasonForVisit: 'Back pain', custom: { custom_since: 3 } },
    });
    expect(errors).toEqual([]);
    expect(payload).toMatchObject({
      appointment: {
        vendor: 'VSEE',
        title: 'Back pain',
        status: 'BOOKED',
        start: free.start,
        end: free.end,
        cancellable: true,
        reschedulable: false,
        isVideoConsultation: true,
        visit: { kind: 'SCHEDULED', status: 'CONFIRMED', provider: { id: '826' } },
      },
      operation: { id: expect.any(String) },
      userErrors: [],
    });
    const calls = gateway.calls('VSEE');
    expect(gateway.allCalls()).toHaveLength(3);
    expect(sent(calls)).toEqual([room, intake, visits]);
    expect(calls[1]?.body).toEqual({
      room_code: 'clinic',
      type: 2,
      reason_for_visit: 'Back pain',
      provider_id: 826,
      custom_since: 3,
    });
    const start = Date.parse(free.start) / 1000;
    expect(calls[2]?.body).toEqual({
      intake_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      room_code: 'clinic',
      provider_id: 826,
      member_id: expect.stringMatching(/^\d+$/),
      start,
      end: Date.parse(free.end) / 1000,
      consultation_id: longVisit,
      slot_id: `clinic-${start}-30`,
    });
    expect(calls[2]?.headers['x-apitoken']).toMatch(/^[0-9a-f]{32}$/);
    gateway.forget();

    const { data } = await gateway.query(
      '{ viewer { patient { visits { nodes { id } } appointments(filter: { vendor: [VSEE] }) { nodes { id start } } } } }',
      {},
      'ana',
    );
    const { id, visit } = payload.appointment;
    expect(data.viewer.patient.appointments.nodes).toContainEqual({ id, start: free.start });
    expect(data.viewer.patient.visits.nodes).toContainEqual({ id: visit.id });
    expect(
      sent(gateway.calls('VSEE')).filter((call) => call.endsWith(vendorIdIn(id))),
    ).toHaveLength(1);
  });

  it('offers other times of the same kind where this one is taken, and one can be booked', async () => {
    const search = { consultationId: longVisit };
    const free = await time(search);
    expect((await book({ availabilityId: free.id })).payload.userErrors).toEqual([]);
    gateway.forget();
    const { payload } = await book({ availabilityId: free.id });
    const [error] = payload.userErrors;
    expect(payload.appointment).toBeNull();
    expect(error).toMatchObject({
      __typename: 'AvailabilityGoneError',
      code: 'AVAILABILITY_GONE',
      path: ['input', 'availabilityId'],
    });
    expect(sent(gateway.calls('VSEE'))).toEqual([
      room,
      intake,
      visits,
      vseeCall('GET', 'availability'),
    ]);
    expect(gateway.calls('VSEE')[3]?.query).toMatchObject({
      room_code: 'clinic',
      consultation_id: longVisit,
      duration: '30',
    });
    const [other] = error.alternatives;
    expect(other.start).not.toBe(free.start);
    expect(Date.parse(other.end) - Date.parse(other.start)).toBe(30 * 60 * 1000);
    const booked = await book({ availabilityId: other.id });
    expect(booked.payload.userErrors).toEqual([]);
    expect(booked.payload.appointment.start).toBe(other.start);
  });

  it('refuses a bad intake without a call', async () => {
    const { id } = await time();
    for (const [bad, field] of [
      [{ location: 'Berlin' }, 'location'],
      [{ custom: { intake: { a: 1 }, provider_id: 1 } }, 'custom'],
    ] as const) {
      const { payload } = await book({ availabilityId: id, intake: bad });
      expect(payload.userErrors).toMatchObject([
        { code: 'INVALID_INPUT', path: ['input', 'intake', field] },
      ]);
    }
    expect(gateway.allCalls()).toEqual([]);
  });

  it('signs in once more where the token died early', async () => {
    const { id } = await time();
    gateway.sandbox.simulators.VSEE.switches.expireTokens();
    const { payload } = await book({ availabilityId: id });
    expect(payload.userErrors).toEqual([]);
    expect(sent(gateway.calls('VSEE'))).toEqual([room, intake, signIn, intake, visits]);
  });

  it('V02: says OUTCOME_UNKNOWN where the answer is lost, and sends nothing twice', async () => {
    const { id } = await time();
    gateway.sandbox.simulators.VSEE.fault({ kind: 'truncate', act: true, match: /POST .*visits$/ });
    const { payload } = await book({ availabilityId: id });
    expect(payload.appointment).toBeNull();
    expect(payload.userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
    expect(sent(gateway.calls('VSEE'))).toEqual([room, intake, visits]);
  });
});
