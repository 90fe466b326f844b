import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ofPatient } from '../../support/documents.ts';
import { startTestGateway, type TestGateway, type Who } from '../../support/gateway.ts';
import { globalIdOf, keyIn, vendorIdIn } from '../../support/mutations.ts';

/** What a supergraph asks of this subgraph. */

const types = ['Patient', 'PortalAccess', 'Visit', 'Appointment', 'PortalRequest'] as const;
type EntityType = (typeof types)[number];

let gateway: TestGateway;
/** An id of Ana for every type, as a query gave it. */
let ids: Record<EntityType, string>;
beforeAll(async () => {
  gateway = await startTestGateway();
  const { data } = await gateway.query(
    ofPatient(`portalAccess { id } visits { nodes { id } }
      portalRequests(filter: { vendor: [CERBO] }) { nodes { id } }
      appointments(filter: { vendor: [MY_PATIENT_PORTAL] }) { nodes { id } }`),
    { id: gateway.ids.Ana },
  );
  ids = {
    Patient: gateway.ids.Ana,
    PortalAccess: data.patient.portalAccess[0].id,
    Visit: data.patient.visits.nodes[0].id,
    Appointment: data.patient.appointments.nodes[0].id,
    PortalRequest: data.patient.portalRequests.nodes[0].id,
  };
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const document = `query ($representations: [_Any!]!) { _entities(representations: $representations) {
  __typename
  ... on Patient { id fullName }
  ... on PortalAccess { id redirectUrl patient { fullName } }
  ... on Visit { id patient { fullName } }
  ... on Appointment { id patient { fullName } }
  ... on PortalRequest { id patient { fullName } }
} }`;

const entities = (representations: readonly unknown[], as: Who = 'staff') =>
  gateway.query(document, { representations }, as);
const keyOf = (type: EntityType) => ({ __typename: type, id: ids[type] });

const callsFor = (type: EntityType) =>
  ({
    Patient: [],
    PortalAccess: [],
    Visit: [`VSEE GET /api_v3/visits/${vendorIdIn(ids.Visit)}`],
    Appointment: [`MY_PATIENT_PORTAL GET /appointments/${vendorIdIn(ids.Appointment)}`],
    PortalRequest: ['CERBO GET /patients/221/portal/enqueued'],
  })[type];

describe('_entities', () => {
  it.each(types)('finds a %s by its key, for staff and for the patient alike', async (type) => {
    for (const who of ['staff', 'ana'] as const) {
      gateway.forget();
      const { data, errors } = await entities([keyOf(type)], who);
      expect(errors).toEqual([]);
      expect(data._entities).toMatchObject([{ __typename: type, id: ids[type] }]);
      const [found] = data._entities;
      expect(found.fullName ?? found.patient.fullName).toBe('Ana Silva');
      expect(gateway.allCalls()).toEqual(callsFor(type));
    }
  });

  it('gives all types in the order asked for, at the price of each once', async () => {
    const asked = [...types, ...types].reverse();
    const { data, errors } = await entities(asked.map(keyOf));
    expect(errors).toEqual([]);
    expect(data._entities.map(({ id }: { id: string }) => id)).toEqual(
      asked.map((type) => ids[type]),
    );
    expect(gateway.allCalls().sort()).toEqual(types.flatMap(callsFor).sort());
  });

  it.each(types)('refuses a %s of somebody else, before any call', async (type) => {
    for (const who of ['ben', 'stranger'] as const) {
      const { data, errors } = await entities([keyOf(type)], who);
      expect(data).toEqual({ _entities: [null] });
      expect(errors).toMatchObject([{ path: ['_entities', 0], extensions: { code: 'FORBIDDEN' } }]);
    }
    expect(gateway.allCalls()).toEqual([]);
  });

  it('puts each access down, also the refused ones', async () => {
    await entities([keyOf('Patient')], 'ben');
    const { data } = await gateway.query(
      ofPatient('accessLog(first: 5) { nodes { actor action outcome } }'),
      { id: ids.Patient },
      'admin',
    );
    expect(data.patient.accessLog.nodes).toContainEqual({
      actor: 'sandbox-ben',
      action: 'Query._entities',
      outcome: 'DENIED',
    });
  });

  it('is null to staff for what does not exist', async () => {
    const { data, errors } = await entities([
      { __typename: 'Patient', id: globalIdOf('Patient', '00000000-0000-4000-8000-000000000000') },
      { __typename: 'Visit', id: globalIdOf('Visit', 'VSEE', keyIn(gateway.ids.Ana), '99999') },
    ]);
    expect({ data, errors }).toEqual({ data: { _entities: [null, null] }, errors: [] });
  });

  it.each([
    ['the id of another type', () => ({ __typename: 'Visit', id: ids.Appointment })],
    ['a type that is no entity', () => ({ __typename: 'FollowUp', id: ids.Patient })],
    ['a type that is none', () => ({ __typename: '__proto__', id: ids.Patient })],
    ['no type', () => ({ id: ids.Patient })],
    ['no id', () => ({ __typename: 'Patient' })],
    ['an id that is no text', () => ({ __typename: 'Patient', id: 7 })],
    [
      'an id that cannot be made a text',
      () => ({ __typename: 'Patient', id: { toString: 1, valueOf: 1 } }),
    ],
    ['what cannot be made a text', () => ({ toString: 1, valueOf: 1 })],
    ['another key', () => ({ __typename: 'Patient', email: 'ana.silva@example.com' })],
  ])('costs %s its own place only', async (_what, wrong) => {
    const { data, errors } = await entities([wrong(), keyOf('Patient')]);
    expect(data._entities).toMatchObject([null, { fullName: 'Ana Silva' }]);
    expect(errors).toMatchObject([
      { path: ['_entities', 0], extensions: { code: 'BAD_USER_INPUT' } },
    ]);
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each(['{ __typename: "Patient" }', '{ __typename: "Patient", id: { a: 1 } }', '{}'])(
    'costs %s in the document itself its own place only',
    async (wrong) => {
      const { data, errors } = await gateway.query(
        `{ _entities(representations: [${wrong}, { __typename: "Patient", id: "${ids.Patient}" }]) { ... on Patient { fullName } } }`,
      );
      expect(data?._entities).toEqual([null, { fullName: 'Ana Silva' }]);
      expect(errors).toMatchObject([
        { path: ['_entities', 0], extensions: { code: 'BAD_USER_INPUT' } },
      ]);
    },
  );

  it.each([['a text'], [7], [null], [[]]])('refuses %j for a key as a whole', async (wrong) => {
    const { data, errors } = await entities([wrong]);
    expect(data).toBeUndefined();
    expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  it('never gives a portal access’ secret', async () => {
    const { data } = await entities([keyOf('PortalAccess')]);
    expect(data._entities[0].redirectUrl).toBeNull();
  });
});

describe('_service', () => {
  it('gives the subgraph as it is committed', async () => {
    const { data } = await gateway.query('{ _service { sdl } }');
    const committed = new URL('../../../schema/subgraph.graphql', import.meta.url);
    expect(data._service.sdl).toBe(readFileSync(committed, 'utf8'));
  });
});
