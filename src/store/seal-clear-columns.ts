import { asc, eq, gt, isNotNull, sql } from 'drizzle-orm';
import { date, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core';
import type { Demographics } from '../domain/records.ts';
import type { Sealer } from '../domain/store.ts';
import { type Queries, readRows } from './database.ts';
import { sealReason } from './portal-access.ts';
import { createSealedDemographics } from './sealed-demographics.ts';

/** What the tables were until migration 0004. */
const clearPatients = pgTable('patients', {
  id: uuid('id').primaryKey(),
  firstName: text('first_name').notNull(),
  lastName: text('last_name').notNull(),
  birthDate: date('birth_date', { mode: 'string' }),
  sex: text('sex'),
  email: text('email'),
  phone: text('phone'),
  address: jsonb('address'),
  sealed: text('sealed'),
  nameIndex: text('name_index').array(),
  emailIndex: text('email_index'),
});
const clearPortalAccess = pgTable('portal_access', {
  id: uuid('id').primaryKey(),
  patientId: uuid('patient_id').notNull(),
  revocationReason: text('revocation_reason'),
  sealedRevocationReason: text('sealed_revocation_reason'),
});

const rowsAtOnce = 500;

/** The comment on the table of patients while the files may hold what its columns held in the clear. */
const tracesInFiles = 'Portico: to be written anew, see seal-clear-columns.ts';

/** What migration 0004 left to this program and is still to be done, if anything. */
export async function whatIsClear(queries: Queries): Promise<'COLUMNS' | 'FILES' | null> {
  const [found] = await readRows<{ clear: 'COLUMNS' | 'FILES' | null }>(
    queries,
    sql`select case
      when exists (select from pg_attribute where attrelid = to_regclass('patients') and attname = 'first_name' and not attisdropped) then 'COLUMNS'
      when obj_description(to_regclass('patients'), 'pg_class') = ${tracesInFiles} then 'FILES'
    end as clear`,
  );
  return found?.clear ?? null;
}

async function sealPatients(queries: Queries, sealer: Sealer): Promise<number> {
  const demographics = createSealedDemographics(sealer);
  let sealed = 0;
  for (let last: string | undefined; ; ) {
    const rows = await queries
      .select()
      .from(clearPatients)
      .where(last === undefined ? undefined : gt(clearPatients.id, last))
      .orderBy(asc(clearPatients.id))
      .limit(rowsAtOnce);
    for (const row of rows) {
      const person = demographics.seal(row.id, row as Demographics);
      await queries.update(clearPatients).set(person).where(eq(clearPatients.id, row.id));
    }
    sealed += rows.length;
    last = rows.at(-1)?.id;
    if (last === undefined) {
      return sealed;
    }
  }
}

async function sealReasons(queries: Queries, sealer: Sealer): Promise<void> {
  const rows = await queries
    .select()
    .from(clearPortalAccess)
    .where(isNotNull(clearPortalAccess.revocationReason));
  for (const { id, patientId, revocationReason } of rows) {
    const sealedRevocationReason = sealReason(sealer, patientId, revocationReason);
    await queries
      .update(clearPortalAccess)
      .set({ sealedRevocationReason })
      .where(eq(clearPortalAccess.id, id));
  }
}

/** All or nothing. @returns how many patients */
const sealColumns = (queries: Queries, sealer: Sealer): Promise<number> =>
  queries.transaction(async (transaction) => {
    const sealed = await sealPatients(transaction, sealer);
    await sealReasons(transaction, sealer);
    await transaction.execute(sql`
      alter table patients
        alter column sealed set not null, alter column name_index set not null,
        drop column first_name, drop column last_name, drop column birth_date, drop column sex,
        drop column email, drop column phone, drop column address,
        drop column search_name, drop column sort_name, drop column email_key`);
    await transaction.execute(sql`alter table portal_access drop column revocation_reason`);
    if (sealed > 0) {
      await transaction.execute(sql`comment on table patients is ${sql.raw(`'${tracesInFiles}'`)}`);
    }
    return sealed;
  });

/**
 * Seals what registers from before migration 0004 hold in the clear, drops those columns, and rewrites
 * the tables, so that the database's files no longer hold it either. Where it is broken off, the next one
 * goes on. Nobody else may be at the database.
 */
export async function sealClearColumns(
  queries: Queries,
  sealer: Sealer,
  onProgress: (line: string) => void,
): Promise<void> {
  if ((await whatIsClear(queries)) === 'COLUMNS') {
    const sealed = await sealColumns(queries, sealer);
    if (sealed > 0) {
      onProgress(`Database: the demographics of ${sealed} patients sealed.`);
    }
  }
  if ((await whatIsClear(queries)) === 'FILES') {
    // Dropped columns stay in the files until their tables are written anew.
    await queries.execute(sql`vacuum full patients`);
    await queries.execute(sql`vacuum full portal_access`);
    await queries.execute(sql`comment on table patients is null`);
  }
}
