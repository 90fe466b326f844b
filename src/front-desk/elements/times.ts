/** Times as the clinic reads them: always in a named zone, never in the one of whoever looks. */
const language = 'en-US';

const format = (options: Intl.DateTimeFormatOptions) => (at: string, timeZone: string) =>
  new Intl.DateTimeFormat(language, { ...options, timeZone }).format(new Date(at));

const day = { weekday: 'short', month: 'short', day: 'numeric' } as const;
const time = { hour: 'numeric', minute: '2-digit' } as const;

const yearOf = format({ year: 'numeric' });
const inThisYear = format({ ...day, ...time });
const inAnotherYear = format({ ...day, year: 'numeric', ...time });

/** `Tue, Nov 24, 3:00 PM`, with its year where that is not this one. */
export function instantText(at: string, timeZone: string): string {
  const now = new Date().toISOString();
  const near = yearOf(at, timeZone) === yearOf(now, timeZone);
  return (near ? inThisYear : inAnotherYear)(at, timeZone);
}

/** `3:00 PM` */
export const timeText = format(time);
/** `3:00 PM` where that is today, and otherwise with its day. */
export const soonText = (at: string, timeZone: string) =>
  dayKey(at, timeZone) === dayKey(new Date().toISOString(), timeZone)
    ? timeText(at, timeZone)
    : instantText(at, timeZone);
/** `Tuesday, November 24` */
export const dayText = format({ weekday: 'long', month: 'long', day: 'numeric' });
/** `2026-11-24`: the same for instants of one day in the zone. */
export const dayKey = (at: string, timeZone: string) =>
  new Intl.DateTimeFormat('sv-SE', { dateStyle: 'short', timeZone }).format(new Date(at));

/** `Feb 11, 1988` of a calendar day, which no zone shifts. */
export const calendarDayText = (date: string) =>
  format({ month: 'short', day: 'numeric', year: 'numeric' })(`${date}T00:00:00Z`, 'UTC');

/** `Pacific Time (America/Los Angeles)`; the zone alone where it has no name. */
export function zoneText(timeZone: string): string {
  const name = new Intl.DateTimeFormat(language, { timeZone, timeZoneName: 'longGeneric' })
    .formatToParts()
    .find(({ type }) => type === 'timeZoneName')?.value;
  const zone = timeZone.replaceAll('_', ' ');
  return name === undefined || /^GMT|^UTC/.test(name) ? zone : `${name} (${zone})`;
}
