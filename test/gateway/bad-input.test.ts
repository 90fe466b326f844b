import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { availabilitiesWith, byId, ofPatient } from '../support/documents.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { globalIdOf, keyIn } from '../support/mutations.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

/** After anything bad the next good query is answered. */
async function expectService(): Promise<void> {
  gateway.forget();
  const { data, errors } = await gateway.query(ofPatient('latestOrder { id }'), {
    id: gateway.ids.Ana,
  });
  expect(errors).toEqual([]);
  expect(data.patient.latestOrder.id).toBe('9001');
}

async function expectRefused(document: string, variables: object, code = 'BAD_USER_INPUT') {
  gateway.forget();
  const answer = await gateway.query(document, variables as Record<string, unknown>);
  expect(answer.errors.map(({ extensions }) => extensions.code)).toEqual([code]);
  expect(answer.errors[0]?.extensions.requestId).toMatch(/^[0-9a-f-]{36}$/);
  expect(gateway.allCalls()).toEqual([]);
  await expectService();
  return answer;
}

const key = () => keyIn(gateway.ids.Ana);
const fields = ['patient', 'visit', 'appointment', 'node', 'operation'];

describe('an id', () => {
  it.each([
    ['empty', () => ''],
    ['a word', () => 'nonsense'],
    ['a number', () => '42'],
    ['a bare key', () => key()],
    ['padded', () => `${gateway.ids.Ana}=`],
    ['of other letters for the same bytes', () => gateway.ids.Ana.replace(/.$/, 'Z')],
    ['with a blank', () => ` ${gateway.ids.Ana}`],
    ['with a line break', () => `${gateway.ids.Ana}\n`],
    ['with a NUL', () => `${gateway.ids.Ana}\u0000`],
    ['of nothing known', () => globalIdOf('Nobody', key())],
    ['of too many parts', () => globalIdOf('Patient', key(), 'more')],
    ['with a key that is none', () => globalIdOf('Patient', "1' or '1'='1")],
    ['with a NUL in its key', () => globalIdOf('Patient', `${key()}\u0000`)],
    ['with a key in capitals', () => globalIdOf('Patient', key().toUpperCase())],
    ['with a path in it', () => globalIdOf('Visit', 'VSEE', key(), '../users/-')],
    ['with a query in it', () => globalIdOf('Visit', 'VSEE', key(), '1?x=1')],
    ['with a line break in it', () => globalIdOf('Visit', 'VSEE', key(), '1\r\nx: y')],
    ['with an encoded slash in it', () => globalIdOf('Visit', 'VSEE', key(), '1%2f2')],
    ['of a vendor in small letters', () => globalIdOf('Visit', 'vsee', key(), '67001')],
    ['very long', () => globalIdOf('Visit', 'VSEE', key(), '1'.repeat(2000))],
    ['endless', () => 'A'.repeat(100_000)],
  ])('J01: that is %s is refused before any call', async (_name, id) => {
    for (const field of fields) {
      const { text } = await expectRefused(byId(field, 'id'), { id: id() });
      expect(text).not.toContain('67001');
    }
  });

  it.each([
    ['patient', () => globalIdOf('Visit', 'VSEE', key(), '67001')],
    ['visit', () => gateway.ids.Ana],
    ['visit', () => globalIdOf('Appointment', 'VSEE', key(), '67001')],
    ['appointment', () => globalIdOf('Visit', 'VSEE', key(), '67001')],
    ['operation', () => gateway.ids.Ana],
    ['node', () => globalIdOf('AccessEvent', key())],
  ])('of another type is refused at %s', async (field, id) => {
    await expectRefused(byId(field, 'id'), { id: id() });
  });

  it('of another type is told which one was meant', async () => {
    for (const [field, type] of [
      ['appointment', 'Appointment'],
      ['operation', 'Operation'],
      ['patient', 'Patient'],
    ] as const) {
      const { errors } = await gateway.query(byId(field, 'id'), {
        id: globalIdOf('Nobody', key()),
      });
      expect(errors.map(({ message }) => message)).toEqual([
        `This is no id of type ${type}. Use the id exactly as a query returned it.`,
      ]);
    }
  });

  it.each([
    ['visit', 'Visit', 'CERBO', '67001'],
    ['visit', 'Visit', 'NOBODY', '67001'],
    ['visit', 'Visit', 'VSEE', 'abc'],
    ['appointment', 'Appointment', 'NIMBUS', '1'],
    ['appointment', 'Appointment', 'NOBODY', '1'],
    ['appointment', 'Appointment', 'VSEE', 'abc'],
    ['node', 'PortalRequest', 'VSEE', '1'],
    ['node', 'PortalRequest', 'NOBODY', '1'],
  ])('at %s of a %s that %s cannot have (%s) is refused', async (field, type, vendor, record) => {
    const { errors } = await expectRefused(byId(field, 'id'), {
      id: globalIdOf(type, vendor, key(), record),
    });
    expect(errors[0]?.extensions).not.toHaveProperty('vendor');
  });

  it.each([
    ['patient', () => gateway.ids.Ben],
    ['node', () => gateway.ids.Ben],
    ['visit', () => globalIdOf('Visit', 'VSEE', keyIn(gateway.ids.Ben), '67002')],
    ['appointment', () => globalIdOf('Appointment', 'VSEE', keyIn(gateway.ids.Ben), '67002')],
    ['node', () => globalIdOf('PortalRequest', 'CERBO', keyIn(gateway.ids.Ben), '34')],
  ])('of somebody else is FORBIDDEN at %s, as one of nobody is', async (field, id) => {
    const nobody = id().replace(/.*/, (own) =>
      globalIdOf(
        ...Buffer.from(own, 'base64url')
          .toString()
          .replace(keyIn(gateway.ids.Ben), '00000000-0000-4000-8000-000000000000')
          .split(':'),
      ),
    );
    for (const each of [id(), nobody]) {
      const { data, errors } = await gateway.query(byId(field, 'id'), { id: each }, 'ana');
      expect(data).toEqual({ [field]: null });
      expect(errors).toMatchObject([{ path: [field], extensions: { code: 'FORBIDDEN' } }]);
    }
    expect(gateway.allCalls()).toEqual([]);
    await expectService();
  });
});

describe('a search for times', () => {
  const instant = (days: number) => new Date(Date.now() + days * 24 * 60 * 60 * 1000).toISOString();
  const room = { roomCode: 'clinic', from: instant(1), to: instant(2) };
  const step = { insuranceId: '136', appointmentCategoryId: '53', appointmentTypeId: '198' };

  it.each([
    ['a room code that cannot be one', { vsee: { ...room, roomCode: '../users' } }],
    ['a room code with a control character', { vsee: { ...room, roomCode: 'clinic\u0007' } }],
    ['a window that ends before it begins', { vsee: { ...room, to: instant(0) } }],
    ['a window without length', { vsee: { ...room, to: room.from } }],
    ['a window of more than 62 days', { vsee: { ...room, to: instant(64) } }],
    ['an instant that does not exist', { vsee: { ...room, from: '2026-02-30T10:00:00Z' } }],
    ['an instant without a zone', { vsee: { ...room, from: '2026-02-20T10:00:00' } }],
    ['a day for an instant', { vsee: { ...room, from: '2026-02-20' } }],
    ['a provider that cannot be one', { vsee: { ...room, providerId: '8/26' } }],
    ['a provider with a control character', { vsee: { ...room, providerId: '826\n' } }],
    ['a consultation that cannot be one', { vsee: { ...room, consultationId: 'a b' } }],
    ['an insurance that cannot be one', { myPatientPortal: { ...step, insuranceId: '1x' } }],
    ['a category that cannot be one', { myPatientPortal: { ...step, appointmentCategoryId: '' } }],
    ['a type that cannot be one', { myPatientPortal: { ...step, appointmentTypeId: '1/2' } }],
    ['a day that does not exist', { myPatientPortal: { ...step, from: '2026-02-30' } }],
    ['a day in another notation', { myPatientPortal: { ...step, from: '20.2.2026' } }],
    ['an instant for a day', { myPatientPortal: { ...step, from: instant(1) } }],
    [
      'days that end before they begin',
      { myPatientPortal: { ...step, from: '2027-02-02', to: '2027-02-01' } },
    ],
  ])('J01, J04: with %s is refused before any call', async (_name, search) => {
    await expectRefused(availabilitiesWith('id'), { patientId: gateway.ids.Ana, search });
  });

  it('for a patient who does not exist is refused before any call', async () => {
    const patientId = globalIdOf('Patient', '00000000-0000-4000-8000-000000000000');
    await expectRefused(availabilitiesWith('id'), { patientId, search: { vsee: room } });
  });
});

describe('a variable of the wrong type', () => {
  const secret = 'secret-diagnosis';
  it.each([
    ['ID!', 'patient(id: $x) { id }', { secret }],
    ['ID!', 'patient(id: $x) { id }', [secret]],
    ['Int', 'patients(first: $x) { totalCount }', secret],
    ['String', 'patients(search: $x) { totalCount }', { deep: { secret } }],
    ['Vendor!', 'vendorPatients(vendor: $x, filter: { lastName: "a" }) { vendor }', secret],
    [
      'VendorPatientFilter!',
      'vendorPatients(vendor: CERBO, filter: $x) { vendor }',
      { [secret]: 1 },
    ],
    [
      'VendorPatientFilter!',
      'vendorPatients(vendor: CERBO, filter: $x) { vendor }',
      { email: secret },
    ],
    [
      'VendorPatientFilter!',
      'vendorPatients(vendor: CERBO, filter: $x) { vendor }',
      { birthDate: secret },
    ],
    [
      'VendorPatientFilter!',
      'vendorPatients(vendor: CERBO, filter: $x) { vendor }',
      { lastName: [secret] },
    ],
    ['[ID!]!', 'nodes(ids: $x) { id }', [{ secret }]],
    ['[ID!]!', 'nodes(ids: $x) { id }', [null, secret]],
  ])('L02: %s is refused without its value: %s', async (type, field, x) => {
    const { text } = await expectRefused(`query ($x: ${type}) { ${field} }`, { x });
    expect(text).not.toContain(secret);
    expect(gateway.logged()).not.toContain(secret);
  });

  it.each([
    ['an Int', '{ patients(first: "secret-diagnosis") { totalCount } }'],
    ['a String', '{ patients(search: { x: "secret-diagnosis" }) { totalCount } }'],
    [
      'an enum',
      '{ vendorPatients(vendor: SECRET_DIAGNOSIS, filter: { lastName: "a" }) { vendor } }',
    ],
    [
      'an e-mail address',
      '{ vendorPatients(vendor: CERBO, filter: { email: "secret-diagnosis" }) { vendor } }',
    ],
    [
      'a Date',
      '{ vendorPatients(vendor: CERBO, filter: { birthDate: "secret-diagnosis" }) { vendor } }',
    ],
    [
      'a DateTime',
      '{ viewer { patient { appointments(filter: { from: "secret-diagnosis" }) { totalCount } } } }',
    ],
    ['a Boolean', '{ viewer @include(if: "secret-diagnosis") { subject } }'],
  ])('%s as a literal is refused without its value, in its place', async (_name, document) => {
    const { text, errors } = await gateway.query(document);
    expect(errors).toHaveLength(1);
    const column = document.search(/(\{ x: )?"?secret.diagnosis/i) + 1;
    expect(JSON.parse(text).errors[0].locations).toEqual([{ line: 1, column }]);
    expect(['BAD_USER_INPUT', 'GRAPHQL_VALIDATION_FAILED']).toContain(errors[0]?.extensions.code);
    expect(text).not.toMatch(/secret.diagnosis/i);
    expect(gateway.allCalls()).toEqual([]);
    await expectService();
  });

  it.each([
    '{ patient("secret-diagnosis") { id } }',
    '{ patient(id: """secret-diagnosis""" """secret-diagnosis""") { id } }',
    '{ patient(5550104477: 1) { id } }',
    '{ patient(id: 1) { "secret-diagnosis" } }',
    'query ("secret-diagnosis") { viewer { subject } }',
  ])('as a literal where none can be is refused without its value: %s', async (document) => {
    const { text, errors } = await gateway.query(document);
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['GRAPHQL_PARSE_FAILED']);
    expect(text).not.toMatch(/secret.diagnosis|5550104477/i);
    expect(gateway.logged()).not.toMatch(/secret.diagnosis|5550104477/i);
  });

  it('that is missing is refused', async () => {
    await expectRefused('query ($id: ID!) { patient(id: $id) { id } }', {});
    await expectRefused('query ($id: ID!) { patient(id: $id) { id } }', { id: null });
  });
});
