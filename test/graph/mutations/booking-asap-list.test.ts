import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { globalIdOf, keyIn, mutate, roomTimes, sent } from '../../support/mutations.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const portal = () => gateway.sandbox.simulators.MY_PATIENT_PORTAL;
const calls = () => sent(gateway.calls('MY_PATIENT_PORTAL'));
const fields = 'appointment { id status asapListSubscribed } operation { id }';
/** Ana's consultation hour, and her video consultation, whose type has no such list. */
const listed = 'xbCuVVTNU6rT6E5m8p6Y8h7opzAb';
const unlisted = 'xbCuVVTNU6rT6E5m8p6Y8h7opzAa';
const anas = (id: string) =>
  globalIdOf('Appointment', 'MY_PATIENT_PORTAL', keyIn(gateway.ids.Ana), id);
const email = 'ana.elsewhere@example.com';

const join = (appointmentId: string, as: 'ana' | 'ben' | 'staff' = 'ana', address = email) =>
  mutate(gateway, 'joinAsapList', { appointmentId, email: address }, fields, as);
const leave = (appointmentId: string, as: 'ana' | 'ben' | 'staff' = 'ana') =>
  mutate(gateway, 'leaveAsapList', { appointmentId }, fields, as);
const around = (method: string, id = listed) => [
  `GET /appointments/${id}`,
  `${method} /appointments/${id}/asap_list`,
  `GET /appointments/${id}`,
];

describe('joinAsapList and leaveAsapList', () => {
  it('end and begin the subscription of one appointment, under the address given', async () => {
    const left = await leave(anas(listed));
    expect(left.errors).toEqual([]);
    expect(left.payload).toEqual({
      appointment: { id: anas(listed), status: 'BOOKED', asapListSubscribed: false },
      operation: { id: expect.any(String) },
      userErrors: [],
    });
    expect(calls()).toEqual(around('DELETE'));
    expect(gateway.allCalls()).toHaveLength(3);
    expect(gateway.calls('MY_PATIENT_PORTAL')[1]?.body).toBeUndefined();
    gateway.forget();

    const joined = await join(anas(listed));
    expect(joined.errors).toEqual([]);
    expect(joined.payload).toEqual({
      appointment: { id: anas(listed), status: 'BOOKED', asapListSubscribed: true },
      operation: { id: expect.any(String) },
      userErrors: [],
    });
    expect(calls()).toEqual(around('PUT'));
    expect(gateway.calls('MY_PATIENT_PORTAL')[1]?.body).toEqual({ email });
    expect(portal().appointments.find(({ id }) => id === listed)?.asapEmail).toBe(email);
    gateway.forget();

    const { data } = await gateway.query(
      'query ($id: ID!) { appointment(id: $id) { asapListSubscribed earlierAvailability { start } } }',
      { id: anas(listed) },
      'ana',
    );
    expect(data.appointment.asapListSubscribed).toBe(true);
    expect(data.appointment.earlierAvailability).not.toBeNull();
  });

  it('joinAsapList twice is harmless, and leaveAsapList without a subscription is done', async () => {
    for (const run of [join, join, leave, leave]) {
      const { payload } = await run(anas(listed));
      expect(payload.userErrors).toEqual([]);
      expect(payload.appointment.asapListSubscribed).toBe(run === join);
    }
  });

  it('joinAsapList is ASAP_NOT_ENABLED where the type of appointment has no such list', async () => {
    const { payload } = await join(anas(unlisted));
    expect(payload.appointment).toBeNull();
    expect(payload.userErrors).toMatchObject([
      { code: 'ASAP_NOT_ENABLED', path: ['input', 'appointmentId'] },
    ]);
    expect(calls()).toEqual(around('PUT', unlisted).slice(0, 2));
  });

  it('joinAsapList takes no address that is none', async () => {
    const { data, errors } = await join(anas(listed), 'ana', 'ana at example');
    expect(data).toBeUndefined();
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['BAD_USER_INPUT']);
    expect(errors[0]?.message).not.toContain('ana at example');
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each([
    ['joinAsapList', join],
    ['leaveAsapList', leave],
  ] as const)(
    '%s is NOT_FOUND for an unknown appointment and for another patient’s',
    async (_name, run) => {
      for (const id of ['A'.repeat(28), 'xbCuVVTNU6rT6E5m8p6Y8h7opzBa']) {
        gateway.forget();
        const { payload } = await run(anas(id));
        expect(payload.userErrors).toMatchObject([
          { code: 'NOT_FOUND', path: ['input', 'appointmentId'] },
        ]);
        expect(calls()).toEqual([`GET /appointments/${id}`]);
      }
    },
  );

  it.each([
    ['joinAsapList', join],
    ['leaveAsapList', leave],
  ] as const)('%s refuses what is no id of an appointment without a call', async (_name, run) => {
    for (const id of ['', listed, gateway.ids.Ana]) {
      const { payload } = await run(id, 'staff');
      expect(payload.userErrors).toMatchObject([
        { code: 'INVALID_INPUT', path: ['input', 'appointmentId'] },
      ]);
    }
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each([
    ['joinAsapList', join],
    ['leaveAsapList', leave],
  ] as const)('%s is forbidden to another patient', async (_name, run) => {
    const { data, errors } = await run(anas(listed), 'ben');
    expect(data).toBeNull();
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each([
    ['joinAsapList', join],
    ['leaveAsapList', leave],
  ] as const)(
    '%s is UNSUPPORTED_BY_VENDOR for a VSee appointment, without a call',
    async (_name, run) => {
      const patientId = gateway.ids.Ana;
      const availabilityId = (await roomTimes(gateway, patientId)).at(-1)?.id;
      const input = { patientId, availabilityId };
      const booked = await mutate(gateway, 'bookAppointment', input, 'appointment { id }');
      gateway.forget();
      const { payload } = await run(booked.payload.appointment.id);
      expect(payload.userErrors).toMatchObject([{ code: 'UNSUPPORTED_BY_VENDOR' }]);
      expect(gateway.allCalls()).toEqual([]);
    },
  );

  it('joinAsapList is sent again after a fault, since twice does no harm', async () => {
    portal().fault({ kind: 'reset', act: true, match: /PUT/, times: 1 });
    const { payload } = await join(anas(listed));
    expect(payload.userErrors).toEqual([]);
    expect(payload.appointment.asapListSubscribed).toBe(true);
    expect(calls().filter((call) => call.startsWith('PUT'))).toHaveLength(2);
  });
});
