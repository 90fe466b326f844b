import { badInput } from '../domain/errors.ts';

const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
/** Visible ASCII, blanks and tabs: no line can be broken and no other encoding guessed. */
const value = /^[\t\x20-\x7e]*$/;

/**
 * @throws CodedError BAD_USER_INPUT where a header would not arrive as it is; it does not name the value
 */
export function checkHeaders(headers: Readonly<Record<string, string>>): void {
  for (const name in headers) {
    if (!token.test(name) || !value.test(headers[name] ?? '')) {
      throw badInput('A value holds characters that cannot be sent to the vendor.');
    }
  }
}
