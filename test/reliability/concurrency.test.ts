import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { nimbusOf } from '../support/asked-mutation.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import {
  keyIn,
  mutate,
  portalTimes,
  roomTimes,
  sent,
  vendorIdIn,
  vseeCall,
} from '../support/mutations.ts';
import { portalOf } from '../support/simulators.ts';

/** reliability.md, section 4, "Concurrency". */

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const appointmentFields = 'appointment { id status start } operation { id status }';
const many = 100;

const newcomer = (firstName: string, lastName: string) => ({
  ...{ firstName, lastName, birthDate: '1990-05-06', sex: 'FEMALE', phone: '+15550107100' },
  ...{ email: `${randomUUID()}@example.com`, heightFeet: 5, heightInches: 7, weightPounds: 150 },
  address: { street: '1 Road', city: 'Town', state: 'CA', postalCode: '90012' },
});

const outcomes = (answers: readonly { payload: { userErrors: { code: string }[] } }[]) =>
  answers.map(({ payload }) => payload.userErrors[0]?.code ?? 'DONE').sort();

describe('C01: a hundred concurrent submissions of one key', () => {
  it('book one appointment, and all say so', async () => {
    const [time] = (await portalTimes(gateway, gateway.ids.Ana)).slice(-1);
    gateway.forget();
    const input = {
      patientId: gateway.ids.Ana,
      availabilityId: time?.id,
      idempotencyKey: randomUUID(),
    };
    const answers = await Promise.all(
      Array.from({ length: many }, () =>
        mutate(gateway, 'bookAppointment', input, appointmentFields, 'ana'),
      ),
    );

    const [first] = answers;
    expect(first?.payload).toMatchObject({
      appointment: { status: 'BOOKED', start: time?.start },
      operation: { status: 'SUCCEEDED' },
      userErrors: [],
    });
    expect(answers.map(({ payload }) => payload)).toEqual(Array(many).fill(first?.payload));
    const bookings = sent(gateway.calls('MY_PATIENT_PORTAL')).filter((call) =>
      call.endsWith('/booking'),
    );
    expect(bookings).toHaveLength(1);
  });

  it('start one visit, and all get its link', async () => {
    const input = {
      patientId: gateway.ids.Ben,
      roomCode: 'clinic',
      idempotencyKey: randomUUID(),
    };
    const fields = 'visit { id status inviteUrl } joinUrl notice operation { id status }';
    const answers = await Promise.all(
      Array.from({ length: many }, () => mutate(gateway, 'startWalkInVisit', input, fields, 'ben')),
    );

    const [first] = answers;
    expect(first?.payload).toMatchObject({
      joinUrl: expect.stringContaining('sso_token='),
      visit: { inviteUrl: expect.stringContaining('/visits/join/') },
      notice: null,
      userErrors: [],
    });
    expect(answers.map(({ payload }) => payload)).toEqual(Array(many).fill(first?.payload));
    const made = sent(gateway.calls('VSEE')).filter(
      (call) => call === vseeCall('POST', 'visits/add_walkin'),
    );
    expect(made).toHaveLength(1);

    gateway.forget();
    const { payload } = await mutate(gateway, 'startWalkInVisit', input, fields, 'ben');
    expect(payload).toMatchObject({
      visit: { id: first?.payload.visit.id, inviteUrl: null },
      joinUrl: null,
      notice: expect.stringContaining('createPortalLink'),
      userErrors: [],
    });
    expect(gateway.allCalls()).toEqual([]);
  });

  it('onboard one patient, whose record is then their own', async () => {
    const input = { ...newcomer('Stella', 'Stranger'), idempotencyKey: randomUUID() };
    const fields = 'patient { id email } portalAccess { redirectUrl } operation { id }';
    const answers = await Promise.all(
      Array.from({ length: 10 }, () =>
        mutate(gateway, 'onboardPatient', input, fields, 'stranger'),
      ),
    );

    expect(outcomes(answers)).toEqual(Array(10).fill('DONE'));
    expect(
      new Set(answers.map(({ text }) => JSON.parse(text).data.onboardPatient.patient.id)).size,
    ).toBe(1);
    expect(sent(gateway.calls('NIMBUS'))).toEqual(['POST /external-transfer-onboarding']);
  });
});

describe('C02: a key that was used', () => {
  it('is a conflict with another input, without a vendor call', async () => {
    const input = { patientId: gateway.ids.Ana, idempotencyKey: randomUUID() };
    const first = await mutate(gateway, 'enablePortalAccess', input, 'operation { id }');
    expect(first.payload.userErrors).toEqual([]);
    gateway.forget();
    const { payload } = await mutate(
      gateway,
      'enablePortalAccess',
      { ...input, validForHours: 48 },
      'portalAccess { id redirectUrl }',
    );
    expect(payload).toMatchObject({
      portalAccess: null,
      userErrors: [{ code: 'IDEMPOTENCY_CONFLICT', path: ['input', 'idempotencyKey'] }],
    });
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('C03: two patients who book one time at once', () => {
  const race = (ana: unknown, ben: unknown) =>
    Promise.all([
      mutate(
        gateway,
        'bookAppointment',
        { patientId: gateway.ids.Ana, availabilityId: ana, idempotencyKey: randomUUID() },
        appointmentFields,
        'ana',
      ),
      mutate(
        gateway,
        'bookAppointment',
        { patientId: gateway.ids.Ben, availabilityId: ben, idempotencyKey: randomUUID() },
        appointmentFields,
        'ben',
      ),
    ]);

  const expectOneWinner = (answers: Awaited<ReturnType<typeof race>>, start: string) => {
    expect(outcomes(answers)).toEqual(['AVAILABILITY_GONE', 'DONE']);
    const winner = answers.find(({ payload }) => payload.appointment !== null);
    const loser = answers.find(({ payload }) => payload.appointment === null);
    expect(winner?.payload).toMatchObject({
      appointment: { status: 'BOOKED' },
      operation: { status: 'SUCCEEDED' },
    });
    expect(loser?.payload.operation.status).toBe('FAILED');
    const { alternatives } = loser?.payload.userErrors[0] ?? {};
    expect(alternatives.length).toBeGreaterThan(0);
    expect(alternatives.map((time: { start: string }) => time.start)).not.toContain(start);
  };

  it('at MyPatientPortal: one has it, the other gets other times', async () => {
    const times = await portalTimes(gateway, gateway.ids.Ana);
    const start = times.at(-3)?.start ?? '';
    const bens = await portalTimes(gateway, gateway.ids.Ben);
    const answers = await race(times.at(-3)?.id, bens.find((time) => time.start === start)?.id);
    expectOneWinner(answers, start);
  });

  it('in a VSee room: one has it, the other gets other times', async () => {
    const times = await roomTimes(gateway, gateway.ids.Ana);
    const start = times.at(-3)?.start ?? '';
    const bens = await roomTimes(gateway, gateway.ids.Ben);
    const answers = await race(times.at(-3)?.id, bens.find((time) => time.start === start)?.id);
    expectOneWinner(answers, start);
  });
});

describe('C04: a double click without a key', () => {
  it('is two writes, as the schema says', async () => {
    const input = { patientId: gateway.ids.Ana, roomCode: 'econsult' };
    const answers = await Promise.all([
      mutate(gateway, 'requestEConsult', input, 'visit { id }', 'ana'),
      mutate(gateway, 'requestEConsult', input, 'visit { id }', 'ana'),
    ]);
    expect(outcomes(answers)).toEqual(['DONE', 'DONE']);
    expect(new Set(answers.map(({ payload }) => payload.visit.id)).size).toBe(2);
  });

  it('onboards nobody twice', async () => {
    // The vendor would take them both.
    nimbusOf(gateway).switches.duplicateEmail = 'reissue';
    const input = newcomer('Dora', 'Double');
    const { payload } = await mutate(
      gateway,
      'registerPatient',
      { firstName: 'Gero', lastName: 'Given' },
      'patient { id }',
    );
    const known = { ...newcomer('Gero', 'Given'), patientId: payload.patient.id };
    for (const each of [input, known]) {
      gateway.forget();
      const answers = await Promise.all([
        mutate(gateway, 'onboardPatient', each, 'patient { id }'),
        mutate(gateway, 'onboardPatient', each, 'patient { id }'),
      ]);
      expect(outcomes(answers)).toEqual(['ALREADY_EXISTS', 'DONE']);
      expect(new Set(answers.map(({ payload }) => payload.patient.id)).size).toBe(1);
      expect(sent(gateway.calls('NIMBUS'))).toEqual(['POST /external-transfer-onboarding']);
    }
    nimbusOf(gateway).switches.duplicateEmail = 'refuse';
  });
});

describe('C05: a cancellation that races a move of the same appointment', () => {
  it('is made before or after it, never meanwhile, and the answers say what the vendor has', async () => {
    const [time] = (await portalTimes(gateway, gateway.ids.Ana)).slice(-6);
    const booked = await mutate(
      gateway,
      'bookAppointment',
      { patientId: gateway.ids.Ana, availabilityId: time?.id },
      'appointment { id }',
    );
    const appointmentId = booked.payload.appointment.id;
    const { data } = await gateway.query(
      'query ($id: ID!) { appointment(id: $id) { rescheduleOptions { id start } } }',
      { id: appointmentId },
    );
    const next = data.appointment.rescheduleOptions.at(-1);
    gateway.forget();
    portalOf(gateway).latency = 50;
    const [moved, cancelled] = await Promise.all([
      mutate(
        gateway,
        'rescheduleAppointment',
        { appointmentId, availabilityId: next.id },
        appointmentFields,
        'ana',
      ),
      mutate(gateway, 'cancelAppointment', { appointmentId }, appointmentFields, 'ana'),
    ]);

    const writes = gateway
      .calls('MY_PATIENT_PORTAL')
      .map(({ method, path }) => (method === 'GET' ? 'read' : (path.split('/').at(-1) ?? '')));
    // Each reads the appointment before and after its own change, and nobody comes in between.
    const order = writes.filter((call) => call !== 'read');
    if (order[0] === 'reschedule') {
      expect(order).toEqual(['reschedule', 'cancel']);
      expect(moved.payload).toMatchObject({
        appointment: { status: 'BOOKED', start: next.start },
        userErrors: [],
      });
      expect(cancelled.payload).toMatchObject({
        appointment: { status: 'CANCELLED', start: next.start },
        userErrors: [],
      });
    } else {
      expect(order).toEqual(['cancel']);
      expect(moved.payload.userErrors).toMatchObject([{ code: 'NOT_RESCHEDULABLE' }]);
      expect(cancelled.payload).toMatchObject({
        appointment: { status: 'CANCELLED', start: time?.start },
        userErrors: [],
      });
    }
    const kept = portalOf(gateway).appointments.find(({ id }) => id === vendorIdIn(appointmentId));
    expect(kept?.cancelledAt).not.toBeNull();
  });

  it('so do an enable and a revocation: the register says what the vendor has', async () => {
    nimbusOf(gateway).latency = 30;
    const input = { patientId: gateway.ids.Ben };
    const fields = 'portalAccess { status } operation { status }';
    await Promise.all([
      mutate(gateway, 'enablePortalAccess', input, fields),
      mutate(gateway, 'revokePortalAccess', input, fields),
    ]);
    const order = sent(gateway.calls('NIMBUS'));
    expect(order).toHaveLength(2);
    const { data } = await gateway.query(
      'query ($id: ID!) { patient(id: $id) { portalAccess(vendor: NIMBUS) { status } } }',
      { id: gateway.ids.Ben },
    );
    const active = [...nimbusOf(gateway).state.tokens.values()].filter(
      ({ userId, state }) => userId === 1002 && state === 'active',
    );
    expect(data.patient.portalAccess[0].status).toBe(active.length > 0 ? 'ACTIVE' : 'REVOKED');
    expect(order.at(-1)).toMatch(active.length > 0 ? /enable$/ : /revoke$/);
  });
});

describe('C08: two patients who ask in the same tick', () => {
  it('share nothing: each gets their own, and the vendors are asked for each', async () => {
    const query =
      '{ viewer { patient { id firstName insurances { id } visits { nodes { id patient { id } } } portalRequests { nodes { id patient { id } } } } } }';
    const [ana, ben] = await Promise.all([
      gateway.query(query, {}, 'ana'),
      gateway.query(query, {}, 'ben'),
    ]);
    for (const [answer, own, other] of [
      [ana, 'Ana', 'Ben'],
      [ben, 'Ben', 'Ana'],
    ] as const) {
      expect(answer.errors).toEqual([]);
      expect(answer.data.viewer.patient).toMatchObject({ id: gateway.ids[own], firstName: own });
      expect(answer.data.viewer.patient.portalRequests.nodes.length).toBeGreaterThan(0);
      expect(answer.text).not.toContain(gateway.ids[other]);
      expect(answer.text).not.toContain(keyIn(gateway.ids[other]));
    }
    const queues = sent(gateway.calls('CERBO'));
    expect(queues.sort()).toEqual([
      'GET /patients/221/portal/enqueued',
      'GET /patients/222/portal/enqueued',
    ]);
    const bearers = gateway.calls('MY_PATIENT_PORTAL').map(({ headers }) => headers.authorization);
    expect(new Set(bearers).size).toBe(2);
  });
});
