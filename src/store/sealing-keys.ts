import { type SQL, sql } from 'drizzle-orm';
import type { Sealer } from '../domain/store.ts';
import { type Database, type Queries, readRows } from './database.ts';
import { beginningLength } from './sealing.ts';
import { StoreError } from './store-error.ts';
import { patients } from './tables.ts';

/** Records at either end whose keys are looked at: a key that was changed shows at one of them. */
const looked = 1_000;

/** Beginnings of what is sealed, one for each key. */
export async function keysOf(queries: Queries): Promise<string[]> {
  const beginnings = (direction: SQL) =>
    sql`(select left(${patients.sealed}, ${beginningLength}) as beginning from ${patients}
      order by ${patients.createdAt} ${direction} limit ${looked})`;
  const rows = await readRows<{ beginning: string }>(
    queries,
    sql`${beginnings(sql`asc`)} union ${beginnings(sql`desc`)}`,
  );
  return rows.map(({ beginning }) => beginning);
}

/**
 * A process with another key would seal what those that have the right one cannot open, and could show
 * nobody. One of several keys that is missing is told only: some records can be read.
 * @throws StoreError UNUSABLE
 */
export async function checkKeys(
  database: Database,
  sealer: Sealer,
  onProgress: (line: string) => void,
): Promise<void> {
  const beginnings = await database.run(keysOf);
  const unknown = beginnings.filter((beginning) => !sealer.knows(beginning));
  if (unknown.length === 0) {
    return;
  }
  if (unknown.length === beginnings.length) {
    throw new StoreError(
      'UNUSABLE',
      'Neither ENCRYPTION_KEY nor ENCRYPTION_KEYS_OLD opens what the store holds. Set the key that it was sealed with in one of them; without ENCRYPTION_KEY, put back the file encryption-key that was beside the data.',
    );
  }
  onProgress(
    'Some patients cannot be read: a key that they were sealed with is in neither ENCRYPTION_KEY nor ENCRYPTION_KEYS_OLD.',
  );
}
