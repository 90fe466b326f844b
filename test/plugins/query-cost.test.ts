import { parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import { schemaOver } from '../../src/graph/schema.ts';
import { shapesOf } from '../../src/plugins/document-shape.ts';
import { costOfQuery } from '../../src/plugins/query-cost.ts';
import { vendorDescriptions } from '../../src/vendors/registry.ts';
import { firstQuery } from '../support/first-query.ts';

const schema = schemaOver(vendorDescriptions);
const unlimited = { vendorCalls: 1e9, fields: 1e9 };
const costOf = (query: string, variables = {}, operationName?: string) =>
  costOfQuery(schema, parse(query), operationName, variables, unlimited);
const callsOf = (query: string, variables = {}) => costOf(query, variables).vendorCalls;
const patient = (selection: string) => `{ patient(id: "x") { ${selection} } }`;

describe('vendor calls', () => {
  it.each([
    ['none', 'fullName vendorAccounts { vendor } accessLog { nodes { at } }', 0],
    ['one of a field', 'latestOrder { id }', 1],
    ['one of each vendor', 'portalRequests { nodes { id } }', 2],
    ['a sign-in and one for each entry of the usual page', 'visits { nodes { id } }', 26],
    ['those also where no entry is selected', 'visits { totalCount }', 26],
    ['as many as `first` says', 'visits(first: 3) { nodes { id } }', 4],
    ['as many as `last` says', 'visits(last: 7) { edges { cursor } }', 8],
    [
      'those of the page that a list is in',
      'appointments(first: 4) { nodes { rescheduleOptions { id } } }',
      11,
    ],
    [
      'down a walkthrough',
      'insurances { appointmentCategories { appointmentTypes { availabilities { id } } } }',
      1 + 3 + 12 + 48,
    ],
    ['for each of two aliases', 'a: latestOrder { id } b: latestOrder { id }', 2],
    [
      'once for what merges',
      'latestOrder { id } latestOrder { vendor } ... on Patient { latestOrder { id } } ... { latestOrder { tenantDomain } }',
      1,
    ],
    [
      'once more for a cycle back to the same patient, however it is reached',
      'visits(first: 10) { nodes { patient { latestOrder { id } } } }',
      12,
    ],
    ['none of a page that is out of bounds', 'visits(first: -1) { nodes { id } }', 1],
    ['the largest page’s at most', 'visits(first: 2147483647) { nodes { id } }', 101],
    [
      'none of what is skipped',
      'latestOrder @skip(if: true) { id } visits @include(if: false) { nodes { id } }',
      0,
    ],
  ])('are %s', (_name, selection, calls) => {
    expect(callsOf(patient(selection))).toBe(calls);
  });

  it('multiply by the patients of a page', () => {
    const listed = (args: string) => `{ patients${args} { nodes { latestOrder { id } } } }`;
    expect(callsOf(listed('(first: 10)'))).toBe(10);
    expect(callsOf(listed(''))).toBe(25);
    expect(
      callsOf('{ patients(first: 10) { edges { node { portalRequests { totalCount } } } } }'),
    ).toBe(20);
    expect(
      callsOf(
        '{ patients(first: 10) { nodes { visits(first: 2) { nodes { patient { latestOrder { id } } } } } } }',
      ),
    ).toBe(40);
  });

  it('multiply by variables, their defaults, and ids', () => {
    const listed = 'query ($n: Int = 5) { patients(first: $n) { nodes { latestOrder { id } } } }';
    expect(callsOf(listed)).toBe(5);
    expect(callsOf(listed, { n: 50 })).toBe(50);
    const nodes =
      'query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Patient { latestOrder { id } } } }';
    expect(callsOf(nodes, { ids: ['a', 'b', 'c'] })).toBe(3 * 2 + 3);
    expect(
      callsOf(
        'query ($no: Boolean!) { patient(id: "x") { latestOrder @include(if: $no) { id } } }',
        { no: false },
      ),
    ).toBe(0);
  });

  it('are those of the operation that is asked for, fragments included', () => {
    const document = `query a { viewer { subject } } query b { patient(id: "x") { ...F } }
      fragment F on Patient { ...G latestOrder { id } } fragment G on Patient { latestOrder { id } insurances { id } }`;
    expect(costOf(document, {}, 'a').vendorCalls).toBe(0);
    expect(costOf(document, {}, 'b').vendorCalls).toBe(2);
  });

  it('of mutations are what they say, with what their payload adds', () => {
    const input = '{ patientId: "x", vendor: CERBO }';
    expect(
      callsOf(`mutation { invitePatientToPortal(input: ${input}) { operation { id } } }`),
    ).toBe(1);
    expect(
      callsOf(`mutation { a: invitePatientToPortal(input: ${input}) { portalAccess { patient { latestOrder { id } } } }
        b: invitePatientToPortal(input: ${input}) { userErrors { code } } }`),
    ).toBe(3);
  });

  it('are none of what cannot be executed', () => {
    expect(
      callsOf('query ($n: Int!) { patients(first: $n) { nodes { latestOrder { id } } } }'),
    ).toBe(0);
    expect(callsOf(patient('visits(first: "x") { nodes { id } }'))).toBe(0);
  });

  it('of the sandbox’s first query are within the usual limit', () => {
    expect(callsOf(firstQuery)).toBeLessThanOrEqual(1000);
  });
});

describe('fields of an answer', () => {
  it('are counted as often as lists may hold them', () => {
    expect(costOf('{ viewer { subject roles } }').fields).toBe(3);
    expect(costOf('{ patients(first: 3) { totalCount nodes { id fullName } } }').fields).toBe(
      3 + 6,
    );
    expect(costOf('{ patients(first: 3) { nodes { vendorAccounts { vendor } } } }').fields).toBe(
      2 + 3 + 15,
    );
  });

  it('multiply where a cycle multiplies them, although its calls do not', () => {
    const cycle =
      '{ patients(first: 10) { nodes { visits(first: 10) { nodes { patient { id } } } } } }';
    expect(costOf(cycle).fields).toBe(2 + 10 + 10 + 100 + 100);
  });

  it('are not counted on beyond the limit', () => {
    const deep = Array.from(
      { length: 300 },
      (_, at) => `a${at}: patients(first: 100) { nodes { visits(first: 100) { nodes { id } } } }`,
    );
    const cost = costOfQuery(
      schema,
      parse(`{ ${deep.join(' ')} }`),
      undefined,
      {},
      { vendorCalls: 10, fields: 10 },
    );
    expect(cost.vendorCalls).toBeLessThan(20_000);
  });
});

describe('the shape of a document', () => {
  const shape = (query: string) => shapesOf(parse(query))[0];

  it('is told of each operation, with fragments spread', () => {
    const document = `query a { x: viewer { subject } } mutation b { ...F ...F } fragment F on Mutation { y: go @a(b: 1) { z: deep { er } } }`;
    expect(shapesOf(parse(document))).toEqual([
      { operation: 'query', depth: 2, aliases: 1, directives: 0, rootFields: 1 },
      { operation: 'mutation', depth: 3, aliases: 4, directives: 2, rootFields: 2 },
    ]);
  });

  it('ends for a fragment that spreads itself', () => {
    expect(shape('{ ...A } fragment A on Query { x: viewer { id ...A } }')).toMatchObject({
      depth: 2,
      aliases: 1,
    });
  });

  it('counts every directive', () => {
    const document =
      'query ($x: ID @a @b) @c { viewer @d { ... @e { id } ...F @f } } fragment F on Viewer @g { id @h }';
    expect(shape(document)?.directives).toBe(8);
  });
});
