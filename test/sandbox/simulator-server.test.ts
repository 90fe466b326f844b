import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Simulator } from '../../src/sandbox/simulator.ts';
import { startSimulatorServer } from '../../src/sandbox/simulator-server.ts';

let simulator: Simulator;
let done: string[];

beforeEach(async () => {
  done = [];
  simulator = await startSimulatorServer({
    basePath: '/api/v1',
    port: 0,
    environment: (origin) => ({ VENDOR_URL: `${origin}/api/v1/` }),
    authenticate: ({ headers }) =>
      headers.authorization === 'Basic bad' ? { status: 401, body: { error: 'who' } } : undefined,
    notFound: ({ method }) => ({ status: 404, body: { vendor: 'no such path', method } }),
    routes: {
      'GET /patients/{id}': ({ params }) => ({ status: 200, body: { id: params.id } }),
      'GET /patients/search': ({ query }) => ({ status: 200, body: { found: query.get('q') } }),
      'POST /patients': ({ body }) => {
        done.push('POST /patients');
        return { status: 201, headers: { 'x-made': 'yes' }, body };
      },
      'DELETE /patients/{id}': () => ({ status: 204 }),
      'GET /text': () => ({ status: 200, body: 'plain words' }),
      'GET /broken': () => {
        throw new Error('bug in a route');
      },
    },
    handler: (request, response) => {
      if (!request.url?.startsWith('/login')) {
        return false;
      }
      let body = '';
      request.setEncoding('utf8');
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        done.push(`login ${body}`);
        response.setHeader('x-login', 'yes');
        response.writeHead(202, { 'content-type': 'text/plain' });
        response.write('wel');
        response.end('come');
      });
      return true;
    },
  });
});

afterEach(() => simulator.close());

const ask = (path: string, init?: RequestInit) => fetch(`${simulator.origin}${path}`, init);
const sendJson = (path: string, body: unknown, method = 'POST') =>
  ask(path, {
    method,
    body: JSON.stringify(body),
    headers: { 'content-type': 'application/json' },
  });

describe('routes', () => {
  it('answers below the base path, with decoded parameters', async () => {
    const answer = await ask('/api/v1/patients/a%2Fb%20c');
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toBe('application/json');
    expect(await answer.json()).toEqual({ id: 'a/b c' });
  });

  it('prefers a fixed segment to a parameter', async () => {
    expect(await (await ask('/api/v1/patients/search?q=a%2Bb')).json()).toEqual({ found: 'a+b' });
  });

  it('sends text as it is, 204 without a body, and headers of the route', async () => {
    expect(await (await ask('/api/v1/text')).text()).toBe('plain words');
    expect((await ask('/api/v1/patients/1', { method: 'DELETE' })).status).toBe(204);
    expect((await sendJson('/api/v1/patients', {})).headers.get('x-made')).toBe('yes');
  });

  it.each(['/api/v1/nothing', '/nothing', '/api/v1', '/api/v1/patients/'])(
    'answers %s with the 404 of the vendor',
    async (path) => {
      const answer = await ask(path);
      expect(answer.status).toBe(404);
      expect(await answer.json()).toEqual({ vendor: 'no such path', method: 'GET' });
    },
  );

  it('answers another method on a known path with 405', async () => {
    const answer = await ask('/api/v1/patients', { method: 'PUT' });
    expect(answer.status).toBe(405);
    expect(answer.headers.get('allow')).toBe('POST');
  });

  it('asks who calls before anything else', async () => {
    const headers = { authorization: 'Basic bad' };
    expect((await ask('/api/v1/patients/1', { headers })).status).toBe(401);
    expect((await ask('/api/v1/nothing', { headers })).status).toBe(401);
  });

  it('answers 500 when a route throws', async () => {
    expect((await ask('/api/v1/broken')).status).toBe(500);
  });
});

describe('bodies', () => {
  it('are read as JSON, as both kinds of form, and as text', async () => {
    const form = new FormData();
    form.set('name', 'Ana Silva');
    const bodies: RequestInit[] = [
      { body: JSON.stringify({ a: 1 }), headers: { 'content-type': 'application/json' } },
      { body: new URLSearchParams({ a: '1+1', b: 'ü' }) },
      { body: form },
      { body: 'words', headers: { 'content-type': 'text/plain' } },
    ];
    for (const init of bodies) {
      await ask('/api/v1/patients', { method: 'POST', ...init });
    }
    expect(simulator.calls.map(({ body }) => body)).toEqual([
      { a: 1 },
      { a: '1+1', b: 'ü' },
      { name: 'Ana Silva' },
      'words',
    ]);
  });

  it('that are not what they say, or too large, are refused', async () => {
    const headers = { 'content-type': 'application/json' };
    const post = (body: string) => ask('/api/v1/patients', { method: 'POST', headers, body });
    expect((await post('{"a":')).status).toBe(400);
    expect(
      (await post(`"${'x'.repeat(6 * 1024 * 1024)}"`).catch(() => 'cut off')) as unknown,
    ).toSatisfy((answer) => answer === 'cut off' || (answer as Response).status === 413);
    expect(done).toEqual([]);
  });
});

describe('recorded calls', () => {
  it('show what was sent and what was answered', async () => {
    await ask('/api/v1/patients/a%2Fb?x=1', { headers: { authorization: 'Basic abc' } });
    await ask('/nothing');
    expect(simulator.calls).toMatchObject([
      {
        method: 'GET',
        path: '/patients/a%2Fb',
        query: { x: '1' },
        headers: { authorization: 'Basic abc' },
        body: undefined,
        status: 200,
      },
      { path: '/nothing', status: 404 },
    ]);
  });

  it('are forgotten by clear, together with faults and latency', async () => {
    simulator.fault({ kind: 'status', status: 503 });
    simulator.latency = 50;
    expect((await ask('/api/v1/text')).status).toBe(503);
    simulator.clear();
    expect(simulator.latency).toBe(0);
    expect((await ask('/api/v1/text')).status).toBe(200);
    expect(simulator.calls).toHaveLength(1);
  });
});

describe('latency', () => {
  it('holds every answer back, while what was asked is done at once', async () => {
    simulator.latency = 200;
    for (const path of ['/api/v1/patients', '/login']) {
      done.length = 0;
      const begun = performance.now();
      const answer = ask(path, { method: 'POST', body: 'ana' });
      await expect.poll(() => done.length, { interval: 5 }).toBe(1);
      expect(performance.now() - begun).toBeLessThan(195);
      await (await answer).text();
      expect(performance.now() - begun).toBeGreaterThanOrEqual(195);
    }
  });
});

describe('another handler', () => {
  it('takes its own paths, reads the body itself, and is recorded', async () => {
    const answer = await ask('/login?next=1', { method: 'POST', body: 'ana' });
    expect([answer.status, await answer.text()]).toEqual([202, 'welcome']);
    expect(done).toEqual(['login ana']);
    expect(simulator.calls).toMatchObject([{ method: 'POST', path: '/login', status: 202 }]);
  });

  it('is not asked when a fault comes first', async () => {
    simulator.fault({ kind: 'status', status: 502, match: /\/login/ });
    expect((await ask('/login', { method: 'POST', body: 'ana' })).status).toBe(502);
    expect(done).toEqual([]);
  });

  it('acts, and has its answer spoiled, when the fault says so', async () => {
    simulator.fault({ kind: 'status', status: 502, act: true, times: 1 });
    const answer = await ask('/login', { method: 'POST', body: 'ana' });
    expect(answer.status).toBe(502);
    expect(answer.headers.get('x-login')).toBeNull();
    expect(done).toEqual(['login ana']);
    expect(simulator.calls).toMatchObject([{ status: 502 }]);
    expect((await ask('/login', { method: 'POST', body: 'ben' })).status).toBe(202);
  });

  it('leaves other paths to the routes, spoiled or not', async () => {
    simulator.fault({ kind: 'html', status: 200, act: true, times: 1 });
    expect(await (await sendJson('/api/v1/patients', {})).text()).toContain('Sign in');
    expect(await (await sendJson('/api/v1/patients', { a: 1 })).json()).toEqual({ a: 1 });
    expect(done).toHaveLength(2);
  });
});

describe('control routes', () => {
  it('list and forget calls, set faults and latency', async () => {
    await ask('/api/v1/text');
    expect(await (await ask('/_sandbox/calls')).json()).toMatchObject([{ path: '/text' }]);
    const fault = {
      kind: 'status',
      status: 429,
      headers: { 'retry-after': '7' },
      match: '^GET /text',
    };
    expect((await sendJson('/_sandbox/faults', { ...fault, times: 1 })).status).toBe(201);
    const answer = await ask('/api/v1/text');
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([429, '7']);
    expect((await ask('/api/v1/text')).status).toBe(200);
    expect((await sendJson('/_sandbox/latency', { milliseconds: 30 }, 'PUT')).status).toBe(204);
    expect(simulator.latency).toBe(30);
    expect((await ask('/_sandbox/calls', { method: 'DELETE' })).status).toBe(204);
    expect(simulator.calls).toEqual([]);
    expect(simulator.latency).toBe(0);
  });

  it.each([
    [{ kind: 'explode' }],
    [{ kind: 'hang', match: '(' }],
    [{ kind: 'hang', often: 3 }],
    ['words'],
  ])('refuse %j as a fault', async (fault) => {
    expect((await sendJson('/_sandbox/faults', fault)).status).toBe(400);
    expect((await ask('/api/v1/text')).status).toBe(200);
  });

  it('are unknown elsewhere', async () => {
    expect((await ask('/_sandbox/else')).status).toBe(404);
  });
});

describe('close', () => {
  it('ends hanging calls', async () => {
    simulator.fault({ kind: 'hang' });
    const hanging = ask('/api/v1/text').then(
      () => 'answered',
      () => 'ended',
    );
    while (simulator.calls.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await simulator.close();
    expect(await hanging).toBe('ended');
    await expect(ask('/api/v1/text')).rejects.toThrow();
  });
});
