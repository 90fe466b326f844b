import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { byId, ofPatient } from '../../support/documents.ts';
import { type StartedGateway, startTestGateway, type TestGateway } from '../../support/gateway.ts';
import {
  connect,
  connectionFor,
  globalIdOf,
  keyIn,
  mutate,
  portalTimes,
  sent,
} from '../../support/mutations.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const portal = () => gateway.sandbox.simulators.MY_PATIENT_PORTAL;
const calls = () => sent(gateway.calls('MY_PATIENT_PORTAL'));
const disconnect = (patientId: string, as: 'staff' | 'ana' | 'ben' = 'staff') =>
  mutate(
    gateway,
    'disconnectPatientPortal',
    { patientId },
    'patient { id vendorAccounts { vendor } } operation { id }',
    as,
  );
const linked = async (patientId: string) => {
  const { data } = await gateway.query(
    'query ($id: ID!) { patient(id: $id) { vendorAccounts { vendor connected } } }',
    { id: patientId },
  );
  return data.patient.vendorAccounts.find(
    ({ vendor }: { vendor: string }) => vendor === 'MY_PATIENT_PORTAL',
  );
};

describe('disconnectPatientPortal', () => {
  it('revokes both tokens at the portal and removes the link', async () => {
    const { Ana } = gateway.ids;
    await portalTimes(gateway, Ana);
    const bearer = String(gateway.calls('MY_PATIENT_PORTAL')[0]?.headers.authorization);
    gateway.forget();

    const { payload, errors } = await disconnect(Ana, 'ana');
    expect(errors).toEqual([]);
    expect(payload.userErrors).toEqual([]);
    expect(payload.operation).toEqual({ id: expect.any(String) });
    expect(payload.patient.id).toBe(Ana);
    expect(payload.patient.vendorAccounts).not.toContainEqual({ vendor: 'MY_PATIENT_PORTAL' });
    expect(calls()).toEqual(['POST /oauth/revoke', 'POST /oauth/revoke']);
    expect(gateway.allCalls()).toHaveLength(2);
    expect(gateway.calls('MY_PATIENT_PORTAL').map(({ status }) => status)).toEqual([200, 200]);

    const dead = await fetch(`${portal().origin}/api/oauth2/v1/profile`, {
      headers: { authorization: bearer },
    });
    expect(dead.status).toBe(401);
    gateway.forget();

    const { data } = await gateway.query(
      '{ viewer { patient { appointments { sources { vendor state } } insurances { id } } } }',
      {},
      'ana',
    );
    expect(data.viewer.patient.appointments.sources).toContainEqual({
      vendor: 'MY_PATIENT_PORTAL',
      state: 'NOT_LINKED',
    });
    expect(data.viewer.patient.insurances).toBeNull();
    expect(calls()).toEqual([]);

    const again = await disconnect(Ana, 'ana');
    expect(again.payload.userErrors).toMatchObject([{ code: 'NOT_LINKED' }]);
    expect(calls()).toEqual([]);

    const back = await connect(gateway, Ana, 'ana', 'ana');
    expect(back.payload.userErrors).toEqual([]);
    expect(await linked(Ana)).toMatchObject({ connected: true });
  });

  it('is NOT_LINKED for a patient who never connected', async () => {
    const { payload } = await disconnect(gateway.ids.Emi);
    expect(payload.patient).toBeNull();
    expect(payload.userErrors).toMatchObject([{ code: 'NOT_LINKED' }]);
    expect(gateway.allCalls()).toEqual([]);
  });

  it('changes nothing where the portal cannot be reached, and succeeds later', async () => {
    const { Ben } = gateway.ids;
    portal().fault({ kind: 'status', status: 503, match: /revoke/ });
    const failed = await disconnect(Ben, 'ben');
    expect(failed.payload.patient).toBeNull();
    expect(failed.payload.userErrors).toMatchObject([
      { code: 'VENDOR_UNAVAILABLE', vendor: 'MY_PATIENT_PORTAL' },
    ]);
    expect(calls()).toEqual(['POST /oauth/revoke']);
    expect(await linked(Ben)).toMatchObject({ connected: true });
    gateway.forget();
    expect((await disconnect(Ben, 'ben')).payload.userErrors).toEqual([]);
    expect(await linked(Ben)).toBeUndefined();
  });

  it('removes a link whose authorization is dead at the portal already', async () => {
    const { Chloe } = gateway.ids;
    expect((await connect(gateway, Chloe, 'chloe')).payload.userErrors).toEqual([]);
    portal().revokeEverything();
    expect((await disconnect(Chloe)).payload.userErrors).toEqual([]);
    expect(await linked(Chloe)).toBeUndefined();
  });

  it('waits for a renewal under way, whose tokens would live on at the portal', async () => {
    const { Chloe } = gateway.ids;
    expect((await connect(gateway, Chloe, 'chloe')).payload.userErrors).toEqual([]);
    portal().expireAccessTokens();
    gateway.forget();
    portal().latency = 300;
    const answers = (path: string) =>
      gateway.calls('MY_PATIENT_PORTAL').filter((call) => call.path === path);
    const times = portalTimes(gateway, Chloe).catch(() => undefined);
    await vi.waitFor(() => expect(answers('/oauth/token')).toHaveLength(1));
    const disconnected = disconnect(Chloe);
    await vi.waitFor(() => expect(answers('/oauth/revoke')).not.toEqual([]), { timeout: 5_000 });
    expect(answers('/oauth/token')).toMatchObject([{ status: 200 }]);
    expect((await disconnected).payload.userErrors).toEqual([]);
    await times;
    expect(answers('/oauth/revoke')).toHaveLength(2);
    expect(await linked(Chloe)).toBeUndefined();
  });

  it('is forbidden for another patient', async () => {
    const { data, errors } = await disconnect(gateway.ids.Ben, 'ana');
    expect(data).toBeNull();
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('an account that another patient linked meanwhile', () => {
  it('is ALREADY_LINKED for the one who completes second', async () => {
    const { David, Emi } = gateway.ids;
    const [first, second] = [
      await connectionFor(gateway, David, 'david'),
      await connectionFor(gateway, Emi, 'david'),
    ];
    const complete = (connection: string) =>
      mutate(gateway, 'completePatientPortalConnection', { connection }, 'patient { id }');
    expect((await complete(first)).payload).toEqual({ patient: { id: David }, userErrors: [] });
    expect((await complete(second)).payload).toMatchObject({
      patient: null,
      userErrors: [{ code: 'ALREADY_LINKED' }],
    });
    expect(await linked(David)).toMatchObject({ connected: true });
    expect(await linked(Emi)).toBeUndefined();
  });
});

describe('a deployment without MyPatientPortal', () => {
  let without: StartedGateway;
  beforeAll(async () => {
    const names = Object.keys(portal().environment);
    without = await startTestGateway({
      seeded: false,
      environment: Object.fromEntries(names.map((name) => [name, undefined])),
    });
  });
  afterAll(() => without.close());

  it.each([
    ['connectPatientPortal', { returnTo: 'http://localhost:4000/connected' }],
    ['disconnectPatientPortal', {}],
  ])('answers %s with NOT_CONFIGURED', async (name, input) => {
    const person = { firstName: 'Ana', lastName: 'Silva' };
    const registered = await mutate(without, 'registerPatient', person, 'patient { id }');
    const patientId = registered.payload.patient.id;
    const { payload } = await mutate(without, name, { patientId, ...input });
    expect(payload.userErrors).toMatchObject([{ code: 'NOT_CONFIGURED' }]);
    const callback = await without.fetch('/oauth/my-patient-portal/callback?state=a&code=b');
    expect(callback.status).toBe(400);
  });

  it('says NOT_CONFIGURED of an appointment there, and of what the portal holds about the patient', async () => {
    const person = { firstName: 'Ana', lastName: 'Silva' };
    const registered = await mutate(without, 'registerPatient', person, 'patient { id }');
    const { id } = registered.payload.patient;
    const vendor = 'MY_PATIENT_PORTAL';
    await without.store.accounts.link({
      ...{ patientId: keyIn(id), vendor, vendorPatientId: 'ana' },
      linkMethod: 'OAUTH',
    });
    const appointmentId = globalIdOf('Appointment', vendor, keyIn(id), 'abc');
    for (const field of ['appointment', 'node']) {
      const { errors } = await without.query(byId(field, '__typename'), { id: appointmentId });
      expect(errors).toMatchObject([{ extensions: { code: 'NOT_CONFIGURED', vendor } }]);
    }
    const { payload } = await mutate(without, 'cancelAppointment', { appointmentId });
    expect(payload.userErrors).toMatchObject([{ code: 'NOT_CONFIGURED' }]);
    const profile = ofPatient('vendorAccounts { vendor profile { email } }');
    const { data, errors } = await without.query(profile, { id });
    expect(data.patient.vendorAccounts).toEqual([{ vendor, profile: null }]);
    expect(errors).toMatchObject([{ extensions: { code: 'NOT_CONFIGURED', vendor } }]);
  });
});
