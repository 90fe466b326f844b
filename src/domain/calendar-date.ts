/**
 * Whether a text is a day `YYYY-MM-DD` that exists. Databases of vendors know a `0000-00-00`, and OpenID
 * Connect a year 0000 for one that is not told.
 */
export const isCalendarDate = (text: string): boolean =>
  /^(?!0000)\d{4}-\d{2}-\d{2}$/.test(text) &&
  new Date(`${text}T00:00:00Z`).toJSON()?.startsWith(text) === true;
