import { describe, expect, it } from 'vitest';
import { parseRetryAfter } from '../../src/http/retry-after.ts';

const now = Date.parse('2026-11-20T10:00:00Z');

describe('Retry-After', () => {
  it.each([
    ['0', '2026-11-20T10:00:00Z'],
    ['120', '2026-11-20T10:02:00Z'],
    [' 7 ', '2026-11-20T10:00:07Z'],
    ['Fri, 20 Nov 2026 10:00:30 GMT', '2026-11-20T10:00:30Z'],
    ['Friday, 20-Nov-26 10:00:30 GMT', '2026-11-20T10:00:30Z'],
    ['Fri Nov 20 10:00:30 2026', '2026-11-20T10:00:30Z'],
    ['Tue Dec  1 10:00:30 2026', '2026-12-01T10:00:30Z'],
    ['Fri, 20 Nov 2026 09:00:00 GMT', '2026-11-20T10:00:00Z'],
  ])('V05: %s means %s', (header, at) => {
    expect(parseRetryAfter(header, now)).toEqual(new Date(at));
  });

  it.each([
    ['Fri, 20 Nov 2026 11:00:07 GMT', 'Fri, 20 Nov 2026 11:00:00 GMT'],
    ['Fri, 20 Nov 2026 07:30:07 GMT', 'Fri, 20 Nov 2026 07:30:00 GMT'],
    ['7', 'Fri, 20 Nov 2026 11:00:00 GMT'],
    ['Fri, 20 Nov 2026 10:00:07 GMT', 'Fri, 20 Nov 2026 09:59:59 GMT'],
    ['Fri, 20 Nov 2026 10:00:07 GMT', 'yesterday'],
  ])('V05, V16: %s, said at %s, means seven seconds', (header, sentAt) => {
    expect(parseRetryAfter(header, now, sentAt)).toEqual(new Date(now + 7_000));
  });

  it('that occurs twice counts once', () => {
    expect(parseRetryAfter(['5', '9'], now)).toEqual(new Date(now + 5000));
  });

  it.each([undefined, '', 'soon', '-1', '1.5', '1e3', '99999999999', 'Fri, 99 Foo 2026 GMT'])(
    'cannot be read from %j',
    (header) => {
      expect(parseRetryAfter(header, now)).toBeUndefined();
    },
  );
});
