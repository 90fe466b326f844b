import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { getIntrospectionQuery } from 'graphql';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ListeningGateway, startListeningGateway } from '../support/listening-gateway.ts';
import { globalIdOf, keyIn } from '../support/mutations.ts';

/** reliability.md, section 4, "Query cost". */

let gateway: ListeningGateway;
beforeAll(async () => {
  gateway = await startListeningGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());
afterEach(async () => {
  expect(await gateway.good()).toBeLessThan(1_000);
});

/** The head of a key in the register that is nobody's. */
const nobody = '00000000-0000-4000-8000-00000000';

interface Refused {
  extensions: { code: string };
}

const send = async (body: unknown, accept = '*/*') => {
  const started = performance.now();
  const answer = await gateway.ask({
    method: 'POST',
    headers: { 'content-type': 'application/json', accept },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, text, body: JSON.parse(text), took: performance.now() - started };
};

/** Refused before it is executed: no data, no vendor call, one code, soon. */
async function expectRefused(query: string, code = 'QUERY_TOO_COSTLY', variables = {}) {
  const { status, body, took, text } = await send({ query, variables });
  expect([status, body.data]).toEqual([400, undefined]);
  expect(new Set(body.errors.map((error: Refused) => error.extensions.code))).toEqual(
    new Set([code]),
  );
  expect(gateway.allCalls()).toEqual([]);
  expect(text.length).toBeLessThan(2_000);
  // On an idle machine it is a few milliseconds.
  expect(took).toBeLessThan(3_000);
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const times = (count: number, part: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => part(at)).join(' ');
/** So many fields below one another, around a cycle of the schema. */
const cycle = (depth: number) => {
  const ring = ['patient', 'appointments', 'nodes'];
  const names = ['viewer', ...Array.from({ length: depth - 1 }, (_, at) => ring[at % 3])];
  return `{ ${names.join(' { ')} { __typename ${'}'.repeat(depth)} }`;
};

describe('Q01: a document that goes around a cycle', () => {
  it.each([30, 450, 1_000, 5_000])('Q01: %d times is refused', async (depth) => {
    await expectRefused(cycle(depth));
  });

  it('Q01: is refused while others are served', async () => {
    const [, ...pings] = await Promise.all([
      Promise.all(Array.from({ length: 100 }, () => send({ query: cycle(450) }))),
      ...Array.from({ length: 10 }, () => gateway.good()),
    ]);
    expect(Math.max(...pings)).toBeLessThan(3_000);
  });
});

describe('Q02: depth that hides', () => {
  const below = 'patient { visits { nodes { patient { visits { nodes { id } } } } } }';
  it.each([
    [
      'in named fragments',
      `{ viewer { patient { ...A } } } fragment A on Patient { visits { nodes { ...B } } } fragment B on Visit { ${below} }`,
    ],
    [
      'in inline fragments',
      `{ viewer { ... on Viewer { patient { ... { visits { nodes { ... on Visit { ${below} } } } } } } } }`,
    ],
    [
      'in a fragment named as a meta field',
      `{ viewer { ...__schema } } fragment __schema on Viewer { patient { visits { nodes { ${below} } } } }`,
    ],
    [
      'behind an alias named as a meta field',
      `{ __schema: viewer { patient { visits { nodes { ${below} } } } } }`,
    ],
    ['behind @skip', `{ viewer @skip(if: true) { patient { visits { nodes { ${below} } } } } }`],
    [
      'behind @include of a variable',
      `query ($no: Boolean = false) { viewer { patient @include(if: $no) { visits { nodes { ${below} } } } } }`,
    ],
    [
      'in an operation that is not the one asked for',
      `query a { viewer { subject } } query b { viewer { patient { visits { nodes { ${below} } } } } }`,
    ],
    [
      'in a fragment that is used twice, first higher up',
      `{ viewer { ...V patient { visits { nodes { patient { visits { nodes { patient { ...P } } } } } } } } } fragment V on Viewer { patient { ...P } } fragment P on Patient { visits { nodes { id } } }`,
    ],
  ])('Q02: %s is refused', async (_name, query) => {
    await expectRefused(query);
  });

  it.each([
    ['in circles', 3, 'GRAPHQL_VALIDATION_FAILED'],
    ['deep', 12, 'QUERY_TOO_COSTLY'],
  ])('Q02: in the introspection, %s, is refused', async (_name, rounds, code) => {
    const around = 'fields { type { ';
    const query = `{ __schema { types { ${around.repeat(rounds)} name ${'} }'.repeat(rounds)} } } }`;
    const { status, body } = await send({ query }, 'application/graphql-response+json');
    expect(status).toBe(400);
    expect(body.errors[0].extensions.code).toBe(code);
  });

  it('Q02: the introspection that tools send is answered', async () => {
    const query = getIntrospectionQuery({
      inputValueDeprecation: true,
      oneOf: true,
      specifiedByUrl: true,
      directiveIsRepeatable: true,
      schemaDescription: true,
    });
    const { status, body } = await send({ query });
    expect([status, body.errors]).toEqual([200, undefined]);
    expect(body.data.__schema.types.length).toBeGreaterThan(80);
  });
});

describe('Q03: lists of lists of lists', () => {
  it.each([
    [
      'of a hundred each',
      '{ patients(first: 100) { nodes { visits(first: 100) { nodes { patient { visits(first: 100) { nodes { id } } } } } } } }',
    ],
    [
      'by variables',
      'query ($n: Int = 100) { patients(first: $n) { nodes { accessLog(last: $n) { nodes { id at actor action vendor outcome } } } } }',
    ],
    [
      'of edges',
      '{ patients(first: 100) { edges { node { accessLog(first: 100) { edges { cursor node { id at actor action outcome } } } } } } }',
    ],
    [
      'without a size',
      '{ patients { nodes { visits { nodes { patient { appointments { nodes { patient { portalRequests { nodes { id } } } } } } } } } } }',
    ],
  ])('Q03: %s are refused', async (_name, query) => {
    await expectRefused(query);
  });
});

describe('Q04: aliases', () => {
  it.each([101, 400, 5_000, 20_000])('Q04: %d are refused', async (count) => {
    const query = `{ ${times(count, (at) => `a${at}:viewer{subject}`)} }`;
    const { status, body } = await send({ query });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body.errors[0].extensions.code).toBe('QUERY_TOO_COSTLY');
    expect(gateway.allCalls()).toEqual([]);
  });

  it('Q04: 200 spread over fragments are refused', async () => {
    const fragments = times(
      20,
      (at) => `fragment F${at} on Viewer { ${times(10, (each) => `a${at}x${each}: subject`)} }`,
    );
    await expectRefused(`{ viewer { ${times(20, (at) => `...F${at}`)} } } ${fragments}`);
  });

  it('Q04: of one fragment count each time it is spread', async () => {
    const fragment = `fragment F on Viewer { ${times(5, (at) => `a${at}: subject`)} }`;
    await expectRefused(`{ ${times(6, (at) => `v${at}: viewer { ...F }`)} } ${fragment}`);
  });

  it('Q04: that double from fragment to fragment are refused', async () => {
    const fragments = times(
      25,
      (at) => `fragment F${at} on Viewer { a: subject ...F${at + 1} ...F${at + 1} }`,
    );
    await expectRefused(`{ viewer { ...F0 } } ${fragments} fragment F25 on Viewer { a: subject }`);
  });
});

describe('Q05: a batch', () => {
  it.each([2, 11, 5_000])('Q05: of %d is refused', async (count) => {
    const { status, body } = await send(Array(count).fill({ query: '{ viewer { subject } }' }));
    expect([status, body.errors[0].extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
  });
});

describe('Q06: one mutation many times', () => {
  it('Q06: aliased 50 times is refused, and done not even once', async () => {
    const one = (at: number) =>
      `m${at}: invitePatientToPortal(input: { patientId: "${gateway.ids.Ana}", vendor: CERBO }) { userErrors { code } }`;
    await expectRefused(`mutation { ${times(50, one)} }`);
    await expectRefused(`mutation { ${times(11, one)} }`);
  });
});

describe('Q07: recursion that parsers break on', () => {
  it.each([
    ['selections', `${'{a'.repeat(8_000)}${'}'.repeat(8_000)}`],
    ['selections within the tokens', `${'{a'.repeat(330)}${'}'.repeat(330)}`],
    ['list literals', `{ nodes(ids: ${'['.repeat(9_000)}${']'.repeat(9_000)}) { id } }`],
    [
      'list literals within the tokens',
      `{ nodes(ids: ${'['.repeat(480)}${']'.repeat(480)}) { id } }`,
    ],
    [
      'types of variables',
      `query ($x: ${'['.repeat(480)}ID${']'.repeat(480)}) { nodes(ids: $x) { id } }`,
    ],
    [
      'object literals',
      `{ vendorPatients(vendor: CERBO, filter: ${'{a:'.repeat(300)}1${'}'.repeat(300)}) { vendor } }`,
    ],
  ])('Q07: of %s is a 400', async (_name, query) => {
    const { status, body } = await send({ query }, 'application/graphql-response+json');
    expect(status).toBe(400);
    expect([
      'QUERY_TOO_COSTLY',
      'GRAPHQL_VALIDATION_FAILED',
      'GRAPHQL_PARSE_FAILED',
      'BAD_USER_INPUT',
    ]).toContain(body.errors[0].extensions.code);
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each([
    ['selections', `${'{a'.repeat(20_000)}${'}'.repeat(20_000)}`],
    ['list literals', `{ nodes(ids: ${'['.repeat(50_000)}${']'.repeat(50_000)}) { id } }`],
  ])('Q07: of %s as deep as in the list of cases is a 400', async (_name, query) => {
    await expectRefused(query);
  });
});

describe('Q08: many definitions', () => {
  it.each([
    ['5,000 operations', times(5_000, (at) => `query q${at} { viewer { subject } }`)],
    ['101 operations', times(101, (at) => `query q${at} { viewer { subject } }`)],
    [
      '5,000 fragments',
      `{ viewer { subject } } ${times(5_000, (at) => `fragment f${at} on Viewer { subject }`)}`,
    ],
    ['20,000 variables', `query (${times(20_000, (at) => `$v${at}: ID`)}) { viewer { subject } }`],
    ['10,000 directives', `{ viewer { subject ${'@skip(if:false)'.repeat(10_000)} } }`],
    ['51 directives', `{ viewer { subject ${'@include(if: true) '.repeat(51)} } }`],
    ['51 directives of variables', `query ($x: ID ${'@a '.repeat(51)}) { viewer { subject } }`],
  ])('Q08: of %s is refused', async (_name, query) => {
    const { status, body } = await send({ query });
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(500);
    expect(body.errors[0].extensions.code).toBe('QUERY_TOO_COSTLY');
  });
});

describe('Q09: unknown fields', () => {
  it('Q09: 10,000 of them are refused in few words', async () => {
    await expectRefused(`{ ${times(10_000, (at) => `x${at}`)} }`);
  });

  it('Q09: as many as a document may hold are at most 101 errors, without a suggestion', async () => {
    const { body, text } = await send({ query: `{ ${times(990, (at) => `patien${at}`)} }` });
    expect(body.errors.length).toBeLessThanOrEqual(101);
    expect(text).not.toMatch(/did you mean|"patients?"/i);
  });
});

describe('Q10: a page of an impossible size', () => {
  it.each([2147483647, -1, 0, 101])(
    'Q10: %d is BAD_USER_INPUT, and no vendor is asked',
    async (first) => {
      const query = `query ($first: Int) { viewer { subject } patients(first: 1) { nodes {
      visits(first: $first) { nodes { id } } appointments(first: $first) { nodes { id } } portalRequests(last: $first) { nodes { id } } } } }`;
      const { body } = await send({ query, variables: { first } });
      const codes = body.errors.map((error: Refused) => error.extensions.code);
      expect(new Set(codes)).toEqual(new Set(['BAD_USER_INPUT']));
      expect(gateway.allCalls()).toEqual([]);
    },
  );
});

describe('Q11: many nodes', () => {
  const query =
    'query ($ids: [ID!]!) { nodes(ids: $ids) { id ... on Patient { latestOrder { id } } } }';

  it('Q11: 5,000 are refused before any call', async () => {
    const ids = Array.from({ length: 5_000 }, (_, at) => String(at));
    await expectRefused(query, 'QUERY_TOO_COSTLY', { ids });
  });

  it('Q11: 101 are refused before any call', async () => {
    const { body } = await send({ query, variables: { ids: Array(101).fill(gateway.ids.Ana) } });
    expect(body.errors[0].extensions.code).toBe('BAD_USER_INPUT');
    expect(gateway.allCalls()).toEqual([]);
  });

  it('Q11: 100 of the same are one vendor call', async () => {
    const { body } = await send({ query, variables: { ids: Array(100).fill(gateway.ids.Ana) } });
    expect(body.data.nodes).toHaveLength(100);
    expect(gateway.allCalls()).toHaveLength(1);
  });
});

describe('Q11: many entity representations', () => {
  const query = `query ($representations: [_Any!]!) { _entities(representations: $representations) {
    ... on Patient { latestOrder { id } } ... on Visit { status } } }`;
  const keys = (count: number, __typename: string, idOf: (at: number) => string) => ({
    representations: Array.from({ length: count }, (_, at) => ({ __typename, id: idOf(at) })),
  });
  const anas = () => gateway.ids.Ana;
  const somebodys = (at: number) =>
    globalIdOf('Patient', `${nobody}${String(at).padStart(4, '0')}`);
  const visits = (at: number) => globalIdOf('Visit', 'VSEE', keyIn(gateway.ids.Ana), String(at));

  it('Q11: 5,000 are refused before any call', async () => {
    await expectRefused(query, 'QUERY_TOO_COSTLY', keys(5_000, 'Patient', String));
  });

  it.each([501, 2_000])('Q11: %d of one key are refused before any call', async (count) => {
    const { body } = await send({ query, variables: keys(count, 'Patient', anas) });
    expect(body.errors[0].extensions.code).toBe('BAD_USER_INPUT');
    expect(gateway.allCalls()).toEqual([]);
  });

  it('Q11: 500 of one key are one vendor call', async () => {
    const { body } = await send({ query, variables: keys(500, 'Patient', anas) });
    expect(body.data._entities).toHaveLength(500);
    expect(gateway.allCalls()).toHaveLength(1);
  });

  it('Q11: different keys are reckoned one by one, those at vendors for what they take', async () => {
    const { body } = await send({ query, variables: keys(500, 'Patient', somebodys) });
    expect(body.data._entities).toEqual(Array(500).fill(null));
    await expectRefused(query, 'QUERY_TOO_COSTLY', keys(500, 'Visit', visits));
  });
});

describe('Q12: documents that differ', () => {
  it('Q12: 3,000 of them leave nothing that grows', { timeout: 120_000 }, async () => {
    const round = async (count: number) => {
      for (let at = 0; at < count; at += 50) {
        await Promise.all(
          Array.from({ length: 50 }, () => {
            const name = `q${Math.random().toString(36).slice(2)}`;
            return send({ query: `query ${name} { viewer { subject ${'roles '.repeat(50)} } }` });
          }),
        );
      }
    };
    await round(1_000);
    collectGarbage();
    const before = process.memoryUsage().heapUsed;
    await round(2_000);
    collectGarbage();
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(32 * 1024 * 1024);
  });
});

describe('Q14: one query over all vendors and patients', () => {
  it('Q14: is refused where it could take more calls than the limit', async () => {
    await expectRefused(
      `{ patients(first: 100) { nodes { latestOrder { id } visits { nodes { id } } appointments { nodes { id } }
        portalRequests { nodes { id } } insurances { id } vendorAccounts { profile { email } } } } }`,
    );
  });

  it('Q14: is answered where it cannot, with fewer calls than were reckoned', async () => {
    const { body } = await send({
      query: `{ patients(first: 100) { nodes { latestOrder { id } portalRequests { nodes { id } } insurances { id } } } }`,
    });
    expect(body.data.patients.nodes).toHaveLength(5);
    expect(gateway.allCalls().length).toBeLessThanOrEqual(4 * 100);
    expect(gateway.allCalls().length).toBeGreaterThan(8);
  });
});
