import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { deadBaseUrl, startTcpVendor, startVendor, type Vendor } from '../http/support/vendor.ts';
import { type Doors, type Ended, isRepeatable, openDoors, vendors } from './vendor-doors.ts';

/** reliability.md, "Vendor faults": every vendor, every operation of its door, every bad answer. */

const mostAttempts = 3;

type Answer = (response: ServerResponse) => void;
const plain =
  (status: number, body: string | Buffer, headers: Record<string, string> = {}): Answer =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(body);
  };
/** Bytes on the bare connection, which then ends. */
const raw =
  (head: string, body = ''): Answer =>
  (response) =>
    void response.socket?.end(
      `HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n${head}\r\n\r\n${body}`,
    );
const page = '<!doctype html><html><head><title>Sign in</title></head></html>';
const whole = JSON.stringify({ status: 'success', result: true, data: [{ id: 1, name: 'Ana' }] });

const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;

interface Expected {
  kinds: readonly string[];
  /** Whether a repeatable call is sent again. */
  again: boolean;
  /** Whether an unsafe write may have been done. */
  mayHaveActed: boolean;
  /** Operations whose contract takes such an answer for "done": nothing has to be said. */
  done?: readonly string[];
}

const saysNothing = [
  'portalAccess.revoke',
  'portalRequests.dismiss',
  'appointments.joinAsapList',
  'appointments.leaveAsapList',
];
const fault = { again: true, mayHaveActed: true };
const unusable = { again: false, mayHaveActed: true };

const faults: [name: string, answer: Answer, expected: Expected][] = [
  [
    'V02: a reset after the whole call was read',
    (response) => void response.socket?.resetAndDestroy(),
    { kinds: ['CONNECTION_LOST'], ...fault },
  ],
  [
    'V02: an end without a word',
    (response) => void response.socket?.end(),
    { kinds: ['CONNECTION_LOST'], ...fault },
  ],
  ['V02, V04: a proxy’s 502', plain(502, page), { kinds: ['SERVER_ERROR'], ...fault }],
  ['V04: 500', plain(500, '{"message":"fault"}'), { kinds: ['SERVER_ERROR'], ...fault }],
  ['V04: 503', plain(503, ''), { kinds: ['SERVER_ERROR'], ...fault }],
  [
    'V05: 429 for an hour',
    plain(429, '{}', { 'retry-after': '3600' }),
    { kinds: ['RATE_LIMITED'], again: false, mayHaveActed: false },
  ],
  [
    'V06: a login page with 200',
    plain(200, page, { 'content-type': 'text/html' }),
    { kinds: ['NOT_JSON'], ...unusable },
  ],
  [
    'V06: nothing with 200',
    plain(200, ''),
    { kinds: ['EMPTY_BODY', 'NOT_JSON'], ...unusable, done: saysNothing },
  ],
  [
    'V06: 204',
    (response) => void response.writeHead(204).end(),
    {
      kinds: ['EMPTY_BODY', 'NOT_JSON', 'UNEXPECTED_SHAPE'],
      ...unusable,
      done: saysNothing,
    },
  ],
  [
    'V02, V07: JSON that is cut',
    plain(200, whole.slice(0, -9)),
    { kinds: ['TRUNCATED_BODY', 'NOT_JSON'], ...fault },
  ],
  [
    'V07: null',
    plain(200, 'null'),
    // It means that there is no link now.
    {
      kinds: ['UNEXPECTED_SHAPE', 'NOT_JSON'],
      ...unusable,
      done: ['appointments.videoConsultationUrl'],
    },
  ],
  ['V07: a text', plain(200, '"done"'), { kinds: ['UNEXPECTED_SHAPE', 'NOT_JSON'], ...unusable }],
  ['V07: a number', plain(200, '7'), { kinds: ['UNEXPECTED_SHAPE', 'NOT_JSON'], ...unusable }],
  [
    'V07: a list of lists',
    plain(200, '[[[]]]'),
    { kinds: ['UNEXPECTED_SHAPE', 'NOT_JSON'], ...unusable },
  ],
  [
    'V07: a list nested a hundred thousand deep',
    plain(200, deep),
    { kinds: ['UNEXPECTED_SHAPE', 'NOT_JSON'], ...unusable },
  ],
  [
    'V07: nulls where ids belong',
    plain(200, '{"id":null,"data":{"id":null,"user_id":null,"token":null},"appointment_id":null}'),
    { kinds: ['UNEXPECTED_SHAPE'], ...unusable, done: ['portalAccess.revoke'] },
  ],
  [
    'V07: ids of other types',
    plain(200, '{"id":{"a":1},"data":[{"id":[1],"name":{}}],"availability":7,"link":{}}'),
    { kinds: ['UNEXPECTED_SHAPE'], ...unusable, done: ['portalAccess.revoke'] },
  ],
  [
    'V07: an empty record',
    plain(200, '{}'),
    { kinds: ['UNEXPECTED_SHAPE'], ...unusable, done: ['portalAccess.revoke'] },
  ],
  [
    'V11: fewer bytes than announced',
    raw('Content-Length: 900', whole),
    { kinds: ['TRUNCATED_BODY'], ...fault },
  ],
  [
    'V11: more bytes than announced',
    raw('Content-Length: 20', whole),
    { kinds: ['TRUNCATED_BODY', 'NOT_JSON'], ...fault },
  ],
  [
    'V11: gzip in name only',
    plain(200, whole, { 'content-encoding': 'gzip' }),
    { kinds: ['NOT_JSON'], ...unusable },
  ],
  [
    'V11: gzip that stops',
    plain(200, gzipSync(whole).subarray(0, 24), { 'content-encoding': 'gzip' }),
    { kinds: ['TRUNCATED_BODY'], ...fault },
  ],
];

function expectTyped(id: string, { operation, error, calls }: Ended, kinds: readonly string[]) {
  expect([operation, error?.vendor, error?.kind]).toEqual([
    operation,
    id,
    expect.stringMatching(`^(${kinds.join('|')})$`),
  ]);
  expect(calls.length).toBeGreaterThan(0);
  expect(`${JSON.stringify(error)} ${error}`).not.toMatch(/127\.0\.0\.1|Sign in|Basic|Bearer/);
}

describe.each(vendors)('%s', (id, definition) => {
  let doors: Doors;
  let vendor: Vendor;
  let answer: Answer;
  let before = 0;
  beforeAll(async () => {
    doors = await openDoors(id, definition);
    vendor = await startVendor((_, response) => answer(response));
  });
  afterAll(async () => {
    await doors.close();
    await vendor.close();
  });

  const sentSince = () => vendor.got.length - before;

  it.each(faults)('%s: no operation takes it for a success', async (_, given, expected) => {
    answer = given;
    before = vendor.got.length;
    const ended = await doors.askAll(vendor.baseUrl.origin);
    expect(ended.map(({ operation }) => operation)).toEqual(doors.operations);
    const refused = ended.filter(({ operation }) => !expected.done?.includes(operation));
    for (const each of refused) {
      expectTyped(id, each, expected.kinds);
      const { operation, nature, error, attempts } = each;
      if (nature !== 'handshake') {
        const most = expected.again && isRepeatable(each) ? mostAttempts : 1;
        expect([operation, attempts]).toEqual([operation, most]);
      }
      if (nature === 'unsafe') {
        expect([operation, error?.mayHaveActed]).toEqual([operation, expected.mayHaveActed]);
      }
      if (error?.kind === 'RATE_LIMITED') {
        expect(Math.abs(Number(error.retryAt) - Date.now() - 3_600_000)).toBeLessThan(30_000);
      }
    }
    // What a door reports is what was really sent.
    expect(sentSince()).toBe(ended.reduce((sum, { attempts }) => sum + attempts, 0));
  });

  it.each([500, 502, 503])('V04: %i once heals in what may be repeated', async (status) => {
    const repeatable = ({ nature }: { nature: string }) => nature === 'read' || nature === 'safe';
    const { simulator } = doors.open;
    simulator.clear();
    simulator.fault({ kind: 'status', status, times: 1 });
    const names = doors.operations.length;
    const ended = await doors.askAll(simulator.origin, { only: repeatable });
    simulator.clear();
    expect(ended.length).toBeLessThanOrEqual(names);
    expect(ended.filter(({ error }) => error !== undefined)).toEqual([]);
    const extra = ended.map(({ attempts, calls }) => attempts - calls.length);
    expect(extra.reduce((sum, count) => sum + count, 0)).toBe(1);
  });

  it('V01: refused connections: tried three times, and certainly nothing was sent', async () => {
    const ended = await doors.askAll((await deadBaseUrl()).origin);
    for (const each of ended) {
      expectTyped(id, each, ['UNREACHABLE']);
      expect(each.error?.mayHaveActed).toBe(false);
      if (each.nature !== 'handshake') {
        expect([each.operation, each.attempts]).toEqual([each.operation, mostAttempts]);
      }
    }
  });

  it('V01: a reset before the call is read: writes go out again only if they did not go out', async () => {
    const resetting = await startTcpVendor((socket) => socket.resetAndDestroy());
    const ended = await doors.askAll(resetting.baseUrl.origin);
    await resetting.close();
    for (const each of ended) {
      expectTyped(id, each, ['UNREACHABLE', 'CONNECTION_LOST']);
      const { operation, nature, error, calls, attempts } = each;
      if (nature === 'handshake') {
        expect([operation, attempts]).toEqual([operation, calls.length]);
      } else if (isRepeatable(each)) {
        expect([operation, attempts]).toEqual([operation, mostAttempts]);
      } else {
        // Only the last attempt can have been handed to a connection.
        expect(error?.mayHaveActed).toBe(error?.kind === 'CONNECTION_LOST');
        expect(error?.kind === 'CONNECTION_LOST' || attempts === mostAttempts).toBe(true);
      }
    }
    expect(resetting.connections()).toBeGreaterThanOrEqual(ended.length);
  });
});
