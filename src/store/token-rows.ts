import { randomUUID } from 'node:crypto';
import { and, eq, isNull, or, sql } from 'drizzle-orm';
import type { VendorTokens } from '../domain/capabilities/appointments.ts';
import type { Sealer } from '../domain/store.ts';
import type { VendorId } from '../domain/vendor.ts';
import { type Database, type Queries, repeated, unnamed } from './database.ts';
import { heldFor, isOver } from './database-clock.ts';
import { gatheredReads } from './gathered.ts';
import { onlyUuids } from './row-ids.ts';
import { tokensFromText, tokensToText } from './sealed-tokens.ts';
import { vendorTokens } from './tables.ts';

/** Whose tokens. */
export interface TokenKey {
  vendor: VendorId;
  patientId: string;
}

/** Tokens as found, and what is needed to change them only if nobody else has. */
export interface FoundTokens {
  tokens: VendorTokens;
  version: string;
  /** Whether somebody is renewing them. */
  leased: boolean;
}

const at = ({ vendor, patientId }: TokenKey) =>
  and(eq(vendorTokens.vendor, vendor), eq(vendorTokens.patientId, patientId));
export const tokensPurpose = ({
  vendor,
  patientId,
}: Pick<TokenKey, 'patientId'> & { vendor: string }) =>
  `vendor_tokens/${vendor}:${patientId}/sealed`;
const noLease = { leaseOwner: null, leaseUntil: null };
const sealedRow = (sealer: Sealer, key: TokenKey, tokens: VendorTokens) => ({
  sealed: sealer.seal(tokensPurpose(key), tokensToText(tokens)),
  expiresAt: tokens.expiresAt,
  version: randomUUID(),
  ...noLease,
});

/** The statement that replaces whatever tokens there are, also for what has to be done together with it. */
export function replaceTokens(
  queries: Queries,
  sealer: Sealer,
  { vendor, patientId }: TokenKey,
  tokens: VendorTokens,
) {
  const values = sealedRow(sealer, { vendor, patientId }, tokens);
  return queries
    .insert(vendorTokens)
    .values({ vendor, patientId, ...values })
    .onConflictDoUpdate({
      target: [vendorTokens.vendor, vendorTokens.patientId],
      set: values,
    });
}

/** The statements behind the token vault, one each; every one of them is atomic by itself. */
export function createTokenRows(database: Database, sealer: Sealer) {
  const isChanged = (rows: readonly unknown[]) => rows.length > 0;
  const affected = { version: vendorTokens.version };

  const byKeys = repeated(database, (queries) =>
    queries
      .select({
        vendor: vendorTokens.vendor,
        patientId: vendorTokens.patientId,
        sealed: vendorTokens.sealed,
        version: vendorTokens.version,
        leased: sql<boolean>`coalesce(not ${isOver(vendorTokens.leaseUntil)}, false)`,
      })
      .from(vendorTokens)
      .where(
        sql`(${vendorTokens.vendor}, ${vendorTokens.patientId}) in (select * from unnest(${sql.placeholder('vendors')}::text[], ${sql.placeholder('patients')}::uuid[]))`,
      )
      .prepare(unnamed),
  );
  const rowsOfKeys = gatheredReads(
    (keys: readonly TokenKey[]) =>
      byKeys({
        vendors: keys.map(({ vendor }) => vendor),
        patients: keys.map(({ patientId }) => patientId),
      }),
    tokensPurpose,
    tokensPurpose,
  );

  return {
    /** Undefined where there are none, and where they were changed or sealed with a lost key. */
    async find(key: TokenKey): Promise<FoundTokens | undefined> {
      if (onlyUuids([key.patientId]).length === 0) {
        return undefined;
      }
      const [row] = await rowsOfKeys([key]);
      const text = row && sealer.open(tokensPurpose(key), row.sealed);
      return row === undefined || text === undefined
        ? undefined
        : { tokens: tokensFromText(text), version: row.version, leased: row.leased };
    },

    async replace(key: TokenKey, tokens: VendorTokens): Promise<void> {
      await database.run((queries) => replaceTokens(queries, sealer, key, tokens));
    },

    /**
     * True where nobody holds the lease any more and the tokens are still that version.
     * @param length milliseconds
     */
    async lease(key: TokenKey, version: string, owner: string, length: number) {
      return isChanged(
        await database.run((queries) =>
          queries
            .update(vendorTokens)
            .set({ leaseOwner: owner, leaseUntil: heldFor(length) })
            .where(
              and(
                at(key),
                eq(vendorTokens.version, version),
                or(isNull(vendorTokens.leaseOwner), isOver(vendorTokens.leaseUntil)),
              ),
            )
            .returning(affected),
        ),
      );
    },

    async extendLease(key: TokenKey, owner: string, length: number): Promise<void> {
      await database.run((queries) =>
        queries
          .update(vendorTokens)
          .set({ leaseUntil: heldFor(length) })
          .where(and(at(key), eq(vendorTokens.leaseOwner, owner))),
      );
    },

    async releaseLease(key: TokenKey, owner: string): Promise<void> {
      await database.run((queries) =>
        queries
          .update(vendorTokens)
          .set(noLease)
          .where(and(at(key), eq(vendorTokens.leaseOwner, owner))),
      );
    },

    /** Stores what a renewal brought, unless anything was written since `version` was read. */
    async replaceVersion(key: TokenKey, version: string, tokens: VendorTokens): Promise<boolean> {
      return isChanged(
        await database.run((queries) =>
          queries
            .update(vendorTokens)
            .set(sealedRow(sealer, key, tokens))
            .where(and(at(key), eq(vendorTokens.version, version)))
            .returning(affected),
        ),
      );
    },

    /** Removes dead tokens, unless anything was written since, or somebody else tries by now. */
    async removeVersion(key: TokenKey, version: string, owner: string): Promise<boolean> {
      return isChanged(
        await database.run((queries) =>
          queries
            .delete(vendorTokens)
            .where(
              and(at(key), eq(vendorTokens.version, version), eq(vendorTokens.leaseOwner, owner)),
            )
            .returning(affected),
        ),
      );
    },
  };
}
