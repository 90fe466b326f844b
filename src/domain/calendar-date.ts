/**
 * Whether a text is a day `YYYY-MM-DD` that exists. Databases of vendors know a `0000-00-00`, and OpenID
 * Connect a year 0000 for one that is not told.
 */
export function isCalendarDate(text: string): boolean {
  const [, year, month, day] = /^(?!0000)(\d{4})-(\d{2})-(\d{2})$/.exec(text) ?? [];
  // A day too many is one of the next month; printing the date to compare texts would take four times as long.
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.getUTCMonth() + 1 === Number(month) && date.getUTCDate() === Number(day);
}
