import { type Column, gte, lt, sql } from 'drizzle-orm';

/** The database's clock decides who holds what: processes' clocks differ, and may be set back. */

/** For what others reckon from. */
export const now = sql`clock_timestamp()`;

/** The end of what begins now. @param length milliseconds */
export const heldFor = (length: number) =>
  sql`clock_timestamp() + ${length} * interval '1 millisecond'`;

/** Whether an end has passed; null where there is none. */
export const isOver = (until: Column) => lt(until, now);

/** Whether something was no longer ago than that. @param length milliseconds */
export const isWithin = (at: Column, length: number) =>
  gte(at, sql`clock_timestamp() - ${length} * interval '1 millisecond'`);
