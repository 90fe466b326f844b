import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ofPatient } from '../../support/documents.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { portalOf, queueOf, vseeOf } from '../../support/simulators.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

describe('Patient.latestOrder', () => {
  const document = ofPatient('latestOrder { id vendor tenantDomain }');

  it('is Nimbus’ latest order of the account, for one call', async () => {
    const { data, errors } = await gateway.query(document, { id: gateway.ids.Ana });
    expect(errors).toEqual([]);
    expect(data.patient.latestOrder).toEqual({
      id: '9001',
      vendor: 'NIMBUS',
      tenantDomain: 'portal.sandbox-clinic.test',
    });
    expect(gateway.allCalls()).toEqual(['NIMBUS GET /external-portal-access/latest-order']);
    const [call] = gateway.calls('NIMBUS');
    expect(call?.query).toEqual({ user_id: '1001' });
    expect(call?.headers.authorization).toMatch(/^Basic [A-Za-z0-9+/]+=*$/);
    expect(call?.body).toBeUndefined();
  });

  it('is the same for the patient themselves', async () => {
    const { data } = await gateway.query(document, { id: gateway.ids.Ana }, 'ana');
    expect(data.patient.latestOrder.id).toBe('9001');
    expect(gateway.allCalls()).toEqual(['NIMBUS GET /external-portal-access/latest-order']);
  });

  it('is null without an error while the patient has no order', async () => {
    const { data, errors } = await gateway.query(document, { id: gateway.ids.Chloe });
    expect(errors).toEqual([]);
    expect(data.patient).toEqual({ latestOrder: null });
    expect(gateway.allCalls()).toEqual(['NIMBUS GET /external-portal-access/latest-order']);
  });

  it('is null with NOT_LINKED, and without a call, where the patient has no account', async () => {
    const { data, errors } = await gateway.query(document, { id: gateway.ids.David });
    expect(data.patient).toEqual({ latestOrder: null });
    expect(errors).toMatchObject([
      { path: ['patient', 'latestOrder'], extensions: { code: 'NOT_LINKED', vendor: 'NIMBUS' } },
    ]);
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('Patient.portalAccess', () => {
  it('lists what was given here without a call and without its secret', async () => {
    const { data } = await gateway.query(
      ofPatient(
        'portalAccess { vendor status redirectUrl issuedAt expiresAt patient { fullName } }',
      ),
      { id: gateway.ids.Ana },
    );
    expect(data.patient.portalAccess).toEqual([
      {
        vendor: 'NIMBUS',
        status: 'ACTIVE',
        redirectUrl: null,
        issuedAt: expect.stringMatching(/^\d{4}-.*Z$/),
        expiresAt: expect.stringMatching(/^\d{4}-.*Z$/),
        patient: { fullName: 'Ana Silva' },
      },
    ]);
    expect(gateway.allCalls()).toEqual([]);
  });

  it('is narrowed to one vendor', async () => {
    const { data } = await gateway.query(
      ofPatient(
        'nimbus: portalAccess(vendor: NIMBUS) { vendor } vsee: portalAccess(vendor: VSEE) { vendor }',
      ),
      { id: gateway.ids.Ana },
    );
    expect(data.patient).toEqual({ nimbus: [{ vendor: 'NIMBUS' }], vsee: [] });
  });
});

const sandboxAddress = {
  street: '1 Sandbox Street',
  city: 'Los Angeles',
  state: 'CA',
  postalCode: '90012',
  country: 'US',
};
const ana = {
  firstName: 'Ana',
  lastName: 'Silva',
  birthDate: '1988-02-11',
  sex: 'FEMALE',
  email: 'ana.silva@example.com',
};

describe('Patient.vendorAccounts', () => {
  const profile =
    'vendor firstName lastName birthDate sex email phone address { street city state postalCode country }';
  const profiles = ofPatient(`vendorAccounts { vendor profile { ${profile} } }`);
  const profileAt = async (vendor: string, name: keyof TestGateway['ids'] = 'Ana') => {
    const { data, errors } = await gateway.query(profiles, { id: gateway.ids[name] });
    const account = data.patient.vendorAccounts.find(
      (each: { vendor: string }) => each.vendor === vendor,
    );
    return { profile: account.profile, errors };
  };

  it('costs no call without the profile', async () => {
    const { data } = await gateway.query(
      ofPatient('vendorAccounts { vendor vendorPatientId linkMethod connected linkedAt }'),
      { id: gateway.ids.Ana },
    );
    const linkedAt = expect.stringMatching(/Z$/);
    const rest = { connected: true, linkedAt };
    expect(data.patient.vendorAccounts).toHaveLength(5);
    expect(data.patient.vendorAccounts).toEqual(
      expect.arrayContaining([
        { vendor: 'NIMBUS', vendorPatientId: '1001', linkMethod: 'STAFF', ...rest },
        { vendor: 'VSEE', vendorPatientId: '183201', linkMethod: 'CREATED', ...rest },
        {
          vendor: 'MY_PATIENT_PORTAL',
          vendorPatientId: expect.stringMatching(/^[0-9a-f]{64}$/),
          linkMethod: 'OAUTH',
          ...rest,
        },
        { vendor: 'CERBO', vendorPatientId: '221', linkMethod: 'STAFF', ...rest },
        { vendor: 'MD_HQ', vendorPatientId: '1221', linkMethod: 'STAFF', ...rest },
      ]),
    );
    expect(gateway.allCalls()).toEqual([]);
  });

  it('reads the profile once at each vendor that holds one', async () => {
    await gateway.query(profiles, { id: gateway.ids.Ana });
    expect(gateway.allCalls()).toEqual([
      'VSEE GET /api_v3/users/-',
      'MY_PATIENT_PORTAL GET /profile',
      'CERBO GET /patients/221',
      'MD_HQ GET /patients/1221',
    ]);
    expect(gateway.calls('VSEE')[0]?.headers['x-apitoken']).toMatch(/^\S{16,}$/);
    expect(gateway.calls('MY_PATIENT_PORTAL')[0]?.headers.authorization).toMatch(/^Bearer \S+$/);
    expect(gateway.calls('CERBO')[0]?.headers.authorization).toMatch(/^Basic \S+$/);
    expect(gateway.calls('MD_HQ')[0]?.headers.authorization).toMatch(/^Basic \S+$/);
  });

  it.each([['CERBO'], ['MD_HQ']])('maps the profile at %s', async (vendor) => {
    const phone = '+15550104477';
    expect(await profileAt(vendor)).toEqual({
      profile: { vendor, ...ana, phone, address: sandboxAddress },
      errors: [],
    });
  });

  it('maps the profile at MY_PATIENT_PORTAL', async () => {
    const vendor = 'MY_PATIENT_PORTAL';
    const address = { ...sandboxAddress, state: null };
    expect((await profileAt(vendor)).profile).toEqual({
      vendor,
      ...ana,
      phone: '+15550104477',
      address,
    });
  });

  it.each([
    ['Ana Silva <ana@example.com>', 'ana@example.com'],
    ['ana@müller-praxis.de', 'ana@xn--mller-praxis-dlb.de'],
    ['no address', null],
  ])('has the e-mail address %j of a vendor as %j', async (text, email) => {
    const [patient] = queueOf(gateway, 'CERBO').state.patients;
    const before = patient?.email1;
    Object.assign(patient ?? {}, { email1: text });
    const found = await profileAt('CERBO');
    Object.assign(patient ?? {}, { email1: before });
    expect(found).toMatchObject({ profile: { lastName: 'Silva', email }, errors: [] });
  });

  it('maps the profile at VSEE', async () => {
    const { profile } = await profileAt('VSEE');
    expect(profile).toMatchObject({ vendor: 'VSEE', ...ana });
  });

  it('signs in again at VSEE, once, where the session died early', async () => {
    vseeOf(gateway).switches.expireTokens();
    expect(await profileAt('VSEE')).toMatchObject({ profile: ana, errors: [] });
    expect(gateway.calls('VSEE').map(({ path }) => path)).toEqual([
      '/api_v3/users/-',
      '/api_v3/users/sso',
      '/api_v3/users/-',
    ]);
  });

  it('has no profile at NIMBUS, which tells nothing, without an error or a call', async () => {
    expect(await profileAt('NIMBUS')).toEqual({ profile: null, errors: [] });
    expect(gateway.calls('NIMBUS')).toEqual([]);
  });

  it('falls back to userinfo where the portal serves no profile', async () => {
    const { switches } = portalOf(gateway);
    switches.profileWrapper = null;
    const { profile } = await profileAt('MY_PATIENT_PORTAL');
    switches.profileWrapper = 'user';
    expect(profile).toMatchObject({ ...ana, phone: '+15550104477' });
    expect(gateway.calls('MY_PATIENT_PORTAL').map(({ path }) => path)).toEqual([
      '/profile',
      '/oauth/userinfo',
    ]);
  });

  it('has a null profile where the account is gone at the vendor', async () => {
    const { patients } = queueOf(gateway, 'CERBO').state;
    const index = patients.findIndex(({ id }) => id === 224);
    const [gone] = patients.splice(index, 1);
    const found = await profileAt('CERBO', 'David');
    if (gone) {
      patients.splice(index, 0, gone);
    }
    expect(found).toEqual({ profile: null, errors: [] });
  });
});

describe('a patient whose authorization at MY_PATIENT_PORTAL was revoked', () => {
  it('has to authorize again, and no call is made until then', async () => {
    portalOf(gateway).revokeEverything();
    const document = ofPatient('insurances { name } vendorAccounts { vendor connected }');
    const first = await gateway.query(document, { id: gateway.ids.Ben });
    expect(first.data.patient.insurances).toBeNull();
    expect(first.errors).toMatchObject([
      {
        path: ['patient', 'insurances'],
        extensions: { code: 'AUTHORIZATION_REQUIRED', vendor: 'MY_PATIENT_PORTAL' },
      },
    ]);
    expect(gateway.calls('MY_PATIENT_PORTAL').map(({ path }) => path)).toContain('/oauth/token');

    gateway.forget();
    const second = await gateway.query(document, { id: gateway.ids.Ben });
    expect(second.errors).toMatchObject([{ extensions: { code: 'AUTHORIZATION_REQUIRED' } }]);
    expect(second.data.patient.vendorAccounts).toContainEqual({
      vendor: 'MY_PATIENT_PORTAL',
      connected: false,
    });
    expect(gateway.allCalls()).toEqual([]);

    const { data } = await gateway.query(
      ofPatient('appointments { nodes { id } totalCount sources { vendor state message } }'),
      { id: gateway.ids.Ben },
    );
    expect(data.patient.appointments).toEqual({
      nodes: [],
      totalCount: null,
      sources: [
        { vendor: 'VSEE', state: 'OK', message: null },
        {
          vendor: 'MY_PATIENT_PORTAL',
          state: 'AUTHORIZATION_REQUIRED',
          message: expect.stringMatching(/authorize/),
        },
      ],
    });
  });
});
