import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import {
  globalIdOf,
  keyIn,
  mutate,
  roomTimes,
  sent,
  type Time,
  vendorIdIn,
} from '../../support/mutations.ts';

let gateway: TestGateway;
let start: number;
beforeAll(async () => {
  gateway = await startTestGateway();
  start = record()?.start ?? 0;
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.forget();
  // In the hour before the practice opens, the first free time is too soon for another move.
  const appointment = record();
  if (appointment !== undefined) {
    appointment.start = start;
  }
});

const portal = () => gateway.sandbox.simulators.MY_PATIENT_PORTAL;
const calls = () => sent(gateway.calls('MY_PATIENT_PORTAL'));
const fields =
  'appointment { id vendor title status start end cancellable reschedulable asapListSubscribed } operation { id }';

/** Ana's appointment that is on the ASAP list. */
const vendorId = 'xbCuVVTNU6rT6E5m8p6Y8h7opzAb';
const anas = (id = vendorId) =>
  globalIdOf('Appointment', 'MY_PATIENT_PORTAL', keyIn(gateway.ids.Ana), id);
const get = `GET /appointments/${vendorId}`;
const post = `POST /appointments/${vendorId}/reschedule`;

const move = (
  availabilityId: string,
  appointmentId = anas(),
  as: 'ana' | 'ben' | 'staff' = 'ana',
) => mutate(gateway, 'rescheduleAppointment', { appointmentId, availabilityId }, fields, as);

async function options(appointmentId = anas()): Promise<Time[]> {
  const { data } = await gateway.query(
    'query ($id: ID!) { appointment(id: $id) { rescheduleOptions { id vendor start end } } }',
    { id: appointmentId },
    'ana',
  );
  gateway.forget();
  return data.appointment.rescheduleOptions;
}

async function option(): Promise<Time> {
  const last = (await options()).at(-1);
  if (last === undefined) {
    throw new Error('Nothing free.');
  }
  return last;
}

const record = () => portal().appointments.find(({ id }) => id === vendorId);

describe('rescheduleAppointment', () => {
  it('moves the time, keeps the id, and reads the appointment again', async () => {
    const free = await option();
    const { payload, errors } = await move(free.id);
    expect(errors).toEqual([]);
    expect(payload).toEqual({
      appointment: {
        id: anas(),
        vendor: 'MY_PATIENT_PORTAL',
        title: 'Sprechstunde',
        status: 'BOOKED',
        start: free.start,
        end: free.end,
        cancellable: true,
        reschedulable: true,
        asapListSubscribed: true,
      },
      operation: { id: expect.any(String) },
      userErrors: [],
    });
    expect(calls()).toEqual([get, post, get]);
    expect(gateway.allCalls()).toHaveLength(3);
    expect(gateway.calls('MY_PATIENT_PORTAL')[1]?.body).toEqual({
      availability_id: expect.stringMatching(/^[\w+]{184}--[\w+]{16}--[\w+]{22}==$/),
    });
    const { data } = await gateway.query(
      '{ viewer { patient { appointments(filter: { vendor: [MY_PATIENT_PORTAL] }) { nodes { id start } } } } }',
      {},
      'ana',
    );
    const { nodes } = data.viewer.patient.appointments;
    expect(nodes.filter(({ id }: { id: string }) => id === anas())).toEqual([
      { id: anas(), start: free.start },
    ]);
  });

  it('moves it to the earlier time that has opened up', async () => {
    const { data } = await gateway.query(
      'query ($id: ID!) { appointment(id: $id) { start earlierAvailability { id start } } }',
      { id: anas() },
      'ana',
    );
    gateway.forget();
    const { earlierAvailability, ...appointment } = data.appointment;
    expect(earlierAvailability.start < appointment.start).toBe(true);
    const { payload } = await move(earlierAvailability.id);
    expect(payload.userErrors).toEqual([]);
    expect(payload.appointment.start).toBe(earlierAvailability.start);
    expect(calls()).toEqual([get, post, get]);
  });

  it.each([
    [false, 'a code'],
    [true, 'a sentence'],
  ])(
    'offers other times where this one is lost (400: %s, as %s), and one can be taken',
    async (lostSlotAs400) => {
      const free = await option();
      const taken = { ...(record() as NonNullable<ReturnType<typeof record>>) };
      portal().appointments.push({
        ...taken,
        id: 'T'.repeat(28),
        accountId: 'pf530aafb02',
        start: Date.parse(free.start),
        cancelledAt: null,
      });
      portal().switches.lostSlotAs400 = lostSlotAs400;
      try {
        const { payload } = await move(free.id);
        expect(payload.appointment).toBeNull();
        const [error] = payload.userErrors;
        expect(error).toMatchObject({
          __typename: 'AvailabilityGoneError',
          code: 'AVAILABILITY_GONE',
          path: ['input', 'availabilityId'],
        });
        expect(calls()).toEqual([get, post, `GET /appointments/${vendorId}/availabilities`]);
        const [other] = error.alternatives;
        expect(other.start).not.toBe(free.start);
        const moved = await move(other.id);
        expect(moved.payload.userErrors).toEqual([]);
        expect(moved.payload.appointment.start).toBe(other.start);
      } finally {
        portal().switches.lostSlotAs400 = false;
        portal().appointments.pop();
      }
    },
  );

  it('is NOT_RESCHEDULABLE shortly before the start, without an attempt', async () => {
    const free = await option();
    const appointment = record();
    const before = appointment?.start ?? 0;
    Object.assign(appointment ?? {}, { start: Date.now() + 60 * 60 * 1000 });
    try {
      const { payload } = await move(free.id);
      expect(payload.appointment).toBeNull();
      expect(payload.userErrors).toMatchObject([
        { code: 'NOT_RESCHEDULABLE', path: ['input', 'appointmentId'] },
      ]);
      expect(calls()).toEqual([get]);
    } finally {
      Object.assign(appointment ?? {}, { start: before });
    }
  });

  it('is NOT_RESCHEDULABLE for a cancelled appointment', async () => {
    const free = await option();
    const appointment = record();
    Object.assign(appointment ?? {}, { cancelledAt: Date.now() });
    try {
      const { payload } = await move(free.id);
      expect(payload.userErrors).toMatchObject([
        { code: 'NOT_RESCHEDULABLE', message: 'This appointment is cancelled. Book a new one.' },
      ]);
      expect(calls()).toEqual([get]);
    } finally {
      Object.assign(appointment ?? {}, { cancelledAt: null });
    }
  });

  it('is NOT_FOUND where the appointment is gone', async () => {
    const free = await option();
    const all = portal().appointments;
    const [gone] = all.splice(
      all.findIndex(({ id }) => id === vendorId),
      1,
    );
    try {
      const { payload } = await move(free.id);
      expect(payload.userErrors).toMatchObject([
        { code: 'NOT_FOUND', path: ['input', 'appointmentId'] },
      ]);
      expect(calls()).toEqual([get]);
    } finally {
      if (gone) {
        all.push(gone);
      }
    }
  });

  it('is UNSUPPORTED_BY_VENDOR for a VSee appointment, without a call', async () => {
    const patientId = gateway.ids.Ana;
    const [first, second] = await roomTimes(gateway, patientId);
    const booked = await mutate(
      gateway,
      'bookAppointment',
      { patientId, availabilityId: first?.id },
      'appointment { id reschedulable rescheduleOptions { id } }',
    );
    expect(booked.payload.appointment).toMatchObject({
      reschedulable: false,
      rescheduleOptions: null,
    });
    gateway.forget();
    const { payload } = await move(String(second?.id), booked.payload.appointment.id);
    expect(payload.appointment).toBeNull();
    expect(payload.userErrors).toMatchObject([{ code: 'UNSUPPORTED_BY_VENDOR' }]);
    expect(gateway.allCalls()).toEqual([]);
  });

  it('is forbidden to another patient', async () => {
    const free = await option();
    const { data, errors } = await move(free.id, anas(), 'ben');
    expect(data).toBeNull();
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
    expect(gateway.allCalls()).toEqual([]);
  });

  it('V02: says OUTCOME_UNKNOWN where the answer is lost, and moves once', async () => {
    const free = await option();
    portal().fault({ kind: 'reset', act: true, match: /reschedule/ });
    const { payload } = await move(free.id);
    expect(payload.appointment).toBeNull();
    expect(payload.userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
    expect(calls().filter((call) => call === post)).toHaveLength(1);
    expect(vendorIdIn(anas())).toBe(vendorId);
    expect(record()?.start).toBe(Date.parse(free.start));
  });

  it('V02: stays unknown where it was at that time before: with whom is not to be seen', async () => {
    const free = await option();
    Object.assign(record() ?? {}, { start: Date.parse(free.start) });
    portal().fault({ kind: 'reset', act: false, match: /reschedule/, times: 1 });
    const { payload } = await move(free.id);
    expect(payload.userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
    const input = { operationId: payload.operation.id };
    const looked = await mutate(gateway, 'reconcileOperation', input, 'operation { status }');
    expect(looked.payload).toMatchObject({
      operation: { status: 'OUTCOME_UNKNOWN' },
      userErrors: [{ code: 'UNSUPPORTED_BY_VENDOR' }],
    });
  });

  it('V02: stays unknown where the portal does not show the appointment any more', async () => {
    const free = await option();
    portal().fault({ kind: 'reset', act: true, match: /reschedule/ });
    const { payload } = await move(free.id);
    gateway.forget();
    portal().fault({ kind: 'status', status: 404, match: /GET .*appointments/ });
    const input = { operationId: payload.operation.id };
    const looked = await mutate(gateway, 'reconcileOperation', input, 'operation { status }');
    expect(looked.payload).toMatchObject({
      operation: { status: 'OUTCOME_UNKNOWN' },
      userErrors: [{ code: 'UNSUPPORTED_BY_VENDOR' }],
    });
  });
});
