import { randomBytes, randomUUID } from 'node:crypto';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { afterEach, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest';
import { createAccessLog } from '../../src/store/access-log.ts';
import type { Database } from '../../src/store/database.ts';
import { createSealer } from '../../src/store/sealing.ts';
import { openServer } from '../../src/store/server.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { describeOnBoth, emptyDatabase, encryptionKey, sealer } from './stores.ts';

const event = (patientId: string, action = 'read') => ({
  ...{ id: randomUUID(), patientId, actor: 'subject-ana', actorRoles: ['PATIENT'] },
  ...{ action, vendor: null, outcome: 'ALLOWED' as const },
});

const run = (database: Database, text: ReturnType<typeof sql>) =>
  database.run((queries) => queries.execute(text));

describeOnBoth('the chains of events', (open) => {
  async function openWithChain(length = 5) {
    const { database, store } = await open();
    const [ana, ben] = [randomUUID(), randomUUID()];
    for (let number = 1; number <= length; number += 1) {
      await store.accessLog.record([event(ana, `read ${number}`), event(ben)]);
    }
    return { database, store, log: store.accessLog, ana, ben };
  }

  test('hold where nobody has touched them', async () => {
    const { log, ana } = await openWithChain();
    expect(await log.verify(undefined)).toEqual({
      ...{ chains: 2, events: 10, unchained: 0, broken: [] },
    });
    expect(await log.verify(ana)).toMatchObject({ chains: 1, events: 5, broken: [] });
  });

  const at = (ana: string, number: number) => sql`patient_id = ${ana} and number = ${number}`;
  const tamperings: [string, (ana: string) => ReturnType<typeof sql>[], object][] = [
    ...['actor', 'action', 'outcome', 'vendor', 'id', 'at', 'actor_roles'].map(
      (column): [string, (ana: string) => ReturnType<typeof sql>[], object] => [
        `a changed ${column}`,
        (ana) => {
          const value = {
            ...{ actor: sql`'somebody else'`, action: sql`'harmless'`, outcome: sql`'DENIED'` },
            ...{ vendor: sql`'VSEE'`, id: sql`${randomUUID()}::uuid` },
            ...{ at: sql`at - interval '1 day'`, actor_roles: sql`'{STAFF}'` },
          }[column] as ReturnType<typeof sql>;
          return [sql`update access_events set ${sql.raw(column)} = ${value} where ${at(ana, 3)}`];
        },
        { number: 3, problem: 'CHANGED' },
      ],
    ),
    [
      'an event taken from the middle',
      (ana) => [sql`delete from access_events where ${at(ana, 2)}`],
      { number: 2, problem: 'MISSING' },
    ],
    [
      'one taken from the middle, the others moved up',
      (ana) => [
        sql`delete from access_events where ${at(ana, 4)}`,
        sql`update access_events set number = 4 where ${at(ana, 5)}`,
      ],
      { number: 4, problem: 'CHANGED' },
    ],
    [
      'the last taken away',
      (ana) => [sql`delete from access_events where ${at(ana, 5)}`],
      { number: 5, problem: 'REMOVED_AT_THE_END' },
    ],
    [
      'the last taken away, and the head made to fit',
      (ana) => [
        sql`update access_chains set length = 4, hash = (select hash from access_events where ${at(ana, 4)}) where patient_id = ${ana}`,
        sql`delete from access_events where ${at(ana, 5)}`,
      ],
      { problem: 'CHANGED' },
    ],
    [
      'two exchanged',
      (ana) => [
        sql`update access_events set number = 9 where ${at(ana, 2)}`,
        sql`update access_events set number = 2 where ${at(ana, 3)}`,
        sql`update access_events set number = 3 where ${at(ana, 9)}`,
      ],
      { number: 2, problem: 'CHANGED' },
    ],
    [
      'one added',
      (ana) => [
        sql`insert into access_events (id, at, patient_id, actor, actor_roles, action, outcome, number, hash) select ${randomUUID()}::uuid, at, patient_id, actor, actor_roles, action, outcome, 6, hash from access_events where ${at(ana, 5)}`,
      ],
      { number: 6, problem: 'CHANGED' },
    ],
    [
      'a whole chain taken away, its head left',
      (ana) => [sql`delete from access_events where patient_id = ${ana}`],
      { number: 1, problem: 'REMOVED_AT_THE_END' },
    ],
    [
      'the head taken away',
      (ana) => [sql`delete from access_chains where patient_id = ${ana}`],
      { problem: 'CHANGED' },
    ],
    [
      'an event of another patient’s in its place',
      (ana) => [
        sql`delete from access_events where ${at(ana, 3)}`,
        sql`update access_events set patient_id = ${ana} where patient_id <> ${ana} and number = 3`,
      ],
      { number: 3, problem: 'CHANGED' },
    ],
  ];

  test.each(tamperings)('tell %s', async (_what, statements, problem) => {
    const { database, log, ana } = await openWithChain();
    for (const statement of statements(ana)) {
      await run(database, statement);
    }
    const { broken } = await log.verify(undefined);
    expect(broken).toContainEqual(expect.objectContaining({ patientId: ana, ...problem }));
    expect((await log.verify(ana)).broken).toHaveLength(1);
  });

  test.each([
    ['end', 'length = 2, hash', 2, 'number > 2'],
    ['beginning', 'pruned_length = 3, pruned_hash', 3, 'number <= 3'],
  ])(
    'whose %s was cut off are not mended by what is appended and pruned',
    async (_what, columns, number, gone) => {
      const { database, store, ana } = await openWithChain();
      const end = sql`(select hash from access_events where ${at(ana, number)})`;
      await run(
        database,
        sql`update access_chains set ${sql.raw(columns)} = ${end}, seal = 'x' where patient_id = ${ana}`,
      );
      await run(
        database,
        sql`delete from access_events where patient_id = ${ana} and ${sql.raw(gone)}`,
      );
      // A process that remembers no head, and then does.
      const log = createAccessLog(database, sealer, Date.now);
      await log.record([event(ana)]);
      await log.record([event(ana)]);
      await store.retention.prune({
        ...{ settledBefore: new Date(0), keysValidSince: new Date(0) },
        eventsBefore: new Date(Date.now() - 1),
      });
      expect((await log.verify(ana)).broken).toMatchObject([{ problem: 'CHANGED' }]);
    },
  );

  test('whose head was taken away go on, and are not mended by that', async () => {
    const { database, ana, ben } = await openWithChain();
    await run(database, sql`delete from access_chains where patient_id = ${ana}`);
    const log = createAccessLog(database, sealer, Date.now);
    await log.record([event(ana), event(ben)]);
    await log.record([event(ana)]);
    const { events, broken } = await log.verify(undefined);
    expect(events).toBe(13);
    expect(broken).toMatchObject([{ patientId: ana, problem: 'CHANGED' }]);
  });

  test('stay whole when many append at once, to several patients in any order', async () => {
    const { database, log, ana, ben } = await openWithChain(1);
    const other = createAccessLog(database, sealer, Date.now);
    await Promise.all(
      Array.from({ length: 40 }, (_, index) =>
        (index % 2 ? log : other).record(
          index % 3 ? [event(ana), event(ben)] : [event(ben), event(ana), event(ana)],
        ),
      ),
    );
    const { events, broken } = await log.verify(undefined);
    expect(broken).toEqual([]);
    expect(events).toBe(2 + 26 * 2 + 14 * 3);
  });

  test('have no event twice that is recorded again', async () => {
    const { log, ana } = await openWithChain(1);
    const again = event(ana);
    await log.record([again]);
    await log.record([again, event(ana)]);
    expect(await log.verify(ana)).toMatchObject({ events: 3, broken: [] });
  });

  /** A log whose statements and transactions are counted; others may append beside it. */
  const counted = (database: Database) => {
    const counts = { statements: 0, transactions: 0 };
    const log = createAccessLog(
      {
        ...database,
        run: (work) => {
          counts.statements += 1;
          return database.run(work);
        },
        transaction: (work) => {
          counts.transactions += 1;
          return database.transaction(work);
        },
      },
      sealer,
      Date.now,
    );
    return { log, counts };
  };

  test('grow by one statement where nobody else has moved them, by three where one has', async () => {
    const { database, log, ana, ben } = await openWithChain(1);
    const { log: own, counts } = counted(database);
    await own.record([event(ana), event(ben), event(ana)]);
    // The heads were not known yet.
    expect(counts).toEqual({ statements: 2, transactions: 0 });
    await own.record([event(ana)]);
    await own.record([event(ben), event(ana)]);
    expect(counts).toEqual({ statements: 4, transactions: 0 });
    await log.record([event(ben)]);
    await own.record([event(ana), event(ben)]);
    expect(counts).toEqual({ statements: 7, transactions: 0 });
    await own.record([event(ana), event(ben)]);
    expect(counts).toEqual({ statements: 8, transactions: 0 });
    expect(await log.verify(undefined)).toMatchObject({ events: 13, broken: [] });
  });

  test('grow by all of what is recorded together or by nothing', async () => {
    const { database, log, ana, ben } = await openWithChain(1);
    const { log: own } = counted(database);
    await own.record([event(ana), event(ben)]);
    const invalid = { ...event(ben), outcome: 'PERHAPS' as 'ALLOWED' };
    await expect(own.record([event(ana), invalid])).rejects.toThrow(StoreError);
    expect(await log.verify(undefined)).toMatchObject({ events: 4, broken: [] });
    // Nor does it count what was not written.
    await own.record([event(ana), event(ben)]);
    expect(await log.verify(undefined)).toMatchObject({ events: 6, broken: [] });
  });

  test('go on from where they were pruned', async () => {
    const { store, clock } = await open();
    const patientId = randomUUID();
    await store.accessLog.record([event(patientId)]);
    clock.now += 1000;
    const eventsBefore = new Date(clock.now);
    await store.accessLog.record([event(patientId)]);
    const never = new Date(0);
    await store.retention.prune({ settledBefore: never, keysValidSince: never, eventsBefore });
    await store.accessLog.record([event(patientId)]);
    expect(await store.accessLog.verify(patientId)).toMatchObject({ events: 2, broken: [] });
  });

  test('are pruned however many others are left as they are', async () => {
    const { database, store, clock } = await open();
    await store.accessLog.record(Array.from({ length: 20 }, () => event(randomUUID())));
    // Their heads are gone.
    await run(
      database,
      sql`insert into access_events (id, at, patient_id, actor, actor_roles, action, outcome, number, hash)
        select gen_random_uuid(), '2020-01-01', gen_random_uuid(), 'somebody', '{}', 'read', 'ALLOWED', 1, ''
        from generate_series(1, 1000)`,
    );
    clock.now += 1000;
    const [never, eventsBefore] = [new Date(0), new Date(clock.now)];
    const limits = { settledBefore: never, keysValidSince: never, eventsBefore };
    expect(await store.retention.prune(limits)).toEqual({ operations: 0, events: 20 });
  });

  test('of any length are read some events at a time, beside those that lost their head', async () => {
    const { database, log, ana, ben } = await openWithChain(1);
    await log.record(Array.from({ length: 4_100 }, () => event(ana)));
    const read = vi.fn();
    expect(await log.verify(undefined, read)).toMatchObject({
      chains: 2,
      events: 4_102,
      broken: [],
    });
    expect(read.mock.calls.length).toBeGreaterThan(2);
    await run(database, sql`delete from access_events where ${at(ana, 4_001)}`);
    await run(database, sql`delete from access_chains where patient_id = ${ben}`);
    const { broken } = await log.verify(undefined);
    expect(broken).toHaveLength(2);
    expect(broken).toContainEqual({ patientId: ana, number: 4_001, problem: 'MISSING' });
    expect(broken).toContainEqual({ patientId: ben, number: 1, problem: 'CHANGED' });
  });

  test('hold after the encryption key was changed, while the old one is known', async () => {
    const { database, log, ana } = await openWithChain(2);
    const next = randomBytes(32);
    const rotated = createAccessLog(
      database,
      createSealer({ current: next, old: [encryptionKey] }),
      Date.now,
    );
    await rotated.record([event(ana)]);
    expect(await rotated.verify(ana)).toMatchObject({ events: 3, broken: [] });
    const without = createAccessLog(database, createSealer({ current: next }), Date.now);
    expect((await without.verify(ana)).broken).toHaveLength(1);
    // Nor can somebody with another key make it look whole.
    expect((await log.verify(ana)).broken).toHaveLength(1);
  });
});

describe('chains on PostgreSQL, one of them held by somebody else', { timeout: 30_000 }, () => {
  beforeAll(emptyDatabase);
  afterEach(() => vi.restoreAllMocks());

  /** Three connections only, so that whoever waits on one is missed. */
  async function openHeld() {
    const url = await emptyDatabase();
    const database = await openServer(url, 3, sealer, () => undefined);
    const log = createAccessLog(database, sealer, Date.now);
    const [ana, ben] = [randomUUID(), randomUUID()];
    await log.record([event(ana), event(ben)]);
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    onTestFinished(async () => {
      await other.end();
      await database.close();
    });
    await other.query('begin');
    await other.query('select from access_chains where patient_id = $1 for update', [ana]);
    return { database, log, ana, ben, letGo: () => other.query('commit') };
  }

  test('are written for the others at once, and for its patient as soon as it is free', async () => {
    const { log, ana, ben, letGo } = await openHeld();
    const written = vi.fn();
    const waiting = Array.from({ length: 20 }, () => log.record([event(ana)]).then(written));
    const both = log.record([event(ben), event(ana)]).then(written);
    await Promise.all([log.record([event(ben)]), log.record([event(ben)])]);
    const begun = randomUUID();
    const later = log.record([event(ana)]).then(written);
    await log.record([event(ben), event(begun)]);
    expect(written).not.toHaveBeenCalled();
    expect(await log.verify(undefined)).toMatchObject({ chains: 3, events: 6, broken: [] });
    await letGo();
    await Promise.all([...waiting, both, later]);
    expect(await log.verify(undefined)).toMatchObject({ chains: 3, events: 29, broken: [] });
  });

  test('refuse its patient’s events alone where it is held for too long', async () => {
    const { log, ana, ben, letGo } = await openHeld();
    const late = expect(log.record([event(ana)])).rejects.toMatchObject({ kind: 'TIMED_OUT' });
    const beside = log.record([event(ben)]);
    const begun = performance.now();
    vi.spyOn(performance, 'now').mockReturnValue(begun + 11_000);
    await Promise.all([late, beside]);
    vi.restoreAllMocks();
    await letGo();
    await log.record([event(ana)]);
    expect(await log.verify(undefined)).toMatchObject({ events: 4, broken: [] });
  });

  test('are verified without being held, and as they are at one moment', async () => {
    const { database, log, ana, letGo } = await openHeld();
    await letGo();
    const walked = vi.fn();
    const beside = createAccessLog(
      {
        ...database,
        transaction: (work) =>
          database.transaction(async (queries) => {
            const last = await work(queries);
            walked();
            await log.record([event(ana)]);
            return last;
          }),
      },
      sealer,
      Date.now,
    );
    expect(await beside.verify(ana)).toMatchObject({ chains: 1, broken: [] });
    expect(walked).toHaveBeenCalled();
    let verifying = true;
    const appending = (async () => {
      while (verifying) {
        await log.record([event(ana)]);
      }
    })();
    for (let times = 0; times < 50; times += 1) {
      expect((await log.verify(ana)).broken).toEqual([]);
    }
    verifying = false;
    await appending;
  });
});
