import { fileURLToPath } from 'node:url';
import { sql } from 'drizzle-orm';
import { readMigrationFiles } from 'drizzle-orm/migrator';
import type { Sealer } from '../domain/store.ts';
import { type Queries, readRows } from './database.ts';
import { sealClearColumns, whatIsClear } from './seal-clear-columns.ts';
import { StoreError } from './store-error.ts';

/** Where drizzle-kit writes the migrations (`npm run migrations`). */
const migrationsFolder = fileURLToPath(new URL('./migrations', import.meta.url));

const newer = () =>
  new StoreError(
    'UNUSABLE',
    'The database was migrated by a newer version of Portico. Start that version, or restore a backup from before the upgrade.',
  );

/** @param where the database would be, for people */
export const noStore = (where: string) =>
  new StoreError(
    'UNUSABLE',
    `There is no store in ${where}; serve makes it when it starts. Give this command the DATABASE_URL or DATA_DIR that serve has, and run it where serve runs.`,
  );

/** Milliseconds that name the migrations which a database has; drizzle names them by their time. */
async function appliedTo(queries: Queries): Promise<number[]> {
  const [notes] = await readRows<{ present: boolean }>(
    queries,
    sql`select to_regclass('drizzle.__drizzle_migrations') is not null as present`,
  );
  if (notes?.present !== true) {
    return [];
  }
  const rows = await readRows<{ created_at: string | number }>(
    queries,
    sql`select created_at from drizzle.__drizzle_migrations`,
  );
  return rows.map((row) => Number(row.created_at));
}

/**
 * How many migrations a database lacks.
 * @throws StoreError UNUSABLE where it has one that this program does not know
 */
export async function pendingMigrations(queries: Queries): Promise<number> {
  const known = readMigrationFiles({ migrationsFolder }).map(({ folderMillis }) => folderMillis);
  const applied = await appliedTo(queries);
  if (applied.some((migration) => !known.includes(migration))) {
    throw newer();
  }
  return known.filter((migration) => !applied.includes(migration)).length;
}

/** The same in words. */
export const pendingWords = (pending: number) =>
  pending === 0
    ? 'all migrations are applied'
    : `${pending} ${pending === 1 ? 'migration is' : 'migrations are'} to come, which serve applies when it starts`;

/** Whether there is anything to do for `migrateWith`. */
export const isBehind = async (queries: Queries) =>
  (await pendingMigrations(queries)) > 0 || (await whatIsClear(queries)) !== null;

/**
 * For whoever leaves the tables as they are.
 * @param where the database is, for people
 * @throws StoreError UNUSABLE where there is none, or one that is not up to date
 */
export async function needCurrent(queries: Queries, where: string): Promise<void> {
  if ((await appliedTo(queries)).length === 0) {
    throw noStore(where);
  }
  if (await isBehind(queries)) {
    throw new StoreError(
      'UNUSABLE',
      `The store in ${where} is of an earlier version of Portico, and only serve brings it up to date: start serve of this version first, or run this command of the version that serves.`,
    );
  }
}

/**
 * Brings a database up to date. Nobody else may be at it: see `migrate-server.ts` for the lock.
 * @param apply drizzle's migrator for the driver in use
 */
export async function migrateWith(
  queries: Queries,
  apply: (config: { migrationsFolder: string }) => Promise<void>,
  sealer: Sealer,
  onProgress: (line: string) => void,
): Promise<void> {
  // Looked at first: a database that is up to date needs no right to create anything.
  const pending = await pendingMigrations(queries);
  if (pending > 0) {
    await apply({ migrationsFolder });
    onProgress(`Database: ${pending} ${pending === 1 ? 'migration' : 'migrations'} applied.`);
  }
  await sealClearColumns(queries, sealer, onProgress);
}
