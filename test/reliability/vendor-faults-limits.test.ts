import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { json, startVendor, type Vendor } from '../http/support/vendor.ts';
import { credentialsOf, type Doors, openDoors, vendors } from './vendor-doors.ts';

/** reliability.md, V03, V08 and V09: time, size and place, for every operation of every vendor. */

/** Milliseconds of one attempt and of the whole request. */
const attemptTimeout = 1_200;
const deadline = 2_200;
const grace = 500;
const mebibyte = 1024 * 1024;
/** Bytes that the kernel may hold for a connection that nobody reads any more. */
const kernelBuffers = 16 * mebibyte;

const head = 'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n';

/** Something small, again and again, for as long as the connection lives. */
const dripping = (begin: string, more: (count: number) => string) => (socket: Socket) => {
  socket.write(begin);
  let count = 0;
  const timer = setInterval(() => {
    count += 1;
    socket.write(more(count));
  }, 40);
  socket.on('close', () => clearInterval(timer));
};

/** 256 MiB, as fast as the connection takes it. */
function flood(socket: Socket, begin: string, chunk: Buffer) {
  socket.write(begin);
  const more = () => {
    while (!socket.destroyed && socket.bytesWritten < 256 * mebibyte) {
      if (!socket.write(chunk)) {
        socket.once('drain', more);
        return;
      }
    }
    socket.end();
  };
  more();
}

const spaces = Buffer.alloc(64 * 1024, 0x20);
/** Of many members, so that it need not be made in one piece: 256 MiB of blanks in a quarter of one. */
const bomb = Buffer.concat(Array(256).fill(gzipSync(Buffer.alloc(mebibyte, 0x20))));

const onSocket = (act: (socket: Socket) => void) => (response: ServerResponse) => {
  if (response.socket) {
    act(response.socket);
  }
};

const slow: [name: string, answer: (response: ServerResponse) => void][] = [
  ['hangs', () => {}],
  ['drips its headers', onSocket(dripping(head, (count) => `X-${count}: 1\r\n`))],
  [
    'drips its body after whole headers',
    onSocket(dripping(`${head}Transfer-Encoding: chunked\r\n\r\n1\r\n[\r\n`, () => '1\r\n \r\n')),
  ],
];

/** Whether the answer ends before it is refused, so that its connection may serve again. */
type Large = [name: string, answer: (response: ServerResponse) => void, whole?: true];
const large: Large[] = [
  [
    'a body of 256 MiB that is announced',
    onSocket((socket) => flood(socket, `${head}Content-Length: ${256 * mebibyte}\r\n\r\n`, spaces)),
  ],
  [
    'a body of 256 MiB in chunks',
    onSocket((socket) =>
      flood(
        socket,
        `${head}Transfer-Encoding: chunked\r\n\r\n`,
        Buffer.concat([Buffer.from('10000\r\n'), spaces, Buffer.from('\r\n')]),
      ),
    ),
  ],
  [
    'a gzip bomb of 256 MiB',
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.end(bomb);
    },
    true,
  ],
  [
    'headers of 64 KiB',
    (response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'x-long': 'x'.repeat(65_536) });
      response.end('{}');
    },
  ],
  [
    'headers without end',
    onSocket((socket) => flood(socket, head, Buffer.from(`X-Long: ${'x'.repeat(1000)}\r\n`))),
  ],
];

describe.each(vendors)('%s', (id, definition) => {
  let doors: Doors;
  let vendor: Vendor;
  let elsewhere: Vendor;
  let answer: (response: ServerResponse) => void;
  let sockets: Socket[];
  beforeAll(async () => {
    doors = await openDoors(id, definition);
    elsewhere = await startVendor((_, response) => json(response, 200, {}));
    vendor = await startVendor((_, response) => {
      if (response.socket && !sockets.includes(response.socket)) {
        sockets.push(response.socket);
      }
      answer(response);
    });
  });
  afterAll(async () => {
    await doors.close();
    await vendor.close();
    await elsewhere.close();
  });

  const askAll = (given: typeof answer, timeout: number, until: number) => {
    answer = given;
    sockets = [];
    return doors.askAll(vendor.baseUrl.origin, {
      settings: { [`${id}_TIMEOUT_MS`]: String(timeout) },
      deadline: until,
    });
  };

  it.each(slow)(
    'V03: that %s: all end at the deadline and close their connections',
    async (_, act) => {
      const before = vendor.got.length;
      const ended = await askAll(act, attemptTimeout, deadline);
      expect(ended.map(({ operation }) => operation)).toEqual(doors.operations);
      for (const { operation, nature, error, attempts, milliseconds } of ended) {
        expect([operation, error?.kind]).toEqual([operation, 'TIMED_OUT']);
        expect(milliseconds).toBeLessThan(deadline + grace);
        // A vendor that hangs is not asked again in the same request.
        expect([operation, attempts]).toEqual([operation, 1]);
        expect(nature !== 'unsafe' || error?.mayHaveActed).toBe(true);
      }
      expect(vendor.got.length - before).toBe(ended.length);
      expect(sockets).toHaveLength(ended.length);
      await expect.poll(() => sockets.filter(({ destroyed }) => !destroyed)).toEqual([]);
    },
  );

  it.each(large)('V08: that sends %s is cut at a cap', async (_, act, whole) => {
    const rss = process.memoryUsage().rss;
    const ended = await askAll(act, 10_000, 12_000);
    const grown = process.memoryUsage().rss - rss;
    for (const { operation, nature, error, attempts } of ended) {
      expect([operation, error?.kind]).toEqual([operation, 'BODY_TOO_LARGE']);
      expect([operation, attempts]).toEqual([operation, 1]);
      expect(nature !== 'unsafe' || error?.mayHaveActed).toBe(true);
    }
    // The vendor's side is in this process, too: what it has on its hands counts with ours.
    expect(grown).toBeLessThan(96 * mebibyte);
    expect(sockets).toHaveLength(ended.length);
    await expect.poll(() => sockets.filter(({ destroyed }) => !whole && !destroyed)).toEqual([]);
    for (const { bytesWritten } of sockets) {
      expect(bytesWritten).toBeLessThan(kernelBuffers);
    }
  });

  const addresses: [name: string, location: () => string][] = [
    ['another host', () => `${elsewhere.baseUrl.href}things`],
    ['another host without a protocol', () => `//${elsewhere.baseUrl.host}/things`],
    ['another name of this machine', () => `http://localhost:${elsewhere.baseUrl.port}/`],
    ['https', () => `https://${elsewhere.baseUrl.host}/`],
    ['itself', () => '/elsewhere'],
    ['a file', () => 'file:///etc/passwd'],
  ];
  describe.each([301, 302, 303, 307, 308])('V09: that redirects with %i', (status) => {
    it.each(addresses)('to %s is not followed, and no credential leaves', async (_, location) => {
      const before = vendor.got.length;
      const ended = await askAll(
        (response) => response.writeHead(status, { location: location() }).end('{}'),
        5_000,
        10_000,
      );
      for (const { operation, error, attempts } of ended) {
        expect([operation, error?.kind, error?.status]).toEqual([operation, 'REDIRECTED', status]);
        expect([operation, attempts]).toEqual([operation, 1]);
      }
      expect(vendor.got.slice(before).filter(({ url }) => url === '/elsewhere')).toEqual([]);
      expect(vendor.got.length - before).toBe(ended.length);
      expect([elsewhere.connections(), elsewhere.got]).toEqual([0, []]);
    });
  });

  it('V09: had it been followed, there would have been credentials to see', () => {
    const sent = JSON.stringify(vendor.got.map(({ headers, body }) => [headers, body]));
    const decoded = vendor.got
      .map(({ headers }) => /^Basic (.*)$/.exec(headers.authorization ?? '')?.[1] ?? '')
      .map((text) => Buffer.from(text, 'base64').toString());
    const seen = credentialsOf(doors).filter((secret) =>
      [sent, ...decoded].some((text) => text.includes(secret)),
    );
    expect(seen).not.toEqual([]);
  });
});
