import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { vseeOf } from '../../support/simulators.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

describe('clinicRoom', () => {
  const document = `query ($code: String!) { clinicRoom(code: $code) {
    code slug name timeZone open walkInEnabled appointmentsEnabled eConsultEnabled
    consultations { id description durationMinutes }
  } }`;

  it('is a room with what it offers to patients, for one public call', async () => {
    const { data, errors } = await gateway.query(document, { code: 'clinic' }, 'stranger');
    expect(errors).toEqual([]);
    expect(data.clinicRoom).toEqual({
      code: 'clinic',
      slug: 'clinic',
      name: 'Main clinic',
      timeZone: 'America/Los_Angeles',
      open: true,
      walkInEnabled: true,
      appointmentsEnabled: true,
      eConsultEnabled: true,
      consultations: [
        {
          id: '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a1501',
          description: 'Short visit',
          durationMinutes: 15,
        },
        {
          id: '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a3002',
          description: 'Long visit',
          durationMinutes: 30,
        },
      ],
    });
    expect(gateway.allCalls()).toEqual(['VSEE GET /api_v3/rooms/clinic']);
    const headers = gateway.calls('VSEE')[0]?.headers ?? {};
    expect(headers['x-accountcode']).toBe('portico-sandbox');
    expect(Object.keys(headers).filter((name) => /^x-api|authorization/.test(name))).toEqual([]);
  });

  it('tells who sees patients in it, for one public call more', async () => {
    const { data, errors } = await gateway.query(
      '{ clinicRoom(code: "clinic") { providers { id title firstName lastName } } }',
      {},
      'stranger',
    );
    expect(errors).toEqual([]);
    expect(data.clinicRoom.providers).toEqual([
      { id: '826', title: 'Dr.', firstName: 'Grace', lastName: 'Hill' },
      { id: '827', title: 'Dr.', firstName: 'Omar', lastName: 'Haddad' },
    ]);
    expect(gateway.allCalls()).toEqual([
      'VSEE GET /api_v3/rooms/clinic',
      'VSEE GET /api_v3/rooms/clinic/providers',
    ]);
    const headers = gateway.calls('VSEE')[1]?.headers ?? {};
    expect(Object.keys(headers).filter((name) => /^x-api|authorization/.test(name))).toEqual([]);
  });

  it('is there without them where the vendor does not tell', async () => {
    const ask = async (status: number) => {
      const match = /rooms\/clinic\/providers/;
      gateway.sandbox.simulators.VSEE.fault({ kind: 'status', status, match, times: 1 });
      return gateway.query('{ clinicRoom(code: "clinic") { code providers { id } } }');
    };
    const absent = await ask(404);
    expect(absent.errors).toEqual([]);
    expect(absent.data.clinicRoom).toEqual({ code: 'clinic', providers: null });
    const refused = await ask(403);
    expect(refused.data.clinicRoom).toEqual({ code: 'clinic', providers: null });
    expect(refused.errors).toMatchObject([
      { path: ['clinicRoom', 'providers'], extensions: { code: 'VENDOR_REJECTED' } },
    ]);
  });

  it('that is closed says so', async () => {
    const { data } = await gateway.query(document, { code: 'night' });
    expect(data.clinicRoom).toMatchObject({
      open: false,
      walkInEnabled: true,
      appointmentsEnabled: false,
      eConsultEnabled: false,
    });
  });

  it('is null without an error where there is none', async () => {
    const { data, errors } = await gateway.query(document, { code: 'nowhere' });
    expect({ data, errors }).toEqual({ data: { clinicRoom: null }, errors: [] });
    expect(gateway.allCalls()).toEqual(['VSEE GET /api_v3/rooms/nowhere']);
  });

  it.each([
    ['../users'],
    ['a/b'],
    ['a b'],
    [''],
    ['a\u0000b'],
    ['clinic\r\nx: y'],
    ['x'.repeat(65)],
  ])('refuses the code %j before any call', async (code) => {
    const { data, errors } = await gateway.query(document, { code });
    expect(data).toEqual({ clinicRoom: null });
    expect(errors).toMatchObject([
      { path: ['clinicRoom'], extensions: { code: 'BAD_USER_INPUT' } },
    ]);
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('clinicRooms', () => {
  const document = '{ clinicRooms { code name open walkInEnabled eConsultEnabled } }';
  const codes = ['clinic', 'night', 'econsult', 'paid', 'second-opinion', 'berlin'];
  const codesOf = (data: { clinicRooms: { code: string }[] }) =>
    data.clinicRooms.map(({ code }) => code);

  it('are all of the clinic, for one public call', async () => {
    const { data, errors } = await gateway.query(document, {}, 'stranger');
    expect(errors).toEqual([]);
    expect(codesOf(data)).toEqual(codes);
    expect(data.clinicRooms[1]).toEqual({
      ...{ code: 'night', name: 'Night clinic', open: false },
      ...{ walkInEnabled: true, eConsultEnabled: false },
    });
    const calls = gateway.calls('VSEE').map(({ method, path, query }) => [method, path, query]);
    expect(calls).toEqual([['GET', '/api_v3/rooms', { limit: '100' }]]);
    const headers = gateway.calls('VSEE')[0]?.headers ?? {};
    expect(Object.keys(headers).filter((name) => /^x-api|authorization/.test(name))).toEqual([]);
  });

  it('are read to their end where the vendor gives few at a time', async () => {
    const { switches } = vseeOf(gateway);
    switches.roomsOfPage = 4;
    const { data } = await gateway.query(document);
    switches.roomsOfPage = 100;
    expect(codesOf(data)).toEqual(codes);
    expect(gateway.calls('VSEE').map(({ query }) => query)).toEqual([
      { limit: '100' },
      { limit: '100', page: '2' },
    ]);
  });

  it('are null, with the reason, where the vendor does not list them', async () => {
    const match = /\/rooms$/;
    gateway.sandbox.simulators.VSEE.fault({ kind: 'status', status: 404, match, times: 1 });
    const { data, errors } = await gateway.query(document);
    expect(data).toEqual({ clinicRooms: null });
    expect(errors).toMatchObject([{ extensions: { code: 'VENDOR_REJECTED', vendor: 'VSEE' } }]);
  });
});

describe('vendors', () => {
  const document = '{ vendors { vendor configured state retryAt } }';

  it('tells of all five without asking them', async () => {
    const { data } = await gateway.query(document, {}, 'ana');
    expect(data.vendors).toEqual(
      ['NIMBUS', 'VSEE', 'MY_PATIENT_PORTAL', 'CERBO', 'MD_HQ'].map((vendor) => ({
        vendor,
        configured: true,
        state: 'AVAILABLE',
        retryAt: null,
      })),
    );
    expect(gateway.allCalls()).toEqual([]);
  });

  it('says DEGRADED after a fault, UNAVAILABLE with a time after several, and stops asking', async () => {
    const search =
      '{ vendorPatients(vendor: MD_HQ, filter: { lastName: "Silva" }) { vendorPatientId } }';
    const stateOf = async () => {
      const { data } = await gateway.query(document);
      return data.vendors.find(({ vendor }: { vendor: string }) => vendor === 'MD_HQ');
    };
    gateway.sandbox.simulators.MD_HQ.fault({ kind: 'status', status: 501 });
    await gateway.query(search);
    expect(await stateOf()).toMatchObject({ state: 'DEGRADED', retryAt: null });
    for (let times = 0; times < 4; times++) {
      await gateway.query(search);
    }
    const { state, retryAt } = await stateOf();
    expect(state).toBe('UNAVAILABLE');
    expect(Date.parse(retryAt)).toBeGreaterThan(Date.now() - 1000);
    gateway.forget();
    const { errors } = await gateway.query(search);
    expect(errors).toMatchObject([
      {
        extensions: {
          code: 'VENDOR_UNAVAILABLE',
          vendor: 'MD_HQ',
          retryAt: expect.stringMatching(/Z$/),
        },
      },
    ]);
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('vendorPatients', () => {
  const document = `query ($vendor: Vendor!, $filter: VendorPatientFilter!, $first: Int) {
    vendorPatients(vendor: $vendor, filter: $filter, first: $first) {
      vendor vendorPatientId linkedPatient { fullName }
      profile { vendor firstName lastName birthDate sex email }
    }
  }`;
  const find = async (filter: object, more: object = {}) => {
    const { data, errors } = await gateway.query(document, { vendor: 'CERBO', filter, ...more });
    return { found: data?.vendorPatients, errors };
  };

  it('finds records at the vendor and says who is linked, for one call', async () => {
    const { found, errors } = await find({ lastName: 'Silva' });
    expect(errors).toEqual([]);
    expect(
      found.map(
        ({ vendorPatientId, profile, linkedPatient }: Record<string, { firstName: string }>) => [
          vendorPatientId,
          profile?.firstName,
          linkedPatient,
        ],
      ),
    ).toEqual([
      ['221', 'Ana', { fullName: 'Ana Silva' }],
      ['228', 'Hugo', null],
      ['229', 'Ines', null],
      ['236', 'Paula', null],
    ]);
    expect(found[0].profile).toEqual({
      vendor: 'CERBO',
      firstName: 'Ana',
      lastName: 'Silva',
      birthDate: '1988-02-11',
      sex: 'FEMALE',
      email: 'ana.silva@example.com',
    });
    expect(gateway.allCalls()).toEqual(['CERBO GET /patients/search']);
    expect(gateway.calls('CERBO')[0]?.query).toEqual({
      last_name: 'Silva',
      limit: '25',
      offset: '0',
    });
  });

  it.each([
    ['a first name', { firstName: 'Tessa' }, { first_name: 'Tessa' }, ['240']],
    [
      'an e-mail address',
      { email: 'ben.okafor@example.com' },
      { email: 'ben.okafor@example.com' },
      ['222'],
    ],
    ['a day of birth', { birthDate: '1950-12-24' }, { dob: '1950-12-24' }, ['224']],
    [
      'several at once, with and',
      { lastName: 'Silva', birthDate: '2010-08-23' },
      { last_name: 'Silva', dob: '2010-08-23' },
      ['229'],
    ],
    ['nobody', { firstName: 'Nobody' }, { first_name: 'Nobody' }, []],
  ])('finds by %s', async (_name, filter, query, ids) => {
    const { found } = await find(filter);
    expect(found.map(({ vendorPatientId }: Record<string, string>) => vendorPatientId)).toEqual(
      ids,
    );
    expect(gateway.calls('CERBO')[0]?.query).toEqual({ ...query, limit: '25', offset: '0' });
  });

  it('stops at as many as asked for', async () => {
    const { found } = await find({ lastName: 'Silva' }, { first: 2 });
    expect(found).toHaveLength(2);
    expect(gateway.calls('CERBO')).toHaveLength(1);
    expect(gateway.calls('CERBO')[0]?.query.limit).toBe('2');
  });

  it.each([
    ['an empty filter', {}, {}],
    ['a filter of blanks', { lastName: '  ' }, {}],
    ['a wildcard', { lastName: '%' }, {}],
    ['another wildcard', { firstName: 'A_a' }, {}],
    ['no record', { lastName: 'Silva' }, { first: 0 }],
    ['fewer than none', { lastName: 'Silva' }, { first: -1 }],
    ['more than a hundred', { lastName: 'Silva' }, { first: 101 }],
    ['a vendor without patients to search', { lastName: 'Silva' }, { vendor: 'NIMBUS' }],
    ['an impossible day', { birthDate: '2001-02-29' }, {}],
    ['what is no e-mail address', { email: 'ana' }, {}],
  ])('refuses %s before any call', async (_name, filter, more) => {
    const { errors } = await find(filter, more);
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    expect(gateway.allCalls()).toEqual([]);
  });

  it('is for staff', async () => {
    const variables = { vendor: 'CERBO', filter: { lastName: 'Silva' } };
    const { data, errors } = await gateway.query(document, variables, 'ana');
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    expect(gateway.allCalls()).toEqual([]);
  });
});
