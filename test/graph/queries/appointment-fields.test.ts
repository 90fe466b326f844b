import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { byId, ofPatient } from '../../support/documents.ts';
import { type StartedGateway, startTestGateway } from '../../support/gateway.ts';
import { globalIdOf, keyIn, mutate } from '../../support/mutations.ts';
import { portalOf } from '../../support/simulators.ts';

let gateway: StartedGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const vendorId = (last: string) => `xbCuVVTNU6rT6E5m8p6Y8h7opzA${last}`;
const idOf = (last: string) =>
  globalIdOf('Appointment', 'MY_PATIENT_PORTAL', keyIn(gateway.ids.Ana), vendorId(last));
const read = async (last: string, selection: string) => {
  const { data, errors } = await gateway.query(byId('appointment', selection), { id: idOf(last) });
  return { ...data.appointment, errors };
};
const call = (last: string, more = '', method = 'GET') =>
  `MY_PATIENT_PORTAL ${method} /appointments/${vendorId(last)}${more}`;
const day = (ahead: number) =>
  new Date(Date.now() + ahead * 24 * 60 * 60 * 1000).toISOString().slice(0, 10);
/** Moves the portal's own record while `work` runs. */
async function startingAt<T>(last: string, start: number, work: () => Promise<T>): Promise<T> {
  const { appointments } = portalOf(gateway);
  const found = appointments.find(({ id }) => id === vendorId(last));
  if (found === undefined) {
    throw new Error('No such appointment.');
  }
  const { start: before } = found;
  found.start = start;
  try {
    return await work();
  } finally {
    found.start = before;
  }
}

describe('Appointment.rescheduleOptions', () => {
  it('are the times it can be moved to, for one more call', async () => {
    const { rescheduleOptions, errors } = await read(
      'b',
      'rescheduleOptions { id vendor start end timeZone }',
    );
    expect(errors).toEqual([]);
    expect(rescheduleOptions.length).toBeGreaterThan(20);
    expect(rescheduleOptions[0]).toEqual({
      id: expect.stringMatching(/^[A-Za-z0-9_-]{100,}$/),
      vendor: 'MY_PATIENT_PORTAL',
      start: expect.stringMatching(/Z$/),
      end: expect.stringMatching(/Z$/),
      timeZone: 'Europe/Berlin',
    });
    expect(gateway.allCalls()).toEqual([call('b'), call('b', '/availabilities')]);
  });

  it('keep to the days asked for', async () => {
    const selection = `rescheduleOptions(from: "${day(2)}", to: "${day(5)}") { start }`;
    const { rescheduleOptions } = await read('b', selection);
    expect(gateway.calls('MY_PATIENT_PORTAL')[1]?.query).toEqual({ from: day(2), to: day(5) });
    expect(rescheduleOptions.length).toBeGreaterThan(0);
    for (const { start } of rescheduleOptions) {
      expect(start >= day(1) && start < day(6)).toBe(true);
    }
  });

  it('of two different windows are two calls, of equal ones one', async () => {
    const days = `from: "${day(2)}", to: "${day(5)}"`;
    await read(
      'b',
      `a: rescheduleOptions(${days}) { start } b: rescheduleOptions(${days}) { end }
       c: rescheduleOptions(from: "${day(3)}") { start }`,
    );
    expect(gateway.allCalls()).toEqual([
      call('b'),
      call('b', '/availabilities'),
      call('b', '/availabilities'),
    ]);
  });

  it('are null, without a call, where it cannot be moved', async () => {
    const { rescheduleOptions, errors } = await read('c', 'rescheduleOptions { id }');
    expect({ rescheduleOptions, errors }).toEqual({ rescheduleOptions: null, errors: [] });
    expect(gateway.allCalls()).toEqual([call('c')]);
  });

  it('refuse a window that ends before it begins, without a call for it', async () => {
    const found = await read('b', `rescheduleOptions(from: "${day(5)}", to: "${day(2)}") { id }`);
    expect(found.rescheduleOptions).toBeNull();
    expect(found.errors).toMatchObject([
      { path: ['appointment', 'rescheduleOptions'], extensions: { code: 'BAD_USER_INPUT' } },
    ]);
    expect(gateway.allCalls()).toEqual([call('b')]);
  });
});

describe('Appointment.earlierAvailability', () => {
  it('is an earlier time for who is on the list', async () => {
    const { start, earlierAvailability, errors } = await read(
      'b',
      'start earlierAvailability { id vendor start }',
    );
    expect(errors).toEqual([]);
    expect(earlierAvailability.vendor).toBe('MY_PATIENT_PORTAL');
    expect(earlierAvailability.start < start).toBe(true);
    expect(gateway.allCalls()).toEqual([call('b'), call('b', '/earlier_availability')]);
  });

  it.each([
    ['is not on the list', 'a'],
    ['was cancelled', 'c'],
  ])('is null, without a call, for one that %s', async (_name, last) => {
    const { earlierAvailability, errors } = await read(last, 'earlierAvailability { id }');
    expect({ earlierAvailability, errors }).toEqual({ earlierAvailability: null, errors: [] });
    expect(gateway.allCalls()).toEqual([call(last)]);
  });
});

describe('Appointment.videoConsultationUrl', () => {
  const selection = 'isVideoConsultation videoConsultationUrl';

  it('is in the appointment itself when it is time to join', async () => {
    const found = await startingAt('a', Date.now() + 60_000, () => read('a', selection));
    expect(found).toEqual({
      isVideoConsultation: true,
      videoConsultationUrl: `https://video.portal.example.test/join/${vendorId('a')}`,
      errors: [],
    });
    expect(gateway.allCalls()).toEqual([call('a')]);
  });

  it('is null outside that time, also where the portal has no call for it', async () => {
    const found = await read('a', selection);
    expect(found).toEqual({ isVideoConsultation: true, videoConsultationUrl: null, errors: [] });
    expect(gateway.allCalls()).toEqual([call('a'), call('a', '/video_consultation')]);
  });

  it('is null, without a call, for one in the practice', async () => {
    expect((await read('b', selection)).videoConsultationUrl).toBeNull();
    expect(gateway.allCalls()).toEqual([call('b')]);
  });

  it('is null, without a call, for one that is over', async () => {
    const found = await startingAt('a', Date.now() - 24 * 60 * 60 * 1000, () =>
      read('a', `status ${selection}`),
    );
    expect(found).toMatchObject({ status: 'COMPLETED', videoConsultationUrl: null });
    expect(gateway.allCalls()).toEqual([call('a')]);
  });

  it('is in the first answer of a mutation, and kept nowhere for a repeated one', async () => {
    const idempotencyKey = randomUUID();
    const leave = () =>
      mutate(
        gateway,
        'leaveAsapList',
        { appointmentId: idOf('a'), idempotencyKey },
        'appointment { videoConsultationUrl } operation { id }',
      );
    const first = await startingAt('a', Date.now() + 60_000, leave);
    expect(first.payload.appointment.videoConsultationUrl).toContain('/join/');
    expect(gateway.allCalls()).toEqual([call('a'), call('a', '/asap_list', 'DELETE'), call('a')]);
    expect((await leave()).payload).toEqual({
      ...first.payload,
      appointment: { videoConsultationUrl: null },
    });
    const [kept] = await gateway.store.operations.findByIds([keyIn(first.payload.operation.id)]);
    expect(kept).toMatchObject({ status: 'SUCCEEDED', outcome: { kind: 'ANSWER' } });
    expect(JSON.stringify(kept)).not.toContain('/join/');
  });

  it('is never logged', async () => {
    const told = await startingAt('a', Date.now() + 60_000, () => read('a', selection));
    expect(told.videoConsultationUrl).toContain('video.portal.example.test');
    expect(gateway.logged()).not.toContain('video.portal.example.test');
  });
});

describe('fields of a listed appointment', () => {
  it('cost no call where the list has them', async () => {
    const { data } = await gateway.query(
      ofPatient(`appointments(filter: { vendor: [MY_PATIENT_PORTAL] }) { nodes {
        id title practiceName status start end timeZone cancelledAt cancellable reschedulable
        isVideoConsultation asapListSubscribed patient { fullName } visit { id }
      } }`),
      { id: gateway.ids.Ana },
    );
    expect(data.patient.appointments.nodes).toHaveLength(3);
    expect(gateway.allCalls()).toEqual(['MY_PATIENT_PORTAL GET /appointments']);
  });
});
