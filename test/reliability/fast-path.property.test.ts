import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Who } from '../support/gateway.ts';
import { type ListeningGateway, startListeningGateway } from '../support/listening-gateway.ts';

/**
 * Whatever is sent, the fast path answers as the GraphQL server does: documents that both know, with any
 * variables, names, extensions and headers, sent to `/graphql` and to `/graphql?slow`, which is the server's.
 */

let gateway: ListeningGateway;
let handled: ReturnType<typeof vi.spyOn>;
beforeAll(async () => {
  gateway = await startListeningGateway();
  handled = vi.spyOn(gateway.server, 'handle');
});
afterAll(() => gateway.close());

const documents = [
  'query Viewer { viewer { subject roles } }',
  'query Patient($id: ID!) { patient(id: $id) { fullName } }',
  'query Patients($first: Int = 2, $search: String) { patients(first: $first, search: $search) { nodes { id lastName } totalCount } }',
  'query Maybe($with: Boolean!) { viewer { subject } patients(first: 3) @include(if: $with) { totalCount } }',
  'query One { viewer { subject } } query Two($first: Int!) { patients(first: $first) { totalCount } }',
  'query Node($id: ID!, $ids: [ID!]!) { node(id: $id) { __typename id } nodes(ids: $ids) { id } }',
  'mutation Register($input: RegisterPatientInput!) { registerPatient(input: $input) { patient { id } userErrors { code path } } }',
];

/** Mostly what fits, now and then anything. */
const mostly = <T>(usual: readonly T[], other: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: other });
const anyJson = fc.jsonValue({ maxDepth: 2 });

const person = { firstName: 'Pia', lastName: 'Novak', birthDate: '1990-05-06', sex: 'FEMALE' };

const variablesOf = ({ Ana, Ben }: ListeningGateway['ids']) =>
  mostly<unknown>(
    [undefined, null, {}],
    fc.oneof(
      anyJson,
      fc.record(
        {
          id: mostly<unknown>([Ana, Ben, 'UGF0aWVudDo3', '', 7], anyJson),
          ids: mostly<unknown>([[Ana], [], [Ana, Ana], Ana], anyJson),
          first: mostly<unknown>([1, 0, 100, 101, -1, '5', 1.5, null], anyJson),
          search: mostly<unknown>(['Ana', '', '\u0000', '%'], anyJson),
          with: mostly<unknown>([true, false, null], anyJson),
          input: mostly<unknown>([person, { ...person, sex: 'X' }, {}], anyJson),
        },
        { requiredKeys: [] },
      ),
    ),
  );

const headers = fc.record(
  {
    accept: mostly(
      ['application/json', 'application/graphql-response+json', '*/*', 'application/*'],
      fc.constantFrom('text/html', 'application/json;q=0', 'APPLICATION/JSON', 'text/event-stream'),
    ),
    'content-type': mostly(
      ['application/json', 'application/json; charset=utf-8', 'application/json;charset=utf-8'],
      fc.constantFrom('application/json; charset=latin1', 'Application/JSON', 'text/plain', 'x'),
    ),
    'x-request-id': mostly(
      ['one', 'a-b_c.1'],
      fc.constantFrom('', 'with space', 'ü', 'x'.repeat(300)),
    ),
    origin: fc.constantFrom('https://clinic.example', 'null'),
    'accept-language': fc.constant('de'),
    traceparent: fc.constantFrom('00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'no'),
  },
  { requiredKeys: [] },
);

/** Headers of the connection, or of the moment. */
const incidental = ['connection', 'date', 'keep-alive', 'transfer-encoding', 'content-length'];
const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

async function send(path: string, body: string, sent: Record<string, string>) {
  const before = handled.mock.calls.length;
  const answer = await gateway.ask({ method: 'POST', headers: sent, body }, path);
  const text = await answer.text();
  return {
    wasFast: handled.mock.calls.length === before,
    seen: {
      status: answer.status,
      headers: [...answer.headers]
        .filter(([name]) => !incidental.includes(name))
        .map(([name, value]) => `${name}: ${value.replace(uuid, 'an id')}`)
        .sort(),
      // Milliseconds are each time others, and so are ids of requests and of new records.
      body: text
        .replace(/"(duration|startedAfter)":[\d.]+/g, '"$1":0')
        .replace(uuid, 'an id')
        .replace(/"id":"UGF0aWVudD[^"]*"/g, '"id":"an id"'),
    },
  };
}

describe('the fast path', () => {
  it('answers whatever is sent as the server does', { timeout: 120_000 }, async () => {
    const tokens = new Map<Who, string>();
    for (const who of ['staff', 'ana', 'admin'] as const) {
      tokens.set(who, await gateway.token(who));
    }
    for (const query of documents) {
      const [, operationName] = /^\w+ (\w+)/.exec(query) ?? [];
      await send('graphql?slow', JSON.stringify({ query, operationName }), {
        ...{ 'content-type': 'application/json', authorization: `Bearer ${tokens.get('staff')}` },
      });
    }
    const outcomes = new Map<string, number>();
    const asked = fc.record({
      query: fc.constantFrom(...documents),
      variables: variablesOf(gateway.ids),
      operationName: mostly<unknown>(
        [undefined, undefined, null],
        fc.oneof(fc.constantFrom('', 'One', 'Two', 'Viewer', '__proto__'), anyJson),
      ),
      extensions: mostly<unknown>([undefined, null, {}], anyJson),
      more: fc.oneof({ weight: 5, arbitrary: fc.constant({}) }, fc.object({ maxDepth: 1 })),
      as: fc.constantFrom<Who>('staff', 'ana', 'admin'),
      headers,
    });
    await fc.assert(
      fc.asyncProperty(asked, async ({ as, headers: others, more, ...params }) => {
        const body = JSON.stringify({ ...more, ...params });
        const known = {
          'content-type': 'application/json',
          authorization: `Bearer ${tokens.get(as)}`,
          ...(others as Record<string, string>),
        };
        const slow = await send('graphql?slow', body, known);
        const fast = await send('graphql', body, known);
        expect(fast.seen).toEqual(slow.seen);
        const outcome = `${fast.wasFast ? 'fast' : 'slow'} ${fast.seen.status}`;
        outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
      }),
      { numRuns: 200 },
    );
    // Else it would compare the server with itself.
    expect(outcomes.get('fast 200') ?? 0).toBeGreaterThan(8);
    expect(outcomes.get('fast 400') ?? 0).toBeGreaterThan(8);
  });
});
