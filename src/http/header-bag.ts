import { badInput } from '../domain/errors.ts';

/** What ofetch needs of `Headers`, without the cost of the real one. Names are kept in lower case. */
export class HeaderBag extends Map<string, string> {
  constructor(entries?: Iterable<readonly [string, string]> | Record<string, string>) {
    super();
    const pairs = entries && Symbol.iterator in entries ? entries : Object.entries(entries ?? {});
    for (const [name, value] of pairs as Iterable<[string, string]>) {
      this.set(name, value);
    }
  }

  override get(name: string) {
    return super.get(name.toLowerCase());
  }

  override has(name: string) {
    return super.has(name.toLowerCase());
  }

  override set(name: string, value: string) {
    return super.set(name.toLowerCase(), value);
  }
}

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
