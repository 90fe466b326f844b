import { describe, expect, it } from 'vitest';
import { isTimeZone, toTimeZone } from '../../src/domain/time-zone.ts';

describe('the name of a time zone', () => {
  it.each([
    ['Europe/Berlin', 'Europe/Berlin'],
    ['america/los_angeles', 'America/Los_Angeles'],
    ['UTC', 'UTC'],
  ])('%s is %s', (name, zone) => {
    expect(toTimeZone(name)).toBe(zone);
    expect(isTimeZone(name)).toBe(true);
  });

  it.each(['', 'Berlin', 'Europe/Nowhere', '+02:00', '-0430', 'Europe/Berlin '])(
    'is not %j',
    (name) => {
      expect(toTimeZone(name)).toBeUndefined();
      expect(isTimeZone(name)).toBe(false);
    },
  );
});
