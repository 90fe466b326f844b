/**
 * The Netherlands, Belgium, France, Switzerland, Austria, Britain, Sweden, Germany: after these country codes no
 * number begins with 0, which is dialled only within the country. Elsewhere it can belong to the number, as in
 * Italy.
 */
const withoutZero = '(?:\\+|00)(?:3[123]|4[13469])';

/** `+49(0)30…`: the well-known way to write both forms in one. */
const bothForms = new RegExp(`^(\\(?${withoutZero}\\)?)\\(0\\)`);
const international = /^\(?(?:\+|00)/;
const wrongZero = new RegExp(`^${withoutZero}0`);

/**
 * A phone number without what people write between its digits; null for what is none, or what would reach
 * somebody else, or nobody, if it was dialled as it is. Callers' numbers and vendors' alike: what was read can
 * be sent.
 */
export function toPhoneNumber(text: string | null): string | null {
  const written = (text ?? '').replace(/[\s./-]/g, '').replace(bothForms, '$1');
  const digits = written.replace(/[()]/g, '');
  const isDoubtful =
    wrongZero.test(digits) || (international.test(written) && written.includes('(0)'));
  return /^\+?\d{5,15}$/.test(digits) && !isDoubtful ? digits : null;
}
