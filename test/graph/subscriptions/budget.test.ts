import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type ListeningGateway, startListeningGateway } from '../../support/listening-gateway.ts';
import { portalOf } from '../../support/simulators.ts';
import { appointmentOf, listen, looks, recordOf } from './listening.ts';

/** That subscriptions ask a vendor no more often than they may, however many they are. */

/** A look at the vendor each second, however often each appointment would be looked at. */
const callsPerMinute = 60;

let gateway: ListeningGateway;
beforeAll(async () => {
  gateway = await startListeningGateway({
    environment: {
      SUBSCRIPTION_POLL_INTERVAL_MS: '10',
      SUBSCRIPTION_CALLS_PER_MINUTE: String(callsPerMinute),
    },
  });
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

describe('the budget of a vendor', () => {
  it('is kept over all appointments, which take turns', async () => {
    // Another one that waits.
    recordOf(gateway, 'a').asapEmail = 'ana.silva@example.com';
    const started = performance.now();
    const streams = await Promise.all(
      ['a', 'b'].map((last) =>
        listen(gateway, { variables: { id: appointmentOf(gateway, last) } }),
      ),
    );
    // On a busy machine one of them has begun before the other.
    const { length: before } = looks(gateway);
    await delay(5_200);
    const most = ((performance.now() - started) / 60_000) * callsPerMinute + 1;
    const paths = looks(gateway).map(({ path }) => path);
    for (const stream of streams) {
      stream.close();
    }
    expect(paths.length).toBeLessThanOrEqual(most);
    const together = paths.slice(before);
    expect(together.length).toBeGreaterThan(2);
    const [one = 0, other = 0] = ['Aa/', 'Ab/'].map(
      (last) => together.filter((path) => path.includes(`7opz${last}`)).length,
    );
    expect(one + other).toBe(together.length);
    expect(Math.abs(one - other)).toBeLessThanOrEqual(1);
  });

  it('is not spent on those who left before their turn', async () => {
    for (let times = 0; times < 8; times += 1) {
      const stream = await listen(gateway);
      stream.close();
      await delay(50);
    }
    const started = performance.now();
    const stream = await listen(gateway);
    expect((await stream.next()).data.earlierAvailability).toBeTruthy();
    stream.close();
    // Behind all of them it would be eight seconds.
    expect(performance.now() - started).toBeLessThan(5_000);
  });

  it('is not spent on a vendor that wants to be left alone for longer than timers run', async () => {
    const headers = { 'retry-after': String(30 * 24 * 60 * 60) };
    const match = /earlier_availability/;
    portalOf(gateway).fault({ kind: 'status', status: 429, headers, match });
    const stream = await listen(gateway);
    await expect.poll(() => looks(gateway).length, { timeout: 10_000 }).toBe(1);
    // Time for three more.
    await delay(3_500);
    stream.close();
    expect(looks(gateway)).toHaveLength(1);
  });
});
