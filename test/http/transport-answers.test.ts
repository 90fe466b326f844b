import type { ServerResponse } from 'node:http';
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
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

async function answering(answer: (response: ServerResponse) => void) {
  vendor = await startVendor((_, response) => answer(response));
  transport = transportTo(vendor, { largestBody: 4096 });
}

afterEach(async () => {
  await transport.close?.();
  await vendor.close();
});

const raw = (body: string | Buffer, headers: Record<string, string> = {}, status = 200) =>
  answering((response) => {
    response.writeHead(status, headers);
    response.end(body);
  });

describe('a good answer', () => {
  it.each(['application/json', 'text/plain', 'text/html', 'application/vnd.api+json'])(
    'is read as JSON even where it is labelled %s',
    async (type) => {
      await raw('\uFEFF{"ok":true}', { 'content-type': type });
      expect(await transport.call(scopeOf(), reading())).toEqual({ ok: true });
    },
  );

  it('is read without any label', async () => {
    await raw('{"ok":true}');
    expect(await transport.call(scopeOf(), reading())).toEqual({ ok: true });
  });

  const text = Buffer.from('{"ok":true}');
  it.each([
    ['gzip', gzipSync(text)],
    ['br', brotliCompressSync(text)],
    ['deflate', deflateSync(text)],
    ['deflate', deflateRawSync(text)],
  ])('is decoded from %s', async (encoding, body) => {
    await raw(body, { 'content-encoding': encoding });
    expect(await transport.call(scopeOf(), reading())).toEqual({ ok: true });
    expect(vendor.got[0]?.headers['accept-encoding']).toContain(encoding);
  });

  it('is reported once, without its content', async () => {
    await raw('{"ok":true}');
    const scope = scopeOf();
    await transport.call(scope, reading());
    expect(scope.records).toEqual([
      {
        vendor: 'NIMBUS',
        operation: 'things/read',
        method: 'GET',
        server: '127.0.0.1',
        template: expect.stringMatching(/^\/[\w/]+$/),
        attempts: 1,
        status: 200,
        outcome: 'OK',
        startedAt: expect.any(Number),
        duration: expect.any(Number),
      },
    ]);
  });

  it('of 204 is the empty answer where the exchange has one', async () => {
    await answering((response) => response.writeHead(204).end());
    const exchange = writing({ method: 'DELETE', emptyAnswer: { ok: true } });
    expect(await transport.call(scopeOf(), exchange)).toEqual({ ok: true });
  });

  it('may be null where null is the empty answer', async () => {
    await raw('  \n');
    const exchange = { ...reading(), answer: z.null(), emptyAnswer: null };
    expect(await transport.call(scopeOf(), exchange)).toBeNull();
  });
});

describe('a success that is none', () => {
  it.each([
    ['an HTML login page', '<!doctype html><title>Sign in</title>', {}, 'NOT_JSON'],
    ['an empty body', '', {}, 'EMPTY_BODY'],
    ['blanks', ' \r\n ', {}, 'EMPTY_BODY'],
    ['JSON that stops', '{"ok":tr', {}, 'TRUNCATED_BODY'],
    ['a text that stops', '{"ok":"tr', {}, 'TRUNCATED_BODY'],
    ['other JSON', '{"ok":"yes"}', {}, 'UNEXPECTED_SHAPE'],
    ['null', 'null', {}, 'UNEXPECTED_SHAPE'],
    ['a long body', `"${'x'.repeat(5000)}"`, {}, 'BODY_TOO_LARGE'],
    ['a long body announced', '', { 'content-length': '268435456' }, 'BODY_TOO_LARGE'],
    ['gzip in name only', '{"ok":true}', { 'content-encoding': 'gzip' }, 'NOT_JSON'],
    ['an unknown encoding', '{"ok":true}', { 'content-encoding': 'zstd' }, 'NOT_JSON'],
    ['two encodings', '{"ok":true}', { 'content-encoding': 'gzip, gzip' }, 'NOT_JSON'],
    [
      'gzip that stops',
      gzipSync('{"ok":true}').subarray(0, 20),
      { 'content-encoding': 'gzip' },
      'TRUNCATED_BODY',
    ],
    [
      'a gzip bomb',
      gzipSync(Buffer.alloc(1_000_000, 0x20)),
      { 'content-encoding': 'gzip' },
      'BODY_TOO_LARGE',
    ],
    [
      'a brotli bomb',
      brotliCompressSync(Buffer.alloc(1_000_000, 0x20)),
      { 'content-encoding': 'br' },
      'BODY_TOO_LARGE',
    ],
  ])('V06, V07, V08, V11: %s is an error that may have acted', async (_, body, headers, kind) => {
    await raw(body, headers as Record<string, string>);
    const error = await failureOf(transport.call(scopeOf(), writing()));
    expect(error).toMatchObject({ kind, status: 200, mayHaveActed: true });
    expect(vendor.got).toHaveLength(1);
  });

  it('V06: 204 is an empty body where the exchange knows no empty answer', async () => {
    await answering((response) => response.writeHead(204).end());
    const error = await failureOf(transport.call(scopeOf(), writing()));
    expect(error).toMatchObject({ kind: 'EMPTY_BODY', status: 204, mayHaveActed: true });
  });

  it('V08: a body without end is cut at the limit and its connection closed', async () => {
    await answering((response) => {
      response.writeHead(200);
      const timer = setInterval(() => response.write('1'.repeat(1000)), 5);
      response.on('close', () => clearInterval(timer));
    });
    const error = await failureOf(transport.call(scopeOf(), reading()));
    expect(error.kind).toBe('BODY_TOO_LARGE');
    await expect.poll(() => vendor.open.size).toBe(0);
  });

  it('V08: headers without end are refused', async () => {
    await raw('{"ok":true}', { 'x-long': 'x'.repeat(64 * 1024) });
    const error = await failureOf(transport.call(scopeOf(), writing()));
    expect(error).toMatchObject({ kind: 'BODY_TOO_LARGE', mayHaveActed: true });
  });

  it('V15: is a refusal where the verdict on the body says so', async () => {
    await raw('{"result":false,"code":422}');
    const exchange = writing({
      verdict: (body) =>
        (body as { result?: boolean }).result === false
          ? { reason: 'bad_phone', fields: [['phone']] }
          : undefined,
    });
    const error = await failureOf(transport.call(scopeOf(), exchange));
    expect(error).toMatchObject({
      kind: 'REJECTED',
      status: 200,
      reason: 'bad_phone',
      fields: [['phone']],
      mayHaveActed: false,
    });
  });

  it('is an unexpected shape where the verdict trips over it', async () => {
    await raw('null');
    const verdict = (body: unknown) => ({ reason: (body as { reason: string }).reason });
    const error = await failureOf(transport.call(scopeOf(), writing({ verdict })));
    expect(error.kind).toBe('UNEXPECTED_SHAPE');
  });
});

describe('a status that is no success', () => {
  it.each([
    [400, 'REJECTED', false],
    [401, 'CREDENTIAL_REFUSED', false],
    [403, 'CREDENTIAL_REFUSED', false],
    [404, 'NOT_FOUND', false],
    [409, 'REJECTED', false],
    [410, 'NOT_FOUND', false],
    [422, 'REJECTED', false],
    [429, 'RATE_LIMITED', false],
    [500, 'SERVER_ERROR', true],
    [501, 'SERVER_ERROR', true],
    [502, 'SERVER_ERROR', true],
    [303, 'REDIRECTED', true],
    [307, 'REDIRECTED', false],
  ])('%i is %s', async (status, kind, mayHaveActed) => {
    await answering((response) => json(response, status, { ok: true }));
    const scope = scopeOf();
    const error = await failureOf(transport.call(scope, writing()));
    expect(error).toMatchObject({ vendor: 'NIMBUS', operation: 'things/add', kind, status });
    expect(error.mayHaveActed).toBe(mayHaveActed);
    expect(vendor.got).toHaveLength(1);
    expect(scope.records).toMatchObject([{ outcome: kind, status, attempts: 1 }]);
  });

  it('is read by the door: what it means, why, and which fields', async () => {
    await answering((response) => json(response, 403, { error: 'insufficient_scope' }));
    const exchange = writing({
      refusal: (status, body) => ({
        kind: 'AUTHORIZATION_REQUIRED',
        reason: `${status} ${(body as { error: string }).error}`,
        fields: [['slotId']],
      }),
    });
    const error = await failureOf(transport.call(scopeOf(), exchange));
    expect(error).toMatchObject({
      kind: 'AUTHORIZATION_REQUIRED',
      reason: '403 insufficient_scope',
      fields: [['slotId']],
    });
  });

  it('keeps its own meaning where the door reads nothing, or trips', async () => {
    await answering((response) => response.writeHead(404).end('<h1>Not here</h1>'));
    const bodies: unknown[] = [];
    const refusal = (_: number, body: unknown) => {
      bodies.push(body);
      return { reason: (body as { reason: string }).reason };
    };
    const error = await failureOf(transport.call(scopeOf(), writing({ refusal })));
    expect(error).toMatchObject({ kind: 'NOT_FOUND', reason: undefined });
    expect(bodies).toEqual([undefined]);
  });

  it('counts even where its body is too long or cut', async () => {
    await answering((response) => {
      response.writeHead(400, { 'content-length': '9000' });
      response.write('x');
      setTimeout(() => response.destroy(), 20);
    });
    expect((await failureOf(transport.call(scopeOf(), writing()))).kind).toBe('REJECTED');
  });
});

describe('a redirect', () => {
  it('V09: is not followed: the other host gets nothing', async () => {
    const other = await startVendor((_, response) => json(response, 200, { ok: true }));
    await answering((response) =>
      response.writeHead(307, { location: `${other.baseUrl.href}things` }).end(),
    );
    const headers = { 'x-api-token': 'secret' };
    for (const exchange of [reading({ headers }), writing({ headers })]) {
      expect((await failureOf(transport.call(scopeOf(), exchange))).kind).toBe('REDIRECTED');
    }
    expect(other.connections()).toBe(0);
    expect(vendor.got).toHaveLength(2);
    await other.close();
  });
});
