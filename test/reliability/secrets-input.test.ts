import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ListeningGateway, startListeningGateway } from '../support/listening-gateway.ts';
import { fieldsOf, inputLeaves } from '../support/printed-schema.ts';
import { documentOf, type KnownIds, knownIds, variablesWith } from '../support/written-places.ts';

/** reliability.md, section 4, "Secrets and PHI": what callers write, on every way into the gateway. */

let gateway: ListeningGateway;
let known: KnownIds;
beforeAll(async () => {
  gateway = await startListeningGateway();
  known = knownIds(gateway.ids.Ana);
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const canary = 'canary-Tuberkulose-7f3a91';
/** For places that take numbers: nothing else here has these digits. */
const digits = 5_550_104_477_001;

/** Any of the spellings in which a value could come back. */
const traces = (text: string) => text.match(/canary|tuberkulose|5550104477001/gi) ?? [];

/** What cannot be right anywhere, and what may be: as text it is somebody's own record then. */
const values: [what: string, value: unknown][] = [
  ['a text', canary],
  ['a text with a NUL', `${canary}\u0000`],
  ['a text with half a letter', `${canary}\ud800`],
  ['a long text', canary.repeat(400)],
  ['an object', { [canary]: canary }],
  ['a list', [canary, [canary]]],
  ['a number', digits],
  ['an e-mail address', `${canary}@example.com`],
];

const beforeAnySend = [
  'BAD_USER_INPUT',
  'FORBIDDEN',
  'GRAPHQL_VALIDATION_FAILED',
  'GRAPHQL_PARSE_FAILED',
];

const cases = (['Query', 'Mutation'] as const).flatMap((root) =>
  fieldsOf(root).flatMap((field) =>
    field.args.length === 0 ? [] : [[root, field.name, field] as const],
  ),
);

describe('L01: a canary in every place where a caller can write', () => {
  it('of every field that takes anything', () => {
    const places = cases.flatMap(([, , { args }]) =>
      args.flatMap(({ name, type }) => inputLeaves(name, type)),
    );
    expect(cases.length).toBeGreaterThan(30);
    expect(places.length).toBeGreaterThan(120);
  });

  it.each(cases)('of %s.%s is in no error and no log', async (root, _name, field) => {
    const places = field.args.flatMap(({ name, type }) => inputLeaves(name, type));
    let refused = 0;
    for (const place of places) {
      for (const [what, value] of values) {
        gateway.forget();
        const { text, errors, data, status } = await gateway.query(
          documentOf(root, field),
          variablesWith(field, place, value, known),
        );
        const where = `${place.path.join('.')}: ${what}: ${text}`;
        expect(traces(text), where).toEqual([]);
        expect(status, where).toBeLessThan(500);
        refused += errors.length > 0 ? 1 : 0;
        for (const { extensions } of errors) {
          expect(extensions.code, where).toMatch(/^[A-Z_]+$/);
          expect(extensions.code, where).not.toBe('INTERNAL_SERVER_ERROR');
        }
        if (data == null && beforeAnySend.includes(String(errors[0]?.extensions.code))) {
          expect(gateway.allCalls(), where).toEqual([]);
        }
      }
    }
    // No place takes a text, an object, a list and a number alike.
    expect(refused).toBeGreaterThan(places.length);
    expect(traces(gateway.logged())).toEqual([]);
    expect(await gateway.good()).toBeLessThan(1_000);
  });

  const json = { 'content-type': 'application/json' };
  const post = (body: object, headers: Record<string, string> = json): [string, RequestInit] => [
    'graphql',
    { method: 'POST', headers, body: JSON.stringify(body) },
  ];
  const who = '{ viewer { subject } }';
  it.each<[what: string, code: string | undefined, ask: [string, RequestInit]]>([
    ['an operation’s name', 'BAD_USER_INPUT', post({ query: who, operationName: canary })],
    ['a document’s id', 'BAD_USER_INPUT', post({ documentId: canary })],
    [
      'a persisted document’s hash',
      'BAD_USER_INPUT',
      post({ extensions: { persistedQuery: { version: 1, sha256Hash: canary } } }),
    ],
    ['a parameter of its own', undefined, post({ query: who, [canary]: canary })],
    ['variables that are none', 'BAD_USER_INPUT', post({ query: who, variables: canary })],
    ['a document that is none', 'GRAPHQL_PARSE_FAILED', post({ query: `"${canary}" {` })],
    [
      'a text beside a variable that is null',
      'BAD_USER_INPUT',
      post({
        query: `mutation ($x: String = "a") {
          registerPatient(input: { firstName: "${canary}", lastName: $x }) { userErrors { code } } }`,
        variables: { x: null },
      }),
    ],
    ['a comment', undefined, post({ query: `${who} # ${canary}` })],
    ['a token', 'UNAUTHENTICATED', post({ query: who }, { ...json, authorization: canary })],
    [
      'a token’s parts',
      'UNAUTHENTICATED',
      post({ query: who }, { ...json, authorization: `Bearer ${canary}.${canary}.${canary}` }),
    ],
    ['a cookie', undefined, post({ query: who }, { ...json, cookie: `session=${canary}` })],
    ['an address asked by GET', 'BAD_USER_INPUT', [`graphql?variables=${canary}&query=${who}`, {}]],
    ['a document asked by GET', 'GRAPHQL_PARSE_FAILED', [`graphql?query="${canary}`, {}]],
    ['an unknown address', undefined, [`${canary}?${canary}=${canary}`, {}]],
    ['a request id', undefined, post({ query: who }, { ...json, 'x-request-id': `${canary} 1` })],
  ])('L01: as %s is in no answer and no log', async (_what, code, [path, init]) => {
    const response = await gateway.ask(init, path);
    const text = await response.text();
    expect(traces(text)).toEqual([]);
    expect(traces([...response.headers].join('\n'))).toEqual([]);
    expect(traces(gateway.logged())).toEqual([]);
    if (code !== undefined) {
      const { errors } = JSON.parse(text) as { errors: { extensions: { code: string } }[] };
      expect(errors.map(({ extensions }) => extensions.code)).toEqual([code]);
    }
    expect(gateway.allCalls()).toEqual([]);
    expect(await gateway.good()).toBeLessThan(1_000);
  });
});
