import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parse, print, visit } from 'graphql';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { listen, looks, open, type Stream } from '../graph/subscriptions/listening.ts';
import { ofPatient } from '../support/documents.ts';
import { type ListeningGateway, startListeningGateway } from '../support/listening-gateway.ts';
import { vendorIdIn } from '../support/mutations.ts';
import { type GatewayName, openSupergraph, type Supergraph } from './open-supergraph.ts';

/** Portico as one subgraph of two, under gateways that are used in the field. */

const federation = 'https://specs.apollo.dev/federation/v2.0';
/** Bills patients of Portico's, and has pages of its own. */
const billingSchema = `
  extend schema @link(url: "${federation}", import: ["@key", "@shareable", "@external", "@requires"])
  type Query { invoices: [Invoice!]! billedPatients: PatientConnection }
  type Patient @key(fields: "id") { id: ID! fullName: String! @external invoices: [Invoice!]!
    addressee: String! @requires(fields: "fullName") }
  type Visit @key(fields: "id", resolvable: false) { id: ID! }
  type Invoice @key(fields: "number") { number: ID! cents: Int! patient: Patient! visit: Visit }
  type PatientConnection @shareable { nodes: [Patient!]! edges: [PatientEdge!]! pageInfo: PageInfo! totalCount: Int }
  type PatientEdge @shareable { cursor: String! node: Patient! }
  type PageInfo @shareable { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
`;

const sdl = readFileSync(new URL('../../schema/subgraph.graphql', import.meta.url), 'utf8');

let portico: ListeningGateway;
let composed: Supergraph;
let visitId: string;
beforeAll(async () => {
  portico = await startListeningGateway({
    environment: { SUBSCRIPTION_POLL_INTERVAL_MS: '200', SUBSCRIPTION_CALLS_PER_MINUTE: '100000' },
  });
  const { Ana, Ben } = portico.ids;
  const { data } = await portico.query(ofPatient('visits { nodes { id } }'), { id: Ana });
  visitId = data.patient.visits.nodes[0].id;
  composed = await openSupergraph({
    portico: { url: `${portico.origin}graphql`, sdl },
    billing: {
      sdl: billingSchema,
      invoices: [
        { number: 'A-1', cents: 4200, patientId: Ana, visitId },
        { number: 'B-1', cents: 1700, patientId: Ben },
        { number: 'A-2', cents: 900, patientId: Ana },
      ],
    },
  });
  // It may have to be installed first.
}, 300_000);
afterAll(async () => {
  await composed?.close();
  await portico?.close();
});
beforeEach(() => portico.forget());

const gateways: GatewayName[] = ['hive', 'apollo'];
const ask = async (
  gateway: GatewayName,
  document: string,
  variables: object = {},
  who: Parameters<typeof portico.token>[0] = 'staff',
) => composed.query(gateway, document, variables, await portico.token(who));

describe('the composition', () => {
  const joined = () => parse(composed.supergraph);
  /** The directives on a field, as they are written in the supergraph. */
  const written = (type: string, field?: string) => {
    const found: string[] = [];
    visit(joined(), {
      ObjectTypeDefinition(node) {
        if (node.name.value === type) {
          const at = field ? node.fields?.find(({ name }) => name.value === field) : node;
          found.push(...(at?.directives ?? []).map(print));
        }
      },
    });
    return found.join(' ');
  };

  it('has nothing to hint at that would be a mistake of ours', () => {
    expect(composed.hints.filter((hint) => !/billing|Invoice/.test(hint))).toEqual([]);
  });

  it.each(['Patient', 'PortalAccess', 'Visit', 'Appointment', 'PortalRequest'])(
    'can ask Portico for a %s by its key',
    (type) => {
      expect(written(type)).toMatch(/@join__type\(graph: PORTICO, key: "id"\)/);
    },
  );

  it('shares the parts of a page', () => {
    for (const type of ['PageInfo', 'PatientConnection', 'PatientEdge']) {
      expect(written(type)).toMatch(/graph: BILLING.*graph: PORTICO/);
    }
  });

  it('keeps what knows the ids of one subgraph only from clients', () => {
    expect(written('Query', 'node')).toContain('@inaccessible');
    expect(written('Query', 'nodes')).toContain('@inaccessible');
    expect(written('Query', 'patient')).not.toContain('@inaccessible');
  });

  it('tags what is for staff', () => {
    expect(written('Query', 'patients')).toContain('@tag(name: "staff")');
    expect(written('Mutation', 'revokePortalAccess')).toContain('@tag(name: "staff")');
    expect(written('Mutation', 'bookAppointment')).not.toContain('@tag');
  });
});

describe.each(gateways)('through %s', (gateway) => {
  it('a patient’s name comes from here, their invoices from there', async () => {
    const { data, errors } = await ask(
      gateway,
      'query ($id: ID!) { patient(id: $id) { fullName invoices { number cents } } }',
      { id: portico.ids.Ana },
    );
    expect(errors).toBeUndefined();
    expect(data.patient).toEqual({
      fullName: 'Ana Silva',
      invoices: [
        { number: 'A-1', cents: 4200 },
        { number: 'A-2', cents: 900 },
      ],
    });
    expect(portico.allCalls()).toEqual([]);
  });

  it('what starts there leads to patients and visits here, each asked for once', async () => {
    const { data, errors } = await ask(
      gateway,
      '{ invoices { number patient { fullName latestOrder { id } } visit { kind status } } }',
    );
    expect(errors).toBeUndefined();
    expect(data.invoices).toMatchObject([
      { number: 'A-1', patient: { fullName: 'Ana Silva' }, visit: { kind: 'E_CONSULT' } },
      { number: 'B-1', patient: { fullName: 'Ben Okafor' }, visit: null },
      { number: 'A-2', patient: { fullName: 'Ana Silva' }, visit: null },
    ]);
    const calls = portico.allCalls();
    expect(calls.filter((call) => call.startsWith('NIMBUS'))).toHaveLength(2);
    expect(calls.filter((call) => call.endsWith(`/visits/${vendorIdIn(visitId)}`))).toHaveLength(1);
  });

  it('what that subgraph makes out of what is ours is given to it', async () => {
    const { data, errors } = await ask(gateway, '{ invoices { patient { addressee } } }');
    expect(errors).toBeUndefined();
    expect(data.invoices.map(({ patient }: { patient: object }) => patient)).toEqual(
      ['Ana Silva', 'Ben Okafor', 'Ana Silva'].map((name) => ({ addressee: `To ${name}` })),
    );
  });

  it('A04: a PATIENT sees of others what the other subgraph shows, and nothing of ours', async () => {
    const { data, errors } = await ask(
      gateway,
      '{ invoices { number patient { fullName latestOrder { id } } } }',
      {},
      'ben',
    );
    expect(JSON.stringify({ data, errors })).not.toMatch(/Silva/);
    expect(errors.length).toBeGreaterThan(0);
    expect(portico.allCalls().filter((call) => call.startsWith('NIMBUS')).length).toBeLessThan(2);
  });

  it('a mutation is done here, and what it changed is joined there', async () => {
    const { data, errors } = await ask(
      gateway,
      `mutation ($input: LinkPatientSubjectInput!) { linkPatientSubject(input: $input) {
        patient { fullName invoices { number } } userErrors { code } } }`,
      { input: { patientId: portico.ids.Ben, subject: 'sandbox-ben' } },
    );
    expect(errors).toBeUndefined();
    expect(data.linkPatientSubject).toEqual({
      patient: { fullName: 'Ben Okafor', invoices: [{ number: 'B-1' }] },
      userErrors: [],
    });
  });

  it('without a good token nothing of ours is given', async () => {
    const answer = await composed.query(gateway, '{ viewer { subject } }', {}, 'none');
    expect(answer.data?.viewer ?? null).toBeNull();
    expect(JSON.stringify(answer.errors)).toContain('UNAUTHENTICATED');
  });

  it('asking by ids of one subgraph is not possible', async () => {
    const document = 'query ($id: ID!) { node(id: $id) { id } }';
    const { data, errors } = await ask(gateway, document, { id: portico.ids.Ana });
    expect(data?.node).toBeUndefined();
    expect(errors[0].message).toContain('Cannot query field "node"');
  });
});

// Apollo's gateway for Node has no subscriptions; its router, which has, is no package of npm.
describe('a subscription through hive', () => {
  const streams: Stream[] = [];
  const subscribe = async (as: 'ana' | 'ben') => {
    const stream = await listen(portico, { as, at: composed.gateways.hive });
    streams.push(stream);
    return stream;
  };
  beforeEach(() => open(portico, true));
  afterEach(() => {
    for (const stream of streams.splice(0)) {
      stream.close();
    }
  });

  it('tells of each change, and its poller ends when nobody listens any more', async () => {
    const stream = await subscribe('ana');
    const first = await stream.next();
    expect(first.errors).toBeUndefined();
    expect(first.data.earlierAvailability).toMatchObject({ vendor: 'MY_PATIENT_PORTAL' });
    open(portico, false);
    expect((await stream.next()).data).toEqual({ earlierAvailability: null });
    stream.close();
    await delay(1_000);
    const made = looks(portico).length;
    expect(made).toBeGreaterThan(1);
    await delay(1_000);
    expect(looks(portico)).toHaveLength(made);
  });

  it('A04: to another patient’s appointment is refused, with the code', async () => {
    const stream = await subscribe('ben');
    const { data, errors } = await stream.next();
    expect(data?.earlierAvailability ?? null).toBeNull();
    expect(errors[0].extensions.code).toBe('FORBIDDEN');
    expect(looks(portico)).toEqual([]);
  });
});
