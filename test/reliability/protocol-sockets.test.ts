import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ofPatient } from '../support/documents.ts';
import {
  type ListeningGateway,
  startListeningGateway,
  type Wire,
} from '../support/listening-gateway.ts';

/** reliability.md, section 4, "HTTP and GraphQL protocol": what stands on the wire, byte by byte. */

let gateway: ListeningGateway;
let token: string;
beforeAll(async () => {
  gateway = await startListeningGateway();
  token = await gateway.token('staff');
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());
afterEach(async () => {
  expect(await gateway.good()).toBeLessThan(1_000);
});

const body = JSON.stringify({ query: '{ viewer { subject } }' });
const head = (...lines: string[]) =>
  [
    'POST /graphql HTTP/1.1',
    'host: localhost',
    `authorization: Bearer ${token}`,
    'content-type: application/json',
    ...lines,
    '',
    '',
  ].join('\r\n');
const whole = (...lines: string[]) => `${head(`content-length: ${body.length}`, ...lines)}${body}`;

const statusIn = (answer: string) => Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]);

/** Sends bytes on a connection of their own; what comes back before it is closed or answered. */
async function sent(text: string): Promise<{ wire: Wire; answer: string }> {
  const wire = await gateway.connect();
  wire.write(text);
  return { wire, answer: await wire.until(/\r\n\r\n/) };
}

describe('H05: a body that is announced or sent without end', () => {
  it('H05: of 1 GB that never comes is a 413 at once, and the connection is closed', async () => {
    const started = performance.now();
    const { wire, answer } = await sent(head('content-length: 1073741824'));
    expect(statusIn(answer)).toBe(413);
    expect(performance.now() - started).toBeLessThan(3_000);
    await wire.closed;
    expect(performance.now() - started).toBeLessThan(6_000);
    expect(gateway.allCalls()).toEqual([]);
  });

  it('H05: of 64 MB in chunks is a 413 long before its end, in little memory', async () => {
    const before = process.memoryUsage().rss;
    const wire = await gateway.connect();
    wire.write(head('transfer-encoding: chunked'));
    const piece = 'x'.repeat(64 * 1024);
    const chunk = `${piece.length.toString(16)}\r\n${piece}\r\n`;
    let pieces = 0;
    for (; pieces < 1024 && !wire.received() && !wire.socket.destroyed; pieces += 1) {
      wire.write(chunk);
      await delay(1);
    }
    const answer = await wire.until(/\r\n\r\n/);
    expect(statusIn(answer)).toBe(413);
    expect(pieces).toBeLessThan(512);
    await wire.closed;
    expect(process.memoryUsage().rss - before).toBeLessThan(96 * 1024 * 1024);
  });

  it('H05: by somebody without a token is a 401 that awaits none of it', async () => {
    const { wire, answer } = await sent(
      'POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000000\r\n\r\n',
    );
    expect(statusIn(answer)).toBe(401);
    await wire.closed;
  });
});

describe('H07: a head that is too large', () => {
  it.each([
    ['of 100 KB in one header', () => whole(`x-padding: ${'x'.repeat(100_000)}`)],
    ['of 3,000 headers', () => whole(...Array.from({ length: 3000 }, (_, at) => `x-${at}: y`))],
    [
      'with an address of 60 KB',
      () => whole().replace('/graphql', `/graphql?x=${'x'.repeat(60_000)}`),
    ],
  ])('H07: %s is a 431', async (_name, request) => {
    const { wire, answer } = await sent(request());
    expect(statusIn(answer)).toBe(431);
    await wire.closed;
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('H08: a request that two servers could read differently', () => {
  it.each([
    ['a length and chunks', () => whole('transfer-encoding: chunked')],
    ['two lengths', () => whole('content-length: 3')],
    ['two equal lengths in one', () => whole().replace(/(content-length: )(\d+)/, '$1$2, $2')],
    ['a negative length', () => whole().replace(/content-length: \d+/, 'content-length: -1')],
    ['a chunk without a size', () => `${head('transfer-encoding: chunked')}zz\r\nx\r\n0\r\n\r\n`],
    ['an endless chunk size', () => `${head('transfer-encoding: chunked')}${'f'.repeat(20)}\r\n`],
    ['a doubtful encoding', () => `${head('transfer-encoding: xchunked')}0\r\n\r\n`],
    ['a bare CR in a header', () => whole('x-a: b\rx-c: d')],
    ['a NUL in a header', () => whole('x-a: b\u0000c')],
    ['a blank before the colon', () => whole('x-a : b')],
    ['a folded header', () => whole('x-a: b\r\n\tc d\u0000')],
    ['no host', () => whole().replace('host: localhost\r\n', '')],
    ['a host that is none', () => whole().replace('host: localhost', 'host: [')],
    ['a port that is none', () => whole().replace('host: localhost', 'host: localhost:99999')],
    // The one path is always answered, also under load and at the end.
    [
      'a path in its host',
      () => whole().replace('/graphql', '/health').replace('localhost', 'localhost/graphql#'),
    ],
  ])('H08: by %s is a 400, and the connection is closed', async (_name, request) => {
    const { wire, answer } = await sent(request());
    expect(statusIn(answer)).toBe(400);
    expect(answer).not.toContain('sandbox-staff');
    const rest = await wire.closed;
    expect(rest.match(/HTTP\/1\.1/g)).toHaveLength(1);
  });
});

describe('H09: a client that takes its time', () => {
  const closing = async (wire: Wire) => {
    const started = performance.now();
    const answer = await wire.closed;
    return { took: performance.now() - started, status: statusIn(answer) };
  };
  const drip = (wire: Wire, text: string) => {
    let at = 0;
    const timer = setInterval(() => wire.write(text[at++ % text.length] ?? ''), 400);
    void wire.closed.then(() => clearInterval(timer));
  };

  it('H09: over its first byte, its head or its body is closed', { timeout: 45_000 }, async () => {
    const [silent, dripping, body] = await Promise.all([
      gateway.connect(),
      gateway.connect(),
      gateway.connect(),
    ]);
    dripping.write('POST /graphql HTTP/1.1\r\nhost: localhost\r\n');
    drip(dripping, 'x-padding: yyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n');
    body.write(head('content-length: 100000'));
    drip(body, '[');
    const [afterSilence, afterHead, afterBody] = await Promise.all([
      closing(silent),
      closing(dripping),
      closing(body),
    ]);
    expect(afterSilence.took).toBeLessThan(10_000);
    expect(afterHead.took).toBeLessThan(10_000);
    expect(afterBody.took).toBeLessThan(30_000);
    expect(afterHead.status).toBe(408);
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('H10: a crowd', () => {
  it('H10: of 500 connections that say nothing delays nobody', async () => {
    const crowd = await Promise.all(Array.from({ length: 500 }, () => gateway.connect()));
    for (let count = 0; count < 5; count += 1) {
      expect(await gateway.good()).toBeLessThan(1_000);
    }
    for (const { socket } of crowd) {
      socket.destroy();
    }
  });

  it('H10: of 300 clients that hang up has its reads at vendors broken off', async () => {
    const nimbus = gateway.sandbox.simulators.NIMBUS;
    nimbus.latency = 20_000;
    const asked = JSON.stringify({
      query: ofPatient('latestOrder { id }'),
      variables: { id: gateway.ids.Ana },
    });
    const gone = await Promise.all(
      Array.from({ length: 300 }, async () => {
        const wire = await gateway.connect();
        wire.write(`${head(`content-length: ${asked.length}`)}${asked}`);
        return wire;
      }),
    );
    // Some of them are at the vendor by now; the gate to it is full.
    await expect.poll(() => gateway.calls('NIMBUS').length).toBeGreaterThan(0);
    for (const { socket } of gone) {
      socket.destroy();
    }
    await Promise.all(gone.map(({ closed }) => closed));
    // The server hears of it a moment later than the clients.
    let called = -1;
    const calm = () => {
      const before = called;
      called = gateway.calls('NIMBUS').length;
      return called === before;
    };
    await expect.poll(calm, { interval: 300, timeout: 10_000 }).toBe(true);
    // Each place that one of them leaves is the next one's, until that one is known to have gone as well.
    expect(called).toBeLessThanOrEqual(gone.length);
    expect(await gateway.good()).toBeLessThan(1_000);

    // Their places at the vendor are free again: nobody waits for what nobody waits for.
    gateway.forget();
    const started = performance.now();
    const { data, errors } = await gateway.query(ofPatient('latestOrder { id }'), {
      id: gateway.ids.Ana,
    });
    expect([data.patient.latestOrder, errors]).toEqual([{ id: '9001' }, []]);
    expect(performance.now() - started).toBeLessThan(4_500);
    expect(gateway.calls('NIMBUS')).toHaveLength(1);
  });
});

describe('H11: pipelined requests', () => {
  it('H11: a hundred get a hundred answers, in order', async () => {
    const wire = await gateway.connect();
    const one = (at: number) => {
      const text = JSON.stringify({ query: `{ a${at}: viewer { subject } }` });
      return `${head(`content-length: ${text.length}`)}${text}`;
    };
    wire.write(Array.from({ length: 100 }, (_, at) => one(at)).join(''));
    const answers = await wire.until(/"a99":/);
    const order = [...answers.matchAll(/"a(\d+)":/g)].map(([, at]) => Number(at));
    expect(order).toEqual(Array.from({ length: 100 }, (_, at) => at));
    expect(answers.match(/HTTP\/1\.1 200/g)).toHaveLength(100);
    wire.socket.destroy();
  });
});

describe('a probe', () => {
  it.each(['/health', '/ready'])(
    'of %s may ask by HEAD, and by nothing but that and GET',
    async (path) => {
      const probe = async (method: string) => {
        const { wire } = await sent(
          `${method} ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`,
        );
        const [top = '', body] = (await wire.closed).split('\r\n\r\n');
        const [line = '', ...headers] = top.split('\r\n');
        const names = headers.map((header) => header.split(':')[0]);
        return { status: statusIn(line), names: names.sort(), headers, body };
      };
      const [get, head, post] = [await probe('GET'), await probe('HEAD'), await probe('POST')];
      expect([get.status, head.status, head.body]).toEqual([200, 200, '']);
      expect(get.body).not.toBe('');
      expect(head.names).toEqual(get.names);
      expect(post.status).toBe(405);
      expect(post.headers).toContain('allow: GET, HEAD');
    },
  );
});

describe('H14: what the protocol knows, but this API does not', () => {
  it('H14: a websocket is not opened', async () => {
    const upgrade = [
      'GET /graphql HTTP/1.1',
      'host: localhost',
      `authorization: Bearer ${token}`,
      'connection: upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
      'sec-websocket-protocol: graphql-transport-ws',
      '',
      '',
    ].join('\r\n');
    const { wire, answer } = await sent(upgrade);
    expect(statusIn(answer)).toBe(400);
    wire.socket.destroy();
  });

  it('H14: TRACE is a 405 that repeats nothing', async () => {
    const trace = whole('x-secret: canary-5550104477').replace('POST', 'TRACE');
    const wire = await gateway.connect();
    wire.write(trace);
    const answer = await wire.until(/}$/);
    expect(statusIn(answer)).toBe(405);
    expect(answer).not.toContain('canary');
    wire.socket.destroy();
  });

  it('H14: CONNECT is refused', async () => {
    const { answer } = await sent('CONNECT example.com:443 HTTP/1.1\r\nhost: example.com\r\n\r\n');
    expect(answer === '' || statusIn(answer) >= 400).toBe(true);
  });

  it('H14: an expectation that nobody knows is a 417', async () => {
    const { wire, answer } = await sent(whole('expect: bogus'));
    expect(statusIn(answer)).toBe(417);
    wire.socket.destroy();
  });

  const deferred = (query: string, accept: string) =>
    gateway.ask({
      method: 'POST',
      headers: { 'content-type': 'application/json', accept },
      body: JSON.stringify({ query }),
    });
  const inParts = 'multipart/mixed; deferSpec=20220824, application/graphql-response+json';

  it('H14: @defer comes in parts to a client that takes them, in one piece to others', async () => {
    const query = '{ ... @defer { viewer { subject } } }';
    const parts = await deferred(query, inParts);
    expect([parts.status, parts.headers.get('content-type')]).toEqual([
      200,
      'multipart/mixed; boundary="-"',
    ]);
    expect(await parts.text()).toContain('"hasNext":false');
    const whole = await deferred(query, 'application/graphql-response+json');
    expect(whole.status).toBe(200);
    expect(await whole.json()).toMatchObject({ data: { viewer: { subject: 'sandbox-staff' } } });
  });

  it('H14: @defer on a mutation is a 400', async () => {
    const query =
      'mutation { ... @defer { unlinkVendorAccount(input: { patientId: "x", vendor: VSEE }) { userErrors { code } } } }';
    const answer = await deferred(query, inParts);
    expect(answer.status).toBe(400);
    expect(await answer.text()).toContain('GRAPHQL_VALIDATION_FAILED');
  });

  it('H14: a subscription that there is none of is a 400', async () => {
    const answer = await gateway.ask({
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/graphql-response+json' },
      body: JSON.stringify({ query: 'subscription { viewer { subject } }' }),
    });
    expect(answer.status).toBe(400);
  });
});
