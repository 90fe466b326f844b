import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { done, expectRefusal, expectWholeRefusal, mutate } from '../../support/asked-mutation.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const count = async () =>
  (await gateway.query('{ patients(first: 1) { totalCount } }')).data.patients.totalCount;
const read = async (id: string) =>
  (
    await gateway.query(
      'query ($id: ID!) { patient(id: $id) { id firstName lastName fullName birthDate sex email phone address { street city state postalCode country } createdAt vendorAccounts { vendor } portalAccess { id } followUps { id } } }',
      { id },
    )
  ).data.patient;

const gina = {
  firstName: 'Gina',
  lastName: 'Moretti',
  birthDate: '1984-02-29',
  sex: 'OTHER',
  email: 'gina.moretti@example.com',
  phone: '+1 (555) 010-4500',
  address: {
    street: '7 Sandbox Street',
    city: 'San Diego',
    state: 'CA',
    postalCode: '92101',
    country: 'US',
  },
};

describe('registerPatient', () => {
  it('by STAFF adds a whole record that later queries show, without any vendor call', async () => {
    const before = await count();
    const { patient } = await done(gateway, 'registerPatient', gina);
    expect(patient).toEqual({
      ...gina,
      id: expect.stringMatching(/^[A-Za-z0-9_-]+$/),
      fullName: 'Gina Moretti',
      phone: '+15550104500',
      createdAt: expect.stringMatching(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/),
      vendorAccounts: [],
    });
    expect(await read(patient.id)).toEqual({ ...patient, portalAccess: [], followUps: [] });
    expect(await count()).toBe(before + 1);
    const { data } = await gateway.query('{ patients(search: "moretti gina") { nodes { id } } }');
    expect(data.patients.nodes).toEqual([{ id: patient.id }]);
    expect(gateway.allCalls()).toEqual([]);
  });

  it('needs no more than two names and leaves the rest null', async () => {
    const { patient } = await done(gateway, 'registerPatient', {
      firstName: ' Cher\u00a0',
      lastName: "O'Neil-Łuk",
    });
    expect(patient).toMatchObject({
      firstName: 'Cher',
      lastName: "O'Neil-Łuk",
      birthDate: null,
      sex: null,
      email: null,
      phone: null,
      address: null,
    });
  });

  it('takes whoever is born on a day that has begun anywhere, where the clinic has named no zone', async () => {
    const birthDate = new Date().toLocaleDateString('en-CA', { timeZone: 'Pacific/Kiritimati' });
    const newborn = { firstName: 'Nils', lastName: 'Newborn', birthDate };
    const { patient } = await done(gateway, 'registerPatient', newborn);
    expect(patient.birthDate).toBe(birthDate);
  });

  it('by STAFF gives the record no subject, also the second time', async () => {
    const twin = { firstName: 'Tara', lastName: 'Twin' };
    const first = await done(gateway, 'registerPatient', twin);
    const second = await done(gateway, 'registerPatient', twin);
    expect(first.patient.id).not.toBe(second.patient.id);
    const { data } = await gateway.query('{ viewer { patient { id } } }');
    expect(data.viewer.patient).toBeNull();
  });

  it('by a PATIENT makes their own record, once', async () => {
    const own = { firstName: 'Stella', lastName: 'Stranger' };
    const before = await count();
    const { patient } = await done(gateway, 'registerPatient', own, 'stranger');
    const { data } = await gateway.query('{ viewer { patient { id fullName } } }', {}, 'stranger');
    expect(data.viewer.patient).toEqual({ id: patient.id, fullName: 'Stella Stranger' });

    expectRefusal(await mutate(gateway, 'registerPatient', own, 'stranger'), 'ALREADY_EXISTS');
    expect(await count()).toBe(before + 1);
    expect(gateway.allCalls()).toEqual([]);
  });

  it('refuses a second record to a PATIENT whom STAFF linked', async () => {
    const before = await count();
    const answer = await mutate(
      gateway,
      'registerPatient',
      { firstName: 'Ana', lastName: 'Again' },
      'ana',
    );
    expectRefusal(answer, 'ALREADY_EXISTS');
    expect(await count()).toBe(before);
  });

  const names = { firstName: 'Rita', lastName: 'Refused' };
  const address = { street: '1 Road', city: 'Town', state: 'CA', postalCode: '90012' };

  it.each([
    ['an empty first name', { ...names, firstName: '' }, ['firstName']],
    ['a blank last name', { ...names, lastName: ' \t ' }, ['lastName']],
    ['a first name of 101 characters', { ...names, firstName: 'x'.repeat(101) }, ['firstName']],
    ['a line break in a name', { ...names, firstName: 'Rita\r\nBcc: x@y.test' }, ['firstName']],
    ['a bare line feed in a name', { ...names, lastName: 'Ref\nused' }, ['lastName']],
    ['a line separator in a name', { ...names, lastName: 'Ref\u2028used' }, ['lastName']],
    ['a NUL in a name', { ...names, lastName: 'Ref\u0000used' }, ['lastName']],
    ['an escape sequence in a name', { ...names, lastName: '\u001b[31mRed' }, ['lastName']],
    ['a birth date to come', { ...names, birthDate: '2999-01-01' }, ['birthDate']],
    ['a birth date of long ago', { ...names, birthDate: '1379-12-31' }, ['birthDate']],
    ['an empty street', { ...names, address: { ...address, street: ' ' } }, ['address', 'street']],
    [
      'a NUL in a city',
      { ...names, address: { ...address, city: 'To\u0000wn' } },
      ['address', 'city'],
    ],
    [
      'a state of 201 characters',
      { ...names, address: { ...address, state: 'x'.repeat(201) } },
      ['address', 'state'],
    ],
    [
      'a line break in a postal code',
      { ...names, address: { ...address, postalCode: '90012\n1' } },
      ['address', 'postalCode'],
    ],
    [
      'a line break in a country',
      { ...names, address: { ...address, country: 'U\rS' } },
      ['address', 'country'],
    ],
  ])('refuses %s, naming the field, and adds nothing', async (_title, input, path) => {
    const before = await count();
    const answer = await mutate(gateway, 'registerPatient', input);
    expectRefusal(answer, 'INVALID_INPUT', ['input', ...path]);
    expect(await count()).toBe(before);
    expect(gateway.allCalls()).toEqual([]);
    expect(answer.text).not.toMatch(/Bcc|2999|1379|\[31m|xxxx/);
  });

  it.each([
    ['birthDate', '2026-02-31'],
    ['birthDate', '2025-02-29'],
    ['birthDate', '1988-13-01'],
    ['birthDate', '11.02.1988'],
    ['birthDate', '1988-02-11T00:00:00Z'],
    ['email', 'rita(at)secret-host.test'],
    ['email', 'rita@secret-host.test\u0000'],
    ['email', 'rita@secret-host.test\r\nBcc: all@secret-host.test'],
    ['phone', '555-call-me-secret'],
    ['phone', '+1555\u0000010450099'],
    ['sex', 'SECRET_WORD'],
    ['sex', 'female'],
    ['address', { ...address, secretField: 'secret-value' }],
    ['address', 'secret street 99'],
    ['nickname', 'secret-nickname'],
  ])('refuses the %s %j before the register is asked', async (field, value) => {
    const before = await count();
    const answer = await mutate(gateway, 'registerPatient', { ...names, [field]: value });
    expectWholeRefusal(answer, 'BAD_USER_INPUT');
    expect(await count()).toBe(before);
    for (const text of typeof value === 'string' ? [value] : Object.values(value)) {
      expect(answer.text).not.toContain(JSON.stringify(text).slice(1, -1));
    }
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each([
    'birthDate: "2026-02-31"',
    'birthDate: 20260231',
    'email: "rita(at)secret-host.test"',
    'phone: "555-call-me-secret"',
    'sex: "SECRET_WORD"',
    'sex: SECRET_WORD',
    'firstName: 20260231',
    'address: "secret street 99"',
  ])('does not quote the refused literal %s', async (field) => {
    const { status, text, errors } = await gateway.query(
      `mutation { registerPatient(input: { ${field}, lastName: "Refused" }) { patient { id } userErrors { code } } }`,
    );
    expect(status).toBe(200);
    expect(errors.length).toBeGreaterThan(0);
    expect(text).not.toMatch(/2026-?02-?31|secret|SECRET/);
  });

  it('keeps what it was given out of the log', async () => {
    await done(gateway, 'registerPatient', { ...gina, email: 'logged@example.com' });
    const logged = gateway.logged();
    expect(logged).toContain('"operation":"mutation"');
    expect(logged).not.toMatch(
      /Moretti|Sandbox Street|1984-02-29|logged@example|5550104500|secret-host|Refused|call-me/,
    );
  });
});

describe('linkPatientSubject', () => {
  it('makes the subject see the record as their own, and the same link again is success', async () => {
    const { patient } = await done(gateway, 'registerPatient', {
      firstName: 'Lena',
      lastName: 'Linked',
    });
    const input = { patientId: patient.id, subject: 'https://idp.test/users/lena|42' };
    const linked = { patient: { id: patient.id, fullName: 'Lena Linked' }, userErrors: [] };
    expect(await done(gateway, 'linkPatientSubject', input)).toEqual(linked);
    expect(await done(gateway, 'linkPatientSubject', input)).toEqual(linked);
    expect(gateway.allCalls()).toEqual([]);
  });

  it('gives a PATIENT without a record the one that STAFF linked', async () => {
    const subject = 'sandbox-newcomer';
    const token = await gateway.sandbox.identityProvider.token({ subject, roles: ['PATIENT'] });
    const viewer = async () => {
      const response = await gateway.fetch('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ query: '{ viewer { patient { id fullName } } }' }),
      });
      return (await response.json()).data.viewer.patient;
    };
    expect(await viewer()).toBeNull();
    await done(gateway, 'linkPatientSubject', { patientId: gateway.ids.Emi, subject });
    expect(await viewer()).toEqual({ id: gateway.ids.Emi, fullName: 'Emi Tanaka' });
  });

  it('refuses a subject that is another patient', async () => {
    const input = { patientId: gateway.ids.David, subject: 'sandbox-ana' };
    expectRefusal(await mutate(gateway, 'linkPatientSubject', input), 'ALREADY_LINKED', [
      'input',
      'subject',
    ]);
    const { data } = await gateway.query('{ viewer { patient { fullName } } }', {}, 'ana');
    expect(data.viewer.patient.fullName).toBe('Ana Silva');
  });

  it('refuses another subject to a patient who has one', async () => {
    const input = { patientId: gateway.ids.Ana, subject: 'sandbox-somebody' };
    expectRefusal(await mutate(gateway, 'linkPatientSubject', input), 'ALREADY_LINKED', [
      'input',
      'subject',
    ]);
    const { data } = await gateway.query('{ viewer { patient { fullName } } }', {}, 'ana');
    expect(data.viewer.patient.fullName).toBe('Ana Silva');
  });

  it.each(['', ' ', 'secret subject', 'secret\u0000', 'secret\n', 'sécret', 's'.repeat(256)])(
    'refuses the subject %j',
    async (subject) => {
      const input = { patientId: gateway.ids.David, subject };
      const answer = await mutate(gateway, 'linkPatientSubject', input);
      expectRefusal(answer, 'INVALID_INPUT', ['input', 'subject']);
      expect(answer.text).not.toMatch(/s.cret/);
    },
  );
});
