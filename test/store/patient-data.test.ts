import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { NewOperation } from '../../src/domain/operations.ts';
import type { Store } from '../../src/domain/store.ts';
import { always, operationOf } from './ledgers.ts';
import {
  addPatient,
  ana,
  describeOnBoth,
  emptyDatabase,
  named,
  noon,
  tokensOf,
  useStores,
} from './stores.ts';

const day = 24 * 60 * 60 * 1000;

/** Something of every kind that is held of a patient. */
async function fill(store: Store, patientId: string, subject: string) {
  await store.accounts.link({
    ...{ patientId, vendor: 'CERBO', vendorPatientId: `cerbo-${patientId}`, linkMethod: 'STAFF' },
  });
  await store.tokens.write('MY_PATIENT_PORTAL', patientId, tokensOf('canary-token'));
  await store.portalAccess.add({
    ...{
      patientId,
      vendor: 'NIMBUS',
      status: 'REVOKED',
      expiresAt: null,
      revocationReason: 'moved',
    },
  });
  await store.visits.add({ patientId, vendor: 'VSEE', vendorVisitId: patientId, kind: 'WALK_IN' });
  await store.followUps.add({
    ...{ patientId, vendor: 'NIMBUS', vendorFollowUpId: '1', date: '2026-07-01' },
  });
  await store.connections.begin({
    ...{ vendor: 'MY_PATIENT_PORTAL', patientId, subject, returnTo: 'https://clinic.test/' },
    secrets: { state: randomUUID(), nonce: 'n', codeVerifier: 'v' },
    expiresAt: new Date(noon + day),
  });
  const write = async (input: object) => {
    const worker = randomUUID();
    const begun = await store.operations.begin(
      operationOf({
        ...{ subject, patientId, idempotencyKey: randomUUID() },
        input: { asked: input, prepared: 'canary-prepared' },
      }),
      worker,
      always,
    );
    const id = begun.operation?.id ?? '';
    await store.operations.startStep(id, worker, 'one', false);
    await store.operations.finishStep(id, worker, 'one', 'SUCCEEDED', {});
    return { id, worker };
  };
  const settle = ({ id, worker }: { id: string; worker: string }) =>
    store.operations.handBack(id, worker, {
      ...{ status: 'SUCCEEDED', outcome: { kind: 'ANSWER', answer: {} } },
    });
  await settle(await write({ comments: 'settled' }));
  return { open: await write({ comments: 'open' }), settle };
}

/** A write that was begun and came to nothing, settled by its caller or by STAFF; its id. */
async function failedFor(
  { operations }: Store,
  changes: Partial<NewOperation>,
  settledBy?: string,
) {
  const worker = randomUUID();
  const { operation } = await operations.begin(
    operationOf({ idempotencyKey: null, ...changes }),
    worker,
    always,
  );
  const id = operation?.id ?? '';
  const outcome = { kind: 'FAILURE', code: 'VENDOR_REJECTED', message: 'No.', path: null } as const;
  if (settledBy !== undefined) {
    await operations.handBack(id, worker, { status: 'OUTCOME_UNKNOWN' });
    await operations.claim(id, worker, { subject: settledBy, roles: ['STAFF'] });
  }
  await operations.handBack(id, worker, {
    ...{ status: 'FAILED', outcome },
    ...(settledBy !== undefined && { settledBy }),
  });
  return id;
}

describeOnBoth('the data of one patient', (open) => {
  test('is given as a whole, without tokens', async () => {
    const { store } = await open();
    const patient = await addPatient(store, ana, 'subject-ana');
    const other = await addPatient(store, named('Ben', 'Okafor'));
    await fill(store, patient.id, 'subject-ana');
    await fill(store, other.id, 'subject-ben');
    const held = await store.patientData.export(patient.id);
    expect(held).toMatchObject({
      patient,
      vendorAccounts: [{ vendor: 'CERBO', vendorPatientId: `cerbo-${patient.id}` }],
      portalAccess: [{ vendor: 'NIMBUS', revocationReason: 'moved' }],
      visits: [{ vendorVisitId: patient.id }],
      followUps: [{ date: '2026-07-01' }],
      operations: [
        { action: 'bookAppointment', status: 'SUCCEEDED', input: { comments: 'settled' } },
        { action: 'bookAppointment', status: 'IN_PROGRESS', input: { comments: 'open' } },
      ],
      accessEvents: [{ outcome: 'ALLOWED' }, { outcome: 'ALLOWED' }],
    });
    expect(JSON.stringify(held)).not.toMatch(/canary|Ben|Okafor|subject-ben/);
    expect(await store.patientData.export(randomUUID())).toBeUndefined();
    expect(await store.patientData.export('rubbish')).toBeUndefined();
  });

  test('is deleted as a whole once its writes are settled, and nobody else’s', async () => {
    const { store } = await open();
    const patient = await addPatient(store, ana, 'subject-ana');
    const other = await addPatient(store, named('Ben', 'Okafor'));
    const { open: write, settle } = await fill(store, patient.id, 'subject-ana');
    await fill(store, other.id, 'subject-ben');
    const before = await store.patientData.export(other.id);
    expect(await store.patientData.erase(patient.id, 'operator')).toEqual({
      unsettled: [write.id],
    });
    expect(await store.patients.find([patient.id])).toEqual([patient]);
    await settle(write);
    expect(await store.patientData.erase(patient.id, 'operator')).toMatchObject({
      erased: {
        ...{ patients: 1, vendorTokens: 1, vendorAccounts: 1, portalAccess: 1, visits: 1 },
        ...{ followUps: 1, pendingConnections: 1, connectionGrants: 0, operations: 2 },
      },
      vendorAccounts: [{ vendor: 'CERBO' }],
    });
    expect(await store.patientData.export(patient.id)).toBeUndefined();
    expect(await store.operations.findByIds([write.id])).toEqual([]);
    expect(await store.tokens.read('MY_PATIENT_PORTAL', patient.id)).toBeUndefined();
    expect(await store.patientData.erase(patient.id, 'operator')).toBeUndefined();
    expect(await store.patientData.export(other.id)).toEqual(before);
    const [last] = (await store.accessLog.list(patient.id, { limit: 1 })).rows;
    expect(last?.value).toMatchObject({ actor: 'operator', action: 'erase', outcome: 'ALLOWED' });
    expect((await store.accessLog.verify(undefined)).broken).toEqual([]);
    // The subject is free for a new record.
    expect(await store.patients.create(ana, 'subject-ana')).toBeDefined();
  });
});

describeOnBoth('what a patient began before they were in the register', (open) => {
  const subject = 'subject-ana';

  test('is given and deleted with the rest', async () => {
    const { store } = await open();
    const own = { action: 'onboardPatient', patientId: null, subject, roles: ['PATIENT'] };
    const ids = [await failedFor(store, own), await failedFor(store, own, 'subject-staff')].sort();
    const others = [
      await failedFor(store, { ...own, subject: 'subject-ben' }),
      // By the same person at work, for somebody else; and where a colleague settled it.
      await failedFor(store, { ...own, roles: ['PATIENT', 'STAFF'] }),
      await failedFor(store, { ...own, roles: ['PATIENT', 'STAFF'] }, 'subject-colleague'),
    ].sort();
    const patient = await addPatient(store, ana, subject);
    const unlinked = await addPatient(store, named('Ben', 'Okafor'));
    expect((await store.patientData.export(unlinked.id))?.operations).toEqual([]);
    const held = await store.patientData.export(patient.id);
    expect(held?.operations.map(({ id }) => id).sort()).toEqual(ids);
    expect(await store.patientData.erase(unlinked.id, 'operator')).toMatchObject({
      erased: { operations: 0 },
    });
    expect(await store.patientData.erase(patient.id, 'operator')).toMatchObject({
      erased: { operations: 2 },
    });
    const left = await store.operations.findByIds([...ids, ...others]);
    expect(left.map(({ id }) => id).sort()).toEqual(others);
  });
});

describe('the data of one patient, while others write', () => {
  const openStore = useStores();

  /** A patient in a database of their own, and a connection of its own to get in the way with. */
  async function opened() {
    const databaseUrl = await emptyDatabase();
    const { store } = await openStore({ databaseUrl });
    const { id: patientId } = await addPatient(store);
    const other = new pg.Client({ connectionString: databaseUrl });
    await other.connect();
    onTestFinished(() => other.end());
    const waiting = async () => {
      const { rows } = await other.query('select pid from pg_locks where not granted');
      return rows.length;
    };
    const untilWaiting = (count: number) => expect.poll(waiting, { timeout: 15_000 }).toBe(count);
    const begin = (id: string) =>
      store.operations.begin(operationOf({ id, patientId }), randomUUID(), always);
    return { store, patientId, other, untilWaiting, begin };
  }

  test('is not deleted from under a write that has just begun', async () => {
    const { store, patientId, other, untilWaiting, begin } = await opened();
    const { id } = operationOf();
    // Another submission of its key keeps the write waiting in the middle of its beginning.
    await other.query('begin');
    await other.query(
      `insert into operations (id, subject, idempotency_key, action, input_fingerprint, sealed_input, status, started_at)
       values (gen_random_uuid(), 'subject-ana', 'key-1', 'x', 'f', 's', 'FAILED', now())`,
    );
    const begun = begin(id);
    await untilWaiting(1);
    const erased = store.patientData.erase(patientId, 'operator');
    await untilWaiting(2);
    await other.query('rollback');
    expect(await begun).toMatchObject({ begun: true });
    expect(await erased).toEqual({ unsettled: [id] });
    expect(await store.operations.findByIds([id])).toHaveLength(1);
  });

  test('takes no write with it that they have just begun as nobody in the register', async () => {
    const { store, patientId, other, untilWaiting } = await opened();
    await store.patients.linkSubject(patientId, 'subject-ana');
    await store.visits.add({ patientId, vendor: 'VSEE', vendorVisitId: '1', kind: 'WALK_IN' });
    await other.query('begin');
    await other.query('select from visits for update');
    const erased = store.patientData.erase(patientId, 'operator');
    await untilWaiting(1);
    const { operation } = await store.operations.begin(operationOf(), randomUUID(), always);
    await other.query('commit');
    expect(await erased).toMatchObject({ erased: { operations: 0, patients: 1 } });
    expect(await store.operations.findByIds([operation?.id ?? ''])).toHaveLength(1);
  });

  test('is told of the account that was linked at the last moment', async () => {
    const { store, patientId, other, untilWaiting } = await opened();
    await other.query('begin');
    await other.query(
      `insert into vendor_accounts (patient_id, vendor, vendor_patient_id, link_method, linked_at)
       values ($1, 'CERBO', 'cerbo-7', 'STAFF', now())`,
      [patientId],
    );
    const erased = store.patientData.erase(patientId, 'operator');
    await untilWaiting(1);
    await other.query('commit');
    expect(await erased).toMatchObject({
      erased: { vendorAccounts: 1 },
      vendorAccounts: [{ vendor: 'CERBO', vendorPatientId: 'cerbo-7' }],
    });
  });

  test('is not written anew once it is about to be deleted', async () => {
    const { store, patientId, other, untilWaiting, begin } = await opened();
    await store.visits.add({ patientId, vendor: 'VSEE', vendorVisitId: '1', kind: 'WALK_IN' });
    await other.query('begin');
    await other.query('select from visits for update');
    const erased = store.patientData.erase(patientId, 'operator');
    await untilWaiting(1);
    const begun = begin(randomUUID()).catch((error: unknown) => error);
    await untilWaiting(2);
    await other.query('rollback');
    expect(await erased).toMatchObject({ erased: { patients: 1, operations: 0 } });
    expect(await begun).toMatchObject({ name: 'StoreError', kind: 'CONSTRAINT' });
    expect((await store.operations.unsettled()).IN_PROGRESS.count).toBe(0);
  });
});

describeOnBoth('the time of keeping', (open) => {
  const event = (patientId: string) => ({
    ...{ id: randomUUID(), patientId, actor: 'staff', actorRoles: ['STAFF'] },
    ...{ action: 'read', vendor: null, outcome: 'ALLOWED' as const },
  });
  const never = new Date(0);
  const limits = { settledBefore: never, keysValidSince: never, eventsBefore: never };

  test('of events ends from the oldest on, and the chains still hold', async () => {
    const { store, clock } = await open();
    const [one, other] = [randomUUID(), randomUUID()];
    for (let count = 0; count < 6; count += 1) {
      await store.accessLog.record([event(one)]);
      clock.now += day;
    }
    await store.accessLog.record(Array.from({ length: 1_201 }, () => event(other)));
    clock.now += day;
    const prune = (eventsBefore: number) =>
      store.retention.prune({ ...limits, eventsBefore: new Date(eventsBefore) });
    expect(await prune(noon)).toEqual({ operations: 0, events: 0 });
    expect(await prune(noon + 4 * day)).toEqual({ operations: 0, events: 4 });
    expect(await store.accessLog.verify(undefined)).toMatchObject({ events: 1_203, broken: [] });
    expect((await store.accessLog.list(one, { limit: 9 })).totalCount).toBe(2);
    await store.accessLog.record([event(one)]);
    expect(await prune(clock.now)).toEqual({ operations: 0, events: 1_203 });
    expect(await store.accessLog.verify(undefined)).toMatchObject({ events: 1, broken: [] });
    await store.accessLog.record([event(other)]);
    expect(await store.accessLog.verify(undefined)).toMatchObject({ events: 2, broken: [] });
  });

  test('does not take away what shows that a chain was changed', async () => {
    const { store, clock, database } = await open();
    const patientId = randomUUID();
    for (let count = 0; count < 4; count += 1) {
      await store.accessLog.record([event(patientId)]);
      clock.now += day;
    }
    const remove = (number: number) =>
      database.run((queries) =>
        queries.execute(`delete from access_events where number = ${number}`),
      );
    await remove(2);
    // Also long after: those behind the gap are kept with it.
    for (const [days, events] of [
      [2, 1],
      [9, 0],
    ] as const) {
      const eventsBefore = new Date(noon + days * day);
      expect(await store.retention.prune({ ...limits, eventsBefore })).toMatchObject({ events });
      expect((await store.accessLog.verify(undefined)).broken).toMatchObject([
        { number: 2, problem: 'MISSING' },
      ]);
    }
  });

  test('of writes ends for those that are settled', async () => {
    const { store, clock } = await open();
    const patient = await addPatient(store);
    const { open: write } = await fill(store, patient.id, 'subject-ana');
    clock.now += 2 * day;
    const prune = () => store.retention.prune({ ...limits, settledBefore: new Date(noon + day) });
    expect(await prune()).toEqual({ operations: 1, events: 0 });
    expect(await prune()).toEqual({ operations: 0, events: 0 });
    expect(await store.operations.findByIds([write.id])).toHaveLength(1);
  });

  test('of writes that failed for nobody in the register ends with their keys', async () => {
    const { store, clock } = await open();
    const { id: patientId } = await addPatient(store);
    const ids = await Promise.all(
      [null, patientId].map((each) =>
        failedFor(store, { patientId: each, subject: 'subject-staff' }),
      ),
    );
    clock.now += 2 * day;
    const pruned = await store.retention.prune({ ...limits, keysValidSince: new Date(noon + day) });
    expect(pruned).toEqual({ operations: 1, events: 0 });
    expect(await store.operations.findByIds(ids)).toMatchObject([{ patientId }]);
  });

  test('of writes that wait to be gone on with, and nothing was sent of, ends with their keys', async () => {
    const { store, clock } = await open();
    const { operations } = store;
    const begun = async (step?: 'FAILED' | 'SUCCEEDED', isHeld = false) => {
      const worker = randomUUID();
      const operation = operationOf({ idempotencyKey: null });
      await operations.begin(operation, worker, always);
      if (step !== undefined) {
        await operations.startStep(operation.id, worker, 'one', true);
        await operations.finishStep(operation.id, worker, 'one', step);
      }
      if (!isHeld) {
        await operations.handBack(operation.id, worker, { status: 'IN_PROGRESS' });
      }
      return operation.id;
    };
    const gone = [await begun(), await begun('FAILED')];
    const kept = [await begun('SUCCEEDED'), await begun(undefined, true)];
    clock.now += day;
    kept.push(await begun());
    const prune = (keysValidSince: number) =>
      store.retention.prune({ ...limits, keysValidSince: new Date(keysValidSince) });
    expect(await prune(noon)).toEqual({ operations: 0, events: 0 });
    expect(await prune(noon + day)).toEqual({ operations: gone.length, events: 0 });
    const left = await operations.findByIds([...gone, ...kept]);
    expect(left.map(({ id }) => id).sort()).toEqual(kept.sort());
  });
});
