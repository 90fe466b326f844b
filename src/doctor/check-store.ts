import { join } from 'node:path';
import type { Config } from '../config.ts';
import { inspectStore, type StoreFindings } from '../store/inspect-store.ts';
import { beginningOfSealed } from '../store/sealing.ts';
import { StoreError } from '../store/store-error.ts';
import { connectionWords, type Finding, failed, listed, note, ok } from './finding.ts';

function serverWords({ code, message }: StoreError): string {
  switch (code) {
    case '28P01':
      return `PostgreSQL refuses the user or the password (${code}). Check both in DATABASE_URL.`;
    case '28000':
      return `PostgreSQL does not let this user in from here (${code}): it may not log in, or pg_hba.conf has no line for it, or only one that wants TLS (sslmode=verify-full in DATABASE_URL).`;
    case '3D000':
      return `PostgreSQL has no such database (${code}). Create it, or check its name in DATABASE_URL.`;
    case '42501':
      return `PostgreSQL does not let this user look at the database (${code}). Grant it CONNECT on it.`;
    case '53300':
      return `PostgreSQL has no connection left (${code}). See who holds them, or raise its max_connections.`;
    case '57P03':
      return `PostgreSQL starts, or ends (${code}). Try again in a moment.`;
    default:
      // PostgreSQL's own codes have digits.
      return code !== undefined && /^[A-Z_]{5,}$/.test(code)
        ? `PostgreSQL cannot be reached: ${connectionWords(code, 'DATABASE_URL')}`
        : message;
  }
}

function migrations({ pending }: StoreFindings): string {
  return pending === 0
    ? 'all migrations are applied'
    : `${pending} ${pending === 1 ? 'migration is' : 'migrations are'} to come, which serve applies when it starts`;
}

function ofServer(found: StoreFindings): Finding {
  if (found.readOnly) {
    return failed(
      'PostgreSQL only reads: a standby, or default_transaction_read_only. Name the primary in DATABASE_URL.',
    );
  }
  if (found.lacking.length > 0) {
    const what = found.pending > 0 ? `${migrations(found)}, but` : 'PostgreSQL answers, but';
    return failed(`${what} the user lacks ${listed(found.lacking)}. Give it that.`);
  }
  return ok(`PostgreSQL ${found.version} answers; ${migrations(found)}.`);
}

const wants = 'Production wants PostgreSQL (DATABASE_URL).';

function ofEmbedded(found: StoreFindings, folder: string): Finding {
  switch (found.state) {
    case 'ABSENT':
      return note(`embedded; serve makes it in ${folder}. ${wants}`);
    case 'IN_USE':
      return note(`embedded in ${folder}, and in use by a process that runs. ${wants}`);
    case 'THERE':
      return note(`embedded in ${folder}; ${migrations(found)}. ${wants}`);
  }
}

/** Whether the configuration has all keys that something in the store was sealed with. */
function opens(found: StoreFindings, { encryptionKey, oldEncryptionKeys }: Config): boolean {
  if (encryptionKey === undefined) {
    // Serve takes the one that is kept beside the data.
    return true;
  }
  const beginnings = [encryptionKey, ...oldEncryptionKeys].map(beginningOfSealed);
  return found.sealedBy.every((one) => beginnings.includes(one));
}

/** Connection, rights, migrations and keys of the store that `serve` would use. Changes nothing. */
export async function checkStore(config: Config): Promise<Finding> {
  const { databaseUrl, dataDirectory } = config;
  const folder = join(dataDirectory, 'store');
  try {
    const found = await inspectStore(databaseUrl, folder);
    if (!opens(found, config)) {
      return failed(
        'holds patients that neither ENCRYPTION_KEY nor ENCRYPTION_KEYS_OLD opens. Set the key that they were sealed with in one of them.',
      );
    }
    return databaseUrl === undefined ? ofEmbedded(found, folder) : ofServer(found);
  } catch (error) {
    if (!(error instanceof StoreError)) {
      throw error;
    }
    return failed(
      databaseUrl === undefined
        ? `the embedded store in ${folder} cannot be opened. ${error.message}`
        : serverWords(error),
    );
  }
}
