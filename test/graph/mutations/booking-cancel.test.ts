import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import {
  globalIdOf,
  keyIn,
  mutate,
  portalTimes,
  roomTimes,
  sent,
  vendorIdIn,
  vseeCall,
} from '../../support/mutations.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const portal = () => gateway.sandbox.simulators.MY_PATIENT_PORTAL;
const portalCalls = () => sent(gateway.calls('MY_PATIENT_PORTAL'));
const vseeCalls = () => sent(gateway.calls('VSEE'));
const fields =
  'appointment { id vendor status start cancelledAt cancellable reschedulable visit { id status } } operation { id }';

const cancel = (appointmentId: string, as: 'staff' | 'ana' | 'ben' = 'ana') =>
  mutate(gateway, 'cancelAppointment', { appointmentId }, fields, as);

/** A new appointment of Ana's. */
async function booked(at: 'portal' | 'room', roomCode = 'clinic'): Promise<string> {
  const patientId = gateway.ids.Ana;
  const times =
    at === 'portal'
      ? await portalTimes(gateway, patientId)
      : await roomTimes(gateway, patientId, { roomCode });
  const availabilityId = times.at(-1)?.id;
  const input = { patientId, availabilityId };
  const { payload, text } = await mutate(gateway, 'bookAppointment', input, 'appointment { id }');
  gateway.forget();
  if (!payload?.appointment) {
    throw new Error(text);
  }
  return payload.appointment.id;
}

const read = async (id: string) => {
  const { data } = await gateway.query(
    'query ($id: ID!) { appointment(id: $id) { status cancelledAt cancellable } }',
    { id },
  );
  return data.appointment;
};

const notCancellable = [{ code: 'NOT_CANCELLABLE', path: ['input', 'appointmentId'] }];

describe('cancelAppointment at MyPatientPortal', () => {
  it('looks whether it can be, cancels it, and reads it again', async () => {
    const id = await booked('portal');
    const before = Date.now();
    const { payload, errors } = await cancel(id);
    expect(errors).toEqual([]);
    expect(payload).toMatchObject({
      appointment: {
        id,
        vendor: 'MY_PATIENT_PORTAL',
        status: 'CANCELLED',
        cancellable: false,
        reschedulable: false,
        visit: null,
      },
      operation: { id: expect.any(String) },
      userErrors: [],
    });
    expect(Math.abs(Date.parse(payload.appointment.cancelledAt) - before)).toBeLessThan(20_000);
    const vendorId = vendorIdIn(id);
    expect(portalCalls()).toEqual([
      `GET /appointments/${vendorId}`,
      `POST /appointments/${vendorId}/cancel`,
      `GET /appointments/${vendorId}`,
    ]);
    expect(gateway.allCalls()).toHaveLength(3);
    expect(gateway.calls('MY_PATIENT_PORTAL')[1]?.body).toBeUndefined();
    expect(await read(id)).toMatchObject({ status: 'CANCELLED', cancellable: false });
  });

  it('is NOT_CANCELLABLE the second time, without a second attempt', async () => {
    const id = await booked('portal');
    await cancel(id);
    gateway.forget();
    const { payload } = await cancel(id);
    expect(payload.appointment).toBeNull();
    expect(payload.userErrors).toMatchObject(notCancellable);
    expect(payload.userErrors[0].message).toBe('This appointment is cancelled already.');
    expect(portalCalls()).toEqual([`GET /appointments/${vendorIdIn(id)}`]);
  });

  it('is NOT_CANCELLABLE shortly before its start', async () => {
    const id = await booked('portal');
    const record = portal().appointments.find((each) => each.id === vendorIdIn(id));
    if (record) {
      record.start = Date.now() + 60 * 60 * 1000;
    }
    const { payload } = await cancel(id);
    expect(payload.userErrors).toMatchObject(notCancellable);
    expect(portalCalls()).toEqual([`GET /appointments/${vendorIdIn(id)}`]);
  });

  it('is NOT_FOUND where the portal does not know it, or not for this patient', async () => {
    const anas = keyIn(gateway.ids.Ana);
    for (const vendorId of ['A'.repeat(28), 'xbCuVVTNU6rT6E5m8p6Y8h7opzBa']) {
      gateway.forget();
      const { payload } = await cancel(
        globalIdOf('Appointment', 'MY_PATIENT_PORTAL', anas, vendorId),
      );
      expect(payload.appointment).toBeNull();
      expect(payload.userErrors).toMatchObject([
        { code: 'NOT_FOUND', path: ['input', 'appointmentId'] },
      ]);
      expect(portalCalls()).toEqual([`GET /appointments/${vendorId}`]);
    }
    expect(portal().appointments.find(({ id }) => id.endsWith('Ba'))?.cancelledAt).toBeNull();
  });

  it('refuses what is no id of an appointment without a call', async () => {
    const anas = keyIn(gateway.ids.Ana);
    for (const id of [
      '',
      'xbCuVVTNU6rT6E5m8p6Y8h7opzAb',
      gateway.ids.Ana,
      globalIdOf('Visit', 'VSEE', anas, '67001'),
      globalIdOf('Appointment', 'MY_PATIENT_PORTAL', anas, '../../profile'),
    ]) {
      const { payload } = await cancel(id, 'staff');
      expect(payload.appointment).toBeNull();
      expect(payload.userErrors).toMatchObject([{ code: 'INVALID_INPUT' }]);
    }
    expect(gateway.allCalls()).toEqual([]);
  });

  it('makes no call for an id that the portal cannot have given', async () => {
    const foreign = globalIdOf('Appointment', 'MY_PATIENT_PORTAL', keyIn(gateway.ids.Ana), 'a-b_c');
    const { payload } = await cancel(foreign);
    expect(payload.appointment).toBeNull();
    expect(payload.userErrors).toMatchObject([{ code: 'INVALID_INPUT' }]);
    expect(gateway.allCalls()).toEqual([]);
  });

  it('is forbidden to another patient', async () => {
    const id = await booked('portal');
    const { data, errors } = await cancel(id, 'ben');
    expect(data).toBeNull();
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
    expect(gateway.allCalls()).toEqual([]);
    expect(await read(id)).toMatchObject({ status: 'BOOKED' });
  });

  it('V02: says OUTCOME_UNKNOWN where the answer is lost, and cancels once', async () => {
    const id = await booked('portal');
    portal().fault({ kind: 'reset', act: true, match: /cancel/ });
    const { payload } = await cancel(id);
    expect(payload.appointment).toBeNull();
    expect(payload.userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
    expect(portalCalls().filter((call) => call.endsWith('/cancel'))).toHaveLength(1);
    gateway.forget();
    expect(await read(id)).toMatchObject({ status: 'CANCELLED' });
  });

  it('V02: is found to be done where the portal shows no longer what was cancelled', async () => {
    const id = await booked('portal');
    portal().fault({ kind: 'reset', act: true, match: /cancel/ });
    const { payload } = await cancel(id);
    expect(payload.userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
    gateway.forget();
    portal().fault({ kind: 'status', status: 404, match: /GET .*appointments/ });
    const input = { operationId: payload.operation.id };
    const looked = await mutate(gateway, 'reconcileOperation', input, 'operation { status }');
    expect(looked.payload).toMatchObject({ operation: { status: 'SUCCEEDED' }, userErrors: [] });
    expect(portalCalls()).toEqual(expect.arrayContaining([`GET /appointments/${vendorIdIn(id)}`]));
    expect(portalCalls().filter((call) => !call.startsWith('GET'))).toEqual([]);
  });

  it('says VENDOR_UNAVAILABLE where the appointment cannot be looked at, and cancels nothing', async () => {
    const id = await booked('portal');
    portal().fault({ kind: 'status', status: 503, match: /GET/ });
    const { payload } = await cancel(id);
    expect(payload.userErrors).toMatchObject([
      { __typename: 'VendorUnavailableError', code: 'VENDOR_UNAVAILABLE' },
    ]);
    expect(new Set(portalCalls())).toEqual(new Set([`GET /appointments/${vendorIdIn(id)}`]));
    gateway.forget();
    expect(await read(id)).toMatchObject({ status: 'BOOKED' });
  });
});

describe('cancelAppointment at VSee', () => {
  it('looks whether it can be and cancels the visit', async () => {
    const id = await booked('room');
    const { payload, errors } = await cancel(id);
    expect(errors).toEqual([]);
    expect(payload).toMatchObject({
      appointment: { id, vendor: 'VSEE', status: 'CANCELLED', cancellable: false },
      operation: { id: expect.any(String) },
      userErrors: [],
    });
    expect(payload.appointment.visit.status).toBe('CANCELLED');
    expect(payload.appointment.cancelledAt).not.toBeNull();
    const visit = `visits/${vendorIdIn(id)}`;
    expect(vseeCalls()).toEqual([
      vseeCall('GET', visit),
      vseeCall('GET', 'rooms/clinic'),
      vseeCall('POST', `${visit}/cancel`),
    ]);
    expect(gateway.allCalls()).toHaveLength(3);
    expect(gateway.calls('VSEE')[2]?.body).toEqual({ reason: 'patient_cancel_appointment' });
    expect(gateway.calls('VSEE')[2]?.headers['x-apitoken']).toMatch(/^[0-9a-f]{32}$/);
    gateway.forget();

    const { data } = await gateway.query(
      'query ($id: ID!) { visit(id: $id) { status appointment { status } } }',
      { id: payload.appointment.visit.id },
      'ana',
    );
    expect(data.visit).toEqual({ status: 'CANCELLED', appointment: { status: 'CANCELLED' } });

    const again = await cancel(id);
    expect(again.payload.userErrors).toMatchObject(notCancellable);
    expect(vseeCalls().filter((call) => call.startsWith('POST'))).toEqual([]);
  });

  it('is NOT_CANCELLABLE where the room lets no patient cancel, without an attempt', async () => {
    const { switches } = gateway.sandbox.simulators.VSEE;
    switches.roomsWithoutCancel = ['berlin'];
    try {
      const id = await booked('room', 'berlin');
      const { payload } = await cancel(id);
      expect(payload.appointment).toBeNull();
      expect(payload.userErrors).toMatchObject(notCancellable);
      expect(vseeCalls()).toEqual([
        vseeCall('GET', `visits/${vendorIdIn(id)}`),
        vseeCall('GET', 'rooms/berlin'),
      ]);
      expect(await read(id)).toMatchObject({ status: 'BOOKED', cancellable: false });
    } finally {
      switches.roomsWithoutCancel = [];
    }
  });

  it('is NOT_CANCELLABLE where the vendor says so itself', async () => {
    const id = await booked('room', 'berlin');
    gateway.sandbox.simulators.VSEE.fault({
      kind: 'status',
      status: 403,
      match: /cancel/,
      times: 1,
    });
    const { payload } = await cancel(id);
    expect(payload.userErrors).toMatchObject(notCancellable);
    expect(await read(id)).toMatchObject({ status: 'BOOKED', cancellable: true });
  });

  it('is NOT_FOUND for another patient’s visit and for an unknown one', async () => {
    const bens = await mutate(
      gateway,
      'requestEConsult',
      { patientId: gateway.ids.Ben, roomCode: 'clinic' },
      'visit { id }',
    );
    gateway.forget();
    for (const vendorId of [vendorIdIn(bens.payload.visit.id), '99999999']) {
      const id = globalIdOf('Appointment', 'VSEE', keyIn(gateway.ids.Ana), vendorId);
      const { payload } = await cancel(id);
      expect(payload.userErrors).toMatchObject([{ code: 'NOT_FOUND' }]);
    }
    expect(vseeCalls().filter((call) => call.startsWith('POST'))).toEqual([]);
  });

  it('is NOT_LINKED for a patient without an account there', async () => {
    const id = globalIdOf('Appointment', 'VSEE', keyIn(gateway.ids.Emi), '67001');
    const { payload } = await cancel(id, 'staff');
    expect(payload.userErrors).toMatchObject([{ code: 'NOT_LINKED' }]);
    expect(gateway.allCalls()).toEqual([]);
  });

  it('signs in once more where the token died early', async () => {
    const id = await booked('room');
    gateway.sandbox.simulators.VSEE.switches.expireTokens();
    const { payload } = await cancel(id);
    expect(payload.userErrors).toEqual([]);
    const visit = `visits/${vendorIdIn(id)}`;
    expect(vseeCalls()).toEqual([
      vseeCall('GET', visit),
      vseeCall('POST', 'users/sso'),
      vseeCall('GET', visit),
      vseeCall('GET', 'rooms/clinic'),
      vseeCall('POST', `${visit}/cancel`),
    ]);
  });

  it('can be tried again where the token died and signing in fails: nothing was done', async () => {
    const id = await booked('room');
    const visit = `visits/${vendorIdIn(id)}`;
    const input = { appointmentId: id, idempotencyKey: `cancel-${id}` };
    const { VSEE } = gateway.sandbox.simulators;
    VSEE.fault({ kind: 'status', status: 401, match: /cancel/, times: 1 });
    VSEE.fault({ kind: 'status', status: 503, match: /sso/, times: 3 });
    const signIn = vseeCall('POST', 'users/sso');
    const cancels = vseeCall('POST', `${visit}/cancel`);
    const first = await mutate(gateway, 'cancelAppointment', input, fields, 'ana');
    expect(first.payload.userErrors).toMatchObject([{ code: 'VENDOR_UNAVAILABLE' }]);
    expect(vseeCalls().slice(-4)).toEqual([cancels, signIn, signIn, signIn]);
    gateway.forget();
    const second = await mutate(gateway, 'cancelAppointment', input, fields, 'ana');
    expect(second.payload.userErrors).toEqual([]);
    expect(vseeCalls()).toEqual([signIn, cancels]);
  });

  it('V02: says OUTCOME_UNKNOWN where the answer is lost, and cancels once', async () => {
    const id = await booked('room');
    gateway.sandbox.simulators.VSEE.fault({ kind: 'reset', act: true, match: /cancel/ });
    const { payload } = await cancel(id);
    expect(payload.userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
    expect(vseeCalls().filter((call) => call.endsWith('/cancel'))).toHaveLength(1);
  });

  it('V02: stays unknown where the vendor does not show the visit any more: nobody can tell why', async () => {
    const id = await booked('room');
    gateway.sandbox.simulators.VSEE.fault({ kind: 'reset', act: true, match: /cancel/ });
    const { payload } = await cancel(id);
    gateway.forget();
    gateway.sandbox.simulators.VSEE.fault({ kind: 'status', status: 404, match: /GET .*visits/ });
    const input = { operationId: payload.operation.id };
    const looked = await mutate(gateway, 'reconcileOperation', input, 'operation { status }');
    expect(looked.payload).toMatchObject({
      operation: { status: 'OUTCOME_UNKNOWN' },
      userErrors: [{ code: 'UNSUPPORTED_BY_VENDOR' }],
    });
  });
});
