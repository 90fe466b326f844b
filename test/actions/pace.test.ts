import { describe, expect, it } from 'vitest';
import { createPace } from '../../src/actions/pace.ts';

const never = new AbortController().signal;

describe('a pace', () => {
  it('gives the first turn at once and the others evenly, in the order asked for', async () => {
    // A turn each 100 ms.
    const pace = createPace(600);
    const started = performance.now();
    const order: number[] = [];
    const turns = [0, 1, 2, 3].map(async (at) => {
      await pace.turn(never);
      order.push(at);
      return performance.now() - started;
    });
    const times = await Promise.all(turns);
    expect(order).toEqual([0, 1, 2, 3]);
    for (const [at, time] of times.entries()) {
      expect(time).toBeGreaterThanOrEqual(at * 100 - 5);
    }
  });

  it('gives the turn of one who left to the next', async () => {
    // A turn each 500 ms.
    const pace = createPace(120);
    const left = new AbortController();
    await pace.turn(never);
    const started = performance.now();
    const gone = Array.from({ length: 9 }, () => pace.turn(left.signal));
    const waiting = pace.turn(never);
    left.abort(new Error('left'));
    await expect(Promise.all(gone)).rejects.toThrow('left');
    await waiting;
    // Behind all nine it would be five seconds.
    expect(performance.now() - started).toBeLessThan(2_500);
    await expect(pace.turn(left.signal)).rejects.toThrow('left');
  });
});
