import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CodedError, VendorError } from '../../../src/domain/errors.ts';
import { driven } from './exercises.ts';
import { definitions, type OpenVendor, openVendor } from './open-vendor.ts';
import { prepareWorld, type World } from './world.ts';

/** Ids on their way in, and a vendor's own words on their way out. */

/** None of them is any vendor's id of anything, wherever in a request it would go. */
const impossibleIds = {
  nothing: '',
  'a space': '12 3',
  'a line break': '123\r\nx-evil: 1',
  'another alphabet': '１２３',
  'far too long': '1'.repeat(5_000),
};

type Json = { [key: string]: Json } | Json[] | string | number | boolean | null;

/** A server between door and simulator that may rewrite what comes back. */
async function startProxy(origin: string) {
  const state = { rewrite: (body: Json): Json => body, seen: [] as Json[] };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) {
      chunks.push(chunk as Buffer);
    }
    const { host: _host, connection: _connection, ...headers } = request.headers;
    const answer = await fetch(`${origin}${request.url}`, {
      method: request.method ?? 'GET',
      headers: { ...(headers as Record<string, string>), 'accept-encoding': 'identity' },
      ...(chunks.length > 0 && { body: Buffer.concat(chunks) }),
    });
    const text = await answer.text();
    const body: Json | undefined = text === '' ? undefined : JSON.parse(text);
    if (body !== undefined) {
      state.seen.push(body);
    }
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(body === undefined ? '' : JSON.stringify(state.rewrite(body)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    state,
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Names of the properties anywhere in it that hold a text or a number. */
const leafNames = (json: Json): string[] =>
  Array.isArray(json)
    ? json.flatMap(leafNames)
    : typeof json === 'object' && json !== null
      ? Object.entries(json).flatMap(([name, value]) =>
          typeof value === 'string' || typeof value === 'number' ? [name] : leafNames(value),
        )
      : [];

/** With an unheard-of value wherever a property has that name. */
const withUnheardOf = (json: Json, name: string): Json =>
  Array.isArray(json)
    ? json.map((item) => withUnheardOf(item, name))
    : typeof json === 'object' && json !== null
      ? Object.fromEntries(
          Object.entries(json).map(([key, value]) =>
            key === name && typeof value === 'string'
              ? [key, 'unheard_of']
              : key === name && typeof value === 'number'
                ? [key, 987_654]
                : [key, withUnheardOf(value, name)],
          ),
        )
      : json;

/** The closed sets of the domain, by the field that holds them. */
const closedSets: Readonly<Record<string, readonly string[]>> = {
  sex: ['FEMALE', 'MALE', 'OTHER', 'UNKNOWN'],
  kind: ['WALK_IN', 'SCHEDULED', 'E_CONSULT', 'GUEST', 'UNKNOWN'],
  medium: ['IN_PERSON', 'PHONE', 'VIDEO', 'UNKNOWN'],
  status: [
    ...['PENDING', 'CONFIRMED', 'IN_PROGRESS', 'COMPLETED', 'CANCELLED', 'REFUNDED'],
    ...['OPEN', 'DISMISSED', 'DELETED', 'BOOKED', 'UNKNOWN'],
  ],
  type: [
    ...['APPOINTMENT', 'DEMOGRAPHICS', 'DOCUMENT', 'PRESCRIPTION', 'PRESCRIPTION_REFILL'],
    ...['QUESTIONNAIRE', 'SECURE_MESSAGE', 'SUPPLEMENT', 'UNKNOWN'],
  ],
};

const valuesAt = (answer: unknown, path: string): unknown[] =>
  path
    .split('.')
    .reduce<unknown[]>(
      (found, name) => found.map((each) => (each as Record<string, unknown> | null)?.[name]),
      [answer].flat(),
    );

describe.each(definitions)('%s', (id, definition) => {
  let open: OpenVendor;
  let world: World;
  let tokens: typeof open.vault.entries;
  beforeAll(async () => {
    open = await openVendor(id, definition);
    world = await prepareWorld(open);
    tokens = new Map(open.vault.entries);
  });
  afterAll(() => open.close());
  beforeEach(() => {
    open.forget();
    for (const [patientId, kept] of tokens) {
      open.vault.entries.set(patientId, kept);
    }
    world.scope = open.scope();
  });

  const all = driven(definition.capabilities);
  const identified = all.flatMap(({ name, exercise, runWith }) =>
    Object.keys(exercise.ids ?? {}).map((kind) => [name, kind, runWith] as const),
  );

  describe.each(identified)('%s, asked with the id of a %s', (_name, kind, runWith) => {
    it.each(Object.entries(impossibleIds))(
      'J01: that is %s, refuses it without a call',
      async (_what, impossible) => {
        const error = await runWith(open.connect(), world, kind, impossible).catch(
          (thrown: unknown) => thrown,
        );
        expect(error).toBeInstanceOf(CodedError);
        expect(error).toMatchObject({ code: 'BAD_USER_INPUT' });
        expect((error as CodedError).message).not.toContain(impossible || '""');
        expect(open.simulator.calls).toEqual([]);
      },
    );

    it.each(['../1', '1/../2', '.', '..', '1?x=1', '1#', '%2e%2e', '1%2f2', '1;x=1'])(
      'J01, J02: that would be another path (%s), refuses it without a call',
      async (impossible) => {
        const error = await runWith(open.connect(), world, kind, impossible).catch(
          (thrown: unknown) => thrown,
        );
        expect(error).toMatchObject({ code: 'BAD_USER_INPUT' });
        expect(open.simulator.calls).toEqual([]);
      },
    );
  });

  const byAccount = definition.capabilities.includes('staffLinking')
    ? all.filter(
        ({ exercise, name }) =>
          exercise.nature !== 'local' && !/^(onboarding|directory)/.test(name),
      )
    : [];
  describe.each(byAccount.map((each) => [each.name, each] as const))('%s', (_name, { run }) => {
    it.each(Object.entries({ ...impossibleIds, 'another path': '../1' }))(
      'of an account whose id is %s is refused without a call',
      async (_what, impossible) => {
        const account = { ...world.account, vendorPatientId: impossible };
        const error = await run(open.connect(), { ...world, account }).catch(
          (thrown: unknown) => thrown,
        );
        expect(error).toMatchObject({ code: 'BAD_USER_INPUT' });
        expect(open.simulator.calls).toEqual([]);
      },
    );
  });

  it('gives STAFF a pattern that knows its own ids and no other', () => {
    const pattern = open.connect().staffLinking?.idPattern;
    expect(pattern !== undefined).toBe(definition.capabilities.includes('staffLinking'));
    if (pattern) {
      expect(pattern.test(world.account.vendorPatientId)).toBe(true);
      expect(Object.values(impossibleIds).filter((each) => pattern.test(each))).toEqual([]);
      expect(pattern.flags).not.toMatch(/[gy]/);
    }
  });

  const wording = all.filter(({ exercise }) => exercise.enums !== undefined);
  it.each(wording.map((each) => [each.name, each] as const))(
    '%s turns every word that is unheard of into UNKNOWN, whichever field it is in',
    async (_name, { run, exercise }) => {
      const proxy = await startProxy(open.simulator.origin);
      const environment = Object.entries(open.simulator.environment)
        .filter(([, value]) => value.startsWith(open.simulator.origin))
        .map(([name, value]) => [name, value.replace(open.simulator.origin, proxy.origin)]);
      const ask = () => run(open.connect(Object.fromEntries(environment)), world);
      try {
        const good = await ask();
        const names = new Set(proxy.state.seen.flatMap(leafNames));
        expect(names.size).toBeGreaterThan(2);
        const unknown = new Set<string>();
        for (const name of names) {
          world.scope = open.scope();
          proxy.state.rewrite = (body) => withUnheardOf(body, name);
          const answer = await ask().catch((error: unknown) => {
            expect(error).toBeInstanceOf(VendorError);
            return null;
          });
          for (const path of answer === null ? [] : (exercise.enums ?? [])) {
            const closed = closedSets[path.replace(/^.*\./, '')] ?? [];
            for (const value of valuesAt(answer, path)) {
              expect([null, ...closed]).toContain(value);
            }
            if (valuesAt(answer, path).includes('UNKNOWN')) {
              unknown.add(path);
            }
          }
          expect(JSON.stringify(good)).not.toContain('unheard_of');
        }
        expect([...unknown].sort()).toEqual([...(exercise.enums ?? [])].sort());
      } finally {
        await proxy.close();
      }
    },
  );
});
