import { join } from 'node:path';
import type { Config } from '../config.ts';
import { inspectStore, type StoreFindings } from '../store/inspect-store.ts';
import { pendingWords } from '../store/migrate.ts';
import { lackWords } from '../store/rights.ts';
import { beginningOfSealed } from '../store/sealing.ts';
import { StoreError } from '../store/store-error.ts';
import { onlyReads } from '../store/unreachable.ts';
import { connectionWords, type Finding, failed, note, ok } from './finding.ts';

/** A code of the system's says more than one of ours could: PostgreSQL's own have digits. */
const serverWords = ({ code, message }: StoreError) =>
  code !== undefined && /^[A-Z_]{5,}$/.test(code)
    ? `PostgreSQL cannot be reached: ${connectionWords(code, 'DATABASE_URL')}`
    : message;

function ofServer(found: StoreFindings): Finding {
  if (found.readOnly) {
    return failed(onlyReads);
  }
  if (found.lacking.length > 0) {
    return failed(lackWords(found));
  }
  return ok(`PostgreSQL ${found.version} answers; ${pendingWords(found.pending)}.`);
}

const needsEarlier =
  'An earlier key is still needed: portico reseal seals with ENCRYPTION_KEY what it sealed.';
const wants = 'Production wants PostgreSQL (DATABASE_URL).';

function ofEmbedded(found: StoreFindings, folder: string): Finding {
  switch (found.state) {
    case 'ABSENT':
      return note(`embedded; serve makes it in ${folder}. ${wants}`);
    case 'IN_USE':
      return note(`embedded in ${folder}, and in use by a process that runs. ${wants}`);
    case 'THERE':
      return note(`embedded in ${folder}; ${pendingWords(found.pending)}. ${wants}`);
  }
}

/** Which of the configured keys something in the store was sealed with; `LACKING`: another one, too. */
function keysFor(
  { sealedBy }: StoreFindings,
  { encryptionKey, oldEncryptionKeys }: Config,
): 'CURRENT' | 'EARLIER' | 'LACKING' {
  if (encryptionKey === undefined) {
    // Serve takes the one that is kept beside the data.
    return 'CURRENT';
  }
  const [current, ...earlier] = [encryptionKey, ...oldEncryptionKeys].map(beginningOfSealed);
  const others = sealedBy.filter((one) => one !== current);
  if (others.length === 0) {
    return 'CURRENT';
  }
  return others.every((one) => earlier.includes(one)) ? 'EARLIER' : 'LACKING';
}

/**
 * Connection, rights, migrations and keys of the store that `serve` would use. Changes nothing.
 * @param patience milliseconds for a PostgreSQL
 */
export async function checkStore(config: Config, patience: number): Promise<Finding> {
  const { databaseUrl, dataDirectory } = config;
  const folder = join(dataDirectory, 'store');
  try {
    const found = await inspectStore(databaseUrl, folder, patience);
    const keys = keysFor(found, config);
    if (keys === 'LACKING') {
      return failed(
        'holds patients that neither ENCRYPTION_KEY nor ENCRYPTION_KEYS_OLD opens. Set the key that they were sealed with in one of them.',
      );
    }
    const finding = databaseUrl === undefined ? ofEmbedded(found, folder) : ofServer(found);
    return keys === 'EARLIER' && finding.state !== 'FAILED'
      ? note(`${finding.text} ${needsEarlier}`)
      : finding;
  } catch (error) {
    if (!(error instanceof StoreError)) {
      throw error;
    }
    return failed(databaseUrl === undefined ? error.message : serverWords(error));
  }
}
