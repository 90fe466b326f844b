import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import type { Exchange, Transport, TransportOptions } from '../../src/http/exchange.ts';
import {
  deadBaseUrl,
  failureOf,
  type Got,
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

type Answer = (response: ServerResponse, got: Got) => void;
const good: Answer = (response) => json(response, 200, { ok: true });
const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (response) =>
    json(response, code, {}, headers);
const reset: Answer = (response) => response.socket?.resetAndDestroy();
const hang: Answer = () => {};
const cutOf =
  (status: number): Answer =>
  (response) => {
    response.writeHead(status, { 'content-length': '50' });
    response.write('{"ok"');
    setTimeout(() => response.destroy(), 10);
  };
const cut = cutOf(200);
const stalledAfter =
  (status: number): Answer =>
  (response) => {
    response.writeHead(status, { 'content-length': '50' });
    response.write('{"ok"');
  };

/** Answers in this order; the last one for ever. */
async function answering(answers: Answer[], options: Partial<TransportOptions> = {}) {
  vendor = await startVendor((got, response, index) =>
    (answers[index] ?? answers[answers.length - 1] ?? good)(response, got),
  );
  transport = transportTo(vendor, options);
}

afterEach(async () => {
  await transport.close?.();
  await vendor.close();
});

const gaps = () =>
  vendor.got.slice(1).map(({ at }, index) => at - (vendor.got[index]?.at ?? Number.NaN));
const repeatableWrite = (more: Partial<Exchange<{ ok: boolean }>> = {}) =>
  writing({ method: 'DELETE', repeatable: true, ...more });

describe('a call that may be repeated', () => {
  it.each([
    ['500', status(500)],
    ['502', status(502)],
    ['503', status(503)],
    ['504', status(504)],
    ['a reset', reset],
    ['a cut answer', cut],
  ])('V01, V04: is healed after %s', async (_, fault) => {
    await answering([fault, good]);
    const scope = scopeOf();
    expect(await transport.call(scope, reading())).toEqual({ ok: true });
    expect(vendor.got).toHaveLength(2);
    expect(scope.records).toMatchObject([{ attempts: 2, outcome: 'OK', status: 200 }]);
  });

  it('V04: is sent at most three times, with growing pauses', async () => {
    await answering([status(503)]);
    const scope = scopeOf();
    const error = await failureOf(transport.call(scope, reading()));
    expect(error).toMatchObject({ kind: 'SERVER_ERROR', status: 503 });
    expect(scope.records).toMatchObject([{ attempts: 3 }]);
    const [first = 0, second = 0] = gaps();
    expect(vendor.got).toHaveLength(3);
    expect(first).toBeGreaterThan(20);
    expect(second).toBeGreaterThan(45);
  });

  it('V01: is tried three times where nobody listens', async () => {
    await answering([good]);
    const dead = transportTo({ baseUrl: await deadBaseUrl() });
    for (const exchange of [reading(), writing()]) {
      const scope = scopeOf();
      const error = await failureOf(dead.call(scope, exchange));
      expect(error).toMatchObject({ kind: 'UNREACHABLE', mayHaveActed: false });
      expect(scope.records[0]?.attempts).toBe(3);
    }
    await dead.close?.();
  });

  it.each([
    ['400', status(400)],
    ['401', status(401)],
    ['404', status(404)],
    ['409', status(409)],
    ['501', status(501)],
    ['a redirect', status(307)],
    ['a hang', hang],
    ['another shape', (response: ServerResponse) => json(response, 200, [])],
    ['a login page', (response: ServerResponse) => response.end('<html>')],
  ])('is not sent again after %s', async (_, answer) => {
    await answering([answer, good]);
    await failureOf(transport.call(scopeOf(), reading()));
    expect(vendor.got).toHaveLength(1);
  });

  it('remembers that an earlier attempt may have acted', async () => {
    await answering([reset, status(404)]);
    const error = await failureOf(transport.call(scopeOf(), repeatableWrite()));
    expect(error).toMatchObject({ kind: 'NOT_FOUND', mayHaveActed: true });
    expect(await failureOf(transport.call(scopeOf(), repeatableWrite()))).toMatchObject({
      kind: 'NOT_FOUND',
      mayHaveActed: false,
    });
  });

  it('is not begun again when the deadline is near', async () => {
    await answering([status(503, { 'retry-after': '1' })]);
    const error = await failureOf(transport.call(scopeOf(900), reading()));
    expect(error).toMatchObject({ kind: 'SERVER_ERROR', status: 503 });
    expect(error.retryAt).toBeInstanceOf(Date);
    expect(vendor.got).toHaveLength(1);
  });

  it('is not sent again for a client that has gone', async () => {
    await answering([status(503, { 'retry-after': '1' })]);
    const client = new AbortController();
    const scope = scopeOf(10_000, { signal: client.signal });
    const call = failureOf(transport.call(scope, reading()));
    await expect.poll(() => vendor.got.length).toBe(1);
    client.abort();
    const begun = performance.now();
    expect(await call).toMatchObject({ kind: 'CANCELLED' });
    expect(performance.now() - begun).toBeLessThan(300);
    expect(vendor.got).toHaveLength(1);
  });
});

describe('V02: a refusal that is cut', () => {
  const refusal = () => ({ kind: 'NOT_FOUND', reason: 'so_it_said' }) as const;

  it('is heard out where its words count and asking again does no harm', async () => {
    await answering([cutOf(404), good]);
    const answer = await transport.call(scopeOf(), repeatableWrite({ refusal }));
    expect(answer).toEqual({ ok: true });
    expect(vendor.got).toHaveLength(2);
  });

  it('is no refusal where it is never heard out', async () => {
    await answering([cutOf(404)]);
    const error = await failureOf(transport.call(scopeOf(), repeatableWrite({ refusal })));
    expect(error).toMatchObject({ kind: 'TRUNCATED_BODY', status: 404, mayHaveActed: false });
  });

  it.each([
    ['nobody would read its words', () => repeatableWrite()],
    ['it must not be asked again', () => writing({ method: 'DELETE', refusal })],
  ])('is one all the same where %s', async (_, exchange) => {
    await answering([cutOf(404), good]);
    const error = await failureOf(transport.call(scopeOf(), exchange()));
    expect(error).toMatchObject({ kind: 'NOT_FOUND', status: 404, mayHaveActed: false });
    expect(vendor.got).toHaveLength(1);
  });
});

describe('an unsafe call', () => {
  it.each([
    ['500', status(500), 'SERVER_ERROR', true],
    ['502', status(502), 'SERVER_ERROR', true],
    ['503 with Retry-After', status(503, { 'retry-after': '0' }), 'SERVER_ERROR', true],
    ['429', status(429, { 'retry-after': '0' }), 'RATE_LIMITED', false],
    ['a reset', reset, 'CONNECTION_LOST', true],
    ['a cut answer', cut, 'TRUNCATED_BODY', true],
    ['a hang', hang, 'TIMED_OUT', true],
    ['a 200 that stalls', stalledAfter(200), 'TIMED_OUT', true],
    ['a 502 that stalls', stalledAfter(502), 'TIMED_OUT', true],
    ['a 422 that stalls', stalledAfter(422), 'TIMED_OUT', false],
    ['a 429 that stalls', stalledAfter(429), 'TIMED_OUT', false],
  ])('V02: is sent once, whatever follows: %s', async (_, fault, kind, mayHaveActed) => {
    await answering([fault, good]);
    const error = await failureOf(transport.call(scopeOf(), writing()));
    expect(error).toMatchObject({ kind, mayHaveActed });
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(vendor.got).toHaveLength(1);
  });

  it.each(['PUT', 'DELETE'] as const)(
    'is not repeated by the library either: %s',
    async (method) => {
      await answering([reset, good]);
      await failureOf(transport.call(scopeOf(), writing({ method })));
      expect(vendor.got).toHaveLength(1);
    },
  );

  it('V11: on a kept connection that the vendor closes is not sent again', async () => {
    await answering([good, reset, good]);
    await transport.call(scopeOf(), writing());
    const error = await failureOf(transport.call(scopeOf(), writing()));
    expect(error).toMatchObject({ kind: 'CONNECTION_LOST', mayHaveActed: true });
    expect(vendor.got).toHaveLength(2);
  });
});

describe('Retry-After', () => {
  it.each([429, 503])('V05: of a second is obeyed after %i', async (code) => {
    await answering([status(code, { 'retry-after': '1' }), good]);
    expect(await transport.call(scopeOf(), reading())).toEqual({ ok: true });
    expect(gaps()[0]).toBeGreaterThan(950);
    expect(gaps()[0]).toBeLessThan(2500);
  });

  it('V05: may be an HTTP date', async () => {
    const inTwoSeconds = new Date(Math.ceil(Date.now() / 1000) * 1000 + 1000);
    await answering([status(429, { 'retry-after': inTwoSeconds.toUTCString() }), good]);
    expect(await transport.call(scopeOf(), reading())).toEqual({ ok: true });
    expect(Date.now()).toBeGreaterThanOrEqual(inTwoSeconds.getTime() - 20);
  });

  it.each([
    ['ahead', 3_600_000],
    ['behind', -3_600_000],
  ])('V05, V16: may be one by a clock that is an hour %s', async (_, skew) => {
    const said = () => Math.floor(Date.now() / 1000) * 1000 + skew;
    await answering([
      (response) => {
        const date = new Date(said()).toUTCString();
        const retryAfter = new Date(said() + 2_000).toUTCString();
        json(response, 429, {}, { date, 'retry-after': retryAfter });
      },
      good,
    ]);
    expect(await transport.call(scopeOf(), reading())).toEqual({ ok: true });
    expect(gaps()[0]).toBeGreaterThan(950);
    expect(gaps()[0]).toBeLessThan(3_500);
  });

  it('V05: of an hour fails at once and is told', async () => {
    await answering([status(429, { 'retry-after': '3600' }), good]);
    const begun = Date.now();
    const error = await failureOf(transport.call(scopeOf(), reading()));
    expect(error).toMatchObject({ kind: 'RATE_LIMITED', status: 429, mayHaveActed: false });
    expect(Math.abs((error.retryAt?.getTime() ?? 0) - begun - 3_600_000)).toBeLessThan(1000);
    expect(Date.now() - begun).toBeLessThan(500);
    expect(vendor.got).toHaveLength(1);
  });

  it('V05: that is absent or unreadable after 429 means half a second, under jitter of a half', async () => {
    await answering([status(429), good]);
    expect(await transport.call(scopeOf(), reading())).toEqual({ ok: true });
    expect(gaps()[0]).toBeGreaterThan(480);
    expect(gaps()[0]).toBeLessThan(950);
  });
});

describe('the retry budget', () => {
  it('keeps retries to a tenth of the calls and ten more', async () => {
    let healthy = false;
    await answering([
      (response) => {
        healthy = !healthy;
        json(response, healthy ? 200 : 503, { ok: true });
      },
    ]);
    await transport.call(scopeOf(), reading());
    // From here on every first attempt fails and every second one succeeds: the breaker stays closed.
    const outcomes = [];
    for (let count = 0; count < 40; count += 1) {
      const call = transport.call(scopeOf(), reading());
      outcomes.push(await call.then(() => 'healed').catch(() => 'failed'));
    }
    expect(outcomes.slice(0, 10)).toEqual(Array(10).fill('healed'));
    expect(outcomes).toContain('failed');
    expect(vendor.got.length - 41).toBeLessThanOrEqual(15);
  });
});
