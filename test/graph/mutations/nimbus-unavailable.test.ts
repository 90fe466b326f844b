import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  done,
  expectRefusal,
  type MutationAnswer,
  mutate,
  nimbusOf,
  sent,
} from '../../support/asked-mutation.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';

const enabling = 'POST /external-portal-access/enable';
const revoking = 'POST /external-portal-access/revoke';
const onboarding = 'POST /external-transfer-onboarding';
const reading = 'GET /external-portal-access/latest-order?user_id=1001';
const date = new Date(Date.now() + 14 * 86_400_000).toISOString().slice(0, 10);
const newcomer = {
  firstName: 'Una',
  lastName: 'Vailable',
  birthDate: '1990-05-06',
  sex: 'FEMALE',
  email: 'una.vailable@example.com',
  phone: '+15550108001',
  address: { street: '1 Road', city: 'Town', state: 'CA', postalCode: '90012' },
  heightFeet: 5,
  heightInches: 7,
  weightPounds: 170,
};
/** The Nimbus mutations with input that is good, and the first call of each. */
const writes = (patientId: string) =>
  [
    ['onboardPatient', newcomer, onboarding],
    ['enablePortalAccess', { patientId }, enabling],
    ['revokePortalAccess', { patientId }, revoking],
    ['createFollowUp', { patientId, date }, reading],
  ] as const;
const names = ['onboardPatient', 'enablePortalAccess', 'revokePortalAccess', 'createFollowUp'];

const record = async (gateway: TestGateway, id: string) =>
  (
    await gateway.query(
      'query ($id: ID!) { patient(id: $id) { portalAccess { id status } followUps { id } } patients(first: 1) { totalCount } }',
      { id },
    )
  ).data;
const expectUnavailable = (answer: MutationAnswer, code: string) => {
  expectRefusal(answer, code, null);
  expect(answer.payload.userErrors).toMatchObject([
    { __typename: 'VendorUnavailableError', vendor: 'NIMBUS' },
  ]);
  expect(answer.text).not.toMatch(/127\.0\.0\.1|http|Basic|Unauthorized|sandbox fault/);
  expect(JSON.stringify(answer.payload)).not.toMatch(/external-|status|\d{3} /);
};

describe('A vendor that does not take the call', () => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(() => gateway.close());
  beforeEach(() => gateway.forget());

  it.each(names)('with 429 makes %s say when to come again, after one call', async (name) => {
    const { Ana } = gateway.ids;
    const before = await record(gateway, Ana);
    const [, input, first] = writes(Ana).find(([each]) => each === name) ?? [];
    nimbusOf(gateway).fault({ kind: 'status', status: 429, headers: { 'retry-after': '30' } });
    const asked = Date.now();
    const answer = await mutate(gateway, name as 'onboardPatient', input ?? {});
    expectUnavailable(answer, 'RATE_LIMITED');
    const wait = Date.parse(answer.payload.userErrors[0].retryAt) - asked;
    expect(wait).toBeGreaterThan(28_000);
    expect(wait).toBeLessThan(60_000);
    expect(sent(gateway.calls('NIMBUS'))).toEqual([first]);
    expect(await record(gateway, Ana)).toEqual(before);
  });

  it.each([401, 403])(
    'with %s, a credential refused, does nothing and says no more',
    async (status) => {
      const { Ana } = gateway.ids;
      const before = await record(gateway, Ana);
      nimbusOf(gateway).fault({ kind: 'status', status });
      expectUnavailable(
        await mutate(gateway, 'enablePortalAccess', { patientId: Ana }),
        'VENDOR_UNAVAILABLE',
      );
      expect(sent(gateway.calls('NIMBUS'))).toEqual([enabling]);
      expect(await record(gateway, Ana)).toEqual(before);
    },
  );

  it('V09: with a redirect that keeps the method is not followed', async () => {
    const { Ana } = gateway.ids;
    const tokens = nimbusOf(gateway).state.tokens.size;
    const location = `${nimbusOf(gateway).origin}/external-portal-access/enable`;
    nimbusOf(gateway).fault({ kind: 'redirect', status: 307, location, times: 1 });
    const answer = await mutate(gateway, 'enablePortalAccess', { patientId: Ana });
    expectUnavailable(answer, 'VENDOR_UNAVAILABLE');
    expect(sent(gateway.calls('NIMBUS'))).toEqual([enabling]);
    expect(nimbusOf(gateway).state.tokens.size).toBe(tokens);
  });

  it('V15: names the input fields that a 422 refuses, in our words', async () => {
    const { switches } = nimbusOf(gateway);
    const { Ben } = gateway.ids;
    switches.refusalsWith200 = true;
    const { data } = await gateway.query('{ patients(first: 1) { totalCount } }');
    const answer = await mutate(gateway, 'onboardPatient', {
      ...newcomer,
      // Known to the vendor, not to the register.
      email: await knownAtVendor(gateway),
    });
    switches.refusalsWith200 = false;
    expect(answer.payload.userErrors).toMatchObject([{ path: ['input', 'email'] }]);
    expect(answer.text).not.toContain('taken');
    expect(sent(gateway.calls('NIMBUS'))).toEqual([onboarding]);
    expect((await record(gateway, Ben)).patients.totalCount).toBe(data.patients.totalCount);
  });

  it('and fails again and again is left alone: nothing is sent, and the answer says until when', async () => {
    const { Ana } = gateway.ids;
    nimbusOf(gateway).fault({ kind: 'status', status: 500, match: /enable/ });
    for (let fault = 0; fault < 5; fault += 1) {
      await mutate(gateway, 'enablePortalAccess', { patientId: Ana });
    }
    expect(sent(gateway.calls('NIMBUS'))).toEqual(Array(5).fill(enabling));
    gateway.forget();
    for (const [name, input] of writes(Ana).slice(0, 3)) {
      const answer = await mutate(gateway, name, input);
      expectUnavailable(answer, 'VENDOR_UNAVAILABLE');
      expect(Date.parse(answer.payload.userErrors[0].retryAt)).toBeGreaterThan(Date.now() - 1000);
    }
    expect(gateway.allCalls()).toEqual([]);
  });
});

/** An e-mail that only the vendor has. */
async function knownAtVendor(gateway: TestGateway): Promise<string> {
  const email = 'only.vendor@example.com';
  const { state } = nimbusOf(gateway);
  const [first] = state.users.values();
  if (first === undefined) {
    throw new Error('The simulator knows nobody.');
  }
  state.addUser({ ...first.person, email });
  return email;
}

describe('A vendor that cannot be reached', () => {
  let gateway: TestGateway;
  let patientId: string;
  beforeAll(async () => {
    gateway = await startTestGateway({
      environment: { NIMBUS_URL: 'http://127.0.0.1:1/' },
      seeded: false,
    });
    const person = { firstName: 'Ria', lastName: 'Reach' };
    patientId = (await done(gateway, 'registerPatient', person)).patient.id;
    const link = { patientId, vendor: 'NIMBUS', vendorPatientId: '1001' };
    await done(gateway, 'linkVendorAccount', link);
  });
  afterAll(() => gateway.close());

  it('certainly did not act', async () => {
    const before = await record(gateway, patientId);
    const answer = await mutate(gateway, 'enablePortalAccess', { patientId });
    expectUnavailable(answer, 'VENDOR_UNAVAILABLE');
    expect(answer.payload.userErrors[0].message).toContain('Nothing was done');
    expect(await record(gateway, patientId)).toEqual(before);
    expect(gateway.logged()).not.toMatch(/ECONNREFUSED.*127|Basic /);
  });
});

describe('A vendor that is not configured', () => {
  let gateway: TestGateway;
  let patientId: string;
  const without = (prefix: string, ...parts: string[]) =>
    Object.fromEntries(parts.map((part) => [`${prefix}_${part}`, undefined]));
  beforeAll(async () => {
    gateway = await startTestGateway({
      environment: {
        ...without(
          'NIMBUS',
          'URL',
          'USERNAME',
          'PASSWORD',
          'TREATMENT_TYPES',
          'CENTRAL_PHARMACY_ID',
        ),
        ...without('CERBO', 'URL', 'USERNAME', 'PASSWORD'),
      },
      seeded: false,
    });
    const person = { firstName: 'Nora', lastName: 'Nowhere' };
    patientId = (await done(gateway, 'registerPatient', person)).patient.id;
  });
  afterAll(() => gateway.close());

  it.each([
    ...writes('').map(([name, input]) => [name, input] as const),
    ['linkVendorAccount', { vendor: 'NIMBUS', vendorPatientId: '1001' }] as const,
    ['linkVendorAccount', { vendor: 'CERBO', vendorPatientId: '221' }] as const,
    ['invitePatientToPortal', { vendor: 'CERBO' }] as const,
  ])('makes %s say NOT_CONFIGURED', async (name, input) => {
    const whose = name === 'onboardPatient' ? {} : { patientId };
    const answer = await mutate(gateway, name, { ...input, ...whose });
    expectRefusal(answer, 'NOT_CONFIGURED');
    expect(gateway.allCalls()).toEqual([]);
    expect((await record(gateway, patientId)).patients.totalCount).toBe(1);
  });

  it('has no treatment types', async () => {
    const { data, errors } = await gateway.query('{ treatmentTypes }');
    expect(data).toEqual({ treatmentTypes: null });
    expect(errors).toMatchObject([{ extensions: { code: 'NOT_CONFIGURED' } }]);
  });

  it('leaves the other vendors as they are', async () => {
    const link = { patientId, vendor: 'MD_HQ', vendorPatientId: '1226', acceptMismatch: true };
    await done(gateway, 'linkVendorAccount', link);
    await done(gateway, 'invitePatientToPortal', { patientId, vendor: 'MD_HQ' });
    expect(gateway.allCalls()).toEqual([
      'MD_HQ GET /patients/1226',
      'MD_HQ POST /patients/1226/portal/invite',
    ]);
  });
});
