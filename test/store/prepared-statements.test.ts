import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'drizzle-orm';
import { beforeAll, describe, expect, it, onTestFinished, test } from 'vitest';
import type { Patient } from '../../src/domain/records.ts';
import type { Store } from '../../src/domain/store.ts';
import { createStore } from '../../src/store/open-store.ts';
import { openServer } from '../../src/store/server.ts';
import { hasPooler, startPooler, withoutPooler } from '../support/pooler.ts';
import { always, operationOf } from './ledgers.ts';
import { addPatient, emptyDatabase, named, noon, query, sealer } from './stores.ts';

const event = (patientId: string) => ({
  ...{ id: randomUUID(), patientId, actor: 'subject-ana', actorRoles: ['PATIENT'] },
  ...{ action: 'read', vendor: null, outcome: 'ALLOWED' as const },
});

interface Prepared {
  name: string;
  statement: string;
}

describe('statements that come again', { timeout: 30_000 }, () => {
  beforeAll(emptyDatabase);

  /** Over one connection, so that it can be looked at, and spoilt, from here. */
  async function openAlone(databaseUrl?: string) {
    const url = databaseUrl ?? (await emptyDatabase());
    const database = await openServer(url, 1, sealer, () => undefined);
    onTestFinished(() => database.close());
    const store = createStore(database, { sealer, clock: () => noon });
    const execute = (text: string) =>
      database.run((queries) => queries.execute(sql.raw(text))) as unknown as Promise<{
        rows: Prepared[];
      }>;
    const prepared = async () =>
      (await execute('select name, statement from pg_prepared_statements order by statement')).rows;
    const useEach = async (id: string) => {
      await store.accessLog.record([event(id)]);
      const patients = await store.patients.find([id]);
      await store.accounts.findByPatients([id]);
      await store.visits.find([{ vendor: 'VSEE', vendorVisitId: '1' }]);
      await store.visits.findByPatients([id]);
      await store.tokens.read('MY_PATIENT_PORTAL', id);
      return patients;
    };
    /** As often as it takes to be worth a name. */
    const useAll = async (id: string) => {
      await useEach(id);
      await useEach(id);
      return useEach(id);
    };
    return { url, database, store, execute, prepared, useEach, useAll };
  }

  test('are prepared once, under a name that says what they are', async () => {
    const { store, prepared, useEach, useAll } = await openAlone();
    const { id } = await addPatient(store);
    await useEach(id);
    await useEach(id);
    expect(await prepared()).toEqual([]);
    await useEach(id);
    const first = await prepared();
    const tables = first.map(({ statement }) => /insert into \w+|from "\w+"/.exec(statement)?.[0]);
    expect(tables.sort()).toEqual([
      ...['from "patients"', 'from "vendor_accounts"', 'from "vendor_tokens"'],
      ...['from "visits"', 'from "visits"', 'insert into access_events'],
    ]);
    await useAll(id);
    expect(await prepared()).toEqual(first);
    const other = await openAlone();
    await other.useAll((await addPatient(other.store)).id);
    expect(await other.prepared()).toEqual(first);
    expect(first.every(({ name }) => /^portico_[0-9a-f]{32}$/.test(name))).toBe(true);
  });

  /** What a pooler that gives connections out by transaction, and a migration, do. */
  const spoilt: [string, (alone: Awaited<ReturnType<typeof openAlone>>) => Promise<unknown>][] = [
    ['that the connection does not know any more', ({ execute }) => execute('deallocate all')],
    [
      'that bring something else since a migration',
      ({ url }) => query(url, 'alter table visits alter column kind type varchar(90)'),
    ],
  ];
  test.each(spoilt)('%s are run without a name from then on', async (_, spoil) => {
    const alone = await openAlone();
    const { store, prepared, useAll, execute } = alone;
    const { id } = await addPatient(store);
    await store.visits.add({ vendor: 'VSEE', vendorVisitId: '1', patientId: id, kind: 'WALK_IN' });
    await useAll(id);
    await spoil(alone);
    expect(await useAll(id)).toMatchObject([{ id }]);
    expect(await store.visits.findByPatients([id])).toMatchObject([{ vendorVisitId: '1' }]);
    expect(await store.accessLog.verify(id)).toMatchObject({ events: 6, broken: [] });
    await execute('deallocate all');
    await useAll(id);
    expect(await prepared()).toEqual([]);
  });

  test('of a transaction in which a name is not known are run once, without one', async () => {
    const { url, store, execute, prepared } = await openAlone();
    const { id: patientId } = await addPatient(store);
    const begin = async () => {
      const id = randomUUID();
      const { begun } = await store.operations.begin(
        operationOf({ id, patientId, idempotencyKey: id }),
        randomUUID(),
        always,
      );
      return { begun, kept: (await query(url, 'select id from operations', [])).length };
    };
    for (let times = 0; times < 3; times += 1) {
      await begin();
    }
    expect((await prepared()).map(({ statement }) => statement)).toContainEqual(
      expect.stringMatching(/^insert into "operations"/),
    );
    await execute('deallocate all');
    expect(await begin()).toEqual({ begun: true, kept: 4 });
    expect(await prepared()).toEqual([]);
  });

  test('are given a hundred and fifty names at most', async () => {
    const { database, prepared } = await openAlone();
    for (let times = 0; times < 3; times += 1) {
      for (let kind = 0; kind < 160; kind += 1) {
        await database.run((queries) =>
          queries.execute(sql`select ${kind}::int as ${sql.raw(`kind_${kind}`)}`),
        );
      }
    }
    expect(await prepared()).toHaveLength(150);
  });

  test('that somebody else has prepared on the connection are run without a name', async () => {
    const first = await openAlone();
    const { id } = await addPatient(first.store);
    await first.useAll(id);
    const [known] = (await first.prepared()).filter(({ statement }) =>
      /"patients"/.test(statement),
    );
    const second = await openAlone(first.url);
    await second.execute(`prepare ${known?.name} as ${known?.statement}`);
    expect(await second.useAll(id)).toMatchObject([{ id }]);
    expect(await second.store.accessLog.verify(id)).toMatchObject({ events: 6, broken: [] });
  });

  // Only where there is a PgBouncer, which no npm package holds: `.ci/run` installs Debian's.
  it.skipIf(!hasPooler)(
    `bring what was asked for through a pooler that gives connections out by transaction${withoutPooler}`,
    async () => {
      const pooler = await startPooler(await emptyDatabase());
      onTestFinished(pooler.stop);
      const stores = await Promise.all(
        [1, 2].map(async () => {
          const database = await openServer(pooler.url, 9, sealer, () => undefined);
          onTestFinished(() => database.close());
          return createStore(database, { sealer, clock: () => noon });
        }),
      );
      const [first] = stores as [Store, Store];
      const people = await Promise.all(
        ['Silva', 'Okafor', 'Novak'].map((name) => addPatient(first, named('Ana', name))),
      );
      const asked = Array.from({ length: 300 }, async (_, count) => {
        const store = stores[count % 2] as Store;
        const { id } = people[count % 3] as Patient;
        // In waves, so that statements of all kinds meet at the same connections.
        await delay(count);
        await store.accessLog.record([event(id)]);
        await store.visits.findByPatients([id]);
        const accounts = await store.accounts.findByPatients([id]);
        return { found: await store.patients.find([id]), accounts };
      });
      for (const [count, { found, accounts }] of (await Promise.all(asked)).entries()) {
        expect({ found, accounts }).toEqual({ found: [people[count % 3]], accounts: [] });
      }
      expect(await first.accessLog.verify(undefined)).toMatchObject({ events: 300, broken: [] });
    },
  );
});
