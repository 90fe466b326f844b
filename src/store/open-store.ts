import { sql } from 'drizzle-orm';
import type { Sealer, Store } from '../domain/store.ts';
import { createAccessLog } from './access-log.ts';
import { openAnnouncements } from './announcements.ts';
import { createPendingConnections } from './connections.ts';
import { type Database, readRows } from './database.ts';
import { createFollowUps } from './follow-ups.ts';
import { createOperationLedger } from './operations.ts';
import { createPatientData } from './patient-data.ts';
import { createPatientRegister } from './patients.ts';
import { createPortalAccessRecords } from './portal-access.ts';
import { createResealing } from './reseal.ts';
import { createRetention } from './retention.ts';
import { lackBehind } from './rights.ts';
import { checkKeys } from './sealing-keys.ts';
import { openServer } from './server.ts';
import { StoreError } from './store-error.ts';
import { createTokenVault } from './token-vault.ts';
import { createVendorAccounts } from './vendor-accounts.ts';
import { createVisitRecords } from './visits.ts';

export interface StoreOptions {
  /** A PostgreSQL URL; the embedded database where absent. */
  databaseUrl?: string | undefined;
  /** Folder of the embedded database; in memory where absent. */
  dataDirectory?: string | undefined;
  sealer: Sealer;
  /** Milliseconds since the epoch. */
  clock: () => number;
  /** PostgreSQL connections at most, one aside for announcements; default 10. */
  poolSize?: number | undefined;
  /**
   * Whoever needs a store that is there and up to date says what for: to read its records, or to change them,
   * too. Where absent, it is made and brought up to date.
   */
  existing?: 'READ' | 'CHANGE' | undefined;
  /** Lines for people about what is being done. */
  onProgress?: ((line: string) => void) | undefined;
}

const defaultPoolSize = 10;

async function onlyReads(database: Database): Promise<boolean> {
  const question = sql`select current_setting('transaction_read_only') as "readOnly"`;
  const [said] = await database.run((queries) => readRows<{ readOnly: string }>(queries, question));
  return said?.readOnly !== 'off';
}

/** The store on a database whose tables are up to date. */
export function createStore(
  database: Database,
  { sealer, clock }: Pick<StoreOptions, 'sealer' | 'clock'>,
): Store {
  const records = {
    patients: createPatientRegister(database, sealer, clock),
    accounts: createVendorAccounts(database, clock),
    portalAccess: createPortalAccessRecords(database, sealer, clock),
    visits: createVisitRecords(database, clock),
    followUps: createFollowUps(database, clock),
    operations: createOperationLedger(database, sealer, clock),
  };
  return {
    ...records,
    connections: createPendingConnections(database, sealer, clock),
    tokens: createTokenVault(database, sealer, clock),
    accessLog: createAccessLog(database, sealer, clock),
    patientData: createPatientData(database, sealer, clock, records),
    retention: createRetention(database, sealer, clock),
    resealing: createResealing(database, sealer, clock),
    async ping() {
      // Nothing can be served from one that does: whatever is read leaves its trace first.
      if (database.isOutOfSpace() || (await onlyReads(database))) {
        throw new StoreError('UNAVAILABLE');
      }
    },
    close: () => database.close(),
  };
}

/**
 * Opens the store, and brings its tables up to date unless it has to be there already.
 * @throws StoreError with a message for an operator, without secrets: UNAVAILABLE where the database
 *   cannot be reached, UNUSABLE where the folder is in use, the database is of a newer version or the key is another,
 *   or what has to be there is not
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { databaseUrl, dataDirectory, sealer, existing } = options;
  const isThere = existing !== undefined;
  const onProgress = options.onProgress ?? (() => undefined);
  const { poolSize = defaultPoolSize } = options;
  const database = databaseUrl
    ? await openServer(databaseUrl, poolSize, sealer, onProgress, isThere)
    : // Loaded here: whoever has a server need not hold a database of its own in memory.
      await (await import('./embedded.ts')).openEmbedded(
        dataDirectory,
        sealer,
        onProgress,
        isThere,
      );
  try {
    if (existing === 'CHANGE' && (await onlyReads(database))) {
      throw new StoreError(
        'UNUSABLE',
        'The database only reads: a standby, or default_transaction_read_only. This command changes the store, or leaves its trace in it: name the primary in DATABASE_URL.',
      );
    }
    await checkKeys(database, sealer, onProgress);
  } catch (error) {
    const lack = await database.run((queries) => lackBehind(error, queries)).catch(() => undefined);
    await database.close();
    throw lack ?? error;
  }
  const store = createStore(database, options);
  if (!databaseUrl || isThere) {
    return store;
  }
  const announcements = openAnnouncements(databaseUrl);
  return {
    ...store,
    announcements,
    close: async () => {
      await Promise.all([announcements.close(), store.close()]);
    },
  };
}
