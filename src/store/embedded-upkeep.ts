import type { PGlite } from '@electric-sql/pglite';

/** Milliseconds. Meanwhile a busy process writes some 20 MB of log. */
const between = 10_000;

/**
 * PostgreSQL's own conditions for a checkpoint: after so much log, or after five minutes in which anything was
 * written. It goes through 128 MB in three seconds at a start after a crash.
 */
const checkpointIsDue = `
  select log > 128 * 1024 * 1024 or log > 16 * 1024 and age > interval '5 minutes' as due
  from (
    select pg_wal_lsn_diff(pg_current_wal_insert_lsn(), redo_lsn) as log, now() - checkpoint_time as age
    from pg_control_checkpoint()
  ) as checkpoint`;

/** And its own for its tables. */
const dueTables = `
  select case when is_worn and has_changed then 'vacuum analyze' when is_worn then 'vacuum' else 'analyze' end
    || ' ' || name as statement
  from (
    select tables.relid::regclass::text as name,
      n_dead_tup > 50 + 0.2 * greatest(reltuples, 0)
        or n_ins_since_vacuum > 1000 + 0.2 * greatest(reltuples, 0) as is_worn,
      n_mod_since_analyze > 50 + 0.1 * greatest(reltuples, 0) as has_changed
    from pg_stat_user_tables as tables join pg_class on pg_class.oid = tables.relid
  ) as tables
  where is_worn or has_changed`;

/**
 * Does what a PostgreSQL server has processes of its own for, where it is due: without a checkpoint its log grows
 * until the store is closed, and a start after a crash goes through all of it; without vacuum the place of rows that
 * were deleted stays taken, and the planner knows nothing of the tables. Each statement holds up the others (a
 * table of a million rows half a second, one in which nothing was deleted less), so they go one by one.
 */
export async function keepUp(client: PGlite): Promise<void> {
  const { rows: checkpoints } = await client.query<{ due: boolean }>(checkpointIsDue);
  if (checkpoints[0]?.due) {
    await client.query('checkpoint');
  }
  const { rows: tables } = await client.query<{ statement: string }>(dueTables);
  for (const { statement } of tables) {
    await client.query(statement);
  }
}

/** Keeps it up from now on. @returns what ends that */
export function beginUpkeep(client: PGlite): () => void {
  let isBusy = false;
  const timer = setInterval(() => {
    if (isBusy) {
      return;
    }
    isBusy = true;
    keepUp(client)
      // A full disk, say: whoever writes meets it, too, and the next turn tries again.
      .catch(() => undefined)
      .finally(() => {
        isBusy = false;
      });
  }, between);
  timer.unref();
  return () => clearInterval(timer);
}
