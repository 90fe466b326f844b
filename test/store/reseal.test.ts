import { randomBytes, randomUUID } from 'node:crypto';
import { type Column, getTableColumns, getTableName, is, sql } from 'drizzle-orm';
import { PgTable } from 'drizzle-orm/pg-core';
import pg from 'pg';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Store } from '../../src/domain/store.ts';
import type { Database } from '../../src/store/database.ts';
import * as ledgerTables from '../../src/store/ledger-tables.ts';
import { createStore } from '../../src/store/open-store.ts';
import { createSealer } from '../../src/store/sealing.ts';
import { openServer } from '../../src/store/server.ts';
import * as tables from '../../src/store/tables.ts';
import { always, operationOf } from './ledgers.ts';
import {
  addPatient,
  ana,
  describeOnBoth,
  emptyDatabase,
  encryptionKey,
  named,
  noon,
  sealer,
  tokensOf,
} from './stores.ts';

const current = randomBytes(32);
const rotated = createSealer({ current, old: [encryptionKey] });
const alone = createSealer({ current });

const storeWith = (database: Database, by: typeof sealer) =>
  createStore(database, { sealer: by, clock: () => noon });

const event = (patientId: string) => ({
  ...{ id: randomUUID(), patientId, actor: 'subject-ana', actorRoles: ['PATIENT'] },
  ...{ action: 'read', vendor: null, outcome: 'ALLOWED' as const },
});

const expiresAt = new Date(noon + 600_000);
const loginOf = (patientId: string) => ({
  ...{ vendor: 'MY_PATIENT_PORTAL', patientId, subject: 'subject-ana', expiresAt },
  returnTo: 'https://app.example.com/done',
  secrets: { codeVerifier: 'the-verifier', nonce: 'the-nonce', state: 'the-state' },
});

/** One of everything that is sealed. */
async function withAll(store: Store) {
  const { id } = await addPatient(store);
  const access = await store.portalAccess.add({
    ...{ patientId: id, vendor: 'NIMBUS', status: 'REVOKED', expiresAt: null },
    revocationReason: 'Moved away',
  });
  await store.tokens.write('MY_PATIENT_PORTAL', id, tokensOf('token-1'));
  const [open, done] = [operationOf({ patientId: id }), operationOf({ idempotencyKey: 'key-2' })];
  const worker = randomUUID();
  for (const operation of [open, done]) {
    await store.operations.begin(operation, worker, always);
  }
  await store.operations.startStep(open.id, worker, 'intake', false);
  await store.operations.finishStep(open.id, worker, 'intake', 'SUCCEEDED', { intake: '7' });
  await store.operations.handBack(done.id, worker, {
    status: 'SUCCEEDED',
    outcome: { kind: 'ANSWER', answer: { visit: '9' } },
    secrets: { link: 'https://example.com/once' },
  });
  await store.connections.begin(loginOf(id));
  await store.accessLog.record([event(id)]);
  return { id, access, open, done };
}

const sealedColumns = Object.values({ ...tables, ...ledgerTables })
  .filter((one) => is(one, PgTable))
  .flatMap((table) => Object.values<Column>(getTableColumns(table)))
  .filter(({ name }) => name.startsWith('sealed'));

/** The columns in which anything begins so. */
async function columnsWith(database: Database, beginning: string) {
  const found = [];
  for (const column of sealedColumns) {
    const { rows } = (await database.run((queries) =>
      queries.execute(
        sql`select 1 from ${column.table} where ${column} like ${`${beginning}%`} limit 1`,
      ),
    )) as unknown as { rows: unknown[] };
    found.push(...rows.map(() => `${getTableName(column.table)}.${column.name}`));
  }
  return found.sort();
}

const none = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).every((count) => count === 0);

describeOnBoth('sealing anew after the key was changed', (open) => {
  test('leaves nothing but logins under way for which the earlier key is needed', async () => {
    const { database, store } = await open();
    const { id, access, open: begun, done } = await withAll(store);
    const before = await columnsWith(database, sealer.beginning);
    // Whatever can be sealed is, so that a column that is added is not forgotten here.
    expect(before).toHaveLength(sealedColumns.length - 1);

    expect(await storeWith(database, rotated).resealing.reseal()).toEqual({
      resealed: {
        ...{ patients: 1, portal_access: 1, vendor_tokens: 1, operations: 4, operation_steps: 1 },
        access_chains: 1,
      },
      unreadable: expect.toSatisfy(none),
      loginsUntil: expiresAt,
    });
    expect(await columnsWith(database, sealer.beginning)).toEqual([
      'pending_connections.sealed_secrets',
    ]);

    const later = storeWith(database, alone);
    expect(await later.patients.find([id])).toMatchObject([ana]);
    expect((await later.patients.search('silv', { limit: 9 })).totalCount).toBe(1);
    expect(await later.patients.findByEmail('ana.silva@example.com')).toHaveLength(1);
    expect(await later.portalAccess.findByIds([access.id])).toEqual([access]);
    expect(await later.tokens.read('MY_PATIENT_PORTAL', id)).toEqual(tokensOf('token-1'));
    const [underWay, settled] = await Promise.all(
      [begun, done].map(async (one) => (await later.operations.findByIds([one.id]))[0]),
    );
    expect(underWay).toMatchObject({ input: begun.input, steps: [{ result: { intake: '7' } }] });
    expect(settled).toMatchObject({ input: done.input, outcome: { answer: { visit: '9' } } });
    expect(await later.operations.secrets(done.id)).toEqual({ link: 'https://example.com/once' });
    expect(await later.connections.takeByState('the-state')).toBeUndefined();
  });

  test('lets the log of access go on, whose earlier events the earlier key still verifies', async () => {
    const { database, store } = await open();
    const { id } = await withAll(store);
    const serving = storeWith(database, rotated);
    await serving.accessLog.record([event(id)]);
    // One that has not changed places yet, and knows both.
    const behind = storeWith(database, createSealer({ current: encryptionKey, old: [current] }));
    await behind.accessLog.record([event(id)]);
    await serving.resealing.reseal();
    // It remembers the head as it was.
    await serving.accessLog.record([event(id)]);
    await storeWith(database, alone).accessLog.record([event(id)]);
    const { events, broken } = await serving.accessLog.verify(id);
    expect({ events, broken }).toEqual({ events: 6, broken: [] });
  });

  test('finds nothing to do the next time, nor where no key was changed', async () => {
    const { database, store } = await open();
    const { id } = await withAll(store);
    const again = [store, storeWith(database, rotated), storeWith(database, rotated)];
    const reports = [];
    for (const { resealing } of again) {
      reports.push(await resealing.reseal());
    }
    expect(reports.map(({ resealed }) => none(resealed))).toEqual([true, false, true]);
    await store.connections.takeByState('the-state');
    expect((await again[1]?.resealing.reseal())?.loginsUntil).toBeNull();
    expect(await storeWith(database, alone).patients.find([id])).toHaveLength(1);
  });

  test('leaves what it cannot open and chains that do not hold, and goes on behind them', async () => {
    const { database, store } = await open();
    const { id } = await withAll(store);
    const other = await addPatient(storeWith(database, createSealer({ current: randomBytes(32) })));
    await store.accessLog.record([event(other.id)]);
    await database.run((queries) =>
      queries.execute(sql`update access_chains set length = 7 where patient_id = ${id}`),
    );
    const many = 230;
    for (let count = 0; count < many; count += 1) {
      await addPatient(store, named('Ben', `Okafor ${count}`));
    }
    const told: number[] = [];
    const serving = storeWith(database, rotated);
    const report = await serving.resealing.reseal(({ patients = 0 }) => told.push(patients));
    expect(report).toMatchObject({
      resealed: { patients: many + 1, access_chains: 1 },
      unreadable: { patients: 1, access_chains: 1, operations: 0 },
    });
    expect(told.filter((count) => count > 0 && count < many)).not.toEqual([]);
    expect((await serving.accessLog.verify(undefined)).broken).toMatchObject([{ patientId: id }]);
    await expect(serving.patients.find([other.id])).rejects.toMatchObject({ kind: 'UNREADABLE' });
    expect(await storeWith(database, alone).patients.find([id])).toHaveLength(1);
  });
});

describe('sealing anew on PostgreSQL, while others write', () => {
  beforeAll(emptyDatabase);

  test('leaves what they have written', async () => {
    const url = await emptyDatabase();
    const database = await openServer(url, 3, sealer, () => undefined);
    const other = new pg.Client({ connectionString: url });
    await other.connect();
    onTestFinished(async () => {
      await other.end();
      await database.close();
    });
    const { id } = await addPatient(storeWith(database, sealer));
    const tokens = storeWith(database, sealer).tokens;
    await tokens.write('MY_PATIENT_PORTAL', id, tokensOf('before'));
    await other.query('begin');
    await other.query('select from vendor_tokens for update');
    const resealing = storeWith(database, rotated).resealing.reseal();
    const isWaiting = async () => {
      const { rows } = await other.query(
        "select from pg_locks where not granted and locktype = 'transactionid'",
      );
      return rows.length > 0;
    };
    await expect.poll(isWaiting, { timeout: 5_000 }).toBe(true);
    // As a process of before the rotation renews them.
    await other.query('update vendor_tokens set sealed = $1', [
      sealer.seal(
        `vendor_tokens/MY_PATIENT_PORTAL:${id}/sealed`,
        JSON.stringify(tokensOf('after')),
      ),
    ]);
    await other.query('commit');
    expect((await resealing).resealed).toMatchObject({ patients: 1, vendor_tokens: 0 });
    expect(await tokens.read('MY_PATIENT_PORTAL', id)).toMatchObject({ accessToken: 'after' });
    expect((await storeWith(database, rotated).resealing.reseal()).resealed).toMatchObject({
      vendor_tokens: 1,
    });
  });
});
