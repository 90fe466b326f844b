/**
 * The IANA time zone of a name, as Intl spells it; undefined for anything else. An offset (`+02:00`), which newer
 * versions of Node take for a zone, is none: it knows no daylight-saving time.
 */
export function toTimeZone(name: string): string | undefined {
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    return /^[+-]/.test(timeZone) ? undefined : timeZone;
  } catch {
    return undefined;
  }
}

export const isTimeZone = (name: string): boolean => toTimeZone(name) !== undefined;
