import { afterEach, describe, expect, it } from 'vitest';
import { createPace } from '../../src/http/pace.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { failureOf, json, reading, scopeOf, startVendor, transportTo } from './support/vendor.ts';

const minute = 60_000;

describe('a pace', () => {
  it('gives turns evenly, the first one at once', async () => {
    const pace = createPace(50);
    const begun = performance.now();
    const times = await Promise.all(
      Array.from({ length: 10 }, async () => {
        expect(await pace(minute, undefined)).toBe(true);
        return performance.now() - begun;
      }),
    );
    const latest = times.toSorted((a, b) => a - b);
    // Timers are late as they please, and never early: the nth turn comes n times 20 ms later.
    for (const [index, time] of latest.entries()) {
      expect(time).toBeGreaterThanOrEqual(index * 20 - 1);
    }
  });

  it('says at once where a turn would come too late, and leaves it to others', async () => {
    const pace = createPace(1);
    expect(await pace(minute, undefined)).toBe(true);
    const begun = performance.now();
    expect(await pace(500, undefined)).toBe(false);
    expect(performance.now() - begun).toBeLessThan(400);
    expect(await pace(1_500, undefined)).toBe(true);
    expect(performance.now() - begun).toBeLessThan(2_500);
  });

  it('gives none to whoever has gone', async () => {
    const pace = createPace(2);
    await pace(minute, undefined);
    const gone = new AbortController();
    const waiting = pace(minute, gone.signal);
    gone.abort();
    expect(await waiting).toBe(false);
    expect(await pace(minute, gone.signal)).toBe(false);
  });

  it('leaves the turns of those who have gone to those behind them', async () => {
    const pace = createPace(5);
    await pace(minute, undefined);
    const gone = new AbortController();
    const waiting = Array.from({ length: 20 }, () => pace(minute, gone.signal));
    const behind = pace(minute, undefined);
    const begun = performance.now();
    gone.abort();
    expect(await Promise.all(waiting)).toEqual(Array(20).fill(false));
    expect(await behind).toBe(true);
    expect(await pace(500, undefined)).toBe(true);
    const took = performance.now() - begun;
    expect(took).toBeGreaterThan(350);
    expect(took).toBeLessThan(1_500);
  });
});

describe('calls to a vendor that allows so many a second', () => {
  it('are sent evenly, and refused without being sent where their turn comes too late', async () => {
    const arrivals: number[] = [];
    const vendor = await startVendor((_, response) => {
      arrivals.push(performance.now());
      json(response, 200, { ok: true });
    });
    const transport = transportTo(vendor, { pace: createPace(20), attempts: 1 });
    const calls = Array.from({ length: 30 }, () => transport.call(scopeOf(800), reading()));
    const ends = await Promise.allSettled(calls);
    const refused = ends.filter(({ status }) => status === 'rejected');
    expect(ends.length - refused.length).toBe(arrivals.length);
    // 800 ms have room for 16 turns of 50 ms.
    expect(arrivals.length).toBeGreaterThan(5);
    expect(arrivals.length).toBeLessThanOrEqual(17);
    expect(await failureOf(calls.at(-1) as Promise<unknown>)).toMatchObject({ kind: 'TIMED_OUT' });
    // A socket may be slow with one, and quick with the next.
    const span = (arrivals.at(-1) ?? 0) - (arrivals[0] ?? 0);
    expect(span).toBeGreaterThan((arrivals.length - 1) * 50 - 45);
    await transport.close?.();
    await vendor.close();
  });

  it('fail as the vendor said where their next attempt would come too late', async () => {
    const vendor = await startVendor((_, response) => json(response, 503, {}));
    const transport = transportTo(vendor, { pace: createPace(1) });
    expect(await failureOf(transport.call(scopeOf(700), reading()))).toMatchObject({
      kind: 'SERVER_ERROR',
      status: 503,
    });
    expect(vendor.got).toHaveLength(1);
    await transport.close?.();
    await vendor.close();
  });

  let gateway: TestGateway | undefined;
  afterEach(() => gateway?.close());

  it('are those of the vendor that the variable names, and of no other', async () => {
    gateway = await startTestGateway({ environment: { CERBO_PER_SECOND: '5' } });
    const { ids, query } = gateway;
    const document = (vendor: string) =>
      `query ($id: ID!) { patient(id: $id) { portalRequests(filter: { vendor: [${vendor}] }) { sources { state } } } }`;
    const timed = async (vendor: string) => {
      const begun = performance.now();
      const answers = await Promise.all(
        Array.from({ length: 6 }, () => query(document(vendor), { id: ids.Ana })),
      );
      const states = answers.map(({ data }) => data.patient.portalRequests.sources[0].state);
      return { states: new Set(states), took: performance.now() - begun };
    };
    const [paced, free] = [await timed('CERBO'), await timed('MD_HQ')];
    expect([...paced.states, ...free.states]).toEqual(['OK', 'OK']);
    expect(paced.took).toBeGreaterThan(5 * 200 - 50);
    expect(free.took).toBeLessThan(paced.took);
  });
});
