import { readFileSync } from 'node:fs';
import { buildSchema, type DocumentNode, Kind, parse, validate } from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { edgeSettingsOf, edgeVariables } from '../../src/config/edge.ts';
import { schemaOver } from '../../src/graph/schema.ts';
import { shapesOf } from '../../src/plugins/document-shape.ts';
import { exampleOperations } from '../../src/plugins/example-operations.ts';
import { costOfQuery } from '../../src/plugins/query-cost.ts';
import { type ExampleVariables, exampleVariables } from '../../src/sandbox/example-variables.ts';
import { vendorDescriptions } from '../../src/vendors/registry.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

/** The documents of `schema/operations`, for clients and for the explorer. */

const printed = buildSchema(readFileSync('schema/schema.graphql', 'utf8'));
const schema = schemaOver(vendorDescriptions);
const operations = exampleOperations();
const named = (name: string) => {
  const found = operations.find((each) => each.name === name);
  if (found === undefined) {
    throw new Error(`There is no operation ${name}.`);
  }
  return found;
};
const namesOf = (kind: string) =>
  operations.filter((each) => each.kind === kind).map(({ name }) => name);

/** Fields of the root that documents ask for. */
const rootFieldsOf = (documents: readonly DocumentNode[]) =>
  documents.flatMap(({ definitions }) =>
    definitions.flatMap((each) =>
      each.kind === Kind.OPERATION_DEFINITION
        ? each.selectionSet.selections.flatMap((one) =>
            one.kind === Kind.FIELD ? [one.name.value] : [],
          )
        : [],
    ),
  );

let gateway: TestGateway;
let variables: ExampleVariables;
async function newVariables() {
  const { fetch, publicUrl } = gateway;
  const asked = {
    fetch: (request: Request) => fetch(request.url, request),
    publicUrl,
    token: await gateway.token('staff'),
  };
  return exampleVariables(asked, Date.now());
}
beforeAll(async () => {
  gateway = await startTestGateway();
  variables = await newVariables();
});
afterAll(() => gateway.close());

describe('the operations', () => {
  it('ask for everything that the schema offers', () => {
    const asked = new Set(rootFieldsOf(operations.map(({ text }) => parse(text))));
    const offered = [printed.getQueryType(), printed.getMutationType()].flatMap((type) =>
      Object.keys(type?.getFields() ?? {}),
    );
    expect(offered.length).toBeGreaterThan(30);
    expect(offered.filter((field) => !asked.has(field) && !field.startsWith('_'))).toEqual([]);
  });

  it('of mutations are called like them, and ask why they were not done', () => {
    for (const name of namesOf('mutation')) {
      const [field, ...others] = rootFieldsOf([parse(named(name).text)]);
      expect([field, others]).toEqual([name.charAt(0).toLowerCase() + name.slice(1), []]);
      expect(named(name).text).toContain('...UserErrorFields');
    }
  });

  it('have example variables in the sandbox, each of them', () => {
    expect(Object.keys(variables).sort()).toEqual(operations.map(({ name }) => name).sort());
  });
});

describe.each(operations.map(({ name, text }) => [name, text] as const))('%s', (name, text) => {
  it('fits the printed schema', () => {
    expect(validate(printed, parse(text))).toEqual([]);
  });

  it('keeps to the limits that a gateway has by default', () => {
    const { queryLimits } = edgeSettingsOf(edgeVariables.parse({}), false);
    const [shape] = shapesOf(parse(text));
    for (const limited of ['depth', 'aliases', 'directives', 'rootFields'] as const) {
      expect(shape?.[limited]).toBeLessThanOrEqual(queryLimits[limited]);
    }
    expect(text.length).toBeLessThan(queryLimits.length);
    expect(() => parse(text, { maxTokens: queryLimits.tokens })).not.toThrow();

    const unlimited = { vendorCalls: Number.MAX_SAFE_INTEGER, fields: Number.MAX_SAFE_INTEGER };
    const given = variables[name] ?? {};
    const cost = costOfQuery(schema, parse(text), name, given, unlimited);
    expect(cost.fields).toBeGreaterThan(0);
    expect(cost.fields).toBeLessThanOrEqual(queryLimits.fields);
    expect(cost.vendorCalls).toBeLessThanOrEqual(queryLimits.vendorCalls);
  });
});

async function expectAnswer(name: string): Promise<unknown> {
  const { data, errors } = await gateway.query(named(name).text, variables[name]);
  expect(errors).toEqual([]);
  const [root] = Object.values(data as Record<string, unknown>);
  expect(root).not.toBeNull();
  return root;
}

describe('in the sandbox', () => {
  it.each(namesOf('query'))('%s is answered', async (name) => {
    await expectAnswer(name);
  });

  /** What ends something comes after what needs it. */
  const last = ['CancelAppointment', 'RevokePortalAccess', 'DisconnectPatientPortal'];
  const mutations = namesOf('mutation').sort((a, b) => last.indexOf(a) - last.indexOf(b));

  it.each(mutations)('%s is done', async (name) => {
    expect(await expectAnswer(name)).toMatchObject({ userErrors: [] });
  });

  it('what can no longer be asked for costs only its own variables', async () => {
    const left = await newVariables();
    expect(left.BookAppointment).toEqual({ input: { patientId: gateway.ids.Ana } });
    expect(left).toMatchObject({
      Operation: variables.Operation,
      Visit: { id: expect.any(String) },
      ScheduleVisit: { input: { start: expect.any(String), end: expect.any(String) } },
      CompletePatientPortalConnection: { input: { connection: expect.stringMatching(/./) } },
    });
  });
});
