import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ofPatient } from '../support/documents.ts';
import { firstQuery } from '../support/first-query.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { connect } from '../support/mutations.ts';

/** Patients whose login at the booking portal is connected. */
const connected = 4;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  await connect(gateway, gateway.ids.Chloe, 'chloe');
  await connect(gateway, gateway.ids.David, 'david');
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const latestOrder = 'NIMBUS GET /external-portal-access/latest-order';
const anas = (selection: string) =>
  gateway.query(ofPatient(selection), { id: gateway.ids.Ana }, 'staff');

describe('a query', () => {
  it('over all vendors costs one call for each of its six vendor-backed lists and fields', async () => {
    const { errors, extensions } = await gateway.query(firstQuery);
    expect(errors).toEqual([]);
    expect(gateway.allCalls()).toEqual([
      latestOrder,
      'VSEE GET /api_v3/visits/67001',
      'MY_PATIENT_PORTAL GET /appointments',
      'MY_PATIENT_PORTAL GET /insurances',
      'CERBO GET /patients/221/portal/enqueued',
      'MD_HQ GET /patients/1221/portal/enqueued',
    ]);
    expect(extensions.vendorCalls).toHaveLength(6);
  });

  it('says in its extensions exactly the calls that were made', async () => {
    const { extensions } = await gateway.query(firstQuery);
    const told = extensions.vendorCalls.map(({ vendor, operation, attempts, status, outcome }) => [
      vendor,
      operation,
      attempts,
      status,
      outcome,
    ]);
    expect(told.sort()).toEqual([
      ['CERBO', 'showPortalRequests', 1, 200, 'OK'],
      ['MD_HQ', 'showPortalRequests', 1, 200, 'OK'],
      ['MY_PATIENT_PORTAL', 'appointments', 1, 200, 'OK'],
      ['MY_PATIENT_PORTAL', 'insurances', 1, 200, 'OK'],
      ['NIMBUS', 'external-portal-access/latest-order', 1, 200, 'OK'],
      ['VSEE', 'visits/:id', 1, 200, 'OK'],
    ]);
    expect(JSON.stringify(extensions)).not.toMatch(/127\.0\.0\.1|localhost|67001|221/);
  });

  it.each([
    ['the register', 'fullName birthDate email address { city } createdAt'],
    ['accounts', 'vendorAccounts { vendor connected linkedAt vendorPatientId }'],
    ['accesses', 'portalAccess { vendor status } followUps { date }'],
    ['the log', 'accessLog { nodes { action } }'],
  ])('of %s costs no vendor call', async (_name, selection) => {
    const { errors } = await anas(selection);
    expect(errors).toEqual([]);
    expect(gateway.allCalls()).toEqual([]);
  });

  it('fetches nothing that is skipped or not included', async () => {
    await gateway.query(
      `query ($id: ID!, $no: Boolean = false, $yes: Boolean = true) { patient(id: $id) {
        fullName
        latestOrder @include(if: $no) { id }
        insurances @skip(if: $yes) { id }
        ... @include(if: $no) { visits { totalCount } appointments { totalCount } }
        ... on Patient @skip(if: $yes) { portalRequests { totalCount } }
      } }`,
      { id: gateway.ids.Ana },
    );
    expect(gateway.allCalls()).toEqual([]);
  });

  it('fetches one level of the booking walkthrough and no further', async () => {
    await anas('insurances { id appointmentCategories { id } }');
    const paths = gateway.calls('MY_PATIENT_PORTAL').map(({ path }) => path);
    expect(new Set(paths)).toEqual(new Set(['/insurances', '/appointment_categories']));
  });
});

describe('aliases', () => {
  it.each([
    ['latestOrder { id }', 1],
    ['insurances { id }', 1],
    ['visits { totalCount }', 1],
    ['appointments { totalCount }', 1],
    ['portalRequests { totalCount }', 2],
    ['vendorAccounts { profile { email } }', 4],
    ['appointments(first: 1) { nodes { id } }', 1],
  ])('of %s add no call', async (field, calls) => {
    const { errors } = await anas(
      ['a', 'b', 'c', 'd'].map((name) => `${name}: ${field}`).join(' '),
    );
    expect(errors).toEqual([]);
    expect(gateway.allCalls()).toHaveLength(calls);
  });

  it('with other filters of one list add no call, for the vendors’ lists are whole', async () => {
    await anas(`
      a: appointments(filter: { status: [BOOKED] }) { totalCount }
      b: appointments(filter: { vendor: [MY_PATIENT_PORTAL] }) { totalCount }
      c: portalRequests(filter: { status: null }) { totalCount }
      d: portalRequests(filter: { type: [PRESCRIPTION] }, first: 1) { totalCount }`);
    expect(gateway.allCalls().sort()).toEqual([
      'CERBO GET /patients/221/portal/enqueued',
      'MD_HQ GET /patients/1221/portal/enqueued',
      'MY_PATIENT_PORTAL GET /appointments',
    ]);
  });

  it('of the whole patient add no call', async () => {
    await gateway.query(
      `query ($id: ID!) { a: patient(id: $id) { latestOrder { id } } b: patient(id: $id) { latestOrder { id } }
        c: node(id: $id) { ... on Patient { latestOrder { id } } } }`,
      { id: gateway.ids.Ana },
    );
    expect(gateway.allCalls()).toEqual([latestOrder]);
  });

  it('of a failing field make one failing call', async () => {
    gateway.sandbox.simulators.NIMBUS.fault({ kind: 'status', status: 400 });
    const { errors } = await anas('a: latestOrder { id } b: latestOrder { id }');
    expect(errors.map(({ path }) => path)).toEqual([
      ['patient', 'a'],
      ['patient', 'b'],
    ]);
    expect(gateway.allCalls()).toEqual([latestOrder]);
  });
});

describe('repeated ids', () => {
  it('add no call', async () => {
    const ids = Array.from({ length: 20 }, () => gateway.ids.Ana);
    const { data } = await gateway.query(
      'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Patient { latestOrder { id } visits { nodes { id } } } } }',
      { ids },
    );
    expect(data.nodes).toHaveLength(20);
    expect(gateway.allCalls()).toEqual([latestOrder, 'VSEE GET /api_v3/visits/67001']);
  });

  it('of a visit and of the appointment that it is are one call', async () => {
    const { data } = await anas('visits { nodes { id } }');
    const [{ id }] = data.patient.visits.nodes;
    gateway.forget();
    await gateway.query(
      'query ($id: ID!) { a: visit(id: $id) { id } b: visit(id: $id) { status patient { visits { nodes { id } } } } node(id: $id) { id } }',
      { id },
    );
    expect(gateway.allCalls()).toEqual(['VSEE GET /api_v3/visits/67001']);
  });
});

describe('a list of patients', () => {
  const everybody = (selection: string) =>
    gateway.query(`{ patients(first: 100) { nodes { id ${selection} } } }`);

  it.each([
    ['one field', 'nodes { id }'],
    ['three fields', 'nodes { id title start }'],
    [
      'all fields of the list',
      `totalCount nodes { id title practiceName status start end timeZone cancelledAt cancellable
        reschedulable isVideoConsultation asapListSubscribed patient { fullName } }`,
    ],
  ])('P05: with %s of their appointments costs one call for each', async (_name, selection) => {
    const { data, errors } = await everybody(
      `appointments(filter: { vendor: [MY_PATIENT_PORTAL] }) { ${selection} }`,
    );
    expect(errors).toEqual([]);
    expect(data.patients.nodes).toHaveLength(5);
    expect(gateway.allCalls()).toEqual(
      Array.from({ length: connected }, () => 'MY_PATIENT_PORTAL GET /appointments'),
    );
    // Four calls with four different tokens.
    const tokens = gateway.calls('MY_PATIENT_PORTAL').map(({ headers }) => headers.authorization);
    expect(new Set(tokens).size).toBe(connected);
  });

  it('with several fields from one vendor costs one call for each patient and source', async () => {
    await everybody(
      'latestOrder { id vendor } portalRequests { nodes { id title } sources { state } }',
    );
    const calls = gateway.allCalls();
    expect(calls.filter((call) => call.startsWith('NIMBUS'))).toHaveLength(3);
    expect(calls.filter((call) => call.startsWith('CERBO'))).toHaveLength(4);
    expect(calls.filter((call) => call.startsWith('MD_HQ'))).toHaveLength(3);
    expect(calls).toHaveLength(10);
  });
});

describe('two requests in the same tick', () => {
  it('of two patients see each their own, and share no call', async () => {
    const document =
      '{ viewer { patient { fullName latestOrder { id } appointments { nodes { id } } } } }';
    const [ana, ben] = await Promise.all([
      gateway.query(document, {}, 'ana'),
      gateway.query(document, {}, 'ben'),
    ]);
    expect(ana.data.viewer.patient).toMatchObject({
      fullName: 'Ana Silva',
      latestOrder: { id: '9001' },
    });
    expect(ben.data.viewer.patient).toMatchObject({
      fullName: 'Ben Okafor',
      latestOrder: { id: '9002' },
    });
    expect(ana.data.viewer.patient.appointments.nodes).toHaveLength(3);
    expect(ben.data.viewer.patient.appointments.nodes).toHaveLength(1);
    expect(
      gateway
        .calls('NIMBUS')
        .map(({ query }) => query.user_id)
        .sort(),
    ).toEqual(['1001', '1002']);
    expect(gateway.calls('MY_PATIENT_PORTAL')).toHaveLength(2);
    expect(ana.extensions.vendorCalls).toHaveLength(2);
    expect(ben.extensions.vendorCalls).toHaveLength(2);
  });

  it('about the same patient make each their own call, so that no answer crosses callers', async () => {
    const answers = await Promise.all([
      gateway.query(ofPatient('latestOrder { id }'), { id: gateway.ids.Ana }, 'ana'),
      gateway.query(ofPatient('latestOrder { id }'), { id: gateway.ids.Ana }, 'staff'),
      gateway.query(ofPatient('latestOrder { id }'), { id: gateway.ids.Ana }, 'ben'),
    ]);
    expect(answers.map(({ data }) => data.patient)).toEqual([
      { latestOrder: { id: '9001' } },
      { latestOrder: { id: '9001' } },
      null,
    ]);
    expect(gateway.allCalls()).toEqual([latestOrder, latestOrder]);
    expect(answers.map(({ extensions }) => extensions.vendorCalls.length)).toEqual([1, 1, 0]);
  });

  it('of which one fails do not share the failure', async () => {
    gateway.sandbox.simulators.NIMBUS.fault({ kind: 'status', status: 400, times: 1 });
    const ask = () => gateway.query(ofPatient('latestOrder { id }'), { id: gateway.ids.Ana });
    const answers = await Promise.all([ask(), ask()]);
    const orders = answers.map(({ data }) => data.patient.latestOrder?.id ?? null);
    expect(orders.sort()).toEqual(['9001', null]);
  });

  it('remember nothing of an earlier one', async () => {
    await anas('latestOrder { id } appointments { totalCount } portalRequests { totalCount }');
    const before = gateway.allCalls();
    await anas('latestOrder { id } appointments { totalCount } portalRequests { totalCount }');
    expect(gateway.allCalls()).toHaveLength(2 * before.length);
  });
});
