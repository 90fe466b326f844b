import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

/** Each limit is configurable, lets through what it says, and refuses one more. */

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    environment: {
      REQUEST_MAX_BYTES: '4000',
      REQUEST_MAX_BATCH: '3',
      QUERY_MAX_LENGTH: '1500',
      QUERY_MAX_TOKENS: '120',
      QUERY_MAX_DEFINITIONS: '4',
      QUERY_MAX_DEPTH: '5',
      QUERY_MAX_ALIASES: '4',
      QUERY_MAX_DIRECTIVES: '3',
      QUERY_MAX_ROOT_FIELDS: '6',
      QUERY_MAX_MUTATIONS: '2',
      QUERY_MAX_VENDOR_CALLS: '20',
      QUERY_MAX_FIELDS: '200',
    },
  });
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

interface Refused {
  extensions: { code: string };
}

const times = (count: number, part: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => part(at)).join(' ');

async function send(body: unknown) {
  const answer = await gateway.fetch('/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${await gateway.token('staff')}`,
    },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: answer.status, body: JSON.parse(await answer.text()) };
}

const mutations = (count: number) =>
  `mutation { ${times(count, (at) => `${at === 0 ? '' : 'b:'} registerPatient(input: { firstName: "", lastName: "x" }) { userErrors { code } }`)} }`;
const cases: [string, number, (count: number) => string][] = [
  ['characters', 1500, (count) => '{ viewer { subject } } #'.padEnd(count, 'x')],
  ['tokens', 120, (count) => `{ viewer { ${'roles '.repeat(count - 5)} } }`],
  [
    'definitions',
    4,
    (count) =>
      `{ viewer { subject ${times(count - 1, (at) => `...F${at}`)} } } ${times(count - 1, (at) => `fragment F${at} on Viewer { roles }`)}`,
  ],
  [
    'levels',
    5,
    (count) =>
      `{ ${['viewer', 'patient', 'visits(first: 1)', 'nodes', 'patient'].slice(0, count - 1).join(' { ')} { __typename ${'}'.repeat(count)}`,
  ],
  ['aliases', 4, (count) => `{ viewer { ${times(count, (at) => `a${at}: subject`)} } }`],
  [
    'directives',
    3,
    (count) =>
      `{ viewer { subject ${'@include(if: true) '.repeat(1)} ${times(count - 1, () => 'roles @skip(if: false)')} } }`,
  ],
  [
    'root fields',
    6,
    (count) => `{ viewer { subject } ${times(count - 1, () => 'vendors { vendor }')} }`,
  ],
  ['mutations', 2, mutations],
  ['vendor calls', 20, (count) => `{ patients(first: ${count}) { nodes { latestOrder { id } } } }`],
  [
    'fields of the answer',
    200,
    (count) =>
      `{ patients(first: 99) { nodes { id firstName } ${times(count - 200, () => 'totalCount')} } }`,
  ],
];

describe('the limit of', () => {
  it.each(cases)('%s lets %d through', async (_name, limit, documentOf) => {
    const { status, body } = await send({ query: documentOf(limit) });
    // Not every patient is known to every vendor.
    const codes = (body.errors ?? []).map((error: Refused) => error.extensions.code);
    expect([status, codes.filter((code: string) => code !== 'NOT_LINKED')]).toEqual([200, []]);
    expect(body.data).toBeTruthy();
  });

  it.each(cases)('%s, which is %d, refuses one more', async (_name, limit, documentOf) => {
    const { status, body } = await send({ query: documentOf(limit + 1) });
    expect([status, body.data]).toEqual([400, undefined]);
    expect(body.errors).toHaveLength(1);
    expect(body.errors[0].extensions.code).toBe('QUERY_TOO_COSTLY');
    expect(gateway.allCalls()).toEqual([]);
  });

  it('bytes, which is 4,000, refuses one more', async () => {
    const frame = JSON.stringify({ query: '{ viewer { subject } }', variables: { x: '' } });
    const sized = (bytes: number) => frame.replace('""', `"${'x'.repeat(bytes - frame.length)}"`);
    expect((await send(sized(4000))).status).toBe(200);
    const { status, body } = await send(sized(4001));
    expect([status, body.errors[0].extensions.code]).toEqual([413, 'QUERY_TOO_COSTLY']);
  });
});

describe('a batch', () => {
  const one = { query: '{ viewer { subject } }' };

  it('of as many operations as the limit is answered one by one', async () => {
    const { status, body } = await send([one, { query: '{' }, one]);
    expect(status).toBe(200);
    expect(body).toHaveLength(3);
    expect(body[0].data).toEqual({ viewer: { subject: 'sandbox-staff' } });
    expect(body[1].errors[0].extensions.code).toBe('GRAPHQL_PARSE_FAILED');
  });

  it('of one more is refused', async () => {
    const { status, body } = await send([one, one, one, one]);
    expect([status, body.errors[0].extensions.code]).toEqual([400, 'QUERY_TOO_COSTLY']);
  });

  it('shares what one request may cost', async () => {
    const half = (name: string) => ({
      query: `query ${name} { patients(first: 9) { nodes { latestOrder { id } } } }`,
    });
    const { body } = await send([half('a'), half('b'), half('c')]);
    const refused = body.filter((each: { errors?: Refused[] }) =>
      each.errors?.some(({ extensions }) => extensions.code === 'QUERY_TOO_COSTLY'),
    );
    expect(refused).toHaveLength(1);
  });
});

describe('a list that turns out longer than it was reckoned to be', () => {
  it('is read no further than the limit of vendor calls', async () => {
    for (let count = 0; count < 25; count += 1) {
      const { data } = await gateway.query(
        'mutation ($id: ID!) { requestEConsult(input: { patientId: $id, roomCode: "clinic" }) { userErrors { code } } }',
        { id: gateway.ids.Ben },
      );
      expect(data.requestEConsult.userErrors).toEqual([]);
    }
    gateway.forget();
    const answer = await gateway.query(
      'query ($id: ID!) { patient(id: $id) { fullName visits(first: 1, filter: { status: [PENDING] }) { nodes { id } } } }',
      { id: gateway.ids.Ben },
    );
    expect(answer.errors.map(({ extensions }) => extensions.code)).toContain('QUERY_TOO_COSTLY');
    // The answer does not wait for those that were under way.
    await expect.poll(() => gateway.allCalls().length, { timeout: 5_000 }).toBeGreaterThan(15);
    expect(gateway.allCalls().length).toBeLessThanOrEqual(20);
  });
});
