/**
 * When a vendor wants to be asked again, from a `Retry-After` header (seconds or an HTTP date);
 * undefined where there is none or it cannot be read.
 * @param now milliseconds since the epoch
 */
export function parseRetryAfter(
  header: string | readonly string[] | undefined,
  now: number,
): Date | undefined {
  const text = (typeof header === 'string' ? header : header?.[0])?.trim();
  if (!text) {
    return undefined;
  }
  const at = /^\d{1,9}$/.test(text)
    ? now + Number(text) * 1000
    : // Date.parse alone takes nearly anything for a date.
      /^[A-Z][a-z]+,? .* GMT$/.test(text)
      ? Date.parse(text)
      : Number.NaN;
  return Number.isFinite(at) ? new Date(Math.max(at, now)) : undefined;
}
