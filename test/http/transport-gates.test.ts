import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Transport } from '../../src/http/exchange.ts';
import {
  failureOf,
  json,
  reading,
  scopeOf,
  startVendor,
  transportTo,
  type Vendor,
  writing,
} from './support/vendor.ts';

let vendor: Vendor;
let transport: Transport;
let answer: (response: ServerResponse) => void;

const good = (response: ServerResponse) => json(response, 200, { ok: true });
const down = (response: ServerResponse) => json(response, 503, {});
const call = (milliseconds?: number) => transport.call(scopeOf(milliseconds), reading());
const fail = () => failureOf(call());

beforeEach(async () => {
  // Only what the clock says is made up; timers and sockets run as ever.
  vi.useFakeTimers({ toFake: ['Date'] });
  answer = good;
  vendor = await startVendor((_, response) => answer(response));
  transport = transportTo(vendor, { concurrency: 2, attempts: 1 });
});

afterEach(async () => {
  vi.useRealTimers();
  await transport.close?.();
  await vendor.close();
});

const pass = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds);
const open = async () => {
  answer = down;
  for (let count = 0; count < 5; count += 1) {
    await fail();
  }
};

describe('the breaker', () => {
  it('V13: opens after five faults in a row and then sends nothing', async () => {
    answer = down;
    const kinds = [];
    for (let count = 0; count < 10; count += 1) {
      kinds.push((await fail()).kind);
    }
    expect(kinds).toEqual([...Array(5).fill('SERVER_ERROR'), ...Array(5).fill('SHED')]);
    expect(vendor.got).toHaveLength(5);
  });

  it('says when it will let calls through, and that nothing was sent', async () => {
    await open();
    const scope = scopeOf();
    const error = await failureOf(transport.call(scope, reading()));
    expect(error).toMatchObject({ kind: 'SHED', mayHaveActed: false });
    expect(error.retryAt).toEqual(new Date(Date.now() + 5000));
    expect(scope.records).toMatchObject([{ outcome: 'SHED', attempts: 0, status: undefined }]);
    expect(transport.health()).toEqual({ state: 'UNAVAILABLE', retryAt: error.retryAt });
  });

  it('V13: opens within ten calls that are each tried three times, whose errors stay the vendor’s', async () => {
    const retrying = transportTo(vendor);
    answer = down;
    const kinds = [];
    for (let count = 0; count < 3; count += 1) {
      kinds.push((await failureOf(retrying.call(scopeOf(), reading()))).kind);
    }
    expect(kinds).toEqual(['SERVER_ERROR', 'SERVER_ERROR', 'SHED']);
    expect(vendor.got).toHaveLength(5);
    await retrying.close?.();
  });

  it('V13: probes with a single call after five seconds, and closes when it succeeds', async () => {
    await open();
    pass(4990);
    expect((await fail()).kind).toBe('SHED');
    pass(20);
    expect(transport.health().state).toBe('DEGRADED');
    let release = () => {};
    answer = (response) => {
      release = () => good(response);
    };
    const probe = call();
    await expect.poll(() => vendor.got.length).toBe(6);
    expect((await fail()).kind).toBe('SHED');
    expect(transport.health()).toEqual({ state: 'DEGRADED', retryAt: undefined });
    expect(vendor.got).toHaveLength(6);
    answer = good;
    release();
    expect(await probe).toEqual({ ok: true });
    expect(transport.health().state).toBe('AVAILABLE');
    expect(await Promise.all([call(), call(), call()])).toHaveLength(3);
  });

  it('V13: stays open for another five seconds when the probe fails', async () => {
    await open();
    pass(5010);
    expect((await fail()).kind).toBe('SERVER_ERROR');
    expect((await fail()).kind).toBe('SHED');
    pass(4900);
    expect((await fail()).kind).toBe('SHED');
    pass(200);
    answer = good;
    expect(await call()).toEqual({ ok: true });
  });

  it('probes at once when the clock is set back, and is open no longer than ever', async () => {
    await open();
    pass(-3_600_000);
    expect((await fail()).kind).toBe('SERVER_ERROR');
    expect(await fail()).toMatchObject({ kind: 'SHED', retryAt: new Date(Date.now() + 5000) });
    pass(-3_600_000);
    let release = () => {};
    answer = (response) => {
      release = () => good(response);
    };
    const probe = call();
    await expect.poll(() => vendor.got.length, { timeout: 10_000 }).toBe(7);
    expect(await fail()).toMatchObject({ kind: 'SHED', retryAt: new Date(Date.now() + 1000) });
    release();
    expect(await probe).toEqual({ ok: true });
    expect(transport.health().state).toBe('AVAILABLE');
  });

  it('V13: learns nothing from calls that were begun before it opened, while it probes and after', async () => {
    const slow: ServerResponse[] = [];
    const patient = transportTo(vendor, { attempts: 1, timeouts: { read: 5_000, write: 5_000 } });
    const ask = () => patient.call(scopeOf(), reading());
    answer = (response) => slow.push(response);
    const old = Array.from({ length: 6 }, () => failureOf(ask()));
    await expect.poll(() => slow.length).toBe(6);
    answer = down;
    for (let count = 0; count < 5; count += 1) {
      await failureOf(ask());
    }
    pass(5010);
    let release = () => {};
    answer = (response) => {
      release = () => good(response);
    };
    const probe = ask();
    await expect.poll(() => vendor.got.length).toBe(12);
    down(slow.pop() as ServerResponse);
    expect((await Promise.race(old)).kind).toBe('SERVER_ERROR');
    release();
    await probe;
    expect(patient.health().state).toBe('AVAILABLE');
    for (const response of slow) {
      down(response);
    }
    await Promise.all(old);
    expect(patient.health().state).toBe('AVAILABLE');
    await patient.close?.();
  });

  it('learns nothing from a probe that its caller gave up', async () => {
    await open();
    pass(5010);
    answer = () => {};
    const scope = scopeOf(10_000, { signal: AbortSignal.timeout(30) });
    expect((await failureOf(transport.call(scope, reading()))).kind).toBe('CANCELLED');
    expect((await fail()).kind).toBe('SHED');
  });

  it.each([400, 401, 404, 409, 422, 429])('takes %i for a sign of life', async (status) => {
    for (let count = 0; count < 12; count += 1) {
      answer = count % 5 === 4 ? (response) => json(response, status, {}) : down;
      await fail();
    }
    expect(vendor.got).toHaveLength(12);
  });

  it('takes an error inside a 200 for a sign of life: refusing one caller shuts out no other', async () => {
    answer = (response) => json(response, 200, { code: 404, message: 'Visit not found' });
    for (let count = 0; count < 6; count += 1) {
      expect(await fail()).toMatchObject({ kind: 'SERVER_ERROR', status: 200 });
    }
    expect(transport.health().state).toBe('AVAILABLE');
    answer = good;
    expect(await call()).toEqual({ ok: true });
  });

  it('does not blame the vendor for a deadline too short', async () => {
    answer = () => {};
    for (let count = 0; count < 6; count += 1) {
      expect((await failureOf(call(60))).kind).toBe('TIMED_OUT');
    }
    expect(transport.health().state).toBe('AVAILABLE');
  });

  it('blames it for hanging', async () => {
    answer = () => {};
    const kinds = await Promise.all([1, 2, 3, 4, 5].map(async () => (await fail()).kind));
    expect(kinds).toEqual(Array(5).fill('TIMED_OUT'));
    expect((await fail()).kind).toBe('SHED');
  });

  it('of writes is another than that of reads', async () => {
    await open();
    answer = good;
    expect(await transport.call(scopeOf(), writing())).toEqual({ ok: true });
    expect((await fail()).kind).toBe('SHED');
  });
});

describe('health', () => {
  it('is degraded after a fault, until a success or a minute has passed', async () => {
    expect(transport.health()).toEqual({ state: 'AVAILABLE', retryAt: undefined });
    answer = down;
    await fail();
    expect(transport.health()).toEqual({ state: 'DEGRADED', retryAt: undefined });
    pass(61_000);
    expect(transport.health().state).toBe('AVAILABLE');
    await fail();
    expect(transport.health().state).toBe('DEGRADED');
    answer = good;
    await call();
    expect(transport.health().state).toBe('AVAILABLE');
  });

  it('is the worse of reads and writes', async () => {
    answer = down;
    await failureOf(transport.call(scopeOf(), writing()));
    expect(transport.health().state).toBe('DEGRADED');
  });
});

describe('the concurrency limit', () => {
  const held: ServerResponse[] = [];
  const hold = (response: ServerResponse) => void held.push(response);

  afterEach(() => {
    held.length = 0;
  });

  it('V14: lets so many calls of a class through at once; the rest wait their turn', async () => {
    answer = hold;
    const calls = [call(), call(), call(), transport.call(scopeOf(), writing())];
    await expect.poll(() => vendor.got.length).toBe(3);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(vendor.got.map(({ method }) => method).sort()).toEqual(['GET', 'GET', 'POST']);
    held.forEach(good);
    await expect.poll(() => vendor.got.length).toBe(4);
    held.slice(3).forEach(good);
    expect(await Promise.all(calls)).toHaveLength(4);
  });

  it('waits no longer than the deadline, and sends nothing then', async () => {
    answer = hold;
    const busy = [call(), call()];
    await expect.poll(() => vendor.got.length).toBe(2);
    const begun = performance.now();
    const error = await failureOf(call(100));
    expect(error).toMatchObject({ kind: 'SHED', mayHaveActed: false });
    expect(performance.now() - begun).toBeLessThan(300);
    held.forEach(good);
    await Promise.all(busy);
    expect(vendor.got).toHaveLength(2);
  });

  it('forgets a waiting caller who has gone, and serves those behind', async () => {
    answer = hold;
    const busy = [call(), call()];
    await expect.poll(() => vendor.got.length).toBe(2);
    const client = new AbortController();
    const scope = scopeOf(10_000, { signal: client.signal });
    const gone = failureOf(transport.call(scope, reading()));
    const behind = call();
    client.abort();
    expect(await gone).toMatchObject({ kind: 'CANCELLED', mayHaveActed: false });
    held.forEach(good);
    await expect.poll(() => vendor.got.length).toBe(3);
    held.slice(2).forEach(good);
    expect(await Promise.all([...busy, behind])).toHaveLength(3);
  });

  it('has a line of a thousand; more are turned away at once', async () => {
    answer = hold;
    const client = new AbortController();
    const scope = scopeOf(10_000, { signal: client.signal });
    const waiting = Array.from({ length: 1002 }, () => failureOf(transport.call(scope, reading())));
    await expect.poll(() => vendor.got.length).toBe(2);
    expect(await fail()).toMatchObject({ kind: 'SHED', mayHaveActed: false, retryAt: undefined });
    client.abort();
    const kinds = new Set((await Promise.all(waiting)).map(({ kind }) => kind));
    expect([...kinds]).toEqual(['CANCELLED']);
    expect(vendor.got).toHaveLength(2);
  });

  it('empties its line when the breaker opens meanwhile', async () => {
    answer = (response) => setTimeout(() => down(response), 5);
    const kinds = await Promise.all(Array.from({ length: 20 }, async () => (await fail()).kind));
    expect(kinds.filter((kind) => kind === 'SERVER_ERROR').length).toBeLessThanOrEqual(6);
    expect(kinds.filter((kind) => kind === 'SHED').length).toBeGreaterThanOrEqual(14);
  });
});
