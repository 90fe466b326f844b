import type { CalendarDate } from '../domain/records.ts';

/** The zones in which a day begins last and first on earth. */
const lastZoneOnEarth = 'Etc/GMT+12';
const firstZoneOnEarth = 'Etc/GMT-14';

function dayIn(timeZone: string, now: number): CalendarDate {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  return format.format(now);
}

/**
 * Today in the clinic's zone. Where the clinic has not named one, the earliest and the latest day that it
 * is anywhere, so that no day is refused that may be today at the clinic.
 */
export const today = (now: number, timeZone: string | null) => ({
  earliest: dayIn(timeZone ?? lastZoneOnEarth, now),
  latest: dayIn(timeZone ?? firstZoneOnEarth, now),
});
