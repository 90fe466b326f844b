import cluster, { type Worker } from 'node:cluster';
import { EventEmitter, once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { pauseAfter, runWorkers } from '../src/workers.ts';
import { run } from './support/command-line.ts';
import { freePort } from './support/free-port.ts';
import { pidsOf, useWorkers } from './support/workers.ts';

const { postgres, clinic, workers, ask } = useWorkers();

/** More than all waits of a test together, each of which says what it waited for. */
const slow = { timeout: 300_000 };

describe('portico serve --workers', slow, () => {
  it('serves on one port, and its log says which worker', async () => {
    const served = await workers(2, { LOG_LEVEL: 'info' });
    const logged = () =>
      new Set(
        served.running
          .stdout()
          .split('\n')
          .filter((line) => line.startsWith('{'))
          .map((line) => JSON.parse(line).worker),
      );
    // Whoever is free takes a connection: at once there are enough for both.
    for (let tries = 0; tries < 50 && logged().size < 2; tries += 1) {
      const answers = await Promise.all(Array.from({ length: 16 }, () => ask(served)));
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    }
    expect([...logged()].sort()).toEqual([1, 2]);
    await served.kill();
  });

  it('goes on where one of them is killed, and starts another one', async () => {
    const served = await workers(3);
    const before = pidsOf(served);
    expect(before).toHaveLength(3);
    let asking = true;
    const failures: unknown[] = [];
    let answered = 0;
    const callers = Array.from({ length: 4 }, async () => {
      while (asking) {
        await ask(served).then(
          ({ status }) => {
            answered += 1;
            if (status !== 200) {
              failures.push(status);
            }
          },
          (error: unknown) => failures.push(error),
        );
      }
    });
    let then = 0;
    try {
      await delay(500);
      process.kill(before[1] ?? 0, 'SIGKILL');
      await served.running.says(/^Worker \d ended \(SIGKILL\)\. Another one starts in 250 ms\.$/m);
      await served.running.says(/^Worker 4: Portico serves/m);
      then = answered;
      await delay(500);
    } finally {
      asking = false;
      await Promise.all(callers);
    }
    // What it had in hand is lost, and nothing else: at most one request of each caller.
    expect(failures.length).toBeLessThanOrEqual(4);
    expect(answered).toBeGreaterThan(then);
    const after = pidsOf(served);
    expect(after).toHaveLength(3);
    expect(after).not.toContain(before[1]);
    await served.kill();
  });

  it.each([
    { signal: 'SIGTERM', rounds: 1 },
    // A terminal that closes tells each of its processes, mostly twice.
    { signal: 'SIGHUP', rounds: 2 },
  ] as const)('ends after the requests in hand, with 0 and nobody left: $signal', async (sent) => {
    const served = await workers(2);
    const pids = pidsOf(served);
    const primary = Number(served.running.process.pid);
    const { simulators } = clinic().gateway.sandbox;
    simulators.CERBO.latency = 1_500;
    const document =
      '{ vendorPatients(vendor: CERBO, filter: {lastName: "Silva"}) { vendorPatientId } }';
    const inHand = Promise.all([ask(served, document), ask(served, document)]);
    await delay(500);
    for (let round = 0; round < sent.rounds; round += 1) {
      // One that had nothing in hand may be gone by the second.
      const alive = sent.signal === 'SIGHUP' ? [primary, ...pidsOf(served)] : [primary];
      for (const pid of alive) {
        process.kill(pid, sent.signal);
      }
      await delay(200);
    }
    for (const { status, body } of await inHand) {
      expect(body.errors).toBeUndefined();
      expect(status).toBe(200);
    }
    simulators.CERBO.latency = 0;
    expect(await served.running.ended).toBe(0);
    expect(served.running.stderr()).toMatch(/Ending 2 workers after the requests in hand/);
    expect(served.running.stderr()).not.toMatch(/Killing|Another one/);
    for (const pid of pids) {
      expect(() => process.kill(pid, 0)).toThrow();
    }
    await served.kill();
  });

  it('leaves new requests to the others where one of them ends by a fault', async () => {
    const faults = import.meta.resolve('./support/faults-on-signals.mjs');
    const served = await workers(2, { NODE_OPTIONS: `--import=${faults}` });
    const [first = 0] = pidsOf(served);
    clinic().gateway.sandbox.simulators.CERBO.latency = 1_500;
    const document =
      '{ vendorPatients(vendor: CERBO, filter: {lastName: "Silva"}) { vendorPatientId } }';
    // In hand at both, so that the one with the fault has something to finish.
    const inHand = Promise.all(Array.from({ length: 12 }, () => ask(served, document)));
    await delay(700);
    process.kill(first, 'SIGUSR2');
    await served.running.says(/Ending after the requests in hand/);
    const meanwhile = await Promise.all(Array.from({ length: 20 }, () => ask(served)));
    expect(new Set(meanwhile.map(({ status }) => status))).toEqual(new Set([200]));
    for (const { status, body } of await inHand) {
      expect({ status, errors: body.errors }).toEqual({ status: 200, errors: undefined });
    }
    clinic().gateway.sandbox.simulators.CERBO.latency = 0;
    await served.running.says(/^Worker \d+ ended \(1\)\. Another one starts in 250 ms\.$/m);
    await served.kill();
  });

  it('starts another one also where the database is away, and never in a storm', async () => {
    const served = await workers(2);
    await postgres().pause();
    for (const pid of pidsOf(served)) {
      process.kill(pid, 'SIGKILL');
    }
    await delay(6_000);
    const deaths = served.running.stderr().match(/^Worker \d+ ended/gm) ?? [];
    // Pauses of 250, 500, 1,000, 2,000 and 4,000 ms.
    expect(deaths.length).toBeGreaterThan(1);
    expect(deaths.length).toBeLessThan(9);
    await postgres().resume();
    for (let tries = 0; tries < 300 && pidsOf(served).length < 2; tries += 1) {
      await delay(100);
    }
    let status = 0;
    for (let tries = 0; tries < 300 && status !== 200; tries += 1) {
      await delay(100);
      status = await ask(served).then(
        (answer) => answer.status,
        () => 0,
      );
    }
    expect(status).toBe(200);
    await served.kill();
  });
});

describe('workers are refused', slow, () => {
  it.each(['0', 'x', '65', '-1', '1.5'])('where their number is %s', async (count) => {
    const { code, stderr } = await run(['serve', '--workers', count]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /'--workers <number>' argument '.*' is invalid\. It must be a number from 1 to 64\./,
    );
  });

  const essential = () => {
    const { DATABASE_URL: _database, ...rest } = clinic().gateway.sandbox.environment;
    return { ...rest, PORT: '4999' };
  };

  it('where a scrape would reach any one of them', async () => {
    const { code, stdout, stderr } = await run(['serve', '--workers', '2'], {
      ...essential(),
      DATABASE_URL: postgres().url,
      METRICS_TOKEN: 'sixteen-or-more-letters',
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(
        /^Workers share a port, .*set METRICS_PORT.*leave METRICS_TOKEN out\.$/,
      ),
    ]);
  });

  it('over the embedded store', async () => {
    const { code, stdout, stderr } = await run(['serve', '--workers', '2'], essential());
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^Workers share a PostgreSQL: set DATABASE_URL/),
    ]);
  });

  it('on a port that anybody may choose, or has', async () => {
    const environment = { ...essential(), DATABASE_URL: postgres().url };
    const any = await run(['serve', '--workers', '2'], { ...environment, PORT: '0' });
    expect(any.code).toBe(1);
    expect(any.stderr).toMatch(/^Workers share a port: choose one with PORT=/m);
    const other = createServer().listen(await freePort(), '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    for (const variable of ['PORT', 'METRICS_PORT']) {
      const free = { ...environment, PORT: String(await freePort()) };
      const taken = await run(['serve', '--workers', '2'], { ...free, [variable]: String(port) });
      expect(taken.code).toBe(1);
      expect(taken.stderr.match(/is in use.*/g)).toEqual([
        `is in use. Choose another one with ${variable}=...`,
      ]);
    }
    other.close();
  });

  it('where the first cannot start, which alone says why', async () => {
    const url = new URL(postgres().url);
    url.password = 'not-the-password';
    const { code, stderr } = await run(['serve', '--workers', '3'], {
      ...essential(),
      PORT: String(await freePort()),
      DATABASE_URL: url.href,
    });
    expect(code).toBe(1);
    expect(stderr.match(/refuses the user or the password \(28P01\)/g)).toHaveLength(1);
    expect(stderr).not.toContain('not-the-password');
  });
});

describe('a worker for which there is no process', () => {
  const fork = vi.spyOn(cluster, 'fork');
  const signals = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
  let others: Map<NodeJS.Signals, NodeJS.SignalsListener[]>;
  beforeEach(() => {
    others = new Map(signals.map((signal) => [signal, process.listeners(signal)]));
  });
  afterEach(() => {
    fork.mockReset();
    for (const signal of signals) {
      for (const listener of process.listeners(signal)) {
        if (!others.get(signal)?.includes(listener)) {
          process.off(signal, listener);
        }
      }
    }
  });
  afterAll(() => fork.mockRestore());

  const worker = (id: number, pid?: number) =>
    Object.assign(new EventEmitter(), { id, process: { pid } }) as unknown as Worker;
  const failure = (code: string) => Object.assign(new Error(code), { code });

  it('is begun again after a pause, as one that died', async () => {
    const [first, second, last] = [worker(1, 4_001), worker(2), worker(4, 4_004)];
    fork.mockReturnValueOnce(first).mockReturnValueOnce(second);
    fork.mockImplementationOnce(() => {
      throw failure('ENOMEM');
    });
    fork.mockReturnValueOnce(last);
    const said: string[] = [];
    const exits: number[] = [];
    const running = runWorkers({
      ...{ count: 1, endTimeout: 1_000 },
      exit: (code) => exits.push(code),
      say: (line) => said.push(line),
    });
    first.emit('message', 'serving');
    await running;
    first.emit('exit', null, 'SIGKILL');
    await vi.waitFor(() => expect(fork).toHaveBeenCalledTimes(2));
    second.emit('error', failure('EAGAIN'));
    await vi.waitFor(() => expect(fork).toHaveBeenCalledTimes(4), { timeout: 5_000 });
    expect(said).toEqual([
      '1 workers serve.',
      'Worker 1 ended (SIGKILL). Another one starts in 250 ms.',
      'Worker 2 ended (EAGAIN). Another one starts in 500 ms.',
      'A worker ended (ENOMEM). Another one starts in 1000 ms.',
    ]);
    // Of one that lives, an error is no end.
    last.emit('error', failure('EPERM'));
    expect(said).toHaveLength(4);
    expect(exits).toEqual([]);
  });

  it('ends all where it is the first', async () => {
    const first = worker(1);
    fork.mockReturnValueOnce(first);
    const exits: number[] = [];
    const running = runWorkers({
      ...{ count: 2, endTimeout: 1_000, say: () => undefined },
      exit: (code) => exits.push(code),
    });
    first.emit('error', failure('EAGAIN'));
    await running;
    expect(exits).toEqual([1]);
  });
});

describe('the pause before a restart', () => {
  const now = 1_000_000;

  it('doubles with each death of the last minute, up to half a minute', () => {
    const deaths = Array.from({ length: 12 }, (_each, index) => now - index * 1_000);
    const pauses = deaths.map((_each, index) => pauseAfter(deaths.slice(0, index + 1), now));
    expect(pauses.slice(0, 8)).toEqual([250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000]);
    expect(Math.max(...pauses)).toBe(30_000);
  });

  it('forgets what is longer ago', () => {
    expect(pauseAfter([now - 61_000, now - 60_500, now], now)).toBe(250);
  });
});
