const failures: readonly unknown[] = ['error', 'fail', 'failed', 'failure'];

/** A plain no, as JSON, a number or a form spells it. */
const noes: readonly unknown[] = [false, 0, '0', 'false'];

/** Whether there is anything in it: a word, an entry, or a plain yes. */
const saysSomething = (value: unknown): boolean =>
  typeof value === 'object' && value !== null
    ? Object.keys(value).length > 0
    : value !== undefined && value !== null && value !== '' && !noes.includes(value);

const isErrorCode = (code: unknown): boolean => {
  const number = typeof code === 'string' && /^\d{3}$/.test(code) ? Number(code) : code;
  return typeof number === 'number' && number >= 400 && number <= 599;
};

/**
 * Whether the JSON of a 2xx says in any of the usual words that it is no success. None of the vendors
 * documents all that it may send, and what reads as "no entries" or "done" must not be its excuse.
 */
export function isDenial(body: unknown): boolean {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    return false;
  }
  const { error, errors, success, result, status, code, data } = body as Record<string, unknown>;
  return (
    saysSomething(error) ||
    saysSomething(errors) ||
    noes.includes(success) ||
    noes.includes(result) ||
    failures.includes(typeof status === 'string' ? status.toLowerCase() : status) ||
    // Beside data it may be anything: one vendor calls the key of a visit so.
    (isErrorCode(code) && (data === undefined || data === null))
  );
}
