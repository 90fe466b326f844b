import { statement } from '../../support/statement.ts';
import type { Hit, Kind, Needles } from './needles.ts';

/** What a database holds, told by table and column as far as it can be. */

interface Column {
  table: string;
  column: string;
}

const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;

/** Every column of every table of ours, as text. */
export async function findInColumns(
  databaseUrl: string,
  needles: Needles,
  kinds?: readonly Kind[],
): Promise<Hit[]> {
  const columns = await statement<Column>(
    databaseUrl,
    `select table_schema || '.' || table_name as table, column_name as column
      from information_schema.columns
      where table_schema not in ('pg_catalog', 'information_schema') order by 1, ordinal_position`,
  );
  const hits: Hit[] = [];
  for (const { table, column } of columns) {
    const from = table.split('.').map(quoted).join('.');
    const rows = await statement<{ value: string | null }>(
      databaseUrl,
      `select ${quoted(column)}::text as value from ${from}`,
    );
    const text = rows.map(({ value }) => value ?? '').join('\n');
    hits.push(...needles.find(`${table.replace(/^public\./, '')}.${column}`, text, kinds));
  }
  return hits;
}

/**
 * Writes everything to disk that a server keeps in memory, with statistics of all columns, which repeat
 * the most common values.
 */
export async function settleOnDisk(databaseUrl: string): Promise<void> {
  await statement(databaseUrl, 'analyze');
  await statement(databaseUrl, 'checkpoint');
}

/** The files of a database's folder, tables and indexes by their names. */
export async function findInFolder(
  databaseUrl: string,
  folder: string,
  needles: Needles,
  kinds?: readonly Kind[],
): Promise<Hit[]> {
  const relations = await statement<{ path: string; name: string }>(
    databaseUrl,
    `select pg_relation_filepath(oid) as path, relname as name from pg_class
      where pg_relation_filepath(oid) is not null`,
  );
  const names = new Map(relations.map(({ path, name }) => [path, name]));
  return needles.findInFiles(folder, kinds).map((hit) => {
    const name = names.get(hit.where.replace(/(_(fsm|vm|init))?(\.\d+)?$/, ''));
    return name === undefined ? hit : { ...hit, where: `${hit.where} (${name})` };
  });
}
