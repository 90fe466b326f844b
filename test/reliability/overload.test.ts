import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { createConnection } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { endAll } from '../support/command-line.ts';
import { globalIdOf, keyIn } from '../support/mutations.ts';
import { type ServedAlone, serveAlone } from '../support/served-alone.ts';

/**
 * reliability.md, section 4, "Load", as far as it can be told without a clock: which requests are turned
 * away, and when. What it does to throughput and latency, `npm run load` measures.
 */

const token = 'scrapers-only-0123456789';
/** As many as a vendor takes at once: none of them waits for another. */
const most = 16;
const reserve = 10;
/** Milliseconds that a request may take. */
const deadline = 8_000;

let sandbox: Sandbox;
let gateway: ServedAlone;

beforeAll(async () => {
  sandbox = await startSandbox({ publicUrl: new URL('http://localhost:4000/'), firstPort: 0 });
  gateway = await serveAlone(sandbox, {
    REQUEST_TIMEOUT_MS: String(deadline),
    CERBO_TIMEOUT_MS: String(deadline),
    REQUEST_MAX_CONCURRENCY: String(most),
    REQUEST_WRITE_RESERVE: String(reserve),
    // A machine that is busy with other tests makes the event loop late, too: only the counts are of interest.
    EVENT_LOOP_LAG_MS: '10000',
    SUBSCRIPTIONS_PER_CALLER: '100',
    METRICS_TOKEN: token,
  });
}, 90_000);
afterAll(async () => {
  await endAll();
  await sandbox?.close();
});
afterEach(() => gateway.forget());

const slow = { timeout: 60_000 };

const queueQuery =
  'query ($id: ID!) { patient(id: $id) { portalRequests(filter: { vendor: [CERBO] }) { nodes { id } sources { state } } } }';
const askQueue = (document = queueQuery) => gateway.query(document, { id: gateway.ids.Ana });

/** Listens for earlier times until the test ends. */
async function subscribe(comment = ''): Promise<Response> {
  const { ids, origin } = gateway;
  const key = keyIn(ids.Ana);
  const id = globalIdOf('Appointment', 'MY_PATIENT_PORTAL', key, 'xbCuVVTNU6rT6E5m8p6Y8h7opzAb');
  const gone = new AbortController();
  onTestFinished(() => gone.abort());
  return fetch(`${origin}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      authorization: `Bearer ${await gateway.token('staff')}`,
    },
    body: JSON.stringify({
      query: `${comment}\nsubscription { earlierAvailability(appointmentId: "${id}") { start } }`,
    }),
    signal: gone.signal,
  });
}

/** Reads that wait for a slow vendor, as many as may be in hand. */
async function fillReads() {
  gateway.sandbox.simulators.CERBO.latency = 3_000;
  const waiting = Array.from({ length: most }, () => askQueue());
  await readsInHand(most);
  await expect.poll(() => gateway.calls('CERBO').length, { timeout: 15_000 }).toBe(most);
  return waiting;
}

const metrics = async () => {
  const headers = { authorization: `Bearer ${token}` };
  return (await gateway.fetch('/metrics', { headers })).text();
};

/** Resolves when there are so many. */
async function readsInHand(count: number): Promise<void> {
  const running = /portico_requests_running\{class="read"\} (\d+)/;
  await expect
    .poll(async () => running.exec(await metrics())?.[1], { timeout: 15_000 })
    .toBe(String(count));
}

// A process's files are to be seen in /proc on Linux only.
describe.runIf(existsSync('/proc/self/fd'))('`portico serve`', () => {
  it('takes new connections in with 64 listeners on its port, one connection each at a turn', async () => {
    const folder = `/proc/${gateway.running.process.pid}/fd`;
    /** Of one and the same socket. */
    const descriptors = () => {
      const targets = readdirSync(folder).map((name) => readlinkSync(`${folder}/${name}`));
      const sockets = targets.filter((target) => target.startsWith('socket:'));
      return Math.max(...sockets.map((one) => sockets.filter((each) => each === one).length));
    };
    await expect.poll(descriptors, { timeout: 15_000 }).toBe(64);
  });
});

describe('with as many reads in hand as may be', slow, () => {
  it('P01: one more gets 503 at once, and no vendor is called', async () => {
    const waiting = await fillReads();
    const before = gateway.allCalls().length;
    let ended = 0;
    for (const each of waiting) {
      void each.then(() => (ended += 1));
    }
    const answers = await Promise.all(Array.from({ length: 20 }, () => askQueue()));
    // Before any of those in hand, and so without waiting for one.
    expect(ended).toBe(0);
    for (const { status, headers, errors } of answers) {
      expect(status).toBe(503);
      expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
      expect(errors[0]?.extensions.code).toBe('RATE_LIMITED');
    }
    expect(gateway.allCalls()).toHaveLength(before);
    expect(await metrics()).toMatch(/portico_requests_shed_total\{class="read"\} 20/);
    const done = await Promise.all(waiting);
    expect(done.map(({ status }) => status)).toEqual(Array(most).fill(200));
    gateway.forget();
    // Normal again, at once.
    expect((await askQueue()).errors).toEqual([]);
    expect(gateway.running.stdout()).toMatch(/"turnedAway":\d+,.*"msg":"too much to do"/);
  });

  it('P02: every mutation is still accepted, and done', async () => {
    const waiting = await fillReads();
    for (let count = 0; count < 20; count += 1) {
      const { status, data } = await gateway.query(
        'mutation ($input: RequestEConsultInput!) { requestEConsult(input: $input) { visit { id } userErrors { code } } }',
        {
          input: {
            ...{ patientId: gateway.ids.Ana, roomCode: 'econsult', idempotencyKey: randomUUID() },
          },
        },
      );
      expect(status).toBe(200);
      expect(data.requestEConsult).toMatchObject({ userErrors: [], visit: expect.any(Object) });
    }
    await Promise.all(waiting);
  });

  it('a query that was written to look like a mutation gains nothing', async () => {
    const waiting = await fillReads();
    const before = gateway.allCalls().length;
    const { status, headers, errors } = await askQueue(`# mutation\n${queueQuery}`);
    expect(status).toBe(503);
    expect(headers.get('retry-after')).toBe('1');
    expect(errors[0]?.extensions.code).toBe('RATE_LIMITED');
    expect(gateway.allCalls()).toHaveLength(before);
    await Promise.all(waiting);
  });

  it('a subscription that was written to look like a mutation does not either', async () => {
    const waiting = await fillReads();
    expect((await subscribe('# mutation')).status).toBe(503);
    await Promise.all(waiting);
    expect((await subscribe('# mutation')).status).toBe(200);
  });

  it('probes and metrics are answered', async () => {
    const waiting = await fillReads();
    for (const path of ['/health', '/ready']) {
      expect((await gateway.fetch(path)).status).toBe(200);
    }
    expect(await metrics()).toContain('portico_requests_limit{class="read"} 16');
    await Promise.all(waiting);
  });
});

describe('subscriptions that are open', slow, () => {
  it('take no place of other requests, and are twice as many at the most', async () => {
    // Kept: a response that is collected as garbage ends.
    const streams: Response[] = [];
    while (streams.length < 2 * most) {
      streams.push(await subscribe());
    }
    expect(streams.map(({ status }) => status)).toEqual(Array(2 * most).fill(200));
    expect(await metrics()).toContain(`portico_requests_running{class="stream"} ${2 * most}`);
    await readsInHand(0);
    expect((await askQueue()).errors).toEqual([]);
    const refused = await subscribe();
    expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1']);
  });

  it('leave their places to others', async () => {
    await expect.poll(metrics).toContain('portico_requests_running{class="stream"} 0');
    expect((await subscribe()).status).toBe(200);
  });
});

describe('a burst while a vendor takes five seconds', slow, () => {
  it('P04: is answered within the deadline, in part by 503, and what waits is bounded', async () => {
    gateway.sandbox.simulators.CERBO.latency = 5_000;
    const seconds = 'portico_operation_duration_seconds';
    const answers = await Promise.all(Array.from({ length: 300 }, () => askQueue()));
    const page = await metrics();
    const count = (name: string, labels: string) =>
      new RegExp(`^${name}\\{${labels}type="query",name="anonymous"\\} (\\d+)$`, 'm').exec(
        page,
      )?.[1];
    expect(count(`${seconds}_bucket`, 'le="10",')).toBe(count(`${seconds}_count`, ''));
    expect(Number(count(`${seconds}_count`, ''))).toBeGreaterThanOrEqual(most);
    const statuses = answers.map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([200, 503]));
    const served = statuses.filter((status) => status === 200);
    // More than one round only where it took longer to send them all than to answer the first.
    expect(served.length).toBeGreaterThanOrEqual(most);
    expect(gateway.calls('CERBO')).toHaveLength(served.length);
    const codes = answers.flatMap(({ errors }) => errors.map(({ extensions }) => extensions.code));
    expect(codes).not.toContain('INTERNAL_SERVER_ERROR');
  });
});

// The last: it ends the process.
describe('requests sent one behind the other, whose connection is reset', slow, () => {
  it('leave their places, and nothing that the end of the process would wait for', async () => {
    // Nothing ends by itself.
    gateway.sandbox.simulators.CERBO.latency = deadline;
    const authorization = `authorization: Bearer ${await gateway.token('staff')}`;
    const head = (...lines: string[]) =>
      [...lines, 'host: localhost', authorization, '', ''].join('\r\n');
    const body = JSON.stringify({ query: queueQuery, variables: { id: gateway.ids.Ana } });
    const slowly = head(
      ...['POST /graphql HTTP/1.1', 'content-type: application/json'],
      `content-length: ${body.length}`,
    );
    const { hostname: host, port } = new URL(gateway.origin);
    const socket = createConnection({ host, port: Number(port) });
    socket.write(`${slowly}${body}${head('GET /x HTTP/1.1').repeat(most - 1)}`);
    await readsInHand(most);
    socket.resetAndDestroy();
    await readsInHand(0);

    const { running } = gateway;
    running.process.kill('SIGTERM');
    expect(await running.ended).toBe(0);
    expect(running.stderr()).not.toContain('Ending although not all is finished');
  });
});
