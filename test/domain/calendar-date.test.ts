import { describe, expect, it } from 'vitest';
import { isCalendarDate } from '../../src/domain/calendar-date.ts';

describe('a calendar date', () => {
  it.each(['0001-01-01', '0004-02-29', '1999-12-31', '2000-02-29', '2024-02-29', '9999-12-31'])(
    '%s is one',
    (text) => {
      expect(isCalendarDate(text)).toBe(true);
    },
  );

  it.each([
    ...['0000-00-00', '0000-01-01', '1900-02-29', '2026-02-29', '2026-04-31', '2026-01-32'],
    ...['2026-00-10', '2026-13-10', '2026-01-00', '2026-1-1', '02026-01-01', '-2026-01-01'],
    ...['2026-01-01T00:00:00Z', ' 2026-01-01', '2026-01-01\n', '२०२६-०१-०१', ''],
  ])('%j is none', (text) => {
    expect(isCalendarDate(text)).toBe(false);
  });

  it('is each day of four centuries, and nothing between two months', () => {
    const days = new Set<string>();
    for (let day = Date.UTC(1800, 0); day < Date.UTC(2200, 0); day += 24 * 60 * 60 * 1000) {
      days.add(new Date(day).toISOString().slice(0, 10));
    }
    const wrong: string[] = [];
    for (let year = 1800; year < 2200; year += 1) {
      for (let rest = 0; rest < 14 * 33; rest += 1) {
        const [month, day] = [Math.floor(rest / 33), rest % 33].map((part) => `0${part}`.slice(-2));
        const text = `${year}-${month}-${day}`;
        if (isCalendarDate(text) !== days.has(text)) {
          wrong.push(text);
        }
      }
    }
    expect(days.size).toBe(146_097);
    expect(wrong).toEqual([]);
  });
});
