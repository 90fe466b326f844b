import { sql } from 'drizzle-orm';
import type { Sealer, Store } from '../domain/store.ts';
import { createAccessLog } from './access-log.ts';
import { openAnnouncements } from './announcements.ts';
import { createPendingConnections } from './connections.ts';
import type { Database } from './database.ts';
import { openEmbedded } from './embedded.ts';
import { createFollowUps } from './follow-ups.ts';
import { createOperationLedger } from './operations.ts';
import { createPatientData } from './patient-data.ts';
import { createPatientRegister } from './patients.ts';
import { createPortalAccessRecords } from './portal-access.ts';
import { createRetention } from './retention.ts';
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
  /** Lines for people about what is being done. */
  onProgress?: ((line: string) => void) | undefined;
}

const defaultPoolSize = 10;

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
    async ping() {
      const { rows } = (await database.run((queries) =>
        queries.execute(sql`select current_setting('transaction_read_only') as "readOnly"`),
      )) as unknown as { rows: { readOnly: string }[] };
      // Nothing can be served from it: whatever is read leaves its trace first.
      if (rows[0]?.readOnly !== 'off') {
        throw new StoreError('UNAVAILABLE');
      }
    },
    close: () => database.close(),
  };
}

/**
 * Opens the store and brings its tables up to date.
 * @throws StoreError with a message for an operator, without secrets: UNAVAILABLE where the database
 *   cannot be reached, UNUSABLE where the folder is in use, the database is of a newer version or the key is another
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { databaseUrl, dataDirectory, sealer } = options;
  const onProgress = options.onProgress ?? (() => undefined);
  const database = await (databaseUrl
    ? openServer(databaseUrl, options.poolSize ?? defaultPoolSize, sealer, onProgress)
    : openEmbedded(dataDirectory, sealer, onProgress));
  try {
    await checkKeys(database, sealer, onProgress);
  } catch (error) {
    await database.close();
    throw error;
  }
  const store = createStore(database, options);
  if (!databaseUrl) {
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
