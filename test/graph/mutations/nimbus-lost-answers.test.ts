import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  done,
  expectRefusal,
  lostAnswers,
  mutate,
  nimbusOf,
  sent,
} from '../../support/asked-mutation.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ environment: { NIMBUS_TIMEOUT_MS: '1000' } });
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());
afterEach(async () => {
  // A call that works: faults in a row would open the breaker.
  gateway.forget();
  nimbus().switches.portalOrigin = null;
  await done(gateway, 'enablePortalAccess', { patientId: gateway.ids.Chloe });
});

const nimbus = () => nimbusOf(gateway);
const read = async (id: string, selection: string) =>
  (await gateway.query(`query ($id: ID!) { patient(id: $id) { ${selection} } }`, { id })).data
    .patient;
const date = new Date(Date.now() + 14 * 86_400_000).toISOString().slice(0, 10);
const person = {
  birthDate: '1990-05-06',
  sex: 'MALE',
  phone: '+15550107001',
  address: { street: '1 Road', city: 'Town', state: 'CA', postalCode: '90012' },
  ...{ heightFeet: 5, heightInches: 7, weightPounds: 170 },
};

describe('A lost answer', () => {
  it.each(lostAnswers)(
    'V02: to createFollowUp ($title) is OUTCOME_UNKNOWN: one call, one effect, nothing recorded',
    async ({ title: _, ...fault }) => {
      const patientId = gateway.ids.Ana;
      const before = nimbus().state.followUps.length;
      const known = await read(patientId, 'followUps { id }');
      nimbus().fault({ ...fault, match: /create-followup/ });
      const answer = await mutate(gateway, 'createFollowUp', { patientId, date });
      expect(answer.payload.userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN', path: null }]);
      expect(answer.payload.followUp).toBeNull();
      expect(sent(gateway.calls('NIMBUS'))).toEqual([
        'GET /external-portal-access/latest-order?user_id=1001',
        'POST /external-portal-access/create-followup',
      ]);
      expect(nimbus().state.followUps).toHaveLength(before + 1);
      expect(await read(patientId, 'followUps { id }')).toEqual(known);
    },
  );

  it.each(lostAnswers)(
    'V02: to enablePortalAccess ($title) costs one call and is made good under the same key: the last link counts',
    async ({ title: _, ...fault }) => {
      const patientId = gateway.ids.Ben;
      const tokens = nimbus().state.tokens.size;
      const known = await read(patientId, 'portalAccess { id status }');
      nimbus().fault({ ...fault, match: /enable/ });
      const input = { patientId, idempotencyKey: crypto.randomUUID() };
      const answer = await mutate(gateway, 'enablePortalAccess', input, 'ben');
      expect(answer.payload.userErrors).toMatchObject([{ code: 'VENDOR_UNAVAILABLE', path: null }]);
      expect(answer.payload.portalAccess).toBeNull();
      expect(answer.text).not.toMatch(/token=|sandbox fault|Sign in/);
      expect(sent(gateway.calls('NIMBUS'))).toEqual(['POST /external-portal-access/enable']);
      expect(nimbus().state.tokens.size).toBe(tokens + 1);
      expect(await read(patientId, 'portalAccess { id status }')).toEqual(known);

      gateway.forget();
      const again = await mutate(gateway, 'enablePortalAccess', input, 'ben');
      expect(again.payload.userErrors).toEqual([]);
      expect(again.payload.operation.id).toBe(answer.payload.operation.id);
      expect(again.payload.portalAccess.redirectUrl).toContain('token=');
      expect(sent(gateway.calls('NIMBUS'))).toEqual(['POST /external-portal-access/enable']);
      expect((await read(patientId, 'portalAccess { id }')).portalAccess).toHaveLength(
        known.portalAccess.length + 1,
      );
    },
  );

  it.each(lostAnswers)(
    'V02: to onboardPatient ($title) is OUTCOME_UNKNOWN: one call, one user there, nobody here',
    async ({ title, ...fault }) => {
      const users = nimbus().state.users.size;
      const email = `lost.${lostAnswers.findIndex((each) => each.title === title)}@example.com`;
      const search = '{ patients(search: "Lost") { totalCount } }';
      nimbus().fault(fault);
      const answer = await mutate(gateway, 'onboardPatient', {
        ...{ ...person, firstName: 'Lost', lastName: 'Answer', email },
      });
      expect(answer.payload.userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN', path: null }]);
      expect(answer.payload).toMatchObject({ patient: null, portalAccess: null });
      expect(answer.text).not.toMatch(/lost\.\d|token=/);
      expect(sent(gateway.calls('NIMBUS'))).toEqual(['POST /external-transfer-onboarding']);
      expect(nimbus().state.users.size).toBe(users + 1);
      expect((await gateway.query(search)).data.patients.totalCount).toBe(0);
    },
  );

  it('to onboardPatient of a registered patient leaves the record as it was', async () => {
    const { patient } = await done(gateway, 'registerPatient', {
      firstName: 'Gap',
      lastName: 'Filled',
      email: 'gap.filled@example.com',
    });
    nimbus().fault({ kind: 'reset', act: true });
    const answer = await mutate(gateway, 'onboardPatient', {
      ...{ ...person, patientId: patient.id, phone: '+15550107002' },
    });
    expect(answer.payload.userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
    expect(
      await read(patient.id, 'birthDate vendorAccounts { vendor } portalAccess { id }'),
    ).toEqual({ birthDate: null, vendorAccounts: [], portalAccess: [] });
  });
});

describe('onboardPatient with a link that must not be handed on', () => {
  it('keeps whom the vendor has made, and says how to get a link', async () => {
    nimbus().switches.portalOrigin = 'http://portal.evil.test';
    const idempotencyKey = crypto.randomUUID();
    const onboard = async () => {
      const names = { firstName: 'No', lastName: 'Link', email: 'no.link@example.com' };
      const answer = await gateway.query(
        'mutation ($input: OnboardPatientInput!) { onboardPatient(input: $input) { patient { id } portalAccess { id } notice operation { status } userErrors { code } } }',
        { input: { ...person, ...names, phone: '+15550107003', idempotencyKey } },
      );
      expect(answer.text).not.toMatch(/evil|token=/);
      return answer.data.onboardPatient;
    };
    const payload = await onboard();
    expect(payload).toEqual({
      patient: { id: expect.any(String) },
      portalAccess: null,
      notice: expect.stringContaining('enablePortalAccess'),
      operation: { status: 'SUCCEEDED' },
      userErrors: [],
    });
    expect(await onboard()).toEqual(payload);
    expect(sent(gateway.calls('NIMBUS'))).toEqual(['POST /external-transfer-onboarding']);
    const patientId = payload.patient.id;
    const [userId] = [...nimbus().state.users.keys()].slice(-1);
    expect(await read(patientId, 'vendorAccounts { vendorPatientId } portalAccess { id }')).toEqual(
      { vendorAccounts: [{ vendorPatientId: String(userId) }], portalAccess: [] },
    );

    nimbus().switches.portalOrigin = null;
    const { portalAccess } = await done(gateway, 'enablePortalAccess', { patientId });
    expect(portalAccess).toMatchObject({ status: 'ACTIVE', patient: { id: patientId } });
  });
});

describe('revokePortalAccess, which is safe to repeat,', () => {
  const patientId = () => gateway.ids.Ana;
  const revoking = 'POST /external-portal-access/revoke';

  it.each([
    { kind: 'reset', act: true },
    { kind: 'status', status: 502, act: true },
    { kind: 'truncate', act: true },
  ] as const)('V02: is asked again after $kind and done', async (fault) => {
    await done(gateway, 'enablePortalAccess', { patientId: patientId() });
    gateway.forget();
    nimbus().fault({ ...fault, times: 1 });
    const { portalAccess } = await done(gateway, 'revokePortalAccess', { patientId: patientId() });
    expect(portalAccess.status).toBe('REVOKED');
    expect(sent(gateway.calls('NIMBUS'))).toEqual([revoking, revoking]);
    const bodies = gateway.calls('NIMBUS').map(({ body }) => body);
    expect(bodies[1]).toEqual(bodies[0]);
  });

  it('is refused, and not recorded, where no attempt was answered', async () => {
    await done(gateway, 'enablePortalAccess', { patientId: patientId() });
    gateway.forget();
    nimbus().fault({ kind: 'reset' });
    const answer = await mutate(gateway, 'revokePortalAccess', { patientId: patientId() });
    expectRefusal(answer, 'VENDOR_UNAVAILABLE');
    expect(sent(gateway.calls('NIMBUS'))).toEqual([revoking, revoking, revoking]);
    const { portalAccess } = await read(patientId(), 'portalAccess(vendor: NIMBUS) { status }');
    expect(portalAccess[0].status).toBe('ACTIVE');
  });
});
