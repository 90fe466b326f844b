import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { firstQuery } from '../support/first-query.ts';
import { type Answer, startTestGateway, type TestGateway } from '../support/gateway.ts';
import { driven } from '../vendors/conformance/exercises.ts';
import { definitions, type OpenVendor, openVendor } from '../vendors/conformance/open-vendor.ts';
import { prepareWorld, type World } from '../vendors/conformance/world.ts';

/** reliability.md, V12 and V13: a vendor that is down, and back again. */

/** Milliseconds for which a breaker stays open before it lets one call through. */
const openFor = 5_000;
/** Milliseconds in which a vendor that is back has to be used again. */
const recovery = 10_000;

const vendors = ['NIMBUS', 'VSEE', 'MY_PATIENT_PORTAL', 'CERBO', 'MD_HQ'] as const;
/** Milliseconds of an attempt. */
const attemptTimeout = 2_000;
/** Queries at once. */
const crowd = 8;

interface Timed extends Answer {
  milliseconds: number;
}

describe.each([
  ['VSEE', { kind: 'hang' }],
  ['CERBO', { kind: 'reset' }],
] as const)('V12, V13: while %s is down', (down, fault) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    gateway = await startTestGateway({
      environment: { [`${down}_TIMEOUT_MS`]: String(attemptTimeout) },
    });
    await gateway.query(firstQuery);
  });
  afterAll(() => gateway.close());
  beforeEach(() => gateway.forget());

  async function ask(): Promise<Timed> {
    const begun = performance.now();
    const answer = await gateway.query(firstQuery);
    return { ...answer, milliseconds: performance.now() - begun };
  }

  it('the query over all vendors is held up until the breaker opens, then by probes alone, and is whole again soon after', async () => {
    const others = vendors.filter((vendor) => vendor !== down);
    const { simulators } = gateway.sandbox;
    const whole = await ask();
    expect(whole.errors).toEqual([]);
    gateway.forget();
    simulators[down].fault(fault);
    await Promise.all(Array.from({ length: crowd }, () => ask()));
    const opening = gateway.calls(down).length;
    expect(opening).toBeLessThanOrEqual(3 * crowd);

    const begun = performance.now();
    const answers: Timed[] = [];
    for (let round = 0; round < 10; round += 1) {
      answers.push(...(await Promise.all(Array.from({ length: 10 }, () => ask()))));
    }
    const probes = gateway.calls(down).length - opening;
    expect(probes).toBeLessThanOrEqual(Math.ceil((performance.now() - begun) / openFor));
    const heldUp = answers.filter(({ milliseconds }) => milliseconds >= attemptTimeout);
    expect(heldUp.length).toBeLessThanOrEqual(probes);
    for (const answer of answers) {
      expect(answer.status).toBe(200);
      expect(answer.errors).toEqual([]);
      const [patient] = answer.data.patients.nodes;
      expect(patient.latestOrder).toEqual(whole.data.patients.nodes[0].latestOrder);
      const states = [patient.visits, patient.appointments, patient.portalRequests]
        .flatMap(({ sources }) => sources)
        .map(({ vendor, state }: Record<string, string>) => [vendor, state === 'OK']);
      expect(states).toContainEqual([down, false]);
      expect(states.filter(([vendor, ok]) => vendor !== down && !ok)).toEqual([]);
    }
    for (const vendor of others) {
      expect(gateway.calls(vendor).length).toBeGreaterThanOrEqual(100 + crowd);
    }

    gateway.forget();
    const back = performance.now();
    const isWhole = async () => (await ask()).text.match(/"state":"(?!OK)/) === null;
    await expect.poll(isWhole, { timeout: recovery, interval: 200 }).toBe(true);
    expect(performance.now() - back).toBeLessThan(recovery);
  });
});

describe.each(definitions)('%s', (id, definition) => {
  let open: OpenVendor;
  let world: World;
  beforeEach(async () => {
    open = await openVendor(id, definition);
    world = await prepareWorld(open);
    // Only what the clock says is made up; timers and sockets run as ever.
    vi.useFakeTimers({ toFake: ['Date'] });
  });
  afterEach(async () => {
    vi.useRealTimers();
    await open.close();
  });

  const down = [
    ['answers 503', { kind: 'status', status: 503 }],
    ['resets', { kind: 'reset' }],
    ['sends a page with 502', { kind: 'html', status: 502 }],
  ] as const;
  it.each(down)(
    'V13: that %s for a minute gets ten calls at first, then one in five seconds, and is used again within ten',
    async (_, fault) => {
      const [read] = driven(definition.capabilities).filter(
        ({ exercise }) => exercise.nature === 'read',
      );
      if (read === undefined) {
        return expect.fail('It has nothing to read.');
      }
      const door = open.connect();
      const sent = () => open.simulator.calls.length;
      const call = async () => {
        world.scope = { ...open.scope(), deadline: Date.now() + 15_000 };
        return read.run(door, world).then(
          () => 'OK',
          ({ kind }) => kind,
        );
      };
      const pass = (milliseconds: number) => vi.setSystemTime(Date.now() + milliseconds);
      open.forget();
      open.simulator.fault(fault);

      for (let count = 0; count < 10; count += 1) {
        await call();
      }
      expect(sent()).toBeLessThanOrEqual(10);
      expect(door.health().state).toBe('UNAVAILABLE');

      // Six callers at once, twice a second.
      const step = 500;
      const rate: number[] = [];
      for (let elapsed = 0; elapsed < 60_000; elapsed += step) {
        pass(step);
        const before = sent();
        const kinds = await Promise.all(Array.from({ length: 6 }, call));
        expect(kinds).not.toContain('OK');
        rate.push(sent() - before);
      }
      expect(Math.max(...rate)).toBe(1);
      const probes = rate.reduce((sum, count) => sum + count, 0);
      expect(probes).toBeGreaterThan(60_000 / openFor - 3);
      expect(probes).toBeLessThanOrEqual(60_000 / openFor);

      open.forget();
      let waited = 0;
      while ((await call()) !== 'OK' && waited < recovery) {
        pass(step);
        waited += step;
      }
      expect(waited).toBeLessThan(recovery);
      expect(door.health().state).toBe('AVAILABLE');
      const kinds = await Promise.all(Array.from({ length: 6 }, call));
      expect(new Set(kinds)).toEqual(new Set(['OK']));
    },
  );
});
