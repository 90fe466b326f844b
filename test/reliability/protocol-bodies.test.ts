import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ListeningGateway, startListeningGateway } from '../support/listening-gateway.ts';

/** reliability.md, section 4, "HTTP and GraphQL protocol": what stands in requests. */

let gateway: ListeningGateway;
beforeAll(async () => {
  gateway = await startListeningGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());
afterEach(async () => {
  expect(gateway.allCalls()).toEqual([]);
  expect(await gateway.good()).toBeLessThan(1_000);
});

const canary = 'canary-5550104477';
const query = '{ patients(first: 100) { nodes { latestOrder { id } } } }';
const good = JSON.stringify({ query: '{ viewer { subject } }' });
const json = { 'content-type': 'application/json' };
const register =
  'mutation { registerPatient(input: { firstName: "Never", lastName: "Made" }) { userErrors { code } } }';

/** The code of a refusal, which says nothing of what was sent. */
async function refusalOf(answer: Response, status: number): Promise<unknown> {
  const text = await answer.text();
  expect([answer.status, text]).toEqual([status, expect.any(String)]);
  expect(text).not.toContain(canary);
  expect(gateway.logged()).not.toContain(canary);
  const { data, errors } = JSON.parse(text);
  expect(data).toBeUndefined();
  expect(errors[0].extensions.requestId).toBe(answer.headers.get('x-request-id'));
  expect(Object.keys(errors[0].extensions).sort()).toEqual(['code', 'requestId']);
  return errors[0].extensions.code;
}

const post = (body: string | Uint8Array, headers: Record<string, string> = json) =>
  gateway.ask({ method: 'POST', headers, body: body as BodyInit });

describe('H02: a mutation by GET', () => {
  it.each([
    [{}],
    [{ 'x-http-method-override': 'POST' }],
    [{ 'x-http-method': 'POST', 'x-method-override': 'POST' }],
  ] as Record<string, string>[][])(
    'H02: is a 405 and does nothing, with the headers %j',
    async (headers) => {
      const path = `graphql?query=${encodeURIComponent(register)}`;
      const answer = await gateway.ask({ headers }, path);
      expect(answer.headers.get('allow')).toBe('POST');
      expect(await refusalOf(answer, 405)).toBe('BAD_USER_INPUT');
      const { data } = await gateway.query('{ patients(search: "Never Made") { totalCount } }');
      expect(data.patients.totalCount).toBe(0);
    },
  );

  it.each(['PUT', 'PATCH', 'DELETE', 'OPTIONS'])('H02: by %s is a 405', async (method) => {
    const answer = await gateway.ask({ method }, `graphql?query=${encodeURIComponent(register)}`);
    expect(await refusalOf(answer, 405)).toBe('BAD_USER_INPUT');
  });
});

describe('H03: a body that is not said to be JSON', () => {
  const form = `query=${encodeURIComponent(query)}`;
  const multipart = `--x\r\ncontent-disposition: form-data; name="operations"\r\n\r\n${JSON.stringify({ query })}\r\n--x--\r\n`;
  it.each([
    ['a form', 'application/x-www-form-urlencoded', form],
    ['plain text', 'text/plain', JSON.stringify({ query })],
    ['plain text with a charset', 'text/plain;charset=UTF-8', JSON.stringify({ query })],
    ['files', 'multipart/form-data; boundary=x', multipart],
    ['a document', 'application/graphql', query],
    ['JSON beside something else', 'text/plain, application/json', JSON.stringify({ query })],
    ['JSON as a parameter', 'text/plain; x=application/json', JSON.stringify({ query })],
    ['JSON in another charset', 'application/json; charset=utf-16', JSON.stringify({ query })],
  ])('H03: but %s is a 415', async (_name, type, body) => {
    expect(await refusalOf(await post(body, { 'content-type': type }), 415)).toBe('BAD_USER_INPUT');
  });

  it('H03: but nothing is a 415', async () => {
    // A body of bytes gets no content type from fetch.
    const answer = await post(new TextEncoder().encode(JSON.stringify({ query })), {});
    expect(await refusalOf(answer, 415)).toBe('BAD_USER_INPUT');
  });
});

describe('a client that accepts no media type that there is', () => {
  it.each([
    [401, 'UNAUTHENTICATED', { authorization: '' }],
    [415, 'BAD_USER_INPUT', { 'content-type': 'text/plain' }],
  ])('is told why it is refused: %i', async (status, code, headers) => {
    const answer = await post(good, { ...json, accept: 'text/html', ...headers });
    expect(await refusalOf(answer, status)).toBe(code);
  });
});

describe('H04: a body that is no GraphQL request', () => {
  const utf16 = Buffer.from(`\ufeff${good}`, 'utf16le');
  it.each<[string, string | Uint8Array]>([
    ['invalid', `{"query": ${canary}}`],
    ['truncated', `{"query": "{ viewer { subject } }", "variables": {"x": "${canary}`],
    ['empty', ''],
    ['blank', '   '],
    ['null', 'null'],
    ['a number', '5550104477'],
    ['a text', `"${canary}"`],
    ['true', 'true'],
    ['an empty list', '[]'],
    ['a list of lists', `[[{"query":"${canary}"}]]`],
    ['a list of one', `[${good}]`],
    ['JSON with a byte order mark', Buffer.from(`\ufeff${good}`)],
    ['JSON in UTF-16', utf16],
    [
      'JSON in broken UTF-8',
      Buffer.concat([Buffer.from(`{"query":"${canary}`), Buffer.of(0xc3, 0x28), Buffer.from('"}')]),
    ],
    ['two objects', `${good}${good}`],
    ['JSON with a comment', `{/* ${canary} */"query":"{ viewer { subject } }"}`],
    ['an object without a query', `{"${canary}": "${canary}"}`],
    ['a query that is a list', `{"query":["${canary}"]}`],
    ['a query that is null', '{"query":null}'],
    [
      'an operation name that is an object',
      `{"query":"{ viewer { subject } }","operationName":{"x":"${canary}"}}`,
    ],
    [
      'an unknown operation name',
      `{"query":"query a { viewer { subject } }","operationName":"${canary}"}`,
    ],
    ['variables that are a list', `{"query":"{ viewer { subject } }","variables":["${canary}"]}`],
    ['extensions that are a text', `{"query":"{ viewer { subject } }","extensions":"${canary}"}`],
  ])('H04: but %s is a 400', async (_name, body) => {
    expect(await refusalOf(await post(body), 400)).toBe('BAD_USER_INPUT');
  });

  it.each(['variables', 'extensions'])(
    'H04: in the address, with %s that are no JSON, is a 400',
    async (name) => {
      const path = `graphql?query=${encodeURIComponent('{ viewer { subject } }')}&${name}={"${canary}`;
      expect(await refusalOf(await gateway.ask({}, path), 400)).toBe('BAD_USER_INPUT');
    },
  );
});

describe('H05: a body that is too large', () => {
  it('H05: of 12 MB is a 413', async () => {
    const started = performance.now();
    const answer = await post(JSON.stringify({ query, variables: { x: 'x'.repeat(12_000_000) } }));
    expect(await refusalOf(answer, 413)).toBe('QUERY_TOO_COSTLY');
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('H05: is refused at the limit and one byte', async () => {
    const limit = 262_144;
    const frame = JSON.stringify({ query: '{ viewer { subject } }', variables: { x: '' } });
    const sized = (bytes: number) => frame.replace('""', `"${'x'.repeat(bytes - frame.length)}"`);
    expect((await post(sized(limit))).status).toBe(200);
    expect(await refusalOf(await post(sized(limit + 1)), 413)).toBe('QUERY_TOO_COSTLY');
  });
});

describe('H06: a body with a content encoding', () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20));
  it.each<[string, string, string | Uint8Array]>([
    ['a gzip bomb', 'gzip', bomb],
    ['gzip in gzip', 'gzip, gzip', gzipSync(gzipSync(good))],
    ['an honest gzip', 'gzip', gzipSync(good)],
    ['deflate', 'deflate', good],
    ['brotli', 'br', good],
    ['one that nobody knows', 'x-canary', good],
  ])('H06: as %s is a 415, unread', async (_name, encoding, body) => {
    const before = process.memoryUsage().rss;
    const answer = await post(body, { ...json, 'content-encoding': encoding });
    expect(await refusalOf(answer, 415)).toBe('BAD_USER_INPUT');
    expect(process.memoryUsage().rss - before).toBeLessThan(48 * 1024 * 1024);
  });
});

describe('H12: JSON that is meant to confuse', () => {
  it.each([
    ['lists', '['.repeat(100_000)],
    ['closed lists', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    [
      'lists in variables',
      `{"query":"{ viewer { subject } }","variables":{"x":${'['.repeat(100_000)}${']'.repeat(100_000)}}}`,
    ],
    [
      'objects in variables',
      `{"query":"{ viewer { subject } }","variables":${'{"x":'.repeat(40_000)}1${'}'.repeat(40_000)}}`,
    ],
    [
      '65 levels',
      `{"query":"{ viewer { subject } }","variables":{"x":${'['.repeat(63)}${']'.repeat(63)}}}`,
    ],
  ])('H12: nested %s are a 400', async (_name, body) => {
    expect(await refusalOf(await post(body), 400)).toBe('BAD_USER_INPUT');
  });

  it('H12: nested 64 deep is read, brackets in texts aside', async () => {
    const x = `${'['.repeat(61)}"${'[\\"{'.repeat(500)}"${']'.repeat(61)}`;
    const answer = await post(`{"query":"{ viewer { subject } }","variables":{"x":${x}}}`);
    expect(answer.status).toBe(200);
  });

  it.each([
    ['a prototype', '{"__proto__":{"polluted":true},"query":"{ viewer { subject } }"}'],
    [
      'a constructor',
      '{"constructor":{"prototype":{"polluted":true}},"query":"{ viewer { subject } }"}',
    ],
    [
      'a prototype in variables',
      '{"query":"query ($x: ID) { viewer { subject } node(id: $x) { id } }","variables":{"__proto__":{"x":"polluted"}}}',
    ],
    ['the same key twice', '{"query":"{ vendors { vendor } }","query":"{ viewer { subject } }"}'],
  ])('H12: with %s changes nothing for later requests', async (_name, body) => {
    await (await post(body)).text();
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
    const answer = await post(good);
    expect(await answer.json()).toMatchObject({ data: { viewer: { subject: 'sandbox-staff' } } });
  });

  it('H12: with a prototype inside an input stays what it says', async () => {
    const input = '{"firstName":"Proto","lastName":"Type","__proto__":{"email":"a@example.com"}}';
    const document =
      'mutation ($input: RegisterPatientInput!) { registerPatient(input: $input) { patient { id } } }';
    const answer = await post(
      `{"query":${JSON.stringify(document)},"variables":{"input":${input}}}`,
    );
    expect(await refusalOf(answer, answer.status)).toBe('BAD_USER_INPUT');
  });
});
