import { afterEach, describe, expect, it } from 'vitest';
import { createPace } from '../../src/domain/pace.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { failureOf, json, reading, scopeOf, startVendor, transportTo } from './support/vendor.ts';

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
