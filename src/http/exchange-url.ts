import { badInput } from '../domain/errors.ts';

const refused = () => badInput('A value cannot be part of a path at the vendor.');

// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is refused
const control = /[\u0000-\u001f\u007f-\u009f]/;

function segment(value: string | undefined): string {
  if (value === undefined || value === '' || /^\.{1,2}$/.test(value) || control.test(value)) {
    throw refused();
  }
  try {
    return encodeURIComponent(value);
  } catch {
    // Half of a surrogate pair.
    throw refused();
  }
}

/**
 * The URL of an exchange. Each `{name}` of the path becomes exactly one encoded segment, each query
 * value exactly one parameter, and the result lies below the base URL.
 * @throws CodedError BAD_USER_INPUT for `.`, `..`, empty values and control characters
 */
export function exchangeUrl(
  baseUrl: URL,
  path: string,
  params: Readonly<Record<string, string>> = {},
  query: Readonly<Record<string, string | number | boolean | undefined>> = {},
): string {
  const filled = path.replace(/\{([^{}]+)\}/g, (_, name: string) => {
    return segment(Object.hasOwn(params, name) ? params[name] : undefined);
  });
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined) {
      search.append(name, String(value));
    }
  }
  const text = search.size > 0 ? `${filled}?${search}` : filled;
  // Resolving is what a vendor's server does with the path: what is left must still lie below the base.
  const url = new URL(baseUrl.href + text);
  if (url.href !== baseUrl.href + text) {
    throw refused();
  }
  return url.href;
}
