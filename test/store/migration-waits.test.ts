import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { startFaultyDatabase } from '../support/faulty-database.ts';
import { emptyDatabase, query, useStores } from './stores.ts';

const clock = performance.now.bind(performance);

/** S06: a start that finds something to migrate, and somebody in its way. */
describe('a migration', { timeout: 60_000 }, () => {
  const open = useStores();
  const lines: string[] = [];
  let databaseUrl = '';
  let somebody: pg.Client;

  beforeEach(async () => {
    lines.length = 0;
    databaseUrl = await emptyDatabase();
    await (await open({ databaseUrl })).store.close();
    const applied = 'drizzle.__drizzle_migrations';
    await query(
      databaseUrl,
      `delete from ${applied} where created_at in (select created_at from ${applied} order by 1 desc limit 2)`,
    );
    // What the last two did is undone: the one before the last wants the table for itself.
    await query(databaseUrl, 'alter table operations drop column subject_roles');
    await query(databaseUrl, 'drop index operations_expiring_keys');
    somebody = new pg.Client({ connectionString: databaseUrl });
    await somebody.connect();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    passed = 0;
    await somebody.end();
  });

  const opened = (url = databaseUrl) =>
    open({ databaseUrl: url, onProgress: (line) => lines.push(line) }).then(
      ({ store }) => store.ping(),
      (error: Error) => error.message,
    );

  /** Lets time pass for the waiting one. */
  let passed = 0;
  const pass = (milliseconds: number) => {
    passed += milliseconds;
    vi.spyOn(performance, 'now').mockImplementation(() => clock() + passed);
  };

  async function until(holds: () => boolean | Promise<boolean>) {
    for (const end = performance.now() + 20_000; !(await holds()); await delay(20)) {
      expect(performance.now()).toBeLessThan(end);
    }
  }

  const isSo = async (text: string) => (await query(databaseUrl, text)).length > 0;
  const isWaiting = () =>
    isSo("select 1 from pg_locks where not granted and mode = 'AccessExclusiveLock'");
  const isPolling = () =>
    isSo(
      // Mostly it is between two of them, and gave up the transaction of the last one.
      "select 1 from pg_stat_activity where query ~ 'pg_try_advisory_xact_lock|^rollback' and pid <> pg_backend_pid()",
    );

  test('waits for a transaction, says so, and lets others go first', async () => {
    await somebody.query('begin; select count(*) from operations');
    const waiting = opened();
    await until(isWaiting);
    const begun = performance.now();
    await query(databaseUrl, 'select count(*) from operations');
    expect(performance.now() - begun).toBeLessThan(3_000);
    pass(6_000);
    await until(() => lines.length > 0);
    expect(lines).toEqual([expect.stringMatching(/^Database: a transaction holds .* Waiting/)]);
    await somebody.query('commit');
    expect(await waiting).toBeUndefined();
    expect(lines.slice(1)).toEqual(['Database: 2 migrations applied.']);
  });

  test('gives up on a transaction that does not end, and says what to look at', async () => {
    await somebody.query('begin; select count(*) from operations');
    const waiting = opened();
    await until(isWaiting);
    pass(121_000);
    expect(await waiting).toMatch(/^For two minutes a transaction has held .*pg_stat_activity/);
    await somebody.query('commit');
    expect(await opened()).toBeUndefined();
  });

  test('waits for another process that migrates, and says so', async () => {
    await somebody.query('select pg_advisory_lock(7061726846)');
    const waiting = opened();
    await until(isPolling);
    pass(6_000);
    await until(() => lines.length > 0);
    expect(lines).toEqual([expect.stringMatching(/^Database: another process is migrating it\./)]);
    pass(121_000);
    expect(await waiting).toMatch(/^Another process has been migrating the database for two/);
  });

  test('ends where the server answers nobody any more, and says so', async () => {
    const network = await startFaultyDatabase(databaseUrl);
    onTestFinished(() => network.close());
    await somebody.query('begin; select count(*) from operations');
    const waiting = opened(network.url);
    await until(isWaiting);
    network.fallSilent();
    pass(11_000);
    const silence = 'Database: the server does not answer. Waiting for two minutes at the most...';
    await until(() => lines.includes(silence));
    pass(121_000);
    expect(await waiting).toMatch(/^For two minutes the PostgreSQL server .*, then start this one/);
    await somebody.query('commit');
    expect(await opened()).toBeUndefined();
  });

  test('says that it is at work where that takes long', async () => {
    await query(
      databaseUrl,
      `create function wait() returns event_trigger language plpgsql as
         $$ begin perform pg_sleep(2); end $$;
       create event trigger wait on ddl_command_start execute function wait()`,
    );
    expect(await opened()).toBeUndefined();
    expect(lines).toEqual([
      expect.stringMatching(/^Database: it is being migrated\. Large tables/),
      'Database: 2 migrations applied.',
    ]);
  });

  test('takes the time that it needs, whatever the statements of its user are given', async () => {
    await query(
      databaseUrl,
      `alter database ${new URL(databaseUrl).pathname.slice(1)} set statement_timeout = 500`,
    );
    await somebody.query('begin; select count(*) from operations');
    const waiting = opened();
    await until(isWaiting);
    await delay(2_000);
    await somebody.query('commit');
    expect(await waiting).toBeUndefined();
  });
});
