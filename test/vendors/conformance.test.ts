import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { ConfigurationError, type Environment, readConfig } from '../../src/config.ts';
import { isLoopback } from '../../src/vendors/vendor-definition.ts';
import { driven, exercises, functionsOf } from './conformance/exercises.ts';
import { definitions, type OpenVendor, openVendor } from './conformance/open-vendor.ts';
import { prepareWorld } from './conformance/world.ts';

/**
 * What holds for every vendor of the registry, also for one that is added later without a change here.
 * Faults, repetition, ids and words: see the files in `conformance/`.
 */

const problemsOf = (environment: Environment): readonly string[] => {
  try {
    readConfig(environment, 'sandbox');
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return (error as ConfigurationError).problems;
  }
};

/** Of a variable's schema, or of what `optional` and the like wrapped. */
const descriptionOf = (schema: z.ZodType): string | undefined => {
  const inner = 'unwrap' in schema ? (schema.unwrap as () => z.ZodType)() : undefined;
  return schema.description ?? (inner && descriptionOf(inner));
};

describe('the registry', () => {
  it('has different labels and descriptions for different vendors', () => {
    for (const text of ['label', 'description'] as const) {
      const texts = definitions.map(([, definition]) => definition[text]);
      expect(new Set(texts).size).toBe(definitions.length);
    }
  });

  it('shares no variable between vendors', () => {
    const names = definitions.flatMap(([, { environment }]) => Object.keys(environment.shape));
    expect(names.length).toBeGreaterThan(20);
    expect(new Set(names).size).toBe(names.length);
  });

  it('offers each capability of the domain at least once', () => {
    const offered = new Set(definitions.flatMap(([, { capabilities }]) => capabilities));
    expect([...offered].sort()).toEqual(Object.keys(exercises).sort());
  });
});

describe.each(definitions)('%s', (id, definition) => {
  const { environment, capabilities } = definition;
  const shape = environment.shape as Readonly<Record<string, z.ZodType>>;
  const names = Object.keys(shape);
  const required = names.filter((name) => !shape[name]?.safeParse(undefined).success);

  describe('the definition', () => {
    it('is a GraphQL enum value, with a label for people and a sentence on what it is', () => {
      expect(id).toMatch(/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/);
      expect(definition.label).toMatch(/^\S(.*\S)?$/);
      expect(definition.description).toMatch(/^\S.{20,}\.$/);
    });

    it('begins all variables with the vendor’s id', () => {
      expect(required.length).toBeGreaterThan(0);
      expect(names.filter((name) => !name.startsWith(`${id}_`))).toEqual([]);
      expect(names).toEqual(expect.arrayContaining([`${id}_TIMEOUT_MS`, `${id}_CONCURRENCY`]));
      expect(required).not.toContain(`${id}_TIMEOUT_MS`);
    });

    it('describes each variable in a sentence', () => {
      const lacking = names.filter((name) => {
        const schema = shape[name];
        return !/^\S.*\.$/.test((schema && descriptionOf(schema)) ?? '');
      });
      expect(lacking).toEqual([]);
    });

    it('lists capabilities, each once', () => {
      expect(capabilities.length).toBeGreaterThan(0);
      expect(new Set(capabilities).size).toBe(capabilities.length);
    });
  });

  describe('over its simulator', () => {
    let open: OpenVendor;
    beforeAll(async () => {
      open = await openVendor(id, definition);
    });
    afterAll(() => open.close());
    beforeEach(() => open.forget());

    const withUrls = () =>
      Object.entries(open.simulator.environment).filter(([, value]) => URL.canParse(value));

    it('has a simulator on loopback that gives every required variable, and no other vendor’s', () => {
      expect(isLoopback(new URL(open.simulator.origin))).toBe(true);
      const given = Object.keys(open.simulator.environment);
      expect(given).toEqual(expect.arrayContaining(required));
      expect(given.filter((name) => !names.includes(name))).toEqual([]);
      expect(withUrls().length).toBeGreaterThan(0);
    });

    it('is not configured while none of its variables is set', () => {
      expect(readConfig({}, 'sandbox').vendors[id]).toBeUndefined();
    });

    it('is configured, alone, once all are set', () => {
      const { vendors } = readConfig(open.simulator.environment, 'sandbox');
      expect(Object.keys(vendors)).toEqual([id]);
      for (const [name] of Object.entries(open.simulator.environment)) {
        expect(vendors[id]?.[name]).toBeDefined();
      }
    });

    it('names whatever is missing of what is half set', () => {
      for (const name of required) {
        const { [name]: _gone, ...rest } = open.simulator.environment;
        expect(problemsOf(rest)).toEqual([`${name} is missing`]);
        expect(problemsOf({ [name]: open.simulator.environment[name] })).toEqual(
          required.filter((other) => other !== name).map((other) => `${other} is missing`),
        );
      }
      const missing = problemsOf({ [`${id}_CONCURRENCY`]: '4' });
      expect(missing).toEqual(required.map((name) => `${name} is missing`));
    });

    it.each([
      ['http:// beyond loopback', 'http://vendor.example.com/canary/'],
      ['credentials inside', 'https://user:canary@vendor.example.com/'],
      ['a query inside', 'https://vendor.example.com/?key=canary'],
      ['another protocol', 'ftp://vendor.example.com/canary'],
      ['no URL at all', 'canary'],
    ])('refuses a URL with %s, without quoting it', (_what, url) => {
      for (const [name] of withUrls()) {
        const problems = problemsOf({ ...open.simulator.environment, [name]: url });
        expect(problems).toHaveLength(1);
        expect(problems[0]).toMatch(new RegExp(`^${name} must `));
        expect(problems[0]).not.toContain('canary');
      }
    });

    it.each(['0', '-1', 'soon', '1e9'])('refuses %s as a time limit', (limit) => {
      const name = `${id}_TIMEOUT_MS`;
      const problems = problemsOf({ ...open.simulator.environment, [name]: limit });
      expect(problems).toHaveLength(1);
      expect(problems[0]).toMatch(new RegExp(`^${name} `));
    });

    it('makes an adapter under its id and label, without any call', () => {
      const adapter = open.connect();
      expect(adapter.id).toBe(id);
      expect(adapter.label).toBe(definition.label);
      expect(adapter.health()).toEqual({ state: 'AVAILABLE', retryAt: undefined });
      expect(open.simulator.calls).toEqual([]);
    });

    it('has exactly the capabilities that it lists', () => {
      const { id: _id, label: _label, health: _health, ...offers } = open.connect();
      const present = Object.entries(offers)
        .filter(([, offer]) => offer !== undefined)
        .map(([name]) => name);
      expect(present.sort()).toEqual([...capabilities].sort());
    });

    it('has every function of its capabilities, each of them exercised here', () => {
      const adapter = open.connect();
      const has = capabilities.flatMap((capability) => functionsOf(adapter, capability));
      expect(has.sort()).toEqual(
        driven(capabilities)
          .map(({ name }) => name)
          .sort(),
      );
    });

    it('has no stub: each function goes to the vendor, or is of use without', async () => {
      const world = await prepareWorld(open);
      const tokens = new Map(open.vault.entries);
      for (const { name, exercise, run } of driven(capabilities)) {
        open.forget();
        for (const [patientId, kept] of tokens) {
          open.vault.entries.set(patientId, kept);
        }
        open.simulator.fault({ kind: 'status', status: 400 });
        world.scope = open.scope();
        const ended = await run(open.connect(), world).then(
          () => 'answered',
          (error: Error) => error.name,
        );
        expect([name, ended]).toEqual([name, expect.stringMatching(/^(answered|VendorError)$/)]);
        const calls = open.simulator.calls.length;
        expect([name, calls > 0]).toEqual([name, exercise.nature !== 'local']);
      }
    });

    it('refuses wrong credentials, and says that they are ours', async () => {
      const secretive = Object.keys(open.simulator.environment).filter((name) =>
        /_(PASSWORD|SECRET|API_KEY)$|_CLIENT_SECRET$/.test(name),
      );
      expect(secretive).not.toEqual([]);
      for (const name of secretive) {
        const wrong = await openVendor(id, {
          ...definition,
          create: (parts) =>
            definition.create({
              ...parts,
              settings: { ...parts.settings, [name]: 'wrong-secret' },
            }),
        });
        try {
          await expect(prepareWorld(wrong)).rejects.toMatchObject({
            name: 'VendorError',
            vendor: id,
            kind: 'CREDENTIAL_REFUSED',
            mayHaveActed: false,
          });
        } finally {
          await wrong.close();
        }
      }
    });

    it('closes its simulator', async () => {
      const startSimulator = await definition.sandbox();
      const publicUrl = new URL('http://localhost:4000/');
      const simulator = await startSimulator({ port: 0, publicUrl, clock: Date.now });
      expect(simulator.origin).not.toBe(open.simulator.origin);
      const before = await fetch(new URL('/_sandbox/calls', simulator.origin));
      expect([before.status, await before.json()]).toEqual([200, []]);
      await simulator.close();
      await expect(fetch(simulator.origin)).rejects.toThrow();
    });
  });
});
