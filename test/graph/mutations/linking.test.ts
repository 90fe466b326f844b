import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  basicAuthorization,
  done,
  expectRefusal,
  expectWholeRefusal,
  mutate,
  nobody,
  noPatientIds,
  sent,
} from '../../support/asked-mutation.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const accounts = async (id: string) =>
  (
    await gateway.query(
      'query ($id: ID!) { patient(id: $id) { vendorAccounts { vendor vendorPatientId linkMethod connected } } }',
      { id },
    )
  ).data.patient.vendorAccounts;
const register = async (person: Record<string, unknown>): Promise<string> =>
  (await done(gateway, 'registerPatient', person)).patient.id;
const link = (patientId: string, vendor: string, vendorPatientId: string, more = {}) =>
  mutate(gateway, 'linkVendorAccount', { patientId, vendor, vendorPatientId, ...more });

describe('linkVendorAccount', () => {
  it.each([
    ['CERBO', '226', '/patients/226'],
    ['MD_HQ', '1226', '/patients/1226'],
  ] as const)('links a record of %s after asking it once who that is', async (vendor, id, path) => {
    const patientId = await register({
      firstName: 'FARID ',
      lastName: 'Haddad',
      birthDate: '1969-01-08',
    });
    const { payload, errors } = await link(patientId, vendor, id);
    expect(errors).toEqual([]);
    expect(payload).toEqual({
      patient: { id: patientId, fullName: 'FARID Haddad' },
      vendorAccount: {
        vendor,
        vendorPatientId: id,
        linkedAt: expect.stringMatching(/Z$/),
        linkMethod: 'STAFF',
        connected: true,
      },
      userErrors: [],
    });
    expect(gateway.allCalls()).toEqual([`${vendor} GET ${path}`]);
    const [call] = gateway.calls(vendor);
    expect(call?.headers.authorization).toMatch(basicAuthorization);
    expect(call?.body).toBeUndefined();
    expect(await accounts(patientId)).toEqual([
      { vendor, vendorPatientId: id, linkMethod: 'STAFF', connected: true },
    ]);
  });

  it('answers with what it was told of the person, and asks no second time', async () => {
    const patientId = await register({ firstName: 'Willem', lastName: 'de Vries' });
    const { data } = await gateway.query(
      'mutation ($input: LinkVendorAccountInput!) { linkVendorAccount(input: $input) { vendorAccount { profile { lastName } } } }',
      { input: { patientId, vendor: 'CERBO', vendorPatientId: '243' } },
    );
    expect(data.linkVendorAccount.vendorAccount.profile).toEqual({ lastName: 'de Vries' });
    expect(gateway.allCalls()).toEqual(['CERBO GET /patients/243']);
  });

  it('links a record of NIMBUS, which tells nothing about people, without asking', async () => {
    const patientId = await register({ firstName: 'Nina', lastName: 'Nimbus' });
    const { payload } = await link(patientId, 'NIMBUS', '1500');
    expect(payload.userErrors).toEqual([]);
    expect(payload.vendorAccount).toMatchObject({ vendorPatientId: '1500', linkMethod: 'STAFF' });
    expect(gateway.allCalls()).toEqual([]);
  });

  it('returns the link as it is when the very same exists', async () => {
    const before = await accounts(gateway.ids.Ana);
    const { payload } = await link(gateway.ids.Ana, 'CERBO', '221');
    expect(payload.userErrors).toEqual([]);
    expect(payload.vendorAccount).toMatchObject({ vendor: 'CERBO', vendorPatientId: '221' });
    expect(await accounts(gateway.ids.Ana)).toEqual(before);
    expect(sent(gateway.calls('CERBO'))).toEqual(['GET /patients/221']);
  });

  it.each([
    ['last name', { firstName: 'Greta', lastName: 'Lundqvist', birthDate: '1983-11-19' }],
    ['first name', { firstName: 'Gerda', lastName: 'Lindqvist', birthDate: '1983-11-19' }],
    ['birth date', { firstName: 'Greta', lastName: 'Lindqvist', birthDate: '1983-11-18' }],
  ])('refuses another %s and links it once the mismatch is accepted', async (_what, person) => {
    const patientId = await register(person);
    const answer = await link(patientId, 'CERBO', '227');
    expectRefusal(answer, 'IDENTITY_MISMATCH', ['input', 'vendorPatientId']);
    expect(answer.text).not.toMatch(/Lindqvist|1983/);
    expect(await accounts(patientId)).toEqual([]);
    expect(sent(gateway.calls('CERBO'))).toEqual(['GET /patients/227']);

    const { payload } = await link(patientId, 'CERBO', '227', { acceptMismatch: true });
    expect(payload.userErrors).toEqual([]);
    expect(await accounts(patientId)).toMatchObject([{ vendorPatientId: '227' }]);
    await done(gateway, 'unlinkVendorAccount', { patientId, vendor: 'CERBO' });
  });

  it('compares names without case and accents, and takes an unknown birth date as no mismatch', async () => {
    const patientId = await register({ firstName: 'grêta', lastName: 'LINDQVIST' });
    const { payload } = await link(patientId, 'MD_HQ', '1227');
    expect(payload.userErrors).toEqual([]);
  });

  it('refuses a record that is linked to another patient, whatever is accepted', async () => {
    for (const [vendor, id] of [
      ['CERBO', '221'],
      ['NIMBUS', '1001'],
    ] as const) {
      const answer = await link(gateway.ids.Emi, vendor, id, { acceptMismatch: true });
      expectRefusal(answer, 'ALREADY_LINKED', ['input', 'vendorPatientId']);
      expect(answer.text).not.toMatch(/Ana|Silva/);
    }
    expect(await accounts(gateway.ids.Emi)).toEqual([]);
  });

  it('refuses another record to a patient who has one there', async () => {
    const before = await accounts(gateway.ids.Ana);
    const answer = await link(gateway.ids.Ana, 'NIMBUS', '1600');
    expectRefusal(answer, 'ALREADY_LINKED', ['input', 'vendorPatientId']);
    expect(await accounts(gateway.ids.Ana)).toEqual(before);
  });

  it('says NOT_FOUND where the vendor knows no such patient', async () => {
    const answer = await link(gateway.ids.Emi, 'CERBO', '99999');
    expectRefusal(answer, 'NOT_FOUND', ['input', 'vendorPatientId']);
    expect(sent(gateway.calls('CERBO'))).toEqual(['GET /patients/99999']);
    expect(await accounts(gateway.ids.Emi)).toEqual([]);
  });

  it.each(['VSEE', 'MY_PATIENT_PORTAL'])(
    'says that %s accounts are not linked by STAFF',
    async (vendor) => {
      expectRefusal(await link(gateway.ids.Emi, vendor, '1'), 'UNSUPPORTED_BY_VENDOR');
      expect(gateway.allCalls()).toEqual([]);
    },
  );

  const noIds = [
    '',
    '0',
    '-1',
    '1.5',
    '１００１',
    '221 ',
    '221/portal',
    '../221',
    '221%2F..',
    '221\u0000',
    '%',
    'secret-id',
    '9'.repeat(40),
  ];
  it.each(['NIMBUS', 'CERBO', 'MD_HQ'])(
    'refuses what cannot be an id of %s without asking it',
    async (vendor) => {
      for (const id of noIds) {
        const answer = await link(gateway.ids.Emi, vendor, id);
        expectRefusal(answer, 'INVALID_INPUT', ['input', 'vendorPatientId']);
        expect(answer.text).not.toMatch(/secret-id|99999/);
      }
      expect(gateway.allCalls()).toEqual([]);
      expect(await accounts(gateway.ids.Emi)).toEqual([]);
    },
  );

  it('does not link on an answer that never came', async () => {
    gateway.sandbox.simulators.CERBO.fault({ kind: 'status', status: 503 });
    const answer = await link(gateway.ids.Emi, 'CERBO', '225');
    expectRefusal(answer, 'VENDOR_UNAVAILABLE');
    expect(answer.payload.userErrors).toMatchObject([
      { __typename: 'VendorUnavailableError', vendor: 'CERBO' },
    ]);
    expect(new Set(sent(gateway.calls('CERBO')))).toEqual(new Set(['GET /patients/225']));
    expect(await accounts(gateway.ids.Emi)).toEqual([]);
  });
});

describe('unlinkVendorAccount', () => {
  it('removes the link here and calls no vendor, so that the record can be linked anew', async () => {
    const patientId = await register({ firstName: 'Hugo', lastName: 'Silva' });
    await link(patientId, 'CERBO', '228');
    await link(patientId, 'NIMBUS', '1700');
    gateway.forget();
    const payload = await done(gateway, 'unlinkVendorAccount', { patientId, vendor: 'CERBO' });
    expect(payload.patient).toEqual({ id: patientId, vendorAccounts: [{ vendor: 'NIMBUS' }] });
    expect(await accounts(patientId)).toMatchObject([{ vendor: 'NIMBUS' }]);
    expect(gateway.allCalls()).toEqual([]);

    const again = await mutate(gateway, 'unlinkVendorAccount', { patientId, vendor: 'CERBO' });
    expectRefusal(again, 'NOT_LINKED', ['input', 'vendor']);
    const invited = await mutate(gateway, 'invitePatientToPortal', { patientId, vendor: 'CERBO' });
    expectRefusal(invited, 'NOT_LINKED');
    expect(gateway.allCalls()).toEqual([]);

    const other = await register({ firstName: 'Hugo', lastName: 'Silva' });
    expect((await link(other, 'CERBO', '228')).payload.userErrors).toEqual([]);
  });

  it('removes a connection of MY_PATIENT_PORTAL without a call', async () => {
    const { Ben } = gateway.ids;
    expect(await accounts(Ben)).toContainEqual(
      expect.objectContaining({ vendor: 'MY_PATIENT_PORTAL', connected: true }),
    );
    const payload = await done(gateway, 'unlinkVendorAccount', {
      patientId: Ben,
      vendor: 'MY_PATIENT_PORTAL',
    });
    expect(payload.patient.vendorAccounts).not.toContainEqual({ vendor: 'MY_PATIENT_PORTAL' });
    const { data } = await gateway.query(
      'query ($id: ID!) { patient(id: $id) { appointments(filter: { vendor: [MY_PATIENT_PORTAL] }) { sources { vendor state } } } }',
      { id: Ben },
    );
    expect(data.patient.appointments.sources).toEqual([
      { vendor: 'MY_PATIENT_PORTAL', state: 'NOT_LINKED' },
    ]);
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('The register’s STAFF mutations', () => {
  const inputs = {
    linkPatientSubject: { subject: 'sandbox-new' },
    linkVendorAccount: { vendor: 'CERBO', vendorPatientId: '225' },
    unlinkVendorAccount: { vendor: 'CERBO' },
  } as const;
  const each = Object.entries(inputs) as [keyof typeof inputs, Record<string, unknown>][];

  it.each(each)('%s is FORBIDDEN for a PATIENT, also for themselves', async (name, input) => {
    const before = await accounts(gateway.ids.Ana);
    for (const patientId of [gateway.ids.Ana, gateway.ids.Ben, nobody(), 'nonsense']) {
      expectWholeRefusal(await mutate(gateway, name, { ...input, patientId }, 'ana'), 'FORBIDDEN');
    }
    expect(await accounts(gateway.ids.Ana)).toEqual(before);
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each(each)('%s is open to an ADMIN', async (name, input) => {
    const answer = await mutate(gateway, name, { ...input, patientId: nobody() }, 'admin');
    expectRefusal(answer, 'NOT_FOUND', ['input', 'patientId']);
  });

  it.each(each)('%s refuses ids of nobody and of anything else', async (name, input) => {
    expectRefusal(await mutate(gateway, name, { ...input, patientId: nobody() }), 'NOT_FOUND', [
      'input',
      'patientId',
    ]);
    for (const patientId of noPatientIds) {
      const answer = await mutate(gateway, name, { ...input, patientId });
      expectRefusal(answer, 'INVALID_INPUT', ['input', 'patientId']);
      expect(answer.text).not.toMatch(/etc\/passwd|xxxx/);
    }
    expect(gateway.allCalls()).toEqual([]);
  });
});
