import { bigint, timestamp } from 'drizzle-orm/pg-core';

/** An instant; milliseconds, as precise as a `Date`. */
export const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
/** Order of insertion, where two rows have the same instant. */
export const sequence = () =>
  bigint('sequence', { mode: 'number' }).notNull().generatedAlwaysAsIdentity();
