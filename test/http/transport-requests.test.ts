import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Exchange, Transport } from '../../src/http/exchange.ts';
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

beforeEach(async () => {
  vendor = await startVendor(({ url }, response) =>
    url.includes('canary-fails')
      ? json(response, 422, { message: 'canary-body' }, { 'x-canary': 'canary-header' })
      : json(response, 200, { ok: true }),
  );
  transport = transportTo(vendor);
});

afterEach(async () => {
  await transport.close?.();
  await vendor.close();
});

const send = (exchange: Partial<Exchange<{ ok: boolean }>>) =>
  transport.call(scopeOf(), reading(exchange));

describe('the path', () => {
  it.each([
    ['221', '221'],
    ['1/../2', '1%2F..%2F2'],
    ['../../admin', '..%2F..%2Fadmin'],
    ['%2e%2e%2f', '%252e%252e%252f'],
    ['..;/', '..%3B%2F'],
    ['1?admin=true', '1%3Fadmin%3Dtrue'],
    ['1#x', '1%23x'],
    ['//host/x', '%2F%2Fhost%2Fx'],
    ['\\\\host', '%5C%5Chost'],
    ['http://host/', 'http%3A%2F%2Fhost%2F'],
    ["a+b =_-ü'()*", "a%2Bb%20%3D_-%C3%BC'()*"],
    ['...', '...'],
    ['$&', '%24%26'],
  ])('J01, J02, J03: carries %s as one segment', async (id, segment) => {
    await send({ path: 'patients/{id}/portal', params: { id } });
    expect(vendor.got.map(({ url }) => url)).toEqual([`/api/v1/patients/${segment}/portal`]);
  });

  it.each(['', '.', '..', 'a\r\nb', 'a\u0000', '\u007f', '\ud800'])(
    'J01, J04: is refused for %j, before any call',
    async (id) => {
      const call = send({ path: 'patients/{id}/portal', params: { id } });
      await expect(call).rejects.toMatchObject({ name: 'CodedError', code: 'BAD_USER_INPUT' });
      expect(vendor.connections()).toBe(0);
    },
  );

  it('J01: is refused where a value is missing or the path leaves the base', async () => {
    for (const path of [
      'patients/{id}',
      'patients/{constructor}',
      '../admin',
      'a/%2e%2e/%2e%2e/b',
    ]) {
      await expect(send({ path })).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    }
    expect(vendor.connections()).toBe(0);
  });
});

describe('the query', () => {
  it('J02, J05: is encoded, one parameter per value, without the undefined ones', async () => {
    const id = 'ab+/=_-&x=1#?% ü'.repeat(12);
    await send({ query: { slot: id, page: 2, all: false, none: undefined } });
    const url = new URL(vendor.got[0]?.url ?? '', vendor.baseUrl);
    expect([...url.searchParams]).toEqual([
      ['slot', id],
      ['page', '2'],
      ['all', 'false'],
    ]);
    expect(url.search).toContain('ab%2B%2F%3D_-%26x%3D1%23');
  });
});

describe('the body', () => {
  it('is JSON, a form, or a multipart form', async () => {
    const fields = { name: 'Ana + Ben', note: 'a=b&c\r\nü' };
    await transport.call(scopeOf(), writing({ body: { json: fields } }));
    await transport.call(scopeOf(), writing({ body: { form: fields } }));
    await transport.call(scopeOf(), writing({ body: { multipart: fields } }));
    await transport.call(scopeOf(), writing({ method: 'DELETE', body: undefined as never }));
    const parsed = [];
    for (const { body, headers } of vendor.got.slice(1, 3)) {
      const type = headers['content-type'] ?? '';
      const answer = new Response(Buffer.from(body, 'latin1'), {
        headers: { 'content-type': type },
      });
      parsed.push([type.split(';')[0], Object.fromEntries(await answer.formData())]);
    }
    const [first, , , last] = vendor.got;
    expect(first?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(Buffer.from(first?.body ?? '', 'latin1').toString())).toEqual(fields);
    expect(parsed).toEqual([
      ['application/x-www-form-urlencoded', fields],
      ['multipart/form-data', fields],
    ]);
    expect(last).toMatchObject({ method: 'DELETE', body: '' });
    expect(last?.headers['content-type']).toBeUndefined();
  });
});

describe('the headers', () => {
  it('say what we are and take, and hold the credential of the door', async () => {
    await send({ headers: { authorization: 'Basic YTpi', 'X-ApiToken': 't' } });
    expect(vendor.got[0]?.headers).toMatchObject({
      accept: 'application/json',
      'user-agent': 'portico',
      authorization: 'Basic YTpi',
      'x-apitoken': 't',
    });
  });

  it.each(['a\r\nx: 1', 'a\nb', 'a\u0000', 'ü'])('J04: are refused with %j', async (value) => {
    const error = await send({ headers: { 'x-token': value } }).catch((reason) => reason);
    expect(error).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(vendor.connections()).toBe(0);
  });
});

describe('an error', () => {
  const canary = /canary|127\.0\.0\.1|c2VjcmV0/;

  it('holds nothing of the request or the answer', async () => {
    const exchange = writing({
      path: 'canary-fails/{id}',
      params: { id: 'canary-id' },
      query: { q: 'canary-query' },
      headers: { authorization: 'Basic c2VjcmV0', 'x-canary': 'canary-sent' },
      body: { json: { birthDate: 'canary-date' } },
    });
    const refused = await failureOf(transport.call(scopeOf(), exchange));
    const hung = await startVendor(() => {});
    const slow = transportTo(hung);
    const timedOut = await failureOf(slow.call(scopeOf(), exchange));
    await slow.close?.();
    await hung.close();
    const gone = transportTo(hung);
    const unreachable = await failureOf(gone.call(scopeOf(), exchange));
    const foreign = await failureOf(
      gone.fetchFor(
        scopeOf(),
        'token',
        'write',
      )(`${hung.baseUrl.href}canary`, {
        method: 'POST',
        body: 'canary',
      }),
    );
    expect([refused, timedOut, unreachable, foreign].map(({ kind }) => kind)).toEqual([
      'REJECTED',
      'TIMED_OUT',
      'UNREACHABLE',
      'UNREACHABLE',
    ]);
    for (const error of [refused, timedOut, unreachable, foreign]) {
      const seen = [
        error.message,
        error.stack,
        JSON.stringify(error),
        inspect(error, { depth: 20, showHidden: true, getters: true }),
      ].join('\n');
      expect(seen).not.toMatch(canary);
      expect(error.cause).toBeUndefined();
    }
  });

  it('for a value that cannot be sent does not repeat it', async () => {
    const error = await send({ path: '{id}', params: { id: 'canary\n' } }).catch(
      (reason) => reason,
    );
    expect(error).toMatchObject({ name: 'CodedError', code: 'BAD_USER_INPUT' });
    expect(inspect(error, { depth: 20, showHidden: true })).not.toMatch(canary);
  });
});
