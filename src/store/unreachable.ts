import { codeOf, StoreError } from './store-error.ts';

export const onlyReads =
  'PostgreSQL only reads: a standby, or default_transaction_read_only. Name the primary in DATABASE_URL.';

/** PostgreSQL's own codes, for an operator. */
const meanings: Readonly<Record<string, string>> = {
  '25006': onlyReads,
  '28P01': 'PostgreSQL refuses the user or the password (28P01). Check both in DATABASE_URL.',
  '28000':
    'PostgreSQL does not let this user in from here (28000): it may not log in, or pg_hba.conf has no line for it, or only one that wants TLS (sslmode=verify-full in DATABASE_URL).',
  '3D000': 'PostgreSQL has no such database (3D000). Create it, or check its name in DATABASE_URL.',
  '42501':
    'PostgreSQL does not let this user look at the database named by DATABASE_URL (42501). Grant it CONNECT on it.',
  '53300':
    'PostgreSQL has no connection left (53300). See who holds them, or raise its max_connections.',
  '57P03': 'PostgreSQL starts, or ends (57P03). Try again in a moment.',
};

/** Why a PostgreSQL server cannot be used. Holds nothing of its URL. */
export function unreachable(error: unknown): StoreError {
  const code = codeOf(error);
  // The driver's own words, which have no code.
  const isClear = error instanceof Error && /does not support SSL/.test(error.message);
  return new StoreError(
    'UNAVAILABLE',
    isClear
      ? 'The PostgreSQL server named by DATABASE_URL has no TLS, which sslmode there asks for. Switch it on in the server (ssl = on); only where nobody else is on the way, set sslmode=disable.'
      : (meanings[code ?? ''] ??
          `The PostgreSQL database named by DATABASE_URL cannot be used${code ? ` (${code})` : ''}. Check that the server runs and can be reached, and the user, password and database name.`),
    code,
  );
}
