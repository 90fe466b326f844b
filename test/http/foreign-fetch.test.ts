import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPace } from '../../src/domain/pace.ts';
import type { Transport } from '../../src/http/exchange.ts';
import {
  failureOf,
  json,
  reading,
  scopeOf,
  startVendor,
  transportTo,
  type Vendor,
} from './support/vendor.ts';

let vendor: Vendor;
let transport: Transport;
let answer: (response: ServerResponse) => void;

beforeEach(async () => {
  answer = (response) => json(response, 200, { access_token: 't' });
  vendor = await startVendor((_, response) => answer(response));
  transport = transportTo(vendor, { largestBody: 4096 });
});

afterEach(async () => {
  await transport.close?.();
  await vendor.close();
});

const token = () => new URL('/oauth/token', vendor.baseUrl).href;
const post = (init: RequestInit = {}, scope = scopeOf(), url = token()) =>
  transport.fetchFor(
    scope,
    'oauth/token',
    'write',
  )(url, {
    method: 'POST',
    body: new URLSearchParams({ code: 'a+b' }),
    headers: { authorization: 'Basic YTpi' },
    ...init,
  });

describe('the fetch for libraries', () => {
  it('sends what they say to any path of the vendor, and answers with a real Response', async () => {
    const scope = scopeOf();
    const response = await post({}, scope);
    expect(response).toBeInstanceOf(Response);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await response.json()).toEqual({ access_token: 't' });
    expect(vendor.got).toMatchObject([
      {
        method: 'POST',
        url: '/oauth/token',
        body: 'code=a%2Bb',
        headers: {
          authorization: 'Basic YTpi',
          'user-agent': 'portico',
          'content-type': 'application/x-www-form-urlencoded;charset=UTF-8',
        },
      },
    ]);
    expect(scope.records).toMatchObject([{ operation: 'oauth/token', outcome: 'OK', attempts: 1 }]);
  });

  it.each([
    ['text', 'a=b', 'a=b'],
    ['bytes', new TextEncoder().encode('a=c'), 'a=c'],
    ['nothing', null, ''],
  ])('takes %s as body', async (_, body, sent) => {
    await post({ body });
    expect(vendor.got[0]?.body).toBe(sent);
  });

  it.each([
    [204, 'OK'],
    [302, 'REDIRECTED'],
    [400, 'REJECTED'],
    [429, 'RATE_LIMITED'],
    [500, 'SERVER_ERROR'],
  ])('hands on %i and records it as %s', async (status, outcome) => {
    const headers = { location: '/elsewhere', 'set-cookie': ['a=1', 'b=2'] };
    answer = (response) => response.writeHead(status, headers).end();
    const scope = scopeOf();
    const response = await post({}, scope);
    expect(response.status).toBe(status);
    expect(response.headers.getSetCookie()).toEqual(['a=1', 'b=2']);
    expect(await response.text()).toBe('');
    expect(scope.records).toMatchObject([{ outcome, status }]);
    expect(vendor.got).toHaveLength(1);
  });

  it('V08: decodes and bounds the body', async () => {
    const text = JSON.stringify({ access_token: 't' });
    answer = (response) =>
      response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(text));
    const response = await post();
    expect(response.headers.get('content-encoding')).toBeNull();
    expect(await response.text()).toBe(text);
    answer = (response) => response.end('x'.repeat(5000));
    expect((await failureOf(post())).kind).toBe('BODY_TOO_LARGE');
  });

  it('V09: goes to no other host, whatever was discovered', async () => {
    const other = await startVendor((_, response) => json(response, 200, {}));
    const here = new URL(token());
    for (const url of [other.baseUrl.href, `http://a:b@${here.host}/`, 'https:///', 'no url']) {
      expect(await failureOf(post({}, scopeOf(), url))).toMatchObject({
        kind: 'REDIRECTED',
        mayHaveActed: false,
      });
    }
    expect([other.connections(), vendor.connections()]).toEqual([0, 0]);
    await other.close();
  });

  it('throws a typed error where there is no answer, and never sends again', async () => {
    answer = (response) => response.socket?.resetAndDestroy();
    expect(await failureOf(post())).toMatchObject({
      kind: 'CONNECTION_LOST',
      mayHaveActed: true,
      operation: 'oauth/token',
    });
    answer = () => {};
    expect(await failureOf(post())).toMatchObject({ kind: 'TIMED_OUT', mayHaveActed: true });
    expect(vendor.got).toHaveLength(2);
  });

  it('is cancelled by either signal', async () => {
    answer = () => {};
    const signal = AbortSignal.timeout(30);
    expect((await failureOf(post({ signal }))).kind).toBe('CANCELLED');
    const scope = scopeOf(10_000, { signal: AbortSignal.abort() });
    expect((await failureOf(post({ signal: new AbortController().signal }, scope))).kind).toBe(
      'CANCELLED',
    );
  });

  it('shares the breaker with the calls of its class', async () => {
    answer = (response) => json(response, 500, {});
    for (let count = 0; count < 5; count += 1) {
      expect((await post()).status).toBe(500);
    }
    expect((await failureOf(post())).kind).toBe('SHED');
    expect(transport.health().state).toBe('UNAVAILABLE');
    answer = (response) => json(response, 200, { ok: true });
    expect(await transport.call(scopeOf(), reading())).toEqual({ ok: true });
  });

  it('begins nothing that changes something where the time left would lose its answer', async () => {
    expect(await failureOf(post({}, scopeOf(150)))).toMatchObject({
      kind: 'TIMED_OUT',
      mayHaveActed: false,
    });
    expect(vendor.got).toHaveLength(0);
    expect(transport.health().state).toBe('AVAILABLE');
    const read = transport.fetchFor(scopeOf(150), 'oauth/userinfo', 'read');
    expect((await read(token())).status).toBe(200);
  });

  it('takes its turn where the vendor allows so many calls a second', async () => {
    const paced = transportTo(vendor, { pace: createPace(5) });
    const get = () => paced.fetchFor(scopeOf(), 'oauth/userinfo', 'read')(token());
    await Promise.all([get(), get(), paced.call(scopeOf(), reading()).catch(() => {})]);
    const times = vendor.got.map(({ at }) => at);
    expect((times.at(-1) ?? 0) - (times[0] ?? 0)).toBeGreaterThan(350);
    const late = paced.fetchFor(scopeOf(100), 'oauth/userinfo', 'read')(token());
    expect(await failureOf(late)).toMatchObject({ kind: 'TIMED_OUT', mayHaveActed: false });
    expect(vendor.got).toHaveLength(3);
    await paced.close?.();
  });

  it('sends nothing once the deadline is over', async () => {
    expect(await failureOf(post({}, scopeOf(-1)))).toMatchObject({
      kind: 'TIMED_OUT',
      mayHaveActed: false,
    });
    expect(vendor.connections()).toBe(0);
  });
});
