import { describe, expect, it } from 'vitest';
import { createAdmission, type Place, type RequestClass } from '../../src/overload/admission.ts';

const options = { most: 1000, reserve: 100, targetLag: 50 };

/** As many as are let in, up to `wanted`. */
function fill({ enter }: ReturnType<typeof createAdmission>, of: RequestClass, wanted: number) {
  const places: Place[] = [];
  for (let count = 0; count < wanted; count += 1) {
    const place = enter(of);
    if (place) {
      places.push(place);
    }
  }
  return places;
}

const limits = ({ loads }: ReturnType<typeof createAdmission>) =>
  Object.fromEntries(loads().map((load) => [load.class, load.limit]));

describe('requests in hand', () => {
  it('are let in up to the limit and not one beyond, and again when one leaves', () => {
    const admission = createAdmission({ ...options, most: 10, reserve: 2 });
    const reads = fill(admission, 'read', 11);
    expect(reads).toHaveLength(10);
    expect(admission.enter('read')).toBeUndefined();
    reads[0]?.leave();
    reads[0]?.leave();
    expect(admission.loads()[0]?.running).toBe(9);
    expect(admission.enter('read')).toBeDefined();
    expect(fill(admission, 'write', 3)).toHaveLength(2);
  });

  it('that have become streams leave their places to others, and are twice as many at the most', () => {
    const admission = createAdmission({ ...options, most: 10, reserve: 2 });
    const running = () => admission.loads().map((load) => load.running);
    const streams = [...fill(admission, 'read', 10), ...fill(admission, 'write', 2)];
    expect(streams.map((place) => place.becomeStream())).toEqual(Array(12).fill(true));
    expect(running()).toEqual([0, 0, 12]);
    const next = fill(admission, 'read', 10);
    expect(next.filter((place) => place.becomeStream())).toHaveLength(8);
    expect(running()).toEqual([2, 0, 20]);
    expect(admission.loads()[2]).toMatchObject({ class: 'stream', limit: 20, refused: 2 });
    for (const place of [...streams, ...next]) {
      place.leave();
      // Gone before it could become one.
      expect(place.becomeStream()).toBe(true);
    }
    expect(running()).toEqual([0, 0, 0]);
  });

  it('may be more where they are wanted and the loop has time to spare, up to the most', () => {
    const admission = createAdmission(options);
    admission.adapt(5);
    expect(limits(admission)).toEqual({ read: 128, write: 100, stream: 2000 });
    for (let round = 0; round < 30; round += 1) {
      fill(admission, 'read', 2000);
      admission.adapt(5);
    }
    expect(limits(admission)).toEqual({ read: 1000, write: 100, stream: 2000 });
  });

  it('may be less where the loop is late: at once no more than are in hand', () => {
    const admission = createAdmission(options);
    fill(admission, 'read', 60);
    admission.adapt(100);
    expect(limits(admission).read).toBe(42);
    admission.adapt(60);
    expect(limits(admission).read).toBe(35);
    for (let round = 0; round < 10; round += 1) {
      admission.adapt(1000);
    }
    expect(limits(admission).read).toBe(16);
  });

  it('lose no place to a loop that is late with hardly anything in hand', () => {
    const admission = createAdmission(options);
    fill(admission, 'read', 16);
    for (const lag of [60, 200, 1000]) {
      admission.adapt(lag);
    }
    expect(limits(admission)).toEqual({ read: 128, write: 100, stream: 2000 });
  });

  it('get back what they lost once the loop has time to spare, also while nobody asks', () => {
    const admission = createAdmission(options);
    const places = fill(admission, 'read', 128);
    for (let round = 0; round < 10; round += 1) {
      admission.adapt(1000);
    }
    expect(limits(admission).read).toBe(16);
    for (const place of places) {
      place.leave();
    }
    // A second, ten looks at the loop.
    for (let round = 0; round < 10; round += 1) {
      admission.adapt(5);
    }
    expect(limits(admission).read).toBeGreaterThanOrEqual(128);
    const before = limits(admission).read;
    admission.adapt(5);
    expect(limits(admission).read).toBe(before);
  });

  it('get back at once what they lost where hardly anything is in hand, however late the loop is', () => {
    const admission = createAdmission(options);
    const places = [...fill(admission, 'read', 128), ...fill(admission, 'write', 100)];
    for (let round = 0; round < 20; round += 1) {
      admission.adapt(1000);
    }
    expect(limits(admission)).toEqual({ read: 16, write: 64, stream: 2000 });
    for (const place of places.slice(15)) {
      place.leave();
    }
    // A look at the time before they left, and one at what is in hand since.
    admission.adapt(1000);
    expect(limits(admission)).toEqual({ read: 16, write: 64, stream: 2000 });
    admission.adapt(1000);
    expect(limits(admission)).toEqual({ read: 128, write: 100, stream: 2000 });
  });

  it('keep the writes’ reserve until the reads are down to their least, and get it back first', () => {
    const admission = createAdmission(options);
    fill(admission, 'read', 128);
    fill(admission, 'write', 100);
    while (limits(admission).read !== 16) {
      expect(limits(admission).write).toBe(100);
      admission.adapt(500);
    }
    admission.adapt(500);
    expect(limits(admission)).toEqual({ read: 16, write: 70, stream: 2000 });
    admission.adapt(5);
    expect(limits(admission)).toEqual({ read: 20, write: 100, stream: 2000 });
  });

  it('grow by little where they are used up while the loop is neither late nor idle, and stay where not', () => {
    const admission = createAdmission(options);
    fill(admission, 'read', 127);
    for (const lag of [31, 40, 49, 50]) {
      admission.adapt(lag);
      expect(limits(admission).read).toBe(128);
    }
    for (const [lag, limit] of [
      [31, 130],
      [50, 132],
    ] as const) {
      fill(admission, 'read', 128);
      admission.adapt(lag);
      expect(limits(admission).read).toBe(limit);
    }
    const few = createAdmission({ ...options, most: 129 });
    for (let round = 0; round < 3; round += 1) {
      fill(few, 'read', 200);
      few.adapt(40);
    }
    expect(limits(few).read).toBe(129);
  });
});
