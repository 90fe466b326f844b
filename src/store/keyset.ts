import { type SQL, sql } from 'drizzle-orm';
import type { PgColumn } from 'drizzle-orm/pg-core';
import { badInput } from '../domain/errors.ts';
import type { Page, Rows } from '../domain/store.ts';

/** A position in a list: one value for each column of the list's order. */
export type Position = readonly unknown[];

/** Rows of a list that is ordered by `columns`, all in the same direction; the last one is unique. */
export interface Ordering {
  columns: readonly PgColumn[];
  direction: 'asc' | 'desc';
}

export const malformedKey = () =>
  badInput('This cursor is not one of this list. Use a cursor exactly as a query returned it.');

const list = (parts: SQL[]) => sql.join(parts, sql`, `);

/** The row comparison that an index on the columns answers. */
function beyond(ordering: Ordering, position: Position, forwards: boolean): SQL {
  const greater = (ordering.direction === 'asc') === forwards;
  const columns = list(ordering.columns.map((column) => sql`${column}`));
  const values = list(
    ordering.columns.map((column, index) => sql`${sql.param(position[index], column)}`),
  );
  return greater ? sql`(${columns}) > (${values})` : sql`(${columns}) < (${values})`;
}

/** Conditions, order and limit of the statement that reads one page. */
export interface Window {
  conditions: SQL[];
  order: SQL[];
  /** One more than the page holds, to see whether there are more. */
  limit: number;
}

/**
 * How to read `page` of a list, given where its `after` and `before` are.
 * @throws CodedError BAD_USER_INPUT for a limit that is no whole number
 */
export function windowOf(
  page: Page,
  ordering: Ordering,
  bounds: { after?: Position | undefined; before?: Position | undefined },
): Window {
  if (!Number.isSafeInteger(page.limit) || page.limit < 0) {
    throw badInput('The size of a page is a whole number.');
  }
  const ascending = (ordering.direction === 'asc') !== (page.fromEnd ?? false);
  return {
    conditions: [
      ...(bounds.after ? [beyond(ordering, bounds.after, true)] : []),
      ...(bounds.before ? [beyond(ordering, bounds.before, false)] : []),
    ],
    order: ordering.columns.map((column) => (ascending ? sql`${column} asc` : sql`${column} desc`)),
    limit: page.limit + 1,
  };
}

/** What a window's statement found, in list order and without the row that was one too many. */
export function rowsOf<Row, T>(
  found: readonly Row[],
  page: Page,
  toKeyed: (row: Row) => { key: string; value: T },
): Rows<T> {
  const rows = found.slice(0, page.limit).map(toKeyed);
  return { rows: page.fromEnd ? rows.reverse() : rows, hasMore: found.length > page.limit };
}
