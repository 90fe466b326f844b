/**
 * A phone number without what people write between its digits; null for what is none. Callers' numbers and
 * vendors' alike: what was read can be sent.
 */
export function toPhoneNumber(text: string | null): string | null {
  const digits = text?.replace(/[\s()./-]/g, '') ?? '';
  return /^\+?\d{5,15}$/.test(digits) ? digits : null;
}
