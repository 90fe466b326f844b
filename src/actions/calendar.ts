import type { CalendarDate } from '../domain/records.ts';

/** The zone in which a day begins last on earth: what is past there is past everywhere. */
const lastZoneOnEarth = 'Etc/GMT+12';

/**
 * Today in the clinic's zone. Where the clinic has not named one, the day that it still is somewhere,
 * so that no day is refused that may be today at the clinic.
 */
export function today(now: number, timeZone: string | null): CalendarDate {
  const format = new Intl.DateTimeFormat('en-CA', {
    timeZone: timeZone ?? lastZoneOnEarth,
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
  });
  return format.format(now);
}
