import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { beforeAll, describe, expect, test } from 'vitest';
import type { OperationLedger } from '../../src/domain/operations.ts';
import type { Database } from '../../src/store/database.ts';
import { operationSteps, operations } from '../../src/store/ledger-tables.ts';
import { always, openLedger, operationOf } from './ledgers.ts';
import { describeOnBoth, emptyDatabase, noon, useStores } from './stores.ts';

const hour = 3_600_000;

const answer = { kind: 'ANSWER', answer: { id: 'canary-answer', at: new Date(noon) } } as const;
const failure = { kind: 'FAILURE', code: 'VENDOR_REJECTED', message: 'No.', path: null } as const;
const succeeded = { status: 'SUCCEEDED', outcome: answer } as const;

const rawRows = async (database: Database) =>
  JSON.stringify([
    await database.run((queries) => queries.select().from(operations)),
    await database.run((queries) => queries.select().from(operationSteps)),
  ]);

describeOnBoth('operations', (open) => {
  test('are begun once for a subject and key, and found as begun', async () => {
    const { ledger, statuses } = await openLedger(open);
    const first = operationOf();
    const begun = await ledger.begin(first, randomUUID(), always);
    expect(begun).toEqual({
      begun: true,
      operation: {
        ...{ ...first, status: 'IN_PROGRESS', outcome: null, steps: [], busy: true },
        ...{ startedAt: new Date(noon), finishedAt: null, settledBy: null },
      },
    });
    const again = await ledger.begin(operationOf({ action: 'other' }), randomUUID(), always);
    expect(again).toEqual({ ...begun, begun: false });
    expect(await ledger.findByKey('subject-ana', 'key-1', always)).toEqual(begun.operation);
    expect(await ledger.findByKey('subject-ben', 'key-1', always)).toBeUndefined();
    expect(await ledger.findByIds([first.id, randomUUID(), 'none'])).toEqual([begun.operation]);
    const others = [{ subject: 'subject-ben' }, { idempotencyKey: 'key-2' }];
    for (const other of [...others, { idempotencyKey: null }, { idempotencyKey: null }]) {
      expect(await ledger.begin(operationOf(other), randomUUID(), always)).toMatchObject({
        begun: true,
        operation: other,
      });
    }
    expect(await statuses()).toEqual(Array(5).fill('IN_PROGRESS'));
  });

  test('that are not settled are counted, and since when', async () => {
    const { ledger, clock, begun } = await openLedger(open);
    const none = { count: 0, oldest: null };
    expect(await ledger.unsettled()).toEqual({ IN_PROGRESS: none, OUTCOME_UNKNOWN: none });
    const done = await begun({ idempotencyKey: 'done' });
    await ledger.handBack(done.id, done.worker, succeeded);
    const unknown = await begun({ idempotencyKey: 'unknown' });
    await ledger.handBack(unknown.id, unknown.worker, { status: 'OUTCOME_UNKNOWN' });
    clock.now += hour;
    await begun({ idempotencyKey: 'first' });
    clock.now += hour;
    await begun({ idempotencyKey: 'second' });
    expect(await ledger.unsettled()).toEqual({
      IN_PROGRESS: { count: 2, oldest: new Date(noon + hour) },
      OUTCOME_UNKNOWN: { count: 1, oldest: new Date(noon) },
    });
  });

  test('of one key that are begun at once are one', async () => {
    const { ledger } = await openLedger(open);
    const results = await Promise.all(
      Array.from({ length: 20 }, () => ledger.begin(operationOf(), randomUUID(), always)),
    );
    expect(results.filter(({ begun }) => begun)).toHaveLength(1);
    expect(new Set(results.map(({ operation }) => operation?.id)).size).toBe(1);
  });

  test('are begun again under a key that is freed at the same moment', async () => {
    const { ledger, begun, statuses } = await openLedger(open);
    const { id, worker } = await begun();
    const freed = { status: 'FAILED', outcome: failure, freeKey: true } as const;
    const [, ...results] = await Promise.all([
      ledger.handBack(id, worker, freed),
      ...Array.from({ length: 10 }, () => ledger.begin(operationOf(), randomUUID(), always)),
    ]);
    expect(results.filter((result) => result.begun).length).toBeLessThanOrEqual(1);
    expect((await ledger.findByIds([id]))[0]).toMatchObject({
      ...{ status: 'FAILED', idempotencyKey: null, outcome: failure },
    });
    await ledger.begin(operationOf(), randomUUID(), always);
    expect(await statuses()).toEqual(['FAILED', 'IN_PROGRESS']);
  });

  test('give their key back when it has expired, unless they are held or unknown', async () => {
    const { ledger, clock, begun } = await openLedger(open);
    const done = await begun({ idempotencyKey: 'done' });
    await ledger.handBack(done.id, done.worker, succeeded);
    const resumable = await begun({ idempotencyKey: 'resumable' });
    await ledger.handBack(resumable.id, resumable.worker, { status: 'IN_PROGRESS' });
    const unknown = await begun({ idempotencyKey: 'unknown' });
    await ledger.handBack(unknown.id, unknown.worker, { status: 'OUTCOME_UNKNOWN' });
    await begun({ idempotencyKey: 'held' });
    clock.now += hour;
    const atLimit = new Date(noon);
    const since = new Date(noon + 1);
    for (const key of ['done', 'resumable', 'unknown', 'held']) {
      const expires = key === 'done' || key === 'resumable';
      expect(await ledger.findByKey('subject-ana', key, atLimit)).toBeDefined();
      const found = await ledger.findByKey('subject-ana', key, since);
      expect(found === undefined).toBe(expires);
      const next = operationOf({ idempotencyKey: key });
      const result = await ledger.begin(next, randomUUID(), since);
      expect([key, result.begun]).toEqual([key, expires]);
    }
    expect((await ledger.findByIds([done.id]))[0]).toMatchObject({
      ...{ idempotencyKey: null, status: 'SUCCEEDED', outcome: answer },
    });
  });

  test('are claimed only while nobody holds them and they are not settled, by one of many', async () => {
    const { ledger, begun } = await openLedger(open);
    const { id, worker } = await begun();
    expect(await ledger.claim(id, randomUUID())).toBeUndefined();
    expect(await ledger.claimAbandoned(id, randomUUID())).toBeUndefined();
    await ledger.handBack(id, worker, { status: 'IN_PROGRESS' });
    expect(await ledger.claimAbandoned(id, randomUUID())).toBeUndefined();
    const workers = Array.from({ length: 10 }, () => randomUUID());
    const claims = await Promise.all(workers.map((each) => ledger.claim(id, each)));
    expect(claims.filter((claim) => claim !== undefined)).toHaveLength(1);
    const winner = workers[claims.findIndex((claim) => claim !== undefined)] ?? '';
    expect(claims.find((claim) => claim !== undefined)).toMatchObject({ id, busy: true });
    expect(await ledger.handBack(id, winner, { status: 'OUTCOME_UNKNOWN' })).toBe(true);
    const last = randomUUID();
    expect(await ledger.claim(id, last)).toMatchObject({ status: 'OUTCOME_UNKNOWN' });
    expect(await ledger.handBack(id, last, succeeded)).toBe(true);
    expect(await ledger.claim(id, randomUUID())).toBeUndefined();
    expect(await ledger.claim('none', randomUUID())).toBeUndefined();
    expect(await ledger.claim(randomUUID(), randomUUID())).toBeUndefined();
  });

  test('K03: are held by the database’s clock: a process whose clock is an hour off changes nothing', async () => {
    const lease = 800;
    const { ledger, ledgerAt, begun } = await openLedger(open, lease);
    expect(ledger.leaseLength).toBe(lease);
    const { id } = await begun();
    for (const shift of [-hour, hour, 1000 * hour]) {
      const other = ledgerAt(() => noon + shift);
      expect(await other.claim(id, randomUUID())).toBeUndefined();
      expect(await other.abandoned(10)).toEqual([]);
    }
    await delay(lease + 100);
    const behind = ledgerAt(() => noon - hour);
    expect(await behind.abandoned(10)).toEqual([id]);
    const worker = randomUUID();
    expect(await behind.claimAbandoned(id, worker)).toMatchObject({ id, busy: true });
    expect(await ledger.abandoned(10)).toEqual([]);
    expect(await ledger.claim(id, randomUUID())).toBeUndefined();
    await behind.handBack(id, worker, { status: 'IN_PROGRESS' });
    expect(await ledger.abandoned(10)).toEqual([]);
  });

  test('stay held while there are signs of life', async () => {
    const lease = 1_000;
    const { ledger, begun, record } = await openLedger(open, lease);
    const { id, worker } = await begun();
    const signs = [
      () => ledger.extend(id, worker),
      () => ledger.startStep(id, worker, 'one', false),
      () => ledger.finishStep(id, worker, 'one', 'SUCCEEDED', 1),
      () => ledger.extend(id, worker),
    ];
    for (const sign of signs) {
      await delay(lease * 0.6);
      expect(await sign()).toBe(true);
      expect((await record(id))?.busy).toBe(true);
    }
    await delay(lease + 100);
    expect((await record(id))?.busy).toBe(false);
  });

  test('take nothing from a worker that lost its hold', async () => {
    const { ledger, begun, record } = await openLedger(open, 150);
    const { id, worker } = await begun();
    await ledger.startStep(id, worker, 'one', false);
    await delay(250);
    const next = randomUUID();
    await ledger.claim(id, next);
    const before = await record(id);
    const attempts = () => [
      ledger.extend(id, worker),
      ledger.startStep(id, worker, 'two', false),
      ledger.finishStep(id, worker, 'one', 'SUCCEEDED', 'late'),
      ledger.handBack(id, worker, succeeded),
    ];
    expect(await Promise.all(attempts())).toEqual([false, false, false, false]);
    expect(await record(id)).toEqual({ ...before, busy: expect.any(Boolean) });
    await ledger.handBack(id, next, { status: 'FAILED', outcome: failure });
    const settled = await record(id);
    expect(await Promise.all(attempts())).toEqual([false, false, false, false]);
    expect(await ledger.handBack(id, next, succeeded)).toBe(false);
    expect(await record(id)).toEqual(settled);
    expect(settled?.steps).toMatchObject([{ name: 'one', status: 'FAILED', result: null }]);
  });

  test('never begin a step twice that must not be repeated, not even for who holds them', async () => {
    const { ledger, begun, record } = await openLedger(open);
    const { id, worker } = await begun();
    const start = (name: string, repeatable = false) =>
      ledger.startStep(id, worker, name, repeatable);
    expect(await Promise.all([start('one'), start('one')]).then((all) => all.sort())).toEqual([
      false,
      true,
    ]);
    for (const status of ['OUTCOME_UNKNOWN', 'SUCCEEDED'] as const) {
      await ledger.finishStep(id, worker, 'one', status, { of: status });
      expect([await start('one'), await start('one', true)]).toEqual([false, false]);
    }
    await ledger.finishStep(id, worker, 'one', 'FAILED');
    expect(await start('one')).toBe(true);
    expect([await start('again', true), await start('again', true)]).toEqual([true, true]);
    await ledger.finishStep(id, worker, 'again', 'SUCCEEDED');
    expect(await start('again', true)).toBe(true);
    expect((await record(id))?.steps).toMatchObject([
      { name: 'one', repeatable: false, status: 'IN_PROGRESS', finishedAt: null },
      { name: 'again', repeatable: true, status: 'IN_PROGRESS', finishedAt: null },
    ]);
  });

  test('begin to move again when an unknown one is gone on with', async () => {
    const { ledger, begun, record } = await openLedger(open);
    const { id, worker } = await begun();
    await ledger.handBack(id, worker, { status: 'OUTCOME_UNKNOWN' });
    const next = randomUUID();
    await ledger.claim(id, next);
    await ledger.startStep(id, next, 'two', false);
    expect((await record(id))?.status).toBe('IN_PROGRESS');
  });
});

describeOnBoth('what operations keep', (open) => {
  test('is sealed, and the results of steps are gone once it is settled', async () => {
    const { database, ledger, clock, begun, record } = await openLedger(open);
    const { id, worker } = await begun();
    const result = { token: 'canary-result', at: new Date(noon), $instant: 'x', $$y: [{ $z: 1 }] };
    await ledger.startStep(id, worker, 'one', false);
    await ledger.finishStep(id, worker, 'one', 'SUCCEEDED', result);
    expect((await record(id))?.steps[0]?.result).toEqual(result);
    expect(await rawRows(database)).not.toContain('canary');
    clock.now += 5_000;
    await ledger.handBack(id, worker, { ...succeeded, secrets: { link: 'canary-link' } });
    const rows = await rawRows(database);
    expect(rows).toContain('bookAppointment');
    expect(rows).not.toMatch(/canary/);
    expect(rows).toContain('"sealedResult":null');
    expect(await record(id)).toMatchObject({
      ...{ status: 'SUCCEEDED', outcome: answer, finishedAt: new Date(noon + 5_000) },
      ...{ settledBy: null, busy: false, input: operationOf().input },
      steps: [{ status: 'SUCCEEDED', result: null, finishedAt: new Date(noon) }],
    });
  });

  test('in secrets is given for fifteen minutes, or until it is dropped', async () => {
    const { database, ledger, clock, begun } = await openLedger(open);
    const settle = async (key: string) => {
      const { id, worker } = await begun({ idempotencyKey: key });
      await ledger.handBack(id, worker, { ...succeeded, secrets: { link: key } });
      return id;
    };
    const [dropped, kept, none] = [await settle('a'), await settle('b'), await begun()];
    await ledger.handBack(none.id, none.worker, succeeded);
    expect(await ledger.secrets(dropped)).toEqual({ link: 'a' });
    await ledger.dropSecrets(dropped);
    expect(await ledger.secrets(dropped)).toBeUndefined();
    expect(await ledger.secrets(none.id)).toBeUndefined();
    expect(await ledger.secrets('none')).toBeUndefined();
    clock.now += 15 * 60_000 - 1;
    await ledger.sweep(always);
    expect(await ledger.secrets(kept)).toEqual({ link: 'b' });
    clock.now += 1;
    expect(await ledger.secrets(kept)).toBeUndefined();
    clock.now += 1;
    await ledger.sweep(always);
    const left = sql`select 1 from ${operations} where sealed_secrets is not null`;
    expect(await database.run((queries) => queries.execute(left))).toMatchObject({ rows: [] });
  });

  test('cannot be read from another row, nor once it was changed', async () => {
    const { database, ledger, begun, record } = await openLedger(open);
    const [one, other] = [await begun(), await begun({ idempotencyKey: 'other' })];
    for (const { id, worker } of [one, other]) {
      await ledger.startStep(id, worker, 'one', false);
      await ledger.finishStep(id, worker, 'one', 'SUCCEEDED', id);
    }
    for (const column of ['sealed_input', 'sealed_result']) {
      const table = column === 'sealed_input' ? 'operations' : 'operation_steps';
      const [target, source] =
        table === 'operations' ? ['id', 'id'] : ['operation_id', 'operation_id'];
      await database.run((queries) =>
        queries.execute(
          sql.raw(`update ${table} set ${column} = (select ${column} from ${table}
            where ${source} = '${other.id}') where ${target} = '${one.id}'`),
        ),
      );
    }
    const changed = await record(one.id);
    expect(changed?.input).toBeNull();
    // Not null, which is what a call without a result brought.
    expect(changed?.steps[0]?.result).toBeUndefined();
    expect((await record(other.id))?.steps[0]?.result).toBe(other.id);
  });

  test('is swept of keys that have expired, and of nothing else', async () => {
    const { ledger, clock, begun, record, statuses } = await openLedger(open);
    const old = await begun({ idempotencyKey: 'old' });
    await ledger.handBack(old.id, old.worker, succeeded);
    const unknown = await begun({ idempotencyKey: 'unknown' });
    await ledger.handBack(unknown.id, unknown.worker, { status: 'OUTCOME_UNKNOWN' });
    clock.now += hour;
    const young = await begun({ idempotencyKey: 'young' });
    await ledger.handBack(young.id, young.worker, { status: 'FAILED', outcome: failure });
    await ledger.sweep(new Date(noon + 1));
    expect((await record(old.id))?.idempotencyKey).toBeNull();
    expect((await record(unknown.id))?.idempotencyKey).toBe('unknown');
    expect((await record(young.id))?.idempotencyKey).toBe('young');
    expect(await statuses()).toEqual(['FAILED', 'OUTCOME_UNKNOWN', 'SUCCEEDED']);
  });

  test('of abandoned ones is listed oldest first, as many as are asked for', async () => {
    const { ledger, clock, begun } = await openLedger(open, 50);
    const ids: string[] = [];
    for (const key of ['a', 'b', 'c']) {
      ids.push((await begun({ idempotencyKey: key })).id);
      clock.now += 1_000;
    }
    const done = await begun({ idempotencyKey: 'd' });
    await ledger.handBack(done.id, done.worker, succeeded);
    await delay(120);
    expect(await ledger.abandoned(2)).toEqual(ids.slice(0, 2));
    expect(await ledger.abandoned(10)).toEqual(ids);
  });
});

describe('operations of two processes on one PostgreSQL', () => {
  const open = useStores();
  let databaseUrl = '';
  beforeAll(async () => {
    databaseUrl = await emptyDatabase();
  });

  test('C06: fifty begins of one key are one', async () => {
    const stores = [await open({ databaseUrl }), await open({ databaseUrl })];
    const ledgers = stores.map(({ store }): OperationLedger => store.operations);
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        (ledgers[index % 2] as OperationLedger).begin(operationOf(), randomUUID(), always),
      ),
    );
    expect(results.filter(({ begun }) => begun)).toHaveLength(1);
    expect(new Set(results.map(({ operation }) => operation?.id)).size).toBe(1);
    const { id } = results[0]?.operation ?? { id: '' };
    const claims = ledgers.map((ledger) => ledger.claim(id, randomUUID()));
    expect(await Promise.all(claims)).toEqual([undefined, undefined]);
  });
});
