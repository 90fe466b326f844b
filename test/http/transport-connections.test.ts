import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { Transport } from '../../src/http/exchange.ts';
import { certificate, key } from './support/self-signed.ts';
import {
  deadBaseUrl,
  failureOf,
  json,
  reading,
  scopeOf,
  startTcpVendor,
  startVendor,
  transportTo,
  type Vendor,
  writing,
} from './support/vendor.ts';

let vendor: Vendor;
let transport: Transport;

async function behaving(behave: (socket: Socket) => void) {
  vendor = await startTcpVendor(behave);
  transport = transportTo(vendor, { attempts: 1 });
}

/** A vendor that reads a whole request before it does something. */
const afterReading = (act: (socket: Socket) => void) =>
  behaving((socket) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\r\n\r\n') && (!text.startsWith('POST') || text.endsWith('}'))) {
        text = '';
        act(socket);
      }
    });
  });

afterEach(async () => {
  await transport.close?.();
  await vendor.close();
});

const ok = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';

describe('a connection', () => {
  it('V01: that is refused was certainly not used', async () => {
    vendor = { ...(await startTcpVendor(() => {})), baseUrl: await deadBaseUrl() };
    transport = transportTo(vendor, { attempts: 1 });
    const scope = scopeOf();
    const error = await failureOf(transport.call(scope, writing()));
    expect(error).toMatchObject({ kind: 'UNREACHABLE', mayHaveActed: false, status: undefined });
    expect(scope.records).toMatchObject([
      { outcome: 'UNREACHABLE', code: 'ECONNREFUSED', attempts: 1 },
    ]);
  });

  it('V01: that breaks before the request was handed to it was not used, else it may have been', async () => {
    await behaving((socket) => socket.resetAndDestroy());
    const { kind, mayHaveActed } = await failureOf(transport.call(scopeOf(), writing()));
    expect(['UNREACHABLE', 'CONNECTION_LOST']).toContain(kind);
    expect(mayHaveActed).toBe(kind === 'CONNECTION_LOST');
  });

  it('that breaks at the first byte may have been used', async () => {
    await behaving((socket) => void socket.once('data', () => socket.destroy()));
    const error = await failureOf(transport.call(scopeOf(), writing()));
    expect(error).toMatchObject({ kind: 'CONNECTION_LOST', mayHaveActed: true });
  });

  it('V02: that is reset after the request was read may have been used', async () => {
    await afterReading((socket) => socket.resetAndDestroy());
    const error = await failureOf(transport.call(scopeOf(), writing()));
    expect(error).toMatchObject({ kind: 'CONNECTION_LOST', mayHaveActed: true });
  });

  it('that speaks another language may have been used', async () => {
    await afterReading((socket) => socket.end('SSH-2.0-OpenSSH_9\r\n'));
    const error = await failureOf(transport.call(scopeOf(), writing()));
    expect(error).toMatchObject({ kind: 'CONNECTION_LOST', mayHaveActed: true });
  });

  it.each([
    ['before its announced length', `${ok}Content-Length: 100\r\n\r\n{"ok":true}`],
    ['between chunks', `${ok}Transfer-Encoding: chunked\r\n\r\n3\r\n{"o\r\n`],
    ['with a bad chunk', `${ok}Transfer-Encoding: chunked\r\n\r\nzz\r\n{"ok":true}\r\n`],
    ['in the middle, without a length', `${ok}Connection: close\r\n\r\n{"ok":tr`],
    ['at half its length, by a wrong length', `${ok}Content-Length: 5\r\n\r\n{"ok":true}`],
  ])('V02, V11: whose answer ends %s is a truncated body', async (_, answer) => {
    await afterReading((socket) => socket.end(answer));
    const error = await failureOf(transport.call(scopeOf(), writing()));
    expect(error).toMatchObject({ kind: 'TRUNCATED_BODY', status: 200, mayHaveActed: true });
  });

  it('may skip interim answers', async () => {
    await afterReading((socket) =>
      socket.end(`HTTP/1.1 103 Early Hints\r\n\r\n${ok}Content-Length: 11\r\n\r\n{"ok":true}`),
    );
    expect(await transport.call(scopeOf(), reading())).toEqual({ ok: true });
  });

  it('is used again, and not once the vendor has announced to close it', async () => {
    const keepAlive = ['timeout=60', 'timeout=60', 'timeout=1', 'timeout=60'];
    vendor = await startVendor((_, response, index) =>
      json(response, 200, { ok: true }, { 'keep-alive': keepAlive[index] }),
    );
    transport = transportTo(vendor);
    const counts: number[] = [];
    for (const _ of keepAlive) {
      await transport.call(scopeOf(), writing());
      counts.push(vendor.connections());
    }
    expect(counts).toEqual([1, 1, 1, 2]);
  });

  it('V11: that was idle for a second is not used for a write', async () => {
    vendor = await startVendor((_, response) => json(response, 200, { ok: true }));
    transport = transportTo(vendor);
    await transport.call(scopeOf(), writing());
    await transport.call(scopeOf(), writing());
    expect(vendor.connections()).toBe(1);
    await expect.poll(() => vendor.open.size, { timeout: 3000 }).toBe(0);
    await transport.call(scopeOf(), writing());
    expect(vendor.connections()).toBe(2);
  });
});

describe('a certificate', () => {
  it.each(['', '0'])(
    'V10: that nobody vouches for is refused (override "%s")',
    async (override) => {
      const server = createTlsServer({ key, cert: certificate }, (_, response) =>
        response.end('{}'),
      );
      let connections = 0;
      server.on('connection', () => {
        connections += 1;
      });
      await new Promise<void>((resolve) => {
        server.listen(0, '127.0.0.1', resolve);
      });
      const { port } = server.address() as AddressInfo;
      vendor = await startTcpVendor(() => {});
      transport = transportTo({ baseUrl: new URL(`https://127.0.0.1:${port}/`) }, { attempts: 1 });
      const before = process.env.NODE_TLS_REJECT_UNAUTHORIZED;
      process.env.NODE_TLS_REJECT_UNAUTHORIZED = override;
      try {
        const error = await failureOf(transport.call(scopeOf(), writing()));
        expect(error).toMatchObject({ kind: 'UNREACHABLE', mayHaveActed: false });
        expect(connections).toBeGreaterThan(0);
      } finally {
        if (before === undefined) {
          delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
        } else {
          process.env.NODE_TLS_REJECT_UNAUTHORIZED = before;
        }
        server.close();
      }
    },
  );
});

describe('the time limit', () => {
  const timed = async (call: Promise<unknown>) => {
    const begun = performance.now();
    const error = await failureOf(call);
    return { error, milliseconds: performance.now() - begun };
  };

  const drip = (socket: Socket) => {
    socket.write(`${ok}Transfer-Encoding: chunked\r\n\r\n`);
    const timer = setInterval(() => socket.write('1\r\n \r\n'), 20);
    socket.on('close', () => clearInterval(timer));
  };
  const dripHeaders = (socket: Socket) => {
    socket.write(ok);
    let count = 0;
    const timer = setInterval(() => {
      count += 1;
      socket.write(`X-${count}: 1\r\n`);
    }, 20);
    socket.on('close', () => clearInterval(timer));
  };

  it.each([
    ['hangs', () => {}],
    ['drips its headers', dripHeaders],
    ['drips its body', drip],
  ])('V03: holds for a vendor that %s, and closes the connection', async (_, act) => {
    await afterReading(act);
    for (const exchange of [reading(), writing()]) {
      const { error, milliseconds } = await timed(transport.call(scopeOf(), exchange));
      expect(error).toMatchObject({ kind: 'TIMED_OUT', mayHaveActed: true });
      expect(milliseconds).toBeGreaterThan(380);
      expect(milliseconds).toBeLessThan(900);
    }
    await expect.poll(() => vendor.open.size).toBe(0);
  });

  it('V03: is the deadline of the request where that comes first', async () => {
    await afterReading(() => {});
    const { error, milliseconds } = await timed(transport.call(scopeOf(150), reading()));
    expect(error.kind).toBe('TIMED_OUT');
    expect(milliseconds).toBeLessThan(380);
  });

  it('leaves a call unsent that it cannot hold, an unsafe one earlier', async () => {
    await afterReading((socket) => socket.end(`${ok}Content-Length: 11\r\n\r\n{"ok":true}`));
    const patient = transportTo(vendor, { timeouts: { read: 1800, write: 1800 } });
    const scope = scopeOf(20);
    const tooLate = await failureOf(patient.call(scope, reading()));
    const unsafe = await failureOf(patient.call(scopeOf(800), writing()));
    for (const error of [tooLate, unsafe]) {
      expect(error).toMatchObject({ kind: 'TIMED_OUT', mayHaveActed: false });
    }
    expect(scope.records).toMatchObject([{ attempts: 0 }]);
    expect(vendor.connections()).toBe(0);
    expect(await patient.call(scopeOf(800), reading())).toEqual({ ok: true });
    await patient.close?.();
  });
});

describe('the wait for a turn', () => {
  it('V14: that uses up the time says nothing against the vendor', async () => {
    let milliseconds = 1300;
    vendor = await startVendor((_, response) =>
      setTimeout(() => json(response, 200, { ok: true }), milliseconds),
    );
    transport = transportTo(vendor, {
      concurrency: 5,
      attempts: 1,
      timeouts: { read: 2000, write: 2000 },
    });
    // Half of them have to wait, which leaves them 1.1 seconds: a second and less than it takes.
    const calls = Array.from({ length: 10 }, () =>
      transport.call(scopeOf(2400), reading()).then(
        () => 'OK',
        (error) => error.kind,
      ),
    );
    expect(await Promise.all(calls)).toEqual([
      ...Array(5).fill('OK'),
      ...Array(5).fill('TIMED_OUT'),
    ]);
    expect(transport.health().state).toBe('AVAILABLE');
    milliseconds = 0;
    expect(await transport.call(scopeOf(), reading())).toEqual({ ok: true });
  });
});

describe('cancelling', () => {
  it('ends a call at once and closes its connection', async () => {
    await afterReading(() => {});
    const client = new AbortController();
    const scope = scopeOf(10_000, { signal: client.signal });
    const call = failureOf(transport.call(scope, reading()));
    await expect.poll(() => vendor.open.size).toBe(1);
    client.abort();
    expect(await call).toMatchObject({ kind: 'CANCELLED' });
    await expect.poll(() => vendor.open.size).toBe(0);
    expect(scope.records).toMatchObject([{ outcome: 'CANCELLED', attempts: 1 }]);
  });

  it('before a call sends nothing', async () => {
    await afterReading(() => {});
    const scope = scopeOf(10_000, { signal: AbortSignal.abort() });
    const error = await failureOf(transport.call(scope, reading()));
    expect(error).toMatchObject({ kind: 'CANCELLED', mayHaveActed: false });
    expect(vendor.connections()).toBe(0);
  });

  it('says nothing against the vendor', async () => {
    await afterReading(() => {});
    for (let count = 0; count < 8; count += 1) {
      const signal = AbortSignal.timeout(10);
      await failureOf(transport.call(scopeOf(10_000, { signal }), reading()));
    }
    expect(transport.health()).toEqual({ state: 'AVAILABLE', retryAt: undefined });
  });
});
