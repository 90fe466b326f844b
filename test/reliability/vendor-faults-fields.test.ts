import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VendorError } from '../../src/domain/errors.ts';
import { driven } from '../vendors/conformance/exercises.ts';
import { type Doors, openDoors, vendors } from './vendor-doors.ts';

/** reliability.md, V07 and J09: real answers with one field gone wrong, wherever that field is. */

type Json = { [key: string]: Json } | Json[] | string | number | boolean | null;

/** Markup, and what terminals, logs and spreadsheets act upon. */
const hostile = '<script>alert(1)</script>\u0000\u001b[2J\u0008\u009b\ud800';
const unprintable = /(?![\t\n\r])[\p{Cc}\p{Cs}]/u;
const endless = 20_000;
/** What may be long, and what goes back to the vendor as it came and is shown to nobody. */
const prose = /\.(content|notes|description|reason)$/;
const opaque = /\.(vendorSlotId|charged(\..*)?)$/;

/** What becomes of each property of that name; undefined removes it. */
const damages: [name: string, damage: (value: Json) => Json | undefined][] = [
  ['is null', () => null],
  ['is missing', () => undefined],
  ['is an object', () => ({ canary: true })],
  ['is a list', () => [7]],
  ['is a number', () => -1.5],
  ['is empty', () => ''],
  ['is hostile', (value) => `${hostile}${typeof value === 'string' ? value : ''}`],
  ['is endless', () => 'x'.repeat(endless)],
];

const damaged = (json: Json, name: string, damage: (value: Json) => Json | undefined): Json =>
  Array.isArray(json)
    ? json.map((item) => damaged(item, name, damage))
    : typeof json === 'object' && json !== null
      ? Object.fromEntries(
          Object.entries(json).flatMap(([key, value]) => {
            const found = key === name ? damage(value) : damaged(value, name, damage);
            return found === undefined ? [] : [[key, found]];
          }),
        )
      : json;

/** Two entries of a list show what a hundred would. */
const shortened = (json: Json): Json =>
  Array.isArray(json)
    ? json.slice(0, 2).map(shortened)
    : typeof json === 'object' && json !== null
      ? Object.fromEntries(Object.entries(json).map(([key, value]) => [key, shortened(value)]))
      : json;

const namesIn = (json: Json): string[] =>
  Array.isArray(json)
    ? json.flatMap(namesIn)
    : typeof json === 'object' && json !== null
      ? Object.entries(json).flatMap(([key, value]) => [key, ...namesIn(value)])
      : [];

/** What shows in an answer that a value was taken for another: with the way to it. */
function nonsenseIn(value: unknown, path = ''): string[] {
  if (value instanceof Date) {
    return Number.isNaN(value.getTime()) ? [`${path} is no time`] : [];
  }
  if (typeof value === 'number') {
    return Number.isFinite(value) ? [] : [`${path} is no number`];
  }
  if (typeof value === 'string') {
    const isNonsense = /^(undefined|null|NaN|\[object Object\]|Invalid Date)$/.test(value);
    const isUnprintable = !opaque.test(path) && unprintable.test(value);
    const isTooLong = !prose.test(path) && !opaque.test(path) && value.length > 2_100;
    return [
      ...(isNonsense ? [`${path} is ${value}`] : []),
      ...(isUnprintable ? [`${path} holds what cannot be shown`] : []),
      ...(isTooLong ? [`${path} has ${value.length} characters`] : []),
    ];
  }
  return typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, each]) => nonsenseIn(each, `${path}.${key}`))
    : [];
}

/** Ids under which the gateway would ask for a thing again, or show it to somebody. */
function idsIn(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null && !(value instanceof Date)
    ? Object.entries(value).flatMap(([key, each]) =>
        /^(vendor\w+Id|patientId)$/.test(key) && each !== null ? [each] : idsIn(each),
      )
    : [];
}

describe.each(vendors)('V07, J09: %s', (id, definition) => {
  let doors: Doors;
  let proxy: Server;
  let origin: string;
  let rewrite: (body: Json) => Json;
  /** What the simulator said, by address: it need not say so a hundred times. */
  const kept = new Map<string, { status: number; body: Json }>();
  beforeAll(async () => {
    doors = await openDoors(id, definition);
    rewrite = (body) => body;
    proxy = createServer(async (request, response) => {
      const address = request.url ?? '/';
      const known = kept.get(address) ?? (await fetchJson(address, request.headers));
      kept.set(address, known);
      response.writeHead(known.status, { 'content-type': 'application/json' });
      response.end(JSON.stringify(rewrite(known.body)));
    });
    await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
    origin = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await doors.close();
    proxy.closeAllConnections();
    await new Promise((resolve) => proxy.close(resolve));
  });

  const reads = driven(definition.capabilities)
    .filter(({ exercise }) => exercise.nature === 'read')
    .map(({ name }) => name);
  async function fetchJson(address: string, headers: IncomingHttpHeaders) {
    const { host: _host, connection: _connection, ...rest } = headers;
    const answer = await fetch(`${doors.open.simulator.origin}${address}`, {
      headers: { ...(rest as Record<string, string>), 'accept-encoding': 'identity' },
    });
    return { status: answer.status, body: shortened(JSON.parse(await answer.text())) };
  }
  const ask = async (name: string) => {
    const [ended] = await doors.askAll(origin, { only: (each) => each.name === name });
    return ended;
  };

  it.each(reads)(
    '%s: a field of another kind is an error or null, never nonsense',
    async (name) => {
      rewrite = (body) => body;
      kept.clear();
      const good = await ask(name);
      const ids = new Set(idsIn(good?.answer));
      const names = new Set([...kept.values()].flatMap(({ body }) => namesIn(body)));
      let answered = 0;
      let refused = 0;
      for (const field of names) {
        for (const [what, damage] of damages) {
          rewrite = (body) => damaged(body, field, damage);
          const ended = await ask(name);
          if (ended?.error) {
            refused += 1;
            expect(ended.error).toBeInstanceOf(VendorError);
            expect(`${ended.error} ${JSON.stringify(ended.error)}`).not.toContain('canary');
          } else {
            answered += 1;
            expect([field, what, nonsenseIn(ended?.answer)]).toEqual([field, what, []]);
            const foreign = idsIn(ended?.answer).filter((each) => !ids.has(each));
            // An id may be another text, as the vendor says, but it is one.
            expect(foreign.filter((each) => typeof each !== 'string' || each === '')).toEqual([]);
          }
        }
      }
      expect(answered + refused).toBe(names.size * damages.length);
      // What is only shown may be anything; what makes a thing that thing may not.
      expect(good?.answer === null || refused > 0).toBe(true);
    },
  );
});
