import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  basicAuthorization,
  done,
  expectRefusal,
  expectWholeRefusal,
  latestEventOf,
  mutate,
  nimbusOf,
  nobody,
  noPatientIds,
  sent,
  withoutRequestId,
} from '../../support/asked-mutation.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.forget();
  nimbusOf(gateway).switches.duplicateEmail = 'refuse';
});

const onboarding = 'POST /external-transfer-onboarding';
const measures = { heightFeet: 5, heightInches: 7, weightPounds: 170.5 };
const address = {
  street: '1 Sandbox Street',
  city: 'Los Angeles',
  state: 'CA',
  postalCode: '90012',
  country: 'US',
};
let made = 0;
/** Somebody whom neither the register nor the vendor knows. */
const newcomer = () => {
  made += 1;
  return {
    firstName: 'Pia',
    lastName: `Novak-${made}`,
    birthDate: '1990-05-06',
    sex: 'FEMALE',
    email: `pia.${made}@example.com`,
    phone: `+15550106${String(made).padStart(3, '0')}`,
    address,
    ...measures,
  };
};
const userCount = () => nimbusOf(gateway).state.users.size;
const count = async () =>
  (await gateway.query('{ patients(first: 1) { totalCount } }')).data.patients.totalCount;
const register = async (person: Record<string, unknown>): Promise<string> =>
  (await done(gateway, 'registerPatient', person)).patient.id;
const later = async (id: string) =>
  (
    await gateway.query(
      'query ($id: ID!) { patient(id: $id) { birthDate email phone address { city } vendorAccounts { vendor vendorPatientId linkMethod } portalAccess { id vendor status expiresAt redirectUrl } } }',
      { id },
    )
  ).data.patient;

describe('onboardPatient', () => {
  it('by STAFF creates somebody new at the vendor and in the register, with one call', async () => {
    const input = newcomer();
    const [users, patients] = [userCount(), await count()];
    const asked = Date.now();
    const payload = await done(gateway, 'onboardPatient', input);
    const user = [...nimbusOf(gateway).state.users.values()].at(-1);
    const account = {
      vendor: 'NIMBUS',
      vendorPatientId: String(user?.userId),
      linkMethod: 'CREATED',
    };
    expect(payload.patient).toMatchObject({
      fullName: `Pia ${input.lastName}`,
      birthDate: '1990-05-06',
      email: input.email,
      phone: input.phone,
      vendorAccounts: [{ ...account, connected: true }],
    });
    expect(payload.portalAccess).toMatchObject({
      vendor: 'NIMBUS',
      status: 'ACTIVE',
      revokedAt: null,
      revocationReason: null,
      redirectUrl: expect.stringMatching(
        /^http:\/\/127\.0\.0\.1:\d+\/telemed\/visit\?token=[A-Za-z0-9]{40}$/,
      ),
      patient: { id: payload.patient.id },
    });
    const life = Date.parse(payload.portalAccess.expiresAt) - asked;
    expect(life).toBeGreaterThanOrEqual(24 * 3_600_000);
    expect(life).toBeLessThan(24 * 3_600_000 + 60_000);

    expect(gateway.allCalls()).toEqual([`NIMBUS ${onboarding}`]);
    const [call] = gateway.calls('NIMBUS');
    expect(call?.headers.authorization).toMatch(basicAuthorization);
    expect(call?.headers.accept).toBe('application/json');
    expect(call?.body).toEqual({
      first_name: 'Pia',
      last_name: input.lastName,
      email: input.email,
      phone_number: input.phone.slice(2),
      address: '1 Sandbox Street',
      city: 'Los Angeles',
      state: 'CA',
      zip_code: '90012',
      height_feet: '5',
      height_inches: '7',
      weight: '170.5',
      sex: 'Female',
      dob: '1990-05-06',
      treatment_type: 'Weight-loss',
      central_pharmacy_id: 'pharm123',
    });
    expect(userCount()).toBe(users + 1);
    expect(await count()).toBe(patients + 1);
    expect(await later(payload.patient.id)).toMatchObject({
      vendorAccounts: [account],
      portalAccess: [{ id: payload.portalAccess.id, status: 'ACTIVE', redirectUrl: null }],
    });
    const { data } = await gateway.query(
      'query ($id: ID!) { node(id: $id) { ... on PortalAccess { status redirectUrl } } }',
      { id: payload.portalAccess.id },
    );
    expect(data.node).toEqual({ status: 'ACTIVE', redirectUrl: null });
    expect(gateway.logged()).not.toMatch(/token=|Novak|pia\.\d+@/);
  });

  it('sends the treatment type that was chosen and measures at their bounds', async () => {
    const { data } = await gateway.query('{ treatmentTypes }', {}, 'stranger');
    expect(data.treatmentTypes).toEqual(['Weight-loss', 'Hair-loss']);
    expect(gateway.allCalls()).toEqual([]);
    await done(gateway, 'onboardPatient', {
      ...newcomer(),
      sex: 'MALE',
      heightFeet: 8,
      heightInches: 0,
      weightPounds: 1500,
      treatmentType: data.treatmentTypes[1],
    });
    expect(gateway.calls('NIMBUS')[0]?.body).toMatchObject({
      sex: 'Male',
      height_feet: '8',
      height_inches: '0',
      weight: '1500',
      treatment_type: 'Hair-loss',
    });
  });

  it('fills the gaps of a registered record and lets stand what it holds', async () => {
    const { firstName, lastName, email, ...rest } = newcomer();
    const patientId = await register({ firstName, lastName, email });
    const { patient } = await done(gateway, 'onboardPatient', {
      ...rest,
      patientId,
      firstName: 'Other',
      email: 'other@example.com',
    });
    expect(patient).toMatchObject({ id: patientId, fullName: `Pia ${lastName}`, email });
    expect(gateway.calls('NIMBUS').map(({ body }) => body)).toEqual([
      expect.objectContaining({ first_name: 'Pia', last_name: lastName, email }),
    ]);
    expect(await later(patientId)).toMatchObject({
      birthDate: '1990-05-06',
      email,
      phone: rest.phone,
      address: { city: 'Los Angeles' },
      vendorAccounts: [{ vendor: 'NIMBUS', linkMethod: 'CREATED' }],
      portalAccess: [{ vendor: 'NIMBUS', status: 'ACTIVE' }],
    });
  });

  it('refuses whoever is onboarded already, with their record and without a call', async () => {
    const answer = await mutate(gateway, 'onboardPatient', {
      patientId: gateway.ids.Ana,
      ...measures,
    });
    expect(answer.payload).toMatchObject({
      patient: { id: gateway.ids.Ana },
      portalAccess: null,
      operation: null,
      userErrors: [{ code: 'ALREADY_EXISTS', path: ['input', 'patientId'] }],
    });
    expect(gateway.allCalls()).toEqual([]);
  });

  it('takes somebody whose name is the beginning of the name of another, born the same day', async () => {
    const input = { ...newcomer(), firstName: 'Dav', lastName: 'Ross', birthDate: '1950-12-24' };
    const { patient } = await done(gateway, 'onboardPatient', input);
    expect(patient.id).not.toBe(gateway.ids.David);
    expect(sent(gateway.calls('NIMBUS'))).toEqual([onboarding]);
  });

  it.each([
    ['e-mail in another case', { email: 'DAVID.Rossi@Example.com' }],
    ['name and birth date', { firstName: 'david', lastName: 'ROSSI', birthDate: '1950-12-24' }],
  ])(
    'refuses a double by %s: STAFF see whom, a PATIENT leaves a trace on them',
    async (_what, same) => {
      const input = { ...newcomer(), ...same };
      const [users, patients] = [userCount(), await count()];
      const { errors, payload } = await mutate(gateway, 'onboardPatient', input);
      expect(errors).toEqual([]);
      expect(payload).toMatchObject({
        patient: { id: gateway.ids.David },
        portalAccess: null,
        userErrors: [{ code: 'ALREADY_EXISTS' }],
      });
      const answer = await mutate(gateway, 'onboardPatient', input, 'stranger');
      expectRefusal(answer, 'ALREADY_EXISTS');
      expect(answer.text).not.toContain(gateway.ids.David);
      expect(answer.text).not.toMatch(/register/);
      expect(await latestEventOf(gateway, gateway.ids.David)).toEqual({
        ...{ actor: 'sandbox-stranger', action: 'onboardPatient', outcome: 'DENIED' },
      });
      expect(gateway.allCalls()).toEqual([]);
      expect(userCount()).toBe(users);
      expect(await count()).toBe(patients);
    },
  );

  it('takes % in a name literally when it looks for doubles', async () => {
    const input = { ...newcomer(), firstName: '%', lastName: '%', birthDate: '1988-02-11' };
    await done(gateway, 'onboardPatient', input);
    expect(gateway.calls('NIMBUS')[0]?.body).toMatchObject({ first_name: '%', last_name: '%' });
  });

  it('names the e-mail that the vendor has under another person, and registers nobody', async () => {
    const known = newcomer();
    await done(gateway, 'onboardPatient', known);
    const { state } = nimbusOf(gateway);
    const user = [...state.users.values()].at(-1);
    const email = 'known.at.vendor@example.com';
    if (user) {
      user.person = { ...user.person, email };
    }
    const patients = await count();
    gateway.forget();
    const answer = await mutate(gateway, 'onboardPatient', { ...newcomer(), email });
    expect(answer.payload.userErrors).toMatchObject([{ path: ['input', 'email'] }]);
    expect(answer.text).not.toMatch(/taken|known\.at/);
    expect(sent(gateway.calls('NIMBUS'))).toEqual([onboarding]);
    expect(await count()).toBe(patients);

    // Where the vendor reissues instead, it is the account of somebody else here.
    nimbusOf(gateway).switches.duplicateEmail = 'reissue';
    const reissued = await mutate(gateway, 'onboardPatient', { ...newcomer(), email });
    expectRefusal(reissued, 'ALREADY_LINKED', ['input', 'email']);
    expect(reissued.text).not.toContain('token=');
    expect(await count()).toBe(patients);
  });

  it('keeps a user whom the vendor knew and nobody here is linked to', async () => {
    const { state, switches } = nimbusOf(gateway);
    switches.duplicateEmail = 'reissue';
    const { email } = newcomer();
    const first = [...state.users.values()][0];
    const person = { ...(first?.person as NonNullable<typeof first>['person']), email };
    const { userId } = state.addUser(person);
    const { patient } = await done(gateway, 'onboardPatient', { ...newcomer(), email });
    expect(patient.vendorAccounts).toMatchObject([{ vendorPatientId: String(userId) }]);
  });
});

describe('onboardPatient by a PATIENT', () => {
  it('onboards their own record only, and answers alike for others and for nobody', async () => {
    const foreign = await mutate(
      gateway,
      'onboardPatient',
      { ...newcomer(), patientId: gateway.ids.Ben },
      'ana',
    );
    expectWholeRefusal(foreign, 'FORBIDDEN');
    const missing = await mutate(
      gateway,
      'onboardPatient',
      { ...newcomer(), patientId: nobody() },
      'ana',
    );
    expect(withoutRequestId(missing)).toBe(withoutRequestId(foreign));
    const stranger = await mutate(
      gateway,
      'onboardPatient',
      { ...newcomer(), patientId: gateway.ids.Ben },
      'stranger',
    );
    expect(withoutRequestId(stranger)).toBe(withoutRequestId(foreign));
    expect(gateway.allCalls()).toEqual([]);
  });

  it('without a patientId means their own record', async () => {
    const { payload } = await mutate(gateway, 'onboardPatient', newcomer(), 'ana');
    expect(payload).toMatchObject({
      patient: { id: gateway.ids.Ana },
      userErrors: [{ code: 'ALREADY_EXISTS' }],
    });
    expect(gateway.allCalls()).toEqual([]);
  });

  it('without a record registers and onboards them, once', async () => {
    const input = newcomer();
    const { patient, portalAccess } = await done(gateway, 'onboardPatient', input, 'stranger');
    expect(portalAccess.redirectUrl).toContain('token=');
    const { data } = await gateway.query(
      '{ viewer { patient { id portalAccess { id redirectUrl } } } }',
      {},
      'stranger',
    );
    expect(data.viewer.patient).toEqual({
      id: patient.id,
      portalAccess: [{ id: portalAccess.id, redirectUrl: null }],
    });
    const again = await mutate(gateway, 'onboardPatient', newcomer(), 'stranger');
    expect(again.payload).toMatchObject({
      patient: { id: patient.id },
      portalAccess: null,
      userErrors: [{ code: 'ALREADY_EXISTS' }],
    });
    expect(sent(gateway.calls('NIMBUS'))).toEqual([onboarding]);
  });
});

describe('onboardPatient with bad input', () => {
  it.each(
    [['firstName'], ['lastName'], ['birthDate'], ['sex'], ['email'], ['phone'], ['address']].map(
      ([field = '']) => [field],
    ),
  )('asks for the %s that is missing', async (field) => {
    const { [field]: _left, ...input } = newcomer() as Record<string, unknown>;
    const answer = await mutate(gateway, 'onboardPatient', input);
    expect(answer.payload.userErrors).toMatchObject([{ code: 'INVALID_INPUT' }]);
    expect(answer.payload.userErrors[0].path.slice(0, 2)).toEqual(['input', field]);
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each([
    ['heightFeet', 0],
    ['heightFeet', 9],
    ['heightInches', -1],
    ['heightInches', 12],
    ['weightPounds', 0],
    ['weightPounds', 1e300],
    ['treatmentType', 'Secret-loss'],
    ['treatmentType', 'weight-loss\u0000'],
    ['sex', 'OTHER'],
    ['sex', 'UNKNOWN'],
    ['phone', '+491701234599'],
    ['birthDate', '2999-01-01'],
    ['firstName', 'Pia\r\nSecret'],
    ['lastName', 'Secret\u0000'],
    ['address.state', 'Secret-State'],
    ['address.postalCode', '9001-secret'],
    ['address.street', 'Secret\n2'],
  ])('refuses the %s %j without a call', async (path, value) => {
    const [field = '', part] = path.split('.');
    const bad = part ? { address: { ...address, [part]: value } } : { [field]: value };
    const patients = await count();
    const answer = await mutate(gateway, 'onboardPatient', { ...newcomer(), ...bad });
    expectRefusal(answer, 'INVALID_INPUT', ['input', ...path.split('.')]);
    expect(gateway.allCalls()).toEqual([]);
    expect(await count()).toBe(patients);
    expect(answer.text).not.toMatch(/secret|1e\+?300|1701234599|2999/i);
    expect(gateway.logged()).not.toMatch(/secret-|1701234599/i);
  });

  it.each([
    ['heightFeet', 5.5],
    ['heightInches', '7'],
    ['weightPounds', 'secret'],
    ['birthDate', '2026-02-31'],
    ['patientId', { secret: 1 }],
  ])('refuses the %s %j as a whole', async (field, value) => {
    const answer = await mutate(gateway, 'onboardPatient', { ...newcomer(), [field]: value });
    expectWholeRefusal(answer, 'BAD_USER_INPUT');
    expect(answer.text).not.toMatch(/secret|2026-02-31|5\.5/);
    expect(gateway.allCalls()).toEqual([]);
  });

  it('refuses ids of nobody and of anything else', async () => {
    expectRefusal(
      await mutate(gateway, 'onboardPatient', { ...newcomer(), patientId: nobody() }),
      'NOT_FOUND',
      ['input', 'patientId'],
    );
    for (const patientId of noPatientIds) {
      const answer = await mutate(gateway, 'onboardPatient', { ...newcomer(), patientId });
      expectRefusal(answer, 'INVALID_INPUT', ['input', 'patientId']);
    }
    expect(gateway.allCalls()).toEqual([]);
  });
});
