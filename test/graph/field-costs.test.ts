import {
  type GraphQLField,
  type GraphQLObjectType,
  getNamedType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
  parse,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { costOf } from '../../src/graph/field-cost.ts';
import { schemaOver } from '../../src/graph/schema.ts';
import { costOfQuery } from '../../src/plugins/query-cost.ts';
import { vendorDescriptions } from '../../src/vendors/registry.ts';
import { ofPatient } from '../support/documents.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { globalIdOf, keyIn } from '../support/mutations.ts';

/** What fields say they cost is what they cost: walked over the schema, counted at the simulators. */

let gateway: TestGateway;
let appointment: string;
beforeAll(async () => {
  gateway = await startTestGateway();
  const { data } = await gateway.query(
    ofPatient(
      'appointments(filter: { vendor: [MY_PATIENT_PORTAL], status: [BOOKED] }) { nodes { id } }',
    ),
    { id: gateway.ids.Ana },
  );
  appointment = data.patient.appointments.nodes[0].id;
});
afterAll(() => gateway.close());

const schema = schemaOver(vendorDescriptions);
const unlimited = { vendorCalls: Number.MAX_SAFE_INTEGER, fields: Number.MAX_SAFE_INTEGER };

type Field = GraphQLField<unknown, unknown>;
const isFree = ({ extensions }: Field) => {
  const { vendorCalls = 0, vendorCallsPerEntry = 0 } = costOf(extensions);
  return vendorCalls + vendorCallsPerEntry === 0;
};
const fieldsOf = (type: GraphQLObjectType): Field[] => Object.values(type.getFields());

/** How to ask for the root fields that need arguments. */
const rootArguments = (): Record<string, string> => {
  const { Ana } = gateway.ids;
  const visit = globalIdOf('Visit', 'VSEE', keyIn(Ana), '67001');
  const instant = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
  return {
    node: `(id: "${visit}")`,
    nodes: `(ids: ["${visit}", "${Ana}"])`,
    _entities: `(representations: [{ __typename: "Visit", id: "${visit}" }])`,
    patient: `(id: "${Ana}")`,
    visit: `(id: "${visit}")`,
    appointment: `(id: "${appointment}")`,
    clinicRoom: '(code: "clinic")',
    operation: `(id: "${globalIdOf('Operation', '00000000-0000-4000-8000-000000000000')}")`,
    vendorPatients: '(vendor: CERBO, filter: { lastName: "Silva" })',
    availabilities: `(patientId: "${Ana}", search: { vsee: { roomCode: "clinic", from: "${instant(1)}", to: "${instant(4)}" } })`,
  };
};

/** A field on the way from the root to an object, with everything above it. */
interface Way {
  type: GraphQLObjectType;
  around: (selection: string) => string;
  name: string;
}

async function calls(document: string): Promise<{ made: number; text: string }> {
  gateway.forget();
  const { text } = await gateway.query(document);
  return { made: gateway.allCalls().length, text };
}

/** Every object type that a query reaches, each by the first way to it. */
function waysInto(): Way[] {
  const root = schema.getQueryType();
  const found: Way[] = root ? [{ type: root, around: (inner) => inner, name: 'Query' }] : [];
  const known = new Set(['Query']);
  // Grows while it is walked.
  for (const way of found) {
    for (const field of fieldsOf(way.type)) {
      const type = getNamedType(field.type);
      if (isObjectType(type) && !known.has(type.name)) {
        known.add(type.name);
        const args = way.name === 'Query' ? (rootArguments()[field.name] ?? '') : '';
        found.push({
          type,
          name: `${way.name}.${field.name}`,
          around: (inner) => way.around(`${field.name}${args} { ${inner} }`),
        });
      }
    }
  }
  return found;
}

describe('a field', () => {
  it('that says nothing about vendor calls makes none', { timeout: 120_000 }, async () => {
    const ways = waysInto().filter(({ name }) => name !== 'Query');
    const reached: string[] = [];
    const wrong: string[] = [];
    for (const { type, around, name } of ways) {
      const free = fieldsOf(type).filter((field) => isFree(field));
      const all = free.map((field) =>
        isLeafType(getNamedType(field.type)) ? field.name : `${field.name} { __typename }`,
      );
      const bare = await calls(`{ ${around('__typename')} }`);
      const full = await calls(`{ ${around(`__typename ${all.join(' ')}`)} }`);
      if (full.made !== bare.made) {
        wrong.push(`${name}: ${full.made} calls, ${bare.made} without its free fields`);
      }
      if (full.text.includes(`"__typename":"${type.name}"`)) {
        reached.push(type.name);
      }
    }
    expect(wrong).toEqual([]);
    // Otherwise nothing was resolved, and nothing shown.
    const costly = ways
      .filter(({ type }) => fieldsOf(type).some((field) => !isFree(field)))
      .map(({ type }) => type.name);
    expect(costly.length).toBeGreaterThan(4);
    expect(costly.filter((type) => !reached.includes(type))).toEqual([]);
    expect(reached.length).toBeGreaterThan(20);
  });

  it('of the root that says nothing makes none either', async () => {
    const free = fieldsOf(schema.getQueryType() as GraphQLObjectType).filter(isFree);
    expect(free.map(({ name }) => name).sort()).toEqual([
      '_service',
      'operation',
      'patient',
      'patients',
      'treatmentTypes',
      'vendors',
      'viewer',
    ]);
    const asked = free.map(({ name, args, type }) => {
      expect(args.some(isRequiredArgument)).toBe(rootArguments()[name] !== undefined);
      const selection = isLeafType(getNamedType(type)) ? '' : ' { __typename }';
      return `${name}${rootArguments()[name] ?? ''}${selection}`;
    });
    expect((await calls(`{ ${asked.join(' ')} }`)).made).toBe(0);
  });

  it('makes no more calls than it says', { timeout: 60_000 }, async () => {
    const wrong: string[] = [];
    let made = 0;
    for (const { type, around, name } of waysInto()) {
      for (const field of fieldsOf(type).filter((each) => !isFree(each))) {
        const args = name === 'Query' ? (rootArguments()[field.name] ?? '') : '';
        const below = isLeafType(getNamedType(field.type)) ? '' : '{ __typename }';
        const document = `{ ${around(`${field.name}${args} ${below}`)} }`;
        const reckoned = costOfQuery(schema, parse(document), undefined, {}, unlimited);
        const really = await calls(document);
        made += really.made;
        if (really.made > reckoned.vendorCalls) {
          wrong.push(`${name}.${field.name}: ${really.made} of ${reckoned.vendorCalls}`);
        }
      }
    }
    expect(wrong).toEqual([]);
    expect(made).toBeGreaterThan(20);
  });
});

describe('a mutation', () => {
  it('that writes at a vendor says how many calls it makes', () => {
    const mutations = fieldsOf(schema.getMutationType() as GraphQLObjectType);
    const writing = mutations.filter(({ args: [input] }) => {
      const type = input && getNamedType(input.type);
      return type && 'getFields' in type && 'idempotencyKey' in type.getFields();
    });
    expect(writing.length).toBeGreaterThan(14);
    expect(writing.filter(isFree).map(({ name }) => name)).toEqual([]);
    const callsOf = (field: Field) => costOf(field.extensions).vendorCalls ?? 0;
    const goesOn = mutations.filter(({ name }) => name === 'reconcileOperation').map(callsOf);
    expect(goesOn).toEqual([Math.max(...writing.map(callsOf))]);
    expect(
      mutations
        .filter(isFree)
        .map(({ name }) => name)
        .sort(),
    ).toEqual([
      'completePatientPortalConnection',
      'linkPatientSubject',
      'registerPatient',
      'unlinkVendorAccount',
    ]);
  });
});
