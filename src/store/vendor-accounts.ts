import { and, eq, inArray, or, type SQL, sql } from 'drizzle-orm';
import type { LinkMethod, VendorAccount } from '../domain/records.ts';
import type { NewVendorAccount, VendorAccounts } from '../domain/store.ts';
import { type Database, type Queries, repeated, unnamed } from './database.ts';
import { gatheredReads } from './gathered.ts';
import { onlyUuids } from './row-ids.ts';
import { StoreError } from './store-error.ts';
import { vendorAccounts, vendorTokens } from './tables.ts';

/** How often a link that conflicts with one that vanishes at once is tried again. */
const attempts = 3;

interface Row {
  account: typeof vendorAccounts.$inferSelect;
  version: string | null;
}

/** Only a link that the vendor vouched for (OAuth) lives from tokens. */
const toAccount = ({ account, version }: Row): VendorAccount => ({
  patientId: account.patientId,
  vendor: account.vendor,
  vendorPatientId: account.vendorPatientId,
  linkedAt: account.linkedAt,
  linkMethod: account.linkMethod as LinkMethod,
  connected: account.linkMethod !== 'OAUTH' || version !== null,
});

const rowsWhere = (queries: Queries, condition: SQL | undefined) =>
  queries
    .select({ account: vendorAccounts, version: vendorTokens.version })
    .from(vendorAccounts)
    .leftJoin(
      vendorTokens,
      and(
        eq(vendorTokens.vendor, vendorAccounts.vendor),
        eq(vendorTokens.patientId, vendorAccounts.patientId),
      ),
    )
    .where(condition)
    .orderBy(vendorAccounts.patientId, vendorAccounts.vendor);

/**
 * The statements behind `link`, also for what has to be done together with it.
 * @param now milliseconds since the epoch
 */
export async function linkAccount(
  queries: Queries,
  { patientId, vendor, vendorPatientId, linkMethod }: NewVendorAccount,
  now: number,
): Promise<VendorAccount | 'TAKEN'> {
  for (let attempt = 1; attempt <= attempts; attempt += 1) {
    await queries
      .insert(vendorAccounts)
      .values({ patientId, vendor, vendorPatientId, linkMethod, linkedAt: new Date(now) })
      .onConflictDoNothing();
    const inTheWay = await rowsWhere(
      queries,
      and(
        eq(vendorAccounts.vendor, vendor),
        or(
          eq(vendorAccounts.patientId, patientId),
          eq(vendorAccounts.vendorPatientId, vendorPatientId),
        ),
      ),
      // What is done together with it is not done to a link that vanishes meanwhile.
    ).for('key share', { of: vendorAccounts });
    const same = inTheWay.find(
      ({ account }) =>
        account.patientId === patientId && account.vendorPatientId === vendorPatientId,
    );
    if (same !== undefined || inTheWay.length > 0) {
      return same ? toAccount(same) : 'TAKEN';
    }
  }
  throw new StoreError('CONTENDED');
}

/** Reads and writes who is whom at which vendor. */
export function createVendorAccounts(database: Database, clock: () => number): VendorAccounts {
  const where = async (condition: SQL | undefined) =>
    (await database.run((queries) => rowsWhere(queries, condition))).map(toAccount);

  const byPatients = repeated(database, (queries) =>
    rowsWhere(
      queries,
      sql`${vendorAccounts.patientId} = any(${sql.placeholder('ids')}::uuid[])`,
    ).prepare(unnamed),
  );
  const rowsOfPatients = gatheredReads(
    (ids: readonly string[]) => byPatients({ ids }),
    (id) => id,
    ({ account }) => account.patientId,
  );

  return {
    findByPatients: async (patientIds) =>
      (await rowsOfPatients(onlyUuids(patientIds))).map(toAccount),

    async findByVendorIds(vendor, vendorPatientIds) {
      return vendorPatientIds.length === 0
        ? []
        : where(
            and(
              eq(vendorAccounts.vendor, vendor),
              inArray(vendorAccounts.vendorPatientId, [...vendorPatientIds]),
            ),
          );
    },

    link: (account) => database.run((queries) => linkAccount(queries, account, clock())),

    unlink: (patientId, vendor) =>
      database.transaction(async (transaction) => {
        const [id] = onlyUuids([patientId]);
        if (id === undefined) {
          return false;
        }
        await transaction
          .delete(vendorTokens)
          .where(and(eq(vendorTokens.vendor, vendor), eq(vendorTokens.patientId, id)));
        const gone = await transaction
          .delete(vendorAccounts)
          .where(and(eq(vendorAccounts.vendor, vendor), eq(vendorAccounts.patientId, id)))
          .returning({ vendor: vendorAccounts.vendor });
        return gone.length > 0;
      }),
  };
}
