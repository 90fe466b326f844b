/** The third of HTTP's forms of a date (RFC 9110, 5.6.7), which leaves the zone unsaid. */
const asctime = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/** Date.parse alone takes nearly anything for a date. */
function parseHttpDate(text: string | undefined): number {
  const dated = text !== undefined && asctime.test(text) ? `${text} GMT` : text;
  return dated !== undefined && /^[A-Z][a-z]+,? .* GMT$/.test(dated)
    ? Date.parse(dated)
    : Number.NaN;
}

/**
 * When a vendor wants to be asked again, from a `Retry-After` header (seconds or an HTTP date);
 * undefined where there is none or it cannot be read.
 * @param now milliseconds since the epoch
 * @param sentAt the same answer's `Date` header: a date is meant by the vendor's clock, not by ours
 */
export function parseRetryAfter(
  header: string | readonly string[] | undefined,
  now: number,
  sentAt?: string,
): Date | undefined {
  const text = (typeof header === 'string' ? header : header?.[0])?.trim();
  if (!text) {
    return undefined;
  }
  const at = /^\d{1,9}$/.test(text)
    ? now + Number(text) * 1000
    : parseHttpDate(text) + skewOf(sentAt, now);
  return Number.isFinite(at) ? new Date(Math.max(at, now)) : undefined;
}

/** Milliseconds by which our clock is ahead of the vendor's; its header counts in seconds, so a little is none. */
function skewOf(sentAt: string | undefined, now: number): number {
  const skew = now - parseHttpDate(sentAt);
  return Math.abs(skew) >= 2_000 ? skew : 0;
}
