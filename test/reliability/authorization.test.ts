import { randomUUID } from 'node:crypto';
import { getNamedType, isInputObjectType, isObjectType, isUnionType } from 'graphql';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { mutationRules, queryRules, subscriptionRules } from '../../src/auth/rules.ts';
import { schemaOver } from '../../src/graph/schema.ts';
import { vendorDescriptions } from '../../src/vendors/registry.ts';
import { withoutRequestId } from '../support/asked-mutation.ts';
import { startTestGateway, type TestGateway, type Who } from '../support/gateway.ts';
import { globalIdOf, keyIn, mutate, portalTimes } from '../support/mutations.ts';
import type { Field } from '../support/printed-schema.ts';

/** reliability.md, section 4, "Authentication and authorization", derived from the schema. */

const schema = schemaOver(vendorDescriptions);
type Root = 'Query' | 'Mutation' | 'Subscription';
const rootType = (root: Root) => {
  const type = schema.getType(root);
  if (!isObjectType(type)) {
    throw new Error(`The schema has no ${root}.`);
  }
  return type;
};
const fieldsOf = (root: Root) => Object.values(rootType(root).getFields());

let gateway: TestGateway;
/** Ids of Ben's records, and well-formed ones of nobody's. */
let bens: Record<string, string>;
let nobodys: Record<string, string>;
let availabilityId: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  const { Ben } = gateway.ids;
  const { data } = await gateway.query(
    `query ($id: ID!) { patient(id: $id) {
      visits { nodes { id } } appointments { nodes { id } } portalRequests { nodes { id } }
      portalAccess { id }
    } }`,
    { id: Ben },
  );
  const { payload } = await mutate(
    gateway,
    'createPortalLink',
    { patientId: Ben },
    'operation { id }',
  );
  bens = {
    patientId: Ben,
    visitId: data.patient.visits.nodes[0].id,
    appointmentId: data.patient.appointments.nodes[0].id,
    portalRequestId: data.patient.portalRequests.nodes[0].id,
    portalAccessId: data.patient.portalAccess[0].id,
    operationId: payload.operation.id,
  };
  const key = randomUUID();
  nobodys = {
    patientId: globalIdOf('Patient', key),
    visitId: globalIdOf('Visit', 'VSEE', key, '99999'),
    appointmentId: globalIdOf('Appointment', 'MY_PATIENT_PORTAL', key, 'x'.repeat(28)),
    portalRequestId: globalIdOf('PortalRequest', 'CERBO', key, '99999'),
    portalAccessId: globalIdOf('PortalAccess', randomUUID()),
    operationId: globalIdOf('Operation', randomUUID()),
  };
  availabilityId = (await portalTimes(gateway, Ben, { insurance: '137' }))[0]?.id ?? '';
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const measures = { heightFeet: 5, heightInches: 7, weightPounds: 150 };
const start = new Date(Date.now() + 48 * 3_600_000).toISOString();
const end = new Date(Date.now() + 48.25 * 3_600_000).toISOString();

/** What each mutation is asked beside the id of a record. */
const inputs: Record<string, () => Record<string, unknown>> = {
  linkVendorAccount: () => ({ vendor: 'CERBO', vendorPatientId: '222' }),
  unlinkVendorAccount: () => ({ vendor: 'CERBO' }),
  linkPatientSubject: () => ({ subject: 'sandbox-ana' }),
  onboardPatient: () => measures,
  enablePortalAccess: () => ({}),
  revokePortalAccess: () => ({}),
  createFollowUp: () => ({ date: '2031-03-04' }),
  createPortalLink: () => ({}),
  startWalkInVisit: () => ({ roomCode: 'clinic' }),
  scheduleVisit: () => ({ roomCode: 'clinic', start, end }),
  requestEConsult: () => ({ roomCode: 'econsult' }),
  connectPatientPortal: () => ({ returnTo: 'http://localhost:4000/connected' }),
  disconnectPatientPortal: () => ({}),
  bookAppointment: () => ({ availabilityId }),
  rescheduleAppointment: () => ({ availabilityId }),
  cancelAppointment: () => ({}),
  joinAsapList: () => ({ email: 'ana.elsewhere@example.com' }),
  leaveAsapList: () => ({}),
  invitePatientToPortal: () => ({ vendor: 'CERBO' }),
  dismissPortalRequest: () => ({}),
  reconcileOperation: () => ({}),
};
/** Those that name no record: whom they concern is the caller, or a secret that was handed out. */
const withoutRecord = ['registerPatient', 'completePatientPortalConnection'];

const inputFieldsOf = (field: Field) => {
  const type = getNamedType(field.args[0]?.type);
  return isInputObjectType(type) ? Object.keys(type.getFields()) : [];
};
/** The input field by which a mutation names its record. */
const recordOf = (field: Field) =>
  inputFieldsOf(field).find((name) =>
    ['appointmentId', 'portalRequestId', 'operationId', 'patientId'].includes(name),
  ) ?? '';

const entity = schema.getType('_Entity');
const entityTypes = isUnionType(entity) ? entity.getTypes().map(({ name }) => name) : [];

/** Every query field that takes an id, with the kind of id that it takes. */
const queries: [name: string, document: string, id: string][] = [
  ['patient', 'query ($id: ID!) { patient(id: $id) { id fullName } }', 'patientId'],
  ['visit', 'query ($id: ID!) { visit(id: $id) { id status } }', 'visitId'],
  ['appointment', 'query ($id: ID!) { appointment(id: $id) { id start } }', 'appointmentId'],
  ['operation', 'query ($id: ID!) { operation(id: $id) { id status } }', 'operationId'],
  [
    'availabilities',
    'query ($id: ID!) { availabilities(patientId: $id, search: { myPatientPortal: { insuranceId: "137", appointmentCategoryId: "53", appointmentTypeId: "198" } }) { id } }',
    'patientId',
  ],
  ...[
    'patientId',
    'visitId',
    'appointmentId',
    'portalRequestId',
    'portalAccessId',
    'operationId',
  ].flatMap((id): [string, string, string][] => [
    ['node', 'query ($id: ID!) { node(id: $id) { __typename id } }', id],
    ['nodes', 'query ($id: ID!) { nodes(ids: [$id]) { __typename id } }', id],
  ]),
  ...entityTypes.map((type): [string, string, string] => [
    '_entities',
    `query ($id: ID!) { _entities(representations: [{ __typename: "${type}", id: $id }]) { __typename ... on ${type} { id } } }`,
    `${type.charAt(0).toLowerCase()}${type.slice(1)}Id`,
  ]),
];

const codesOf = ({ errors, payload }: Awaited<ReturnType<typeof mutate>>) => [
  ...errors.map(({ extensions }) => extensions.code),
  ...(payload?.userErrors ?? []).map(({ code }: { code: string }) => code),
];

describe('the table of rules', () => {
  it('has a line for every query, mutation and subscription, and for no other', () => {
    expect(Object.keys(subscriptionRules)).toEqual(
      fieldsOf('Subscription').map(({ name }) => name),
    );
    expect(Object.keys(queryRules).sort()).toEqual(
      fieldsOf('Query')
        .map(({ name }) => name)
        .sort(),
    );
    expect(Object.keys(mutationRules).sort()).toEqual(
      fieldsOf('Mutation')
        .map(({ name }) => name)
        .sort(),
    );
  });
});

describe('A01: without a token', () => {
  it.each(
    (['Query', 'Mutation', 'Subscription'] as const).flatMap((root) =>
      fieldsOf(root).map(({ name }) => [root, name] as const),
    ),
  )('%s.%s is UNAUTHENTICATED, and no vendor is called', async (root, name) => {
    const response = await gateway.fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query: `${root.toLowerCase()} { ${name} }` }),
    });
    expect(response.status).toBe(401);
    const { errors, data } = (await response.json()) as {
      errors: { extensions: { code: string } }[];
      data?: unknown;
    };
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['UNAUTHENTICATED']);
    expect(data).toBeUndefined();
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('A04: Ana with the ids of Ben', () => {
  it('is tried on every query that takes an id and on every mutation that names a record', () => {
    const taking = fieldsOf('Query')
      .filter(({ args }) => args.some(({ type }) => /^(ID|_Any)$/.test(getNamedType(type).name)))
      .map(({ name }) => name);
    expect([...new Set(queries.map(([name]) => name))].sort()).toEqual(taking.sort());
    const naming = fieldsOf('Mutation')
      .map(({ name }) => name)
      .filter((name) => !withoutRecord.includes(name));
    expect(Object.keys(inputs).sort()).toEqual(naming.sort());
  });

  it('is tried on every entity', () => {
    expect([...entityTypes].sort()).toEqual([
      'Appointment',
      'Patient',
      'PortalAccess',
      'PortalRequest',
      'Visit',
    ]);
  });

  it.each(queries)('gets from %s (%s) what an id of nobody gets', async (_name, document, id) => {
    const his = await gateway.query(document, { id: bens[id] }, 'ana');
    const none = await gateway.query(document, { id: nobodys[id] }, 'ana');
    expect(withoutRequestId(his)).toBe(withoutRequestId(none));
    expect(his.text).not.toMatch(/Ben|Okafor/);
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each(Object.keys(inputs))('gets from %s what an id of nobody gets', async (name) => {
    const field = rootType('Mutation').getFields()[name];
    const record = field ? recordOf(field) : '';
    const input = inputs[name]?.() ?? {};
    const ask = (ids: Record<string, string>) =>
      mutate(gateway, name, { ...input, [record]: ids[record] }, '', 'ana');
    const his = await ask(bens);
    const none = await ask(nobodys);
    expect(withoutRequestId(his)).toBe(withoutRequestId(none));
    expect(codesOf(his)).toEqual([name === 'reconcileOperation' ? 'NOT_FOUND' : 'FORBIDDEN']);
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('A05: a PATIENT who asks for what only STAFF may do', () => {
  const staffOnly = Object.entries(mutationRules).flatMap(([name, rule]) =>
    rule === 'STAFF' ? [name] : [],
  );

  it.each(staffOnly)('%s on their own record is FORBIDDEN', async (name) => {
    const field = rootType('Mutation').getFields()[name];
    const record = field ? recordOf(field) : '';
    const own: Record<string, string> = {
      patientId: gateway.ids.Ana,
      portalRequestId: globalIdOf('PortalRequest', 'CERBO', keyIn(gateway.ids.Ana), '27'),
    };
    const input = { ...inputs[name]?.(), [record]: own[record] };
    const answer = await mutate(gateway, name, input, '', 'ana');
    expect(answer.payload).toBeNull();
    expect(codesOf(answer)).toEqual(['FORBIDDEN']);
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each([
    '{ patients { totalCount } }',
    '{ vendorPatients(vendor: CERBO, filter: { lastName: "Silva" }) { vendor } }',
    '{ _service { sdl } }',
  ])('%s is FORBIDDEN', async (document) => {
    const { errors } = await gateway.query(document, {}, 'ana');
    expect(errors.map(({ extensions }) => extensions.code)).toEqual(['FORBIDDEN']);
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('A06: a fragment on the interface', () => {
  it('opens nothing that its type keeps closed', async () => {
    const document = `query ($ids: [ID!]!) { nodes(ids: $ids) {
      ... on Patient { fullName accessLog { nodes { actor } } }
      ... on Visit { visit: status } ... on Operation { operation: status settledBy }
      ... on PortalAccess { access: status revocationReason }
    } }`;
    const ids = Object.values(bens);
    const { data, errors } = await gateway.query(document, { ids }, 'ana');
    expect(data.nodes).toEqual(ids.map(() => null));
    const codes = errors.map(({ extensions }) => extensions.code);
    expect(codes).toEqual(codes.map(() => 'FORBIDDEN'));
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('A07: a tenant, pharmacy or vendor account of somebody else', () => {
  it.each([
    ['onboardPatient', 'centralPharmacyId'],
    ['onboardPatient', 'tenantDomain'],
    ['createFollowUp', 'tenantDomain'],
    ['createFollowUp', 'userId'],
    ['enablePortalAccess', 'vendorPatientId'],
    ['startWalkInVisit', 'memberId'],
    ['bookAppointment', 'user_id'],
  ])('cannot be named: %s takes no %s', async (name, field) => {
    const answer = await mutate(
      gateway,
      name,
      { patientId: gateway.ids.Ana, ...inputs[name]?.(), [field]: 'another' },
      '',
    );
    expect(answer.status).toBe(400);
    expect(answer.data).toBeUndefined();
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('A08: the idempotency key of another caller', () => {
  it('is a key like any other: nothing of the first result is told', async () => {
    const idempotencyKey = randomUUID();
    const fields = 'visit { id } operation { id }';
    const ask = (patient: 'Ana' | 'Ben', as: Who) =>
      mutate(
        gateway,
        'requestEConsult',
        { patientId: gateway.ids[patient], roomCode: 'econsult', idempotencyKey },
        fields,
        as,
      );
    const anas = await ask('Ana', 'ana');
    const own = await ask('Ben', 'ben');
    expect([anas.payload.userErrors, own.payload.userErrors]).toEqual([[], []]);
    expect(own.payload.visit.id).not.toBe(anas.payload.visit.id);
    expect(own.payload.operation.id).not.toBe(anas.payload.operation.id);
    gateway.forget();
    const stolen = await ask('Ana', 'ben');
    expect(codesOf(stolen)).toEqual(['FORBIDDEN']);
    expect(stolen.text).not.toContain(anas.payload.visit.id);
    expect(gateway.allCalls()).toEqual([]);
  });
});
