import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { VendorError } from '../../../src/domain/errors.ts';
import { driven } from './exercises.ts';
import { definitions, type OpenVendor, openVendor } from './open-vendor.ts';
import { prepareWorld, type World } from './world.ts';

/** What a door sends again, and what it never does. */

const is =
  (...natures: string[]) =>
  ({ exercise }: { exercise: { nature: string } }) =>
    natures.includes(exercise.nature);

describe.each(definitions)('%s', (id, definition) => {
  let open: OpenVendor;
  let world: World;
  beforeAll(async () => {
    open = await openVendor(id, definition);
    world = await prepareWorld(open);
  });
  afterAll(() => open.close());
  beforeEach(() => {
    open.forget();
    world.scope = open.scope();
  });

  const all = driven(definition.capabilities);
  const named = (some: typeof all) => some.map((each) => [each.name, each] as const);
  const sent = () => open.simulator.calls.map(({ method, path }) => `${method} ${path}`);
  const busy = { kind: 'status', status: 503 } as const;

  describe.each(named(all.filter(is('read', 'safe'))))('%s', (_name, { run }) => {
    it('V04: is tried again after a 503, and then succeeds', async () => {
      open.simulator.fault({ ...busy, times: 1 });
      await run(open.connect(), world);
      const [first, second] = sent();
      expect(second).toBe(first);
      expect(open.reported[0]).toMatchObject({ attempts: 2, outcome: expect.any(String) });
    });

    it('V04: is given up after three attempts', async () => {
      open.simulator.fault(busy);
      await expect(run(open.connect(), world)).rejects.toMatchObject({
        kind: 'SERVER_ERROR',
        status: 503,
      });
      expect(sent()).toHaveLength(3);
      expect(new Set(sent()).size).toBe(1);
    });

    it('V01: is tried again after the connection broke', async () => {
      open.simulator.fault({ kind: 'reset', times: 1 });
      await run(open.connect(), world);
      const [first, second] = sent();
      expect(second).toBe(first);
    });
  });

  describe.each(named(all.filter(is('unsafe'))))('%s', (_name, { run }) => {
    it.each([
      ['a 503', busy, true],
      ['a broken connection', { kind: 'reset' }, true],
      ['an empty answer', { kind: 'empty' }, true],
      ['an answer of another shape', { kind: 'wrong-shape' }, true],
      ['a 429', { kind: 'status', status: 429 }, false],
    ] as const)(
      'V02: is sent once, and says what may have happened after %s',
      async (_what, fault, mayHaveActed) => {
        open.simulator.fault(fault);
        const error = await run(open.connect(), world).catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(VendorError);
        expect(error).toMatchObject({ vendor: id, mayHaveActed });
        expect(sent()).toHaveLength(1);
        expect(sent()[0]).not.toMatch(/^GET /);
        expect(open.reported).toMatchObject([{ attempts: 1 }]);
      },
    );

    it('is not sent at all where no time is left for an answer', async () => {
      world.scope = { ...open.scope(), deadline: Date.now() + 5 };
      const error = await run(open.connect(), world).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ kind: 'TIMED_OUT', mayHaveActed: false });
      expect(sent()).toEqual([]);
    });
  });

  describe.each(named(all.filter(is('read'))))('%s', (_name, { run }) => {
    it('is not sent any more where the client is gone', async () => {
      world.scope = { ...open.scope(), signal: AbortSignal.abort() };
      await expect(run(open.connect(), world)).rejects.toMatchObject({ kind: 'CANCELLED' });
      expect(sent()).toEqual([]);
    });
  });

  describe.each(named(all.filter(is('handshake'))))('%s', (_name, { run }) => {
    it('sends nothing twice after a 503', async () => {
      open.simulator.fault(busy);
      await run(open.connect(), world).catch(() => undefined);
      expect(sent().length).toBeGreaterThan(0);
      expect(new Set(sent()).size).toBe(sent().length);
    });
  });

  describe.each(named(all.filter(is('local'))))('%s', (_name, { run }) => {
    it('makes no call', async () => {
      await run(open.connect(), world);
      expect(sent()).toEqual([]);
      expect(open.reported).toEqual([]);
    });
  });

  it('has no function whose repetition is left open', () => {
    const natures = ['read', 'safe', 'unsafe', 'handshake', 'local'];
    expect(all.filter((each) => !is(...natures)(each))).toEqual([]);
  });
});
