import { getTableName, is, sql } from 'drizzle-orm';
import { PgTable } from 'drizzle-orm/pg-core';
import { listed } from '../domain/listed.ts';
import { type Queries, readRows } from './database.ts';
import * as ledgerTables from './ledger-tables.ts';
import { pendingMigrations, pendingWords } from './migrate.ts';
import { whatIsClear } from './seal-clear-columns.ts';
import { codeOf, StoreError } from './store-error.ts';
import * as tables from './tables.ts';

/** What the user of a database may not do there and has to, in the words of GRANT. */
interface MissingRights {
  /** Without these it cannot even be looked at whether migrations are to come. */
  toRead: string[];
  /** Without these nothing is served. */
  toServe: string[];
  /** Without these no migration is applied. */
  toMigrate: string[];
}

/** Where the tables are, since foreign keys name it, and where drizzle notes what it has applied. */
const ownSchema = 'public';
const notesSchema = 'drizzle';
const notesTable = '__drizzle_migrations';

const ownTables = Object.values({ ...tables, ...ledgerTables })
  .filter((one) => is(one, PgTable))
  .map(getTableName);

/** An event is never changed: who takes the right to do so away makes the log of access safer. */
const neverUpdated = getTableName(ledgerTables.accessEvents);

interface SchemaRights {
  name: string;
  mayUse: boolean;
  mayCreate: boolean;
}

interface TableRights {
  name: string;
  isOwn: boolean;
  mayRead: boolean;
  mayWrite: boolean;
  isOwner: boolean;
}

/** Reads the system's catalogues only, which everybody may. */
async function missingRights(queries: Queries): Promise<MissingRights> {
  const schemas = await readRows<SchemaRights>(
    queries,
    sql`select nspname as "name", has_schema_privilege(oid, 'USAGE') as "mayUse",
        has_schema_privilege(oid, 'CREATE') as "mayCreate"
      from pg_namespace where nspname in (${ownSchema}, ${notesSchema})`,
  );
  const found = await readRows<TableRights>(
    queries,
    sql`select relname as "name", nspname = ${ownSchema} as "isOwn",
        has_table_privilege(pg_class.oid, 'SELECT') as "mayRead",
        has_table_privilege(pg_class.oid, 'INSERT') and has_table_privilege(pg_class.oid, 'DELETE')
          and (relname = ${neverUpdated} or has_table_privilege(pg_class.oid, 'UPDATE')) as "mayWrite",
        pg_has_role(relowner, 'USAGE') as "isOwner"
      from pg_class join pg_namespace on pg_namespace.oid = relnamespace
      where nspname = ${ownSchema} and relname in ${ownTables}
        or nspname = ${notesSchema} and relname = ${notesTable}
      order by relname`,
  );
  const [place] = await readRows<{ mayCreate: boolean; schema: string | null }>(
    queries,
    sql`select has_database_privilege(current_database(), 'CREATE') as "mayCreate",
        current_schema() as "schema"`,
  );
  const own = schemas.find(({ name }) => name === ownSchema);
  const notes = schemas.find(({ name }) => name === notesSchema);
  const note = found.find(({ isOwn }) => !isOwn);
  const closed = found.filter((one) => one.isOwn && !(one.mayRead && one.mayWrite));
  const others = found.filter(({ isOwner }) => !isOwner);
  const ofTables = (which: readonly TableRights[]) =>
    `${which.length === 1 ? 'the table' : 'the tables'} ${which.map(({ name }) => name).join(', ')}`;
  return {
    toRead: [
      ...(notes?.mayUse === false ? [`USAGE on the schema ${notesSchema}`] : []),
      ...(note?.mayRead === false ? [`SELECT on the table ${notesSchema}.${notesTable}`] : []),
      ...(own?.mayUse === false ? [`USAGE on the schema ${ownSchema}`] : []),
    ],
    toServe: closed.length > 0 ? [`SELECT, INSERT, UPDATE and DELETE on ${ofTables(closed)}`] : [],
    toMigrate: [
      ...(place?.mayCreate === true ? [] : ['CREATE on the database']),
      ...(own?.mayCreate === true ? [] : [`CREATE on the schema ${ownSchema}`]),
      ...(notes?.mayCreate === false ? [`CREATE on the schema ${notesSchema}`] : []),
      ...(others.length > 0 ? [`ownership of ${ofTables(others)}`] : []),
      // Of a user whose search_path leads elsewhere first, to a schema of their own name for example.
      ...(own?.mayUse && place?.schema !== ownSchema
        ? [`a search_path that begins with ${ownSchema}`]
        : []),
    ],
  };
}

export interface Lack {
  /** Migrations that the next start applies. */
  pending: number;
  /** Whether nothing at all is to be done to the tables. */
  isCurrent: boolean;
  /** Rights that the user lacks for what is to be done, in the words of GRANT. */
  lacking: string[];
}

/** What the user of a database lacks for what `serve` is to do there, as it is now. */
export async function lackOf(queries: Queries): Promise<Lack> {
  const { toRead, toServe, toMigrate } = await missingRights(queries);
  if (toRead.length > 0) {
    return { pending: 0, isCurrent: false, lacking: [...toRead, ...toServe] };
  }
  const pending = await pendingMigrations(queries);
  const isCurrent = pending === 0 && (await whatIsClear(queries)) === null;
  return { pending, isCurrent, lacking: isCurrent ? toServe : [...toServe, ...toMigrate] };
}

/** The same for an operator, where something is lacking. */
export const lackWords = ({ pending, lacking }: Pick<Lack, 'pending' | 'lacking'>) =>
  `${pending > 0 ? pendingWords(pending) : 'PostgreSQL answers'}, but the user of DATABASE_URL lacks ${listed(lacking)}. Give it that.`;

/**
 * What the user lacks, where that is why the database refused something; undefined where it is not, or where
 * that cannot be looked at.
 */
export async function lackBehind(
  error: unknown,
  queries: Queries,
): Promise<StoreError | undefined> {
  const code = codeOf(error);
  // Not allowed, or not where it is looked for.
  if (!code?.startsWith('42')) {
    return undefined;
  }
  const lack = await lackOf(queries).catch(() => undefined);
  return lack && lack.lacking.length > 0
    ? new StoreError('UNUSABLE', lackWords(lack), code)
    : undefined;
}
