import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createAdmission } from '../../src/overload/admission.ts';
import { guardAgainstOverload, placeOf } from '../../src/overload/guard.ts';

/** The guard before a listener that answers when it is told to. */

const origin = 'https://clinic.example.com';
const persisted = 'a'.repeat(64);
let close = () => {};
afterEach(() => close());

async function open(most: number, reserve: number) {
  const waiting: ServerResponse[] = [];
  const bodies: string[] = [];
  const places: (string | undefined)[] = [];
  const admission = createAdmission({ most, reserve, targetLag: 50 });
  const server = createServer(
    guardAgainstOverload(
      async (request, response) => {
        places.push(placeOf(request)?.of);
        let body = '';
        for await (const chunk of request) {
          body += chunk;
        }
        bodies.push(body);
        if (request.url === '/health') {
          response.end('alive');
        } else {
          waiting.push(response);
        }
      },
      {
        ...{ admission, corsOrigins: [origin] },
        isPersistedWrite: (hash) => hash === persisted,
      },
    ),
  ).listen(0, '127.0.0.1');
  await once(server, 'listening');
  close = () => {
    server.close();
    server.closeAllConnections();
  };
  const { port } = server.address() as AddressInfo;
  const send = (path: string, init: RequestInit = {}) =>
    fetch(`http://127.0.0.1:${port}${path}`, init);
  const post = (body: unknown, headers: Record<string, string> = {}) =>
    send('/graphql', { method: 'POST', headers, body: JSON.stringify(body) });
  const begun = (count: number) => expect.poll(() => waiting.length).toBe(count);
  const answerAll = () => {
    for (const response of waiting.splice(0)) {
      response.end('done');
    }
  };
  return { admission, bodies, places, send, post, begun, answerAll };
}

const read = { query: '{ viewer { subject } }' };
const write = { query: 'mutation { bookAppointment(input: {}) { userErrors { code } } }' };

describe('one request more than may be in hand', () => {
  it('gets 503 at once, with when to come again, and is not worked on', async () => {
    const { post, begun, bodies, answerAll, admission } = await open(2, 1);
    const first = [post(read), post(read)];
    await begun(2);
    const began = performance.now();
    const response = await post(read, { 'x-request-id': 'clinic-0001' });
    expect(performance.now() - began).toBeLessThan(2_000);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toMatch(/^[1-3]$/);
    expect(response.headers.get('x-request-id')).toBe('clinic-0001');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual({
      errors: [
        {
          message: expect.stringContaining('Nothing was done'),
          extensions: { code: 'RATE_LIMITED', requestId: 'clinic-0001' },
        },
      ],
    });
    expect(bodies).toHaveLength(2);
    expect(admission.loads()[0]).toMatchObject({ class: 'read', running: 2, refused: 1 });

    answerAll();
    expect((await Promise.all(first)).map(({ status }) => status)).toEqual([200, 200]);
    const next = post(read);
    await begun(1);
    answerAll();
    expect((await next).status).toBe(200);
  });

  it('may have its place once somebody hangs up', async () => {
    const { send, post, begun, answerAll, admission } = await open(1, 1);
    const gone = new AbortController();
    const hanging = send('/graphql', { method: 'POST', body: '{}', signal: gone.signal });
    await begun(1);
    gone.abort();
    await expect(hanging).rejects.toThrow();
    await expect.poll(() => admission.loads()[0]?.running).toBe(0);
    answerAll();
    const next = post(read);
    await begun(1);
    answerAll();
    expect((await next).status).toBe(200);
  });

  it('may read why, from a page that may call', async () => {
    const { post, begun, answerAll } = await open(1, 1);
    const first = post(read);
    await begun(1);
    const own = await post(read, { origin });
    expect(own.headers.get('access-control-allow-origin')).toBe(origin);
    expect(own.headers.get('access-control-expose-headers')).toContain('retry-after');
    const other = await post(read, { origin: 'https://elsewhere.example.com' });
    expect(other.headers.get('access-control-allow-origin')).toBeNull();
    answerAll();
    await first;
  });
});

describe('while reads are turned away', () => {
  it.each<[string, unknown]>([
    ['a mutation', write],
    ['one that stands behind a fragment', { query: `fragment F on A { a }\n${write.query}` }],
    ['a persisted one', { documentId: persisted }],
    [
      'a persisted one, as Apollo asks',
      { extensions: { persistedQuery: { sha256Hash: persisted } } },
    ],
  ])('%s has its reserve, and arrives whole', async (_, body) => {
    const { post, begun, bodies, places, answerAll } = await open(1, 1);
    const first = post(read);
    await begun(1);
    const wanted = post(body);
    await begun(2);
    expect(places).toEqual(['read', 'write']);
    expect(JSON.parse(bodies[1] ?? '')).toEqual(body);
    expect((await post(body)).status).toBe(503);
    answerAll();
    expect((await Promise.all([first, wanted])).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('a long mutation arrives whole, too', async () => {
    const { post, begun, bodies, answerAll } = await open(1, 1);
    const first = post(read);
    await begun(1);
    const body = { ...write, variables: { long: 'x'.repeat(200_000) } };
    const wanted = post(body);
    await begun(2);
    expect(JSON.parse(bodies[1] ?? '')).toEqual(body);
    answerAll();
    await Promise.all([first, wanted]);
  });

  it('a patient who comes back from a login is let in; another persisted document is not', async () => {
    const { send, post, begun, answerAll } = await open(1, 1);
    const first = post(read);
    await begun(1);
    const back = send('/oauth/my-patient-portal/callback?code=1&state=2');
    await begun(2);
    expect((await post({ documentId: 'b'.repeat(64) })).status).toBe(503);
    expect((await send('/graphql?query={viewer{subject}}')).status).toBe(503);
    answerAll();
    expect((await Promise.all([first, back])).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('probes are answered', async () => {
    const { send, post, begun, answerAll } = await open(1, 1);
    const first = post(read);
    await begun(1);
    expect(await (await send('/health')).text()).toBe('alive');
    answerAll();
    await first;
  });
});
