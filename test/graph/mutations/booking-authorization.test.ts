import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { latestEventOf } from '../../support/asked-mutation.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { connect, globalIdOf, keyIn, mutate, portalTimes, sent } from '../../support/mutations.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const portal = () => gateway.sandbox.simulators.MY_PATIENT_PORTAL;
const calls = () => sent(gateway.calls('MY_PATIENT_PORTAL'));
const book = (patientId: string, availabilityId: string) =>
  mutate(
    gateway,
    'bookAppointment',
    { patientId, availabilityId },
    'appointment { id start } operation { id }',
  );

async function timeFor(name: 'Ana' | 'Ben' | 'Chloe' | 'David') {
  const insurance = name === 'Ben' ? '137' : '136';
  const times = await portalTimes(gateway, gateway.ids[name], { insurance });
  gateway.forget();
  return times.at(-1) ?? { id: '', start: '' };
}

const connected = async (patientId: string) => {
  const { data } = await gateway.query(
    'query ($id: ID!) { patient(id: $id) { vendorAccounts { vendor connected } } }',
    { id: patientId },
  );
  return data.patient.vendorAccounts.find(
    ({ vendor }: { vendor: string }) => vendor === 'MY_PATIENT_PORTAL',
  )?.connected;
};

const required = [
  {
    __typename: 'AuthorizationRequiredError',
    code: 'AUTHORIZATION_REQUIRED',
    authorizationUrl: null,
  },
];

describe('bookAppointment and the patient’s authorization', () => {
  it('O15: renews an access token that the portal refuses, once, and books once', async () => {
    const time = await timeFor('Ana');
    portal().expireAccessTokens();
    const { payload } = await book(gateway.ids.Ana, time.id);
    expect(payload.userErrors).toEqual([]);
    expect(payload.appointment.start).toBe(time.start);
    const made = calls().filter((call) => !call.includes('.well-known'));
    expect(made).toEqual([
      'POST /booking',
      'POST /oauth/token',
      'POST /booking',
      expect.stringMatching(/^GET \/appointments\//),
    ]);
    const bookings = gateway.calls('MY_PATIENT_PORTAL').filter(({ path }) => path === '/booking');
    expect(bookings.map(({ status }) => status)).toEqual([401, 201]);
    expect(bookings[0]?.headers.authorization).not.toBe(bookings[1]?.headers.authorization);
  });

  it('O13: is AUTHORIZATION_REQUIRED where the tokens are gone, and asks the portal no more', async () => {
    const { Ben } = gateway.ids;
    const time = await timeFor('Ben');
    portal().revokeEverything();
    const { payload } = await book(Ben, time.id);
    expect(payload.appointment).toBeNull();
    expect(payload.userErrors).toMatchObject(required);
    expect(payload.userErrors[0].message).toContain('connectPatientPortal');
    expect(calls().filter((call) => !call.includes('.well-known'))).toEqual([
      'POST /booking',
      'POST /oauth/token',
    ]);
    expect(await latestEventOf(gateway, Ben)).toEqual({
      ...{ actor: 'sandbox-staff', action: 'bookAppointment', outcome: 'FAILED' },
    });
    expect(await connected(Ben)).toBe(false);
    gateway.forget();

    const appointmentId = globalIdOf(
      'Appointment',
      'MY_PATIENT_PORTAL',
      keyIn(Ben),
      'xbCuVVTNU6rT6E5m8p6Y8h7opzBa',
    );
    const email = 'ben.okafor@example.com';
    for (const [name, input] of [
      ['bookAppointment', { patientId: Ben, availabilityId: time.id }],
      ['cancelAppointment', { appointmentId }],
      ['joinAsapList', { appointmentId, email }],
      ['leaveAsapList', { appointmentId }],
    ] as const) {
      const refused = await mutate(gateway, name, input, 'appointment { id }');
      expect(refused.payload).toMatchObject({ appointment: null, userErrors: required });
    }
    expect(gateway.allCalls()).toEqual([]);

    for (const [name, login] of [
      ['Ana', 'ana'],
      ['Ben', 'ben'],
    ] as const) {
      const back = await connect(gateway, gateway.ids[name], login);
      expect(back.payload.userErrors).toEqual([]);
    }
    expect(await connected(Ben)).toBe(true);
    const again = await timeFor('Ben');
    expect((await book(Ben, again.id)).payload.userErrors).toEqual([]);
  });

  it('O10: is AUTHORIZATION_REQUIRED without a call where the patient did not grant writing', async () => {
    const { Chloe } = gateway.ids;
    portal().switches.dropScopes = ['appointment_write'];
    try {
      expect((await connect(gateway, Chloe, 'chloe')).payload.userErrors).toEqual([]);
    } finally {
      portal().switches.dropScopes = [];
    }
    const time = await timeFor('Chloe');
    const { payload } = await book(Chloe, time.id);
    expect(payload.appointment).toBeNull();
    expect(payload.userErrors).toMatchObject(required);
    expect(gateway.allCalls()).toEqual([]);
    expect(portal().appointments.filter(({ accountId }) => accountId === 'pf530aafb03')).toEqual(
      [],
    );
  });

  it('is NOT_LINKED without a call where the patient has disconnected meanwhile', async () => {
    const { David } = gateway.ids;
    expect((await connect(gateway, David, 'david')).payload.userErrors).toEqual([]);
    const time = await timeFor('David');
    await mutate(gateway, 'disconnectPatientPortal', { patientId: David });
    gateway.forget();
    const { payload } = await book(David, time.id);
    expect(payload.appointment).toBeNull();
    expect(payload.userErrors).toMatchObject([{ code: 'NOT_LINKED' }]);
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each([
    ['breaks off', { kind: 'reset' }],
    ['is a 500', { kind: 'status', status: 500 }],
    ['is a page', { kind: 'html', status: 502 }],
    ['is empty', { kind: 'empty' }],
  ] as const)('says OUTCOME_UNKNOWN where the answer %s, and books once', async (_how, fault) => {
    const time = await timeFor('Ana');
    portal().fault({ ...fault, act: true, match: /booking/ });
    const { payload } = await book(gateway.ids.Ana, time.id);
    expect(payload).toMatchObject({ appointment: null, operation: { id: expect.any(String) } });
    expect(payload.userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
    expect(calls()).toEqual(['POST /booking']);
    gateway.forget();
    const { data } = await gateway.query(
      '{ viewer { patient { appointments(filter: { vendor: [MY_PATIENT_PORTAL] }) { nodes { start } } } } }',
      {},
      'ana',
    );
    // It was done: another attempt would have made a second one.
    const starts = data.viewer.patient.appointments.nodes.map(
      (each: { start: string }) => each.start,
    );
    expect(starts.filter((start: string) => start === time.start)).toHaveLength(1);
  });

  it('is VENDOR_UNAVAILABLE where the renewal cannot be made just then, and keeps the authorization', async () => {
    const time = await timeFor('Ana');
    portal().expireAccessTokens();
    portal().fault({ kind: 'status', status: 503, match: /oauth\/token/ });
    const { payload } = await book(gateway.ids.Ana, time.id);
    expect(payload.userErrors).toMatchObject([
      { code: 'VENDOR_UNAVAILABLE', vendor: 'MY_PATIENT_PORTAL' },
    ]);
    expect(await connected(gateway.ids.Ana)).toBe(true);
    gateway.forget();
    expect((await book(gateway.ids.Ana, time.id)).payload.userErrors).toEqual([]);
  });
});
