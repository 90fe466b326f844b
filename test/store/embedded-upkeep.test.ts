import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PGlite } from '@electric-sql/pglite';
import { sql } from 'drizzle-orm';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { openEmbedded } from '../../src/store/embedded.ts';
import { openCluster } from '../../src/store/embedded-cluster.ts';
import { keepUp } from '../../src/store/embedded-upkeep.ts';
import { sealer } from './stores.ts';

const megabyte = 1024 * 1024;

describe('the upkeep of an embedded database', { timeout: 60_000 }, () => {
  let client: PGlite;
  beforeEach(async () => {
    client = await openCluster(undefined);
    await client.exec(`
      create table notes (id int primary key, content text);
      alter table notes alter content set storage external;`);
  });
  afterEach(() => client.close());

  async function first<T>(query: string): Promise<T> {
    const { rows } = await client.query<{ value: T }>(query);
    return rows[0]?.value as T;
  }
  const insert = (from: number, to: number, length = 10) =>
    client.exec(`insert into notes select i, repeat('x', ${length})
      from generate_series(${from}, ${to}) as i`);
  const lastCheckpoint = () =>
    first<string>('select redo_lsn::text as value from pg_control_checkpoint()');
  const logSize = () => first<number>('select sum(size)::float8 as value from pg_ls_waldir()');
  const counted = (column: string) =>
    first<number>(
      `select ${column}::int as value from pg_stat_user_tables where relname = 'notes'`,
    );
  /** As the planner takes it; -1 where it knows nothing. */
  const rowsKnown = () =>
    first<number>(`select reltuples::int as value from pg_class where relname = 'notes'`);

  /** What changed is counted within a second, unless it is asked for at once. */
  async function keepUpNow() {
    await client.query('select pg_stat_force_next_flush()');
    await keepUp(client);
  }

  test('gives back the log of what was written, which grows without it', async () => {
    // The database may have been made long ago.
    await client.query('checkpoint');
    const before = await lastCheckpoint();
    await insert(1, 60, megabyte);
    await keepUp(client);
    expect(await lastCheckpoint()).toBe(before);
    await insert(61, 140, megabyte);
    expect(await logSize()).toBeGreaterThan(130 * megabyte);
    await keepUp(client);
    expect(await lastCheckpoint()).not.toBe(before);
    expect(await logSize()).toBeLessThan(100 * megabyte);
    expect(await first<number>('select count(*)::int as value from notes')).toBe(140);
  });

  test('uses the place of deleted rows again, and tells the planner of rows', async () => {
    await insert(1, 5_000);
    expect(await rowsKnown()).toBe(-1);
    await keepUpNow();
    expect(await rowsKnown()).toBe(5_000);
    const size = `select pg_relation_size('notes')::int as value`;
    const full = await first<number>(size);
    await client.exec('delete from notes where id <= 2000');
    await keepUpNow();
    expect(await counted('n_dead_tup')).toBe(0);
    await insert(5_001, 7_000);
    expect(await first<number>(size)).toBe(full);
  });

  test('leaves tables alone that have changed little', async () => {
    await insert(1, 5_000);
    await keepUpNow();
    await client.exec('delete from notes where id <= 400');
    await keepUpNow();
    expect(await counted('n_dead_tup')).toBe(400);
    expect(await counted('vacuum_count')).toBe(1);
    expect(await counted('analyze_count')).toBe(1);
  });
});

describe('an embedded store', { timeout: 60_000 }, () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'portico-upkeep-'));
  });
  afterEach(async () => {
    vi.useRealTimers();
    await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  test('is kept up while it is open, and no longer', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const database = await openEmbedded(folder, sealer, () => undefined);
    const ask = (statement: string) =>
      database.run((queries) => queries.execute(sql.raw(statement))) as unknown as Promise<{
        rows: { value: string }[];
      }>;
    await ask(`insert into patients (id, sealed, name_index, created_at)
      select gen_random_uuid(), 'sealed', '{}', now() from generate_series(1, 2000)`);
    await ask('select pg_stat_force_next_flush()');
    vi.advanceTimersByTime(10_000);
    const isAnalyzed = async () => {
      const { rows } = await ask(
        `select reltuples::int::text as value from pg_class where relname = 'patients'`,
      );
      return rows[0]?.value === '2000';
    };
    await vi.waitUntil(isAnalyzed, { timeout: 20_000 });
    await database.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
