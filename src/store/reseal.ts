import { and, asc, eq, getTableColumns, getTableName, gt, max, sql } from 'drizzle-orm';
import type { PgColumn, PgTable } from 'drizzle-orm/pg-core';
import type { Resealing } from '../domain/keeping.ts';
import type { Sealer } from '../domain/store.ts';
import { isSealed, sealOf } from './access-chain.ts';
import type { Database } from './database.ts';
import { accessChains, operationSteps, operations } from './ledger-tables.ts';
import { purpose, stepPurpose } from './operation-rows.ts';
import { reasonPurpose } from './portal-access.ts';
import { createSealedDemographics } from './sealed-demographics.ts';
import { beginningLength } from './sealing.ts';
import {
  connectionGrants,
  patients,
  pendingConnections,
  portalAccess,
  vendorTokens,
} from './tables.ts';
import { tokensPurpose } from './token-rows.ts';

/** Values that are sealed at a time: whoever writes one of them waits for as long. */
const rowsAtOnce = 100;

/** A sealed column, its name and those of its key as the table's definition has them. */
interface SealedColumn {
  table: PgTable;
  column: string;
  /** Tells the rows apart, and what each was sealed for. */
  key: readonly string[];
  /** What takes the place of a sealed value, by column; undefined where it cannot be opened. */
  anew(sealed: string, ...key: string[]): object | undefined;
}

/** Logins under way are not among them: they are over in minutes. */
function sealedColumns(sealer: Sealer): SealedColumn[] {
  const plain = (
    table: PgTable,
    column: string,
    key: readonly string[],
    purposeOf: (...key: string[]) => string,
  ): SealedColumn => ({
    ...{ table, column, key },
    anew(sealed, ...values) {
      const text = sealer.open(purposeOf(...values), sealed);
      return text === undefined ? undefined : { [column]: sealer.seal(purposeOf(...values), text) };
    },
  });
  const ofOperations = (column: string, name: string) =>
    plain(operations, column, ['id'], (id) => purpose(id, name));
  const demographics = createSealedDemographics(sealer);
  return [
    {
      ...{ table: patients, column: 'sealed', key: ['id'] },
      // With what they are found by, which is keyed, too.
      anew: (sealed, id) => demographics.reseal(id, sealed),
    },
    plain(portalAccess, 'sealedRevocationReason', ['patientId', 'id'], reasonPurpose),
    plain(vendorTokens, 'sealed', ['vendor', 'patientId'], (vendor, patientId) =>
      tokensPurpose({ vendor, patientId }),
    ),
    ofOperations('sealedInput', 'sealed_input'),
    ofOperations('sealedOutcome', 'sealed_outcome'),
    ofOperations('sealedSecrets', 'sealed_secrets'),
    plain(operationSteps, 'sealedResult', ['operationId', 'name'], stepPurpose),
  ];
}

const listed = (parts: readonly unknown[]) =>
  sql.join(
    parts.map((part) => sql`${part}`),
    sql`, `,
  );

/** Where a table is gone through, part by part. */
interface Part<Key> {
  resealed: number;
  unreadable: number;
  /** Of the last row that was looked at; undefined at the end. */
  last: Key | undefined;
}

/** Seals anew; see `Resealing`. */
export function createResealing(
  database: Database,
  sealer: Sealer,
  clock: () => number,
): Resealing {
  const isEarlier = (column: PgColumn) =>
    sql`(${column} <> '' and left(${column}, ${beginningLength}) <> ${sealer.beginning})`;

  const resealColumn =
    ({ table, column, key, anew }: SealedColumn) =>
    (after: readonly string[] | undefined): Promise<Part<readonly string[]>> => {
      const named = (name: string) => getTableColumns(table)[name] as PgColumn;
      const sealed = named(column);
      const keyColumns = key.map(named);
      return database.transaction(async (queries) => {
        const rows = await queries
          .select({
            key: sql<string[]>`array[${listed(keyColumns.map((one) => sql`${one}::text`))}]`,
            sealed: sql<string>`${sealed}`,
          })
          .from(table)
          .where(and(isEarlier(sealed), after && sql`(${listed(keyColumns)}) > (${listed(after)})`))
          .orderBy(...keyColumns.map((one) => asc(one)))
          .limit(rowsAtOnce);
        const part = { resealed: 0, unreadable: 0, last: rows.at(-1)?.key };
        for (const row of rows) {
          const values = anew(row.sealed, ...row.key);
          if (values === undefined) {
            part.unreadable += 1;
            continue;
          }
          const isRow = keyColumns.map((one, index) => eq(one, row.key[index]));
          const changed = await queries
            .update(table)
            .set(values)
            // Unless somebody has written another one meanwhile.
            .where(and(...isRow, eq(sealed, row.sealed)))
            .returning({ one: sql`1` });
          part.resealed += changed.length;
        }
        return part;
      });
    };

  /** A head that is as it was sealed. Its chain goes on under that seal, which an earlier key must not stay for. */
  const resealHeads = (after: string | undefined): Promise<Part<string>> =>
    database.transaction(async (queries) => {
      const heads = await queries
        .select()
        .from(accessChains)
        .where(after === undefined ? undefined : gt(accessChains.patientId, after))
        .orderBy(asc(accessChains.patientId))
        .limit(rowsAtOnce);
      const part = { resealed: 0, unreadable: 0, last: heads.at(-1)?.patientId };
      for (const head of heads) {
        const seal = sealOf(sealer, head);
        if (!isSealed(sealer, head)) {
          // Sealed anew it would look whole.
          part.unreadable += 1;
        } else if (seal !== head.seal) {
          const changed = await queries
            .update(accessChains)
            .set({ seal })
            .where(
              and(eq(accessChains.patientId, head.patientId), eq(accessChains.seal, head.seal)),
            )
            .returning({ one: sql`1` });
          part.resealed += changed.length;
        }
      }
      return part;
    });

  /** When the last login that an earlier key sealed is over. */
  async function loginsUntil(): Promise<Date | null> {
    const ends = await Promise.all([
      database.run((queries) =>
        queries
          .select({ last: max(pendingConnections.expiresAt) })
          .from(pendingConnections)
          .where(isEarlier(pendingConnections.sealedSecrets)),
      ),
      database.run((queries) =>
        queries
          .select({ last: max(connectionGrants.expiresAt) })
          .from(connectionGrants)
          .where(isEarlier(connectionGrants.sealedGrant)),
      ),
    ]);
    const last = Math.max(...ends.flat().map((end) => end.last?.getTime() ?? 0));
    return last > clock() ? new Date(last) : null;
  }

  return {
    async reseal(onProgress) {
      const resealed: Record<string, number> = {};
      const unreadable: Record<string, number> = {};
      const add = (counts: Record<string, number>, table: PgTable, count: number) => {
        const name = getTableName(table);
        counts[name] = (counts[name] ?? 0) + count;
      };
      async function through<Key>(
        table: PgTable,
        next: (after: Key | undefined) => Promise<Part<Key>>,
      ) {
        let last: Key | undefined;
        do {
          const part = await next(last);
          add(resealed, table, part.resealed);
          add(unreadable, table, part.unreadable);
          onProgress?.(resealed);
          last = part.last;
        } while (last !== undefined);
      }

      for (const column of sealedColumns(sealer)) {
        await through(column.table, resealColumn(column));
      }
      await through(accessChains, resealHeads);
      return { resealed, unreadable, loginsUntil: await loginsUntil() };
    },
  };
}
