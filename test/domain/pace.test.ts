import { setMaxListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { createPace } from '../../src/domain/pace.ts';

const minute = 60_000;

describe('a pace', () => {
  it('gives turns evenly, the first one at once, in the order asked for', async () => {
    const pace = createPace(50);
    const begun = performance.now();
    const times = await Promise.all(
      Array.from({ length: 10 }, async () => {
        expect(await pace(minute, undefined)).toBe(true);
        return performance.now() - begun;
      }),
    );
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    // Timers are late as they please, and never early: the nth turn comes n times 20 ms later.
    for (const [index, time] of times.entries()) {
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
    setMaxListeners(0, gone.signal);
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
