import { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import type { Database } from '../../src/store/database.ts';
import { openServer } from '../../src/store/server.ts';
import {
  addPatient,
  emptyDatabase,
  migrations,
  named,
  query,
  sealer,
  useStores,
} from './stores.ts';

const silent = () => undefined;

describe('a store on PostgreSQL', () => {
  const open = useStores();
  beforeAll(emptyDatabase);

  test('S06: is migrated once by ten that start together', async () => {
    const databaseUrl = await emptyDatabase();
    const lines: string[] = [];
    const onProgress = (line: string) => lines.push(line);
    const stores = await Promise.all(
      Array.from({ length: 10 }, () => open({ databaseUrl, onProgress, poolSize: 2 })),
    );
    await Promise.all(stores.map(({ store }) => store.ping()));
    expect(lines).toEqual([`Database: ${migrations} migrations applied.`]);
    expect(await query(databaseUrl, 'select * from drizzle.__drizzle_migrations')).toHaveLength(
      migrations,
    );
  });

  test('S06: refuses a database that a newer version has migrated', async () => {
    const databaseUrl = await emptyDatabase();
    const { store } = await open({ databaseUrl });
    await store.close();
    await query(
      databaseUrl,
      "insert into drizzle.__drizzle_migrations (hash, created_at) values ('x', 99999999999999)",
    );
    await expect(open({ databaseUrl })).rejects.toMatchObject({
      name: 'StoreError',
      kind: 'UNUSABLE',
      message: expect.stringContaining('newer version'),
    });
  });

  test('needs no right to create anything once it is migrated', async () => {
    const databaseUrl = await emptyDatabase();
    await (await open({ databaseUrl })).store.close();
    const role = `clerk_${Date.now()}`;
    await query(
      databaseUrl,
      `create role ${role} login password 'invented';
       grant usage on schema drizzle, public to ${role};
       grant select on all tables in schema drizzle to ${role};
       grant select, insert, update, delete on all tables in schema public to ${role}`,
    );
    const url = new URL(databaseUrl);
    url.username = role;
    url.password = 'invented';
    const { store } = await open({ databaseUrl: url.href });
    expect(await addPatient(store)).toMatchObject({ firstName: 'Ana' });
  });

  test('S01: that cannot be reached says so without its URL', async () => {
    const good = new URL(await emptyDatabase());
    const variants: [string, (url: URL) => void][] = [
      ['ECONNREFUSED', (url) => (url.port = '1')],
      ['28P01', (url) => (url.password = 'wrong-secret')],
      ['3D000', (url) => (url.pathname = '/absent')],
      ['28P01', (url) => (url.username = 'wrong-user')],
    ];
    for (const [code, change] of variants) {
      const url = new URL(good);
      change(url);
      const error = await open({ databaseUrl: url.href }).catch((caught: Error) => caught);
      expect(error).toMatchObject({ name: 'StoreError', kind: 'UNAVAILABLE', code });
      expect((error as Error).message).toContain('DATABASE_URL');
      expect(`${(error as Error).stack}${JSON.stringify(error)}`).not.toMatch(
        /wrong-|absent|127\.0\.0\.1|invented/,
      );
      expect((error as Error).cause).toBeUndefined();
    }
    await expect(open({ databaseUrl: 'postgres://a:secret@[broken' })).rejects.toThrow(
      /DATABASE_URL cannot be used/,
    );
  });

  test('asks on each of its connections for a sign of life, long before the system would', async () => {
    const asked = vi.spyOn(Socket.prototype, 'setKeepAlive');
    onTestFinished(() => asked.mockRestore());
    const { store } = await open({ databaseUrl: await emptyDatabase() });
    await store.ping();
    const delays = asked.mock.calls.map(([enabled, delay]) => enabled && delay);
    expect(delays.length).toBeGreaterThan(1);
    expect(new Set(delays)).toEqual(new Set([10_000]));
  });

  test('survives the loss of its idle connections', async () => {
    const databaseUrl = await emptyDatabase();
    const { store } = await open({ databaseUrl });
    await Promise.all(Array.from({ length: 5 }, () => store.ping()));
    await query(databaseUrl, terminateOthers);
    await delay(100);
    await store.ping();
  });

  test('survives the loss of a connection in a transaction, and gets its place back', async () => {
    const databaseUrl = await emptyDatabase();
    const { store } = await open({ databaseUrl, poolSize: 1 });
    const { id } = await addPatient(store);
    const blocker = await openServer(databaseUrl, 1, sealer, silent);
    const access = { patientId: id, vendor: 'NIMBUS', status: 'ACTIVE', expiresAt: null } as const;
    await blocker
      .transaction(async (queries) => {
        await queries.execute(sql`select id from patients for update`);
        const waiting = store.portalAccess.add(access);
        const caught = waiting.catch((error: unknown) => error);
        await delay(200);
        await query(databaseUrl, terminateOthers);
        expect(await caught).toMatchObject({ name: 'StoreError', kind: 'UNAVAILABLE' });
      })
      .catch(() => undefined);
    await blocker.close();
    expect(await store.portalAccess.findByPatients([id])).toEqual([]);
    expect(await store.portalAccess.add(access)).toMatchObject({ status: 'ACTIVE' });
  });

  test('S04: bounds statements and the wait for a connection', async () => {
    const database = await openServer(await emptyDatabase(), 1, sealer, silent);
    const shown = await database.run((queries) => queries.execute(sql`show statement_timeout`));
    expect(shown).toMatchObject({ rows: [{ statement_timeout: '10s' }] });
    const begun = Date.now();
    await database.transaction(async (queries) => {
      await queries.execute(sql`select 1`);
      await expect(database.run((others) => others.execute(sql`select 1`))).rejects.toMatchObject({
        kind: 'UNAVAILABLE',
      });
    });
    expect(Date.now() - begun).toBeLessThan(9_000);
    await database.run((queries) => queries.execute(sql`select 1`));
    await database.close();
  });

  test.each([
    ['?options=-c%20search_path%3Delsewhere,public%20-c%20TimeZone%3DAsia/Tokyo', ''],
    [
      '?application_name=mine&options=-c+search_path%3Delsewhere,public&options=-csearch_path=public',
      'mine',
    ],
    ['?options=-c search_path=elsewhere,public -c DateStyle=SQL&', ''],
  ])('keeps its session as it needs it, beside what the URL asks for: %s', async (search, name) => {
    const url = `${await emptyDatabase()}${search}`;
    const database = await openServer(url, 1, sealer, silent);
    const { rows } = (await database.run((queries) =>
      queries.execute(sql`select current_setting('TimeZone') as zone, current_setting('DateStyle') as dates,
        current_setting('search_path') as path, current_setting('application_name') as name`),
    )) as unknown as { rows: unknown[] };
    await database.close();
    expect(rows).toEqual([
      {
        zone: 'UTC',
        dates: expect.stringMatching(/^ISO/),
        path: name === 'mine' ? 'public' : 'elsewhere,public',
        name,
      },
    ]);
  });

  test('S04: runs a transaction again that the database broke off for a deadlock', async () => {
    const databaseUrl = await emptyDatabase();
    const database = await openServer(databaseUrl, 4, sealer, silent);
    const { store } = await open({ databaseUrl });
    const [one, other] = [await addPatient(store, named('A', 'B')), await addPatient(store)];
    let runs = 0;
    let holders = 0;
    const lockBoth = (first: string, second: string) =>
      database.transaction(async (queries) => {
        runs += 1;
        await queries.execute(sql`select id from patients where id = ${first} for update`);
        holders += 1;
        // On a busy machine, too, each holds one before it asks for the other.
        while (holders < 2) {
          await delay(10);
        }
        await queries.execute(sql`select id from patients where id = ${second} for update`);
        return 'done';
      });
    expect(await Promise.all([lockBoth(one.id, other.id), lockBoth(other.id, one.id)])).toEqual([
      'done',
      'done',
    ]);
    expect(runs).toBeGreaterThan(2);
    await database.close();
  });

  test('S04: gives up on a transaction that is broken off every time', async () => {
    const database: Database = await openServer(await emptyDatabase(), 1, sealer, silent);
    let runs = 0;
    const failing = database.transaction(async (queries) => {
      runs += 1;
      await queries.execute(
        sql`do $$ begin raise exception 'canary' using errcode = '40001'; end $$`,
      );
    });
    await expect(failing).rejects.toMatchObject({ kind: 'CONTENDED', code: '40001' });
    expect(runs).toBe(5);
    await database.close();
  });
});

const terminateOthers = `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()`;
