import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const post = async (body: string, headers: Record<string, string> = {}) =>
  gateway.fetch('/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${await gateway.token('staff')}`,
      ...headers,
    },
    body,
  });
const good = JSON.stringify({ query: '{ viewer { subject } }' });
const canary = 'canary-5550104477';

describe('/health', () => {
  it('says that the process is alive, to anybody', async () => {
    const response = await gateway.fetch('/health');
    expect(response.status).toBe(200);
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('/ready', () => {
  it('says that the store answers', async () => {
    const response = await gateway.fetch('/ready');
    expect([response.status, await response.text()]).toEqual([200, 'ready\n']);
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('every answer', () => {
  it.each([
    ['/health', {}],
    ['/ready', {}],
    ['/graphql', { headers: { accept: 'text/html' } }],
    ['/graphql', {}],
    ['/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: good }],
    ['/graphql', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{' }],
    ['/graphql', { method: 'DELETE' }],
    ['/oauth/my-patient-portal/callback?code=x&state=y', {}],
    ['/', {}],
    ['/nowhere', {}],
  ] as [string, RequestInit][])('at %s %j has the security headers', async (path, init) => {
    const { headers } = await gateway.fetch(path, init);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(headers.get('x-frame-options')).toBe('DENY');
    expect(headers.get('x-request-id')).toMatch(/^[A-Za-z0-9_-]{8,64}$/);
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect(headers.get('set-cookie')).toBeNull();
    expect(headers.get('server')).toBeNull();
    expect(headers.get('x-powered-by')).toBeNull();
  });

  it('carries a good query’s, too, and its request id also in its errors', async () => {
    const response = await post(JSON.stringify({ query: '{ patient(id: "x") { id } }' }), {
      'x-request-id': 'from-the-browser',
    });
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-request-id')).toBe('from-the-browser');
    const { errors } = (await response.json()) as { errors: { extensions: object }[] };
    expect(errors[0]?.extensions).toMatchObject({ requestId: 'from-the-browser' });
  });

  it.each([['<script>alert(1)</script>'], ['a b c d e f g h'], ['short'], ['x'.repeat(65)]])(
    'does not repeat the request id %j',
    async (given) => {
      const { headers } = await post(good, { 'x-request-id': given });
      expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    },
  );
});

describe('the explorer', () => {
  it('is served on /graphql to a browser', async () => {
    const response = await gateway.fetch('/graphql', { headers: { accept: 'text/html' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^text\/html/);
    const page = await response.text();
    expect(page).toContain('<title>Portico</title>');
    expect(page).toContain('YogaGraphiQL');
  });

  it('loads nothing from another host', async () => {
    const response = await gateway.fetch('/graphql', { headers: { accept: 'text/html' } });
    const page = await response.text();
    // What the markup itself loads; inside the inlined scripts there are addresses as texts.
    const markup = page.replace(/(<script\b[^>]*>)[\s\S]*?(<\/script>)/gi, '$1$2');
    const attributes = [...markup.matchAll(/\b(?:src|href)\s*=\s*["']?([^"'\s>]+)/gi)];
    const foreign = attributes
      .map(([, address]) => address ?? '')
      .filter((address) => /^(https?:)?\/\//i.test(address));
    expect(foreign).toEqual([]);
    expect(markup).not.toMatch(/@import|url\(\s*["']?(https?:)?\/\//i);
    expect(page).not.toMatch(/\bimport\s*(?:\(|[\w{*][^;]{0,200}from)\s*["']https?:\/\//);
  });
});

describe('GET', () => {
  const get = async (query: string, more = '') =>
    gateway.fetch(`/graphql?query=${encodeURIComponent(query)}${more}`, {
      headers: { authorization: `Bearer ${await gateway.token('staff')}` },
    });

  it('asks a query', async () => {
    const response = await get('{ viewer { subject } }');
    expect([response.status, await response.json()]).toMatchObject([
      200,
      { data: { viewer: { subject: 'sandbox-staff' } } },
    ]);
  });

  it('does no mutation', async () => {
    const mutation =
      'mutation { registerPatient(input: { firstName: "Never", lastName: "Made" }) { patient { id } userErrors { code } } }';
    const response = await get(mutation);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
    const body = (await response.json()) as { data?: unknown; errors: { extensions: object }[] };
    expect(body.data).toBeUndefined();
    expect(body.errors[0]?.extensions).toMatchObject({ code: 'BAD_USER_INPUT' });
    const { data } = await gateway.query('{ patients(search: "Never Made") { totalCount } }');
    expect(data.patients.totalCount).toBe(0);
  });

  it('does not choose a mutation by its name beside a query either', async () => {
    const document =
      'query a { viewer { subject } } mutation b { registerPatient(input: { firstName: "Never", lastName: "Made" }) { userErrors { code } } }';
    expect((await get(document, '&operationName=b')).status).toBe(405);
    expect((await get(document, '&operationName=a')).status).toBe(200);
  });

  it.each(['', '&operationName=c'])(
    'says what chooses one of several operations (%s)',
    async (name) => {
      const response = await get(
        'query a { viewer { subject } } query b { viewer { roles } }',
        name,
      );
      const { errors } = (await response.json()) as { errors: { message: string }[] };
      expect(errors.map(({ message }) => message)).toEqual([
        'Say with `operationName` which of the document’s operations is meant.',
      ]);
    },
  );
});

describe('a body', () => {
  it.each([
    ['that is no JSON', `{"query": "${canary}`],
    ['that is empty', ''],
    ['that is a text', `"${canary}"`],
    ['that is null', 'null'],
    ['that is a list', `[{"query":"{ viewer { subject } }"},{"query":"${canary}"}]`],
    ['without a query', `{"variables":{"x":"${canary}"}}`],
    ['with a query that is no text', `{"query":["${canary}"]}`],
    [
      'with variables that are no object',
      `{"query":"{ viewer { subject } }","variables":"${canary}"}`,
    ],
  ])('%s is a 400 that does not repeat it', async (_name, body) => {
    const response = await post(body);
    const text = await response.text();
    expect(response.status).toBe(400);
    expect(text).not.toContain(canary);
    expect(JSON.parse(text).errors[0].extensions.code).toBe('BAD_USER_INPUT');
    expect(gateway.logged()).not.toContain(canary);
    expect((await post(good)).status).toBe(200);
  });

  it('over the limit is a 413', async () => {
    const padding = 'x'.repeat(256 * 1024);
    const response = await post(
      JSON.stringify({ query: '{ viewer { subject } }', variables: { padding } }),
    );
    expect(response.status).toBe(413);
    const text = await response.text();
    expect(text).not.toContain('xxx');
    expect(JSON.parse(text).errors[0].extensions.code).toBe('QUERY_TOO_COSTLY');
    expect((await post(good)).status).toBe(200);
  });

  it('just below the limit is read', async () => {
    const padding = 'x'.repeat(255 * 1024);
    const response = await post(
      JSON.stringify({ query: '{ viewer { subject } }', variables: { padding } }),
    );
    expect(response.status).toBe(200);
  });

  it('over the limit without a length is a 413 as well', async () => {
    const chunk = new TextEncoder().encode('x'.repeat(64 * 1024));
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        sent += 1;
        if (sent > 8) {
          controller.close();
        } else {
          controller.enqueue(chunk);
        }
      },
    });
    const response = await gateway.fetch('/graphql', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await gateway.token('staff')}`,
      },
      body,
      duplex: 'half',
    } as RequestInit);
    expect(response.status).toBe(413);
  });
});

describe('a route', () => {
  it.each([['/nowhere'], ['/'], ['/graphql/more'], ['/.env'], ['/oauth'], ['/_sandbox/calls']])(
    '%s that does not exist is a 404 that says nothing',
    async (path) => {
      const response = await gateway.fetch(path, { headers: { accept: 'text/html' } });
      expect([response.status, await response.text()]).toEqual([404, '']);
    },
  );

  it('of a login’s callback that nobody began is a 400 that does not repeat it', async () => {
    const response = await gateway.fetch(
      `/oauth/my-patient-portal/callback?code=${canary}&state=${canary}`,
    );
    expect(response.status).toBe(400);
    expect(await response.text()).not.toContain(canary);
    expect(gateway.logged()).not.toContain(canary);
    expect(gateway.allCalls()).toEqual([]);
  });
});
