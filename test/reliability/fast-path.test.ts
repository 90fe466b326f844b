import { createHash, randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Who } from '../support/gateway.ts';
import { type ListeningGateway, startListeningGateway } from '../support/listening-gateway.ts';

/**
 * Requests that take the fast path are answered as the GraphQL server answers them: each is sent to both, to
 * `/graphql` and to `/graphql?slow`, which the fast path leaves to the server.
 */

const overview = `query Overview($id: ID!) {
  patient(id: $id) {
    fullName birthDate
    latestOrder { id }
    visits(first: 10) { nodes { id status start provider { firstName } } sources { vendor state } }
    appointments(first: 10) { nodes { id title start } sources { vendor state } }
    portalRequests(first: 10) { nodes { id type status } sources { vendor state } }
  }
}`;
const list =
  'query List($first: Int) { patients(first: $first) { nodes { id lastName } totalCount } }';
const persisted = 'query Persisted { viewer { subject roles } }';
const hash = createHash('sha256').update(persisted).digest('hex');

const folder = mkdtempSync(join(tmpdir(), 'portico-fast-path-'));
let gateway: ListeningGateway;
let handled: ReturnType<typeof vi.spyOn>;
beforeAll(async () => {
  const manifest = join(folder, 'documents.json');
  writeFileSync(manifest, JSON.stringify({ [hash]: persisted }));
  gateway = await startListeningGateway({
    environment: {
      ...{ PERSISTED_DOCUMENTS: manifest, CORS_ORIGINS: 'https://clinic.example' },
    },
  });
  handled = vi.spyOn(gateway.server, 'handle');
});
afterEach(() => gateway.forget());
afterAll(async () => {
  await gateway.close();
  rmSync(folder, { recursive: true });
});

interface Asked {
  body: object | string;
  as?: Who;
  headers?: Record<string, string>;
}

const json = { 'content-type': 'application/json' };
const requestId = 'fast-path-compared';
/** Headers of the connection, or of the moment. */
const incidental = ['connection', 'date', 'keep-alive', 'transfer-encoding', 'content-length'];

async function send(path: string, { body, as = 'staff', headers }: Asked) {
  const authorization = `Bearer ${await gateway.token(as)}`;
  const before = handled.mock.calls.length;
  const answer = await gateway.ask(
    {
      method: 'POST',
      headers: { ...json, authorization, 'x-request-id': requestId, ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    },
    path,
  );
  const text = await answer.text();
  return {
    wasFast: handled.mock.calls.length === before,
    seen: {
      status: answer.status,
      headers: Object.fromEntries(
        [...answer.headers].filter(([name]) => !incidental.includes(name)),
      ),
      // Milliseconds are each time others, and calls at once come in any order.
      body: text.replace(/"(duration|startedAfter)":[\d.]+/g, '"$1":0'),
    },
  };
}

/** Sends it to the server, which then knows its document; then to each of both. */
async function compared(asked: Asked) {
  const first = await send('graphql?slow', asked);
  const slow = await send('graphql?slow', asked);
  const fast = await send('graphql', asked);
  expect([first.wasFast, slow.wasFast, fast.wasFast]).toEqual([false, false, true]);
  expect(fast.seen).toEqual(slow.seen);
  return fast.seen;
}

describe('the same answer', () => {
  it('to a query of all vendors', async () => {
    const { status, body } = await compared({
      body: { query: overview, variables: { id: gateway.ids.Ana } },
    });
    expect(status).toBe(200);
    expect(JSON.parse(body)).toMatchObject({
      data: { patient: { fullName: expect.stringContaining('Ana') } },
    });
  });

  it('where vendors fail', async () => {
    const { simulators } = gateway.sandbox;
    for (const simulator of [simulators.NIMBUS, simulators.CERBO]) {
      simulator.fault({ kind: 'status', status: 400, times: 100 });
    }
    const { body } = await compared({
      body: { query: overview, variables: { id: gateway.ids.Ana } },
    });
    expect(JSON.parse(body).errors).toMatchObject([{ path: ['patient', 'latestOrder'] }]);
    expect(JSON.parse(body).errors[0].locations).toEqual([{ line: 4, column: 5 }]);
  });

  it('to a patient who asks for themselves, and to one who asks for another', async () => {
    const body = { query: overview, variables: { id: gateway.ids.Ana } };
    const own = await compared({ body, as: 'ana' });
    expect(JSON.parse(own.body).errors).toBeUndefined();
    const other = await compared({ body, as: 'ben' });
    expect(JSON.parse(other.body).errors[0].extensions.code).toBe('FORBIDDEN');
  });

  it.each([
    ['no id', 'Patient 7', 200, 'BAD_USER_INPUT'],
    ['a variable of another type', { an: 'object' }, 200, 'BAD_USER_INPUT'],
    ['none', undefined, 200, 'BAD_USER_INPUT'],
  ])('to bad input: %s', async (_what, id, _status, code) => {
    await send('graphql?slow', { body: { query: overview, variables: { id: gateway.ids.Ana } } });
    const asked = { body: { query: overview, variables: { id } } };
    const slow = await send('graphql?slow', asked);
    const fast = await send('graphql', asked);
    expect(fast.wasFast).toBe(true);
    expect(fast.seen).toEqual(slow.seen);
    expect(JSON.parse(fast.seen.body).errors[0].extensions.code).toBe(code);
    expect(gateway.allCalls().length).toBeGreaterThan(0);
  });

  it.each([
    ['an argument', 'query ($null: ID = "a") { patient(id: $null) { id } }', 'patient'],
    [
      'a directive',
      'query ($null: Boolean = true) { viewer { subject @include(if: $null) } }',
      'viewer',
    ],
  ])('to null where there has to be a value: %s', async (_what, query, field) => {
    const accept = 'application/graphql-response+json';
    await send('graphql?slow', { body: { query } });
    const { body } = await compared({
      ...{ body: { query, variables: { null: null } }, headers: { accept } },
    });
    const { data, errors } = JSON.parse(body);
    expect(data).toBeDefined();
    expect(errors).toMatchObject([{ path: [field], extensions: { code: 'BAD_USER_INPUT' } }]);
  });

  it.each([
    ['a page', 5, undefined],
    ['no size', undefined, undefined],
    ['too large a page', 101, 'BAD_USER_INPUT'],
  ])('to variables that a cost is reckoned from: %s', async (_what, first, code) => {
    await send('graphql?slow', { body: { query: list, variables: { first: 2 } } });
    const { body } = await compared({ body: { query: list, variables: { first } } });
    expect(JSON.parse(body).errors?.[0].extensions.code).toBe(code);
  });

  it('to a document that costs too much with other variables', async () => {
    const costly = `query Costly($first: Int) {
      patients(first: $first) { nodes { id appointments { nodes { id earlierAvailability { start } } } } }
    }`;
    await send('graphql?slow', { body: { query: costly, variables: { first: 1 } } });
    const asked = { body: { query: costly, variables: { first: 100 } } };
    const slow = await send('graphql?slow', asked);
    const fast = await send('graphql', asked);
    expect(fast.wasFast).toBe(true);
    expect(fast.seen).toEqual(slow.seen);
    expect(fast.seen.status).toBe(400);
    expect(JSON.parse(fast.seen.body).errors[0].extensions.code).toBe('QUERY_TOO_COSTLY');
  });

  it('to a document that costs too much once a part of it is included', async () => {
    const costly = `query Included($with: Boolean!) {
      viewer { subject }
      patients(first: 100) @include(if: $with) { nodes { appointments { nodes { earlierAvailability { start } } } } }
    }`;
    await send('graphql?slow', { body: { query: costly, variables: { with: false } } });
    await compared({ body: { query: costly, variables: { with: false } } });
    const asked = { body: { query: costly, variables: { with: true } } };
    const slow = await send('graphql?slow', asked);
    const fast = await send('graphql', asked);
    expect(fast.wasFast).toBe(true);
    expect(fast.seen).toEqual(slow.seen);
    expect(JSON.parse(fast.seen.body).errors[0].extensions.code).toBe('QUERY_TOO_COSTLY');
  });

  it.each([
    ['application/json'],
    ['application/graphql-response+json'],
    ['application/graphql-response+json, application/json'],
    ['application/graphql-response+json,application/json;q=0.9'],
    ['application/graphql-response+json, application/json;q=0.9'],
    ['application/json, application/graphql-response+json'],
    ['*/*'],
  ])('in the type that is accepted: %s', async (accept) => {
    const good = await compared({ body: { query: list }, headers: { accept } });
    expect(good.headers['content-type']).toMatch(
      /^application\/(graphql-response\+)?json; charset=utf-8$/,
    );
    const bad = { body: { query: list, variables: { first: 'many' } }, headers: { accept } };
    expect((await send('graphql', bad)).seen).toEqual((await send('graphql?slow', bad)).seen);
  });

  it('with the headers that keep an answer safe, to a page of another origin and of none', async () => {
    const origin = { origin: 'https://clinic.example' };
    const { headers } = await compared({ body: { query: list }, headers: origin });
    expect(headers).toMatchObject({
      'access-control-allow-origin': 'https://clinic.example',
      'cache-control': 'no-store',
      vary: 'Origin',
      'x-request-id': requestId,
    });
    const foreign = await compared({
      body: { query: list },
      headers: { origin: 'https://elsewhere.example' },
    });
    expect(foreign.headers).not.toHaveProperty('access-control-allow-origin');
  });

  it('to a document that is asked for by its hash', async () => {
    await compared({ body: { documentId: hash } });
    const { body } = await compared({
      body: { extensions: { persistedQuery: { version: 1, sha256Hash: hash } } },
    });
    expect(JSON.parse(body).data.viewer.subject).toBe('sandbox-staff');
  });

  it('to one operation of several', async () => {
    const query = 'query One { viewer { subject } } query Two { viewer { roles } }';
    const { body } = await compared({ body: { query, operationName: 'Two' } });
    expect(JSON.parse(body).data).toEqual({ viewer: { roles: ['STAFF'] } });
  });
});

describe('a write', () => {
  const query = `mutation Link($input: CreatePortalLinkInput!) {
    createPortalLink(input: $input) { portalAccess { redirectUrl } operation { id status } userErrors { code } }
  }`;
  const link = (idempotencyKey: string) => ({
    body: { query, variables: { input: { patientId: gateway.ids.Ana, idempotencyKey } } },
  });

  it('is done once, and gives its secret once', async () => {
    await send('graphql?slow', link(randomUUID()));
    gateway.forget();
    const asked = link(randomUUID());
    const fast = await send('graphql', asked);
    const done = JSON.parse(fast.seen.body).data.createPortalLink;
    expect(fast.wasFast).toBe(true);
    expect(done).toMatchObject({ operation: { status: 'SUCCEEDED' }, userErrors: [] });
    expect(done.portalAccess.redirectUrl).toMatch(/sso_token=/);
    await vi.waitFor(async () => {
      const again = await send('graphql', asked);
      const { portalAccess, operation } = JSON.parse(again.seen.body).data.createPortalLink;
      expect([again.wasFast, portalAccess?.redirectUrl ?? null, operation.id]).toEqual([
        true,
        null,
        done.operation.id,
      ]);
    });
    expect(gateway.calls('VSEE')).toHaveLength(1);
  });

  it('is answered in JSON, its secret included, to whoever accepts nothing that there is', async () => {
    for (const accept of ['text/html', 'image/*', 'application/json; charset=latin1']) {
      const { seen } = await send('graphql', { ...link(randomUUID()), headers: { accept } });
      expect([seen.status, seen.headers['content-type']]).toEqual([
        200,
        'application/json; charset=utf-8',
      ]);
      const { portalAccess } = JSON.parse(seen.body).data.createPortalLink;
      expect(portalAccess.redirectUrl).toMatch(/sso_token=/);
    }
  });
});

describe('the server itself answers', () => {
  const query = '{ viewer { subject } }';

  it.each<[string, Asked]>([
    ['a document that it has not seen', { body: { query: 'query New { viewer { subject } }' } }],
    ['a document of another spelling', { body: { query: ` ${query}` } }],
    ['what is no JSON', { body: '{"query":' }],
    ['a batch', { body: [{ query }] }],
    ['variables that are no object', { body: { query, variables: [] } }],
    ['an operation that is not there', { body: { query, operationName: 'Gone' } }],
    ['another content type', { body: { query }, headers: { 'content-type': 'text/plain' } }],
    ['a type that nobody has', { body: { query }, headers: { accept: 'text/html' } }],
    ['a hash with another text', { body: { query, documentId: hash } }],
    ['a foreign token', { body: { query }, headers: { authorization: 'Bearer a.b.c' } }],
    ['no token', { body: { query }, headers: { authorization: '' } }],
  ])('%s', async (_what, asked) => {
    await send('graphql?slow', { body: { query } });
    expect((await send('graphql', { body: { query } })).wasFast).toBe(true);
    expect((await send('graphql', asked)).wasFast).toBe(false);
  });
});

describe('what it leaves behind', () => {
  it('is the same trail, and the same lines of the log', async () => {
    const variables = { id: gateway.ids.Ben };
    const traces = async () => {
      const { data } = await gateway.query(
        'query ($id: ID!) { patient(id: $id) { accessLog(first: 100) { nodes { action vendor outcome actor } } } }',
        variables,
      );
      return data.patient.accessLog.nodes as object[];
    };
    const left = async (path: string) => {
      const [events, lines] = [(await traces()).length, gateway.logged().length];
      const { wasFast } = await send(path, { body: { query: overview, variables } });
      const said = gateway.logged().slice(lines);
      const added = (await traces()).slice(0, -events || undefined);
      return {
        wasFast,
        added: added.map((event) => JSON.stringify(event)).sort(),
        said: said
          .replace(/"(duration|time|attempts)":("[^"]*"|[\d.]+)/g, '"$1":0')
          .split('\n')
          .filter((line) => line.includes(requestId))
          .sort(),
      };
    };
    await left('graphql?slow');
    const slow = await left('graphql?slow');
    const fast = await left('graphql');
    expect([slow.wasFast, fast.wasFast]).toEqual([false, true]);
    expect(fast.added).toEqual(slow.added);
    expect(fast.said).toEqual(slow.said);
    expect(fast.said.length).toBeGreaterThan(4);
  });
});

describe('an answer that nobody gets in time', () => {
  const requestTimeout = 1_500;
  let hurried: ListeningGateway;
  beforeAll(async () => {
    hurried = await startListeningGateway({
      environment: { REQUEST_TIMEOUT_MS: String(requestTimeout) },
    });
  });
  afterEach(() => vi.restoreAllMocks());
  afterAll(() => hurried.close());

  const query = 'query Order($id: ID!) { patient(id: $id) { fullName latestOrder { id } } }';
  const ask = (signal?: AbortSignal) =>
    hurried.ask({
      method: 'POST',
      headers: json,
      body: JSON.stringify({ query, variables: { id: hurried.ids.Ana } }),
      ...(signal && { signal }),
    });

  it('is given up at the deadline, whatever holds it up', async () => {
    expect((await ask()).status).toBe(200);
    const { patients } = hurried.store;
    const find = patients.find.bind(patients);
    vi.spyOn(patients, 'find').mockImplementation(async (ids) => {
      await new Promise((resolve) => setTimeout(resolve, 3 * requestTimeout));
      return find(ids);
    });
    const begun = performance.now();
    const late = await ask();
    expect(late.status).toBe(504);
    const { errors } = (await late.json()) as { errors: { extensions: { code: string } }[] };
    expect(errors[0]?.extensions.code).toBe('INTERNAL_SERVER_ERROR');
    expect(performance.now() - begun).toBeLessThan(2.5 * requestTimeout);
  });

  it('is no longer waited for at the vendor when its client is gone', async () => {
    expect((await ask()).status).toBe(200);
    const { NIMBUS } = hurried.sandbox.simulators;
    hurried.forget();
    NIMBUS.latency = 1_200;
    const lines = hurried.logged().length;
    const client = new AbortController();
    const left = ask(client.signal).catch((error: Error) => error.name);
    await vi.waitFor(() => expect(hurried.calls('NIMBUS')).toHaveLength(1));
    client.abort();
    expect(await left).toBe('AbortError');
    await vi.waitFor(() =>
      expect(hurried.logged().slice(lines)).toContain('"outcome":"CANCELLED"'),
    );
    hurried.forget();
  });
});
