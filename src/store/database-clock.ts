import { type Column, lt, sql } from 'drizzle-orm';

/** The database's clock decides who holds what: processes' clocks differ, and may be set back. */

/** The end of what begins now. @param length milliseconds */
export const heldFor = (length: number) =>
  sql`clock_timestamp() + ${length} * interval '1 millisecond'`;

/** Whether an end has passed; null where there is none. */
export const isOver = (until: Column) => lt(until, sql`clock_timestamp()`);
