import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { UserFailure } from '../../src/domain/errors.ts';
import type { OperationLedger } from '../../src/domain/operations.ts';
import { recoverAbandoned } from '../../src/operations/recovery.ts';
import type { Database } from '../../src/store/database.ts';
import { openEmbedded } from '../../src/store/embedded.ts';
import { openServer } from '../../src/store/server.ts';
import { type RunningPostgres, startPostgres } from '../support/postgres.ts';
import { createFakeVendor } from './fake-vendor.ts';
import { createOffice, ledgerOn, recordOf, type Submission, sealer } from './office.ts';

const silent = () => undefined;
let server: RunningPostgres | undefined;
afterAll(() => server?.stop());

/** Two databases of one store where it is a server; the embedded one has a single process. */
const places: [string, () => Promise<[Database, Database]>][] = [
  [
    'embedded',
    async () => {
      const database = await openEmbedded(undefined, sealer, silent);
      return [database, database];
    },
  ],
  [
    'on PostgreSQL, from two processes’ pools',
    async () => {
      server = await startPostgres();
      return [
        await openServer(server.url, 10, sealer, silent),
        await openServer(server.url, 10, sealer, silent),
      ];
    },
  ],
];

describe.each(places)('many at once, %s', (_where, openBoth) => {
  let databases: [Database, Database];
  beforeAll(async () => {
    databases = await openBoth();
  });
  afterAll(() => Promise.all(databases.map((database) => database.close())));

  function open(lease?: number) {
    const vendor = createFakeVendor();
    const ledgers = databases.map((database) => ledgerOn(database, lease));
    const [ledger, otherLedger] = ledgers as [OperationLedger, OperationLedger];
    const office = createOffice(ledger, vendor);
    const other = createOffice(otherLedger, vendor);
    return { vendor, ledger, otherLedger, office, other, key: randomUUID() };
  }

  test('C01, C06: a hundred submissions of one key do it once and answer alike', async () => {
    const { vendor, office, other, key } = open();
    vendor.latency = 30;
    const replies = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        (index % 2 === 0 ? office : other).submit({ key, patience: 20_000 }),
      ),
    );
    expect(vendor.calls).toEqual(['intake', 'visit']);
    expect(new Set(replies.map(({ code, answer }) => JSON.stringify([code, answer])))).toHaveLength(
      1,
    );
    expect(new Set(replies.map(({ operation }) => operation.id)).size).toBe(1);
    expect(replies.filter(({ replayed }) => !replayed)).toHaveLength(1);
  });

  test('submissions of one key that is refused or lost are told alike', async () => {
    for (const [behaviour, code] of [
      ['REFUSED', 'VENDOR_REJECTED'],
      ['LOST_AFTER', 'OUTCOME_UNKNOWN'],
    ] as const) {
      const { vendor, office, other, key } = open();
      vendor.latency = 20;
      vendor.plan('visit', behaviour);
      const replies = await Promise.all(
        Array.from({ length: 20 }, (_, index) => (index % 2 ? office : other).submit({ key })),
      );
      expect(new Set(replies.map((reply) => reply.code))).toEqual(new Set([code]));
      expect(vendor.calls).toEqual(['intake', 'visit']);
    }
  });

  test('C02: two inputs under one key: one is done, the other is a conflict', async () => {
    const { vendor, office, other, key } = open();
    const replies = await Promise.all([
      office.submit({ key, input: { roomCode: 'one' } }),
      other.submit({ key, input: { roomCode: 'other' } }),
    ]);
    expect(replies.map(({ code }) => code).sort()).toEqual(['IDEMPOTENCY_CONFLICT', 'OK']);
    expect(vendor.calls).toEqual(['intake', 'visit']);
  });

  test('one whose preparation meets what the other has just done gets the other’s answer', async () => {
    const { vendor, office, other, key } = open();
    let release: () => void = silent;
    const done = new Promise<void>((resolve) => {
      release = resolve;
    });
    const prepare = async () => {
      await done;
      throw new UserFailure('AVAILABILITY_GONE', 'Taken.');
    };
    const late = other.submit({ key, prepare });
    const first = await office.submit({ key });
    release();
    expect(await late).toMatchObject({ code: 'OK', replayed: true, answer: first.answer });
    const gone = { key: randomUUID(), prepare };
    await expect(office.submit(gone)).rejects.toMatchObject({ code: 'AVAILABILITY_GONE' });
    expect(vendor.calls).toHaveLength(2);
  });

  test('one that waits for its target asks the vendor what it needs once more, when it is free', async () => {
    const { vendor, office, other } = open();
    vendor.latency = 1_000;
    const target = randomUUID();
    const first = office.submit({ target });
    await vi.waitFor(() => expect(vendor.calls).toEqual(['intake']), { timeout: 5_000 });
    const prepare = vi.fn(async () => undefined);
    expect(await other.submit({ target, prepare })).toMatchObject({ code: 'OK' });
    expect(await first).toMatchObject({ code: 'OK' });
    expect(vendor.calls).toEqual(['intake', 'visit', 'intake', 'visit']);
    expect(prepare).toHaveBeenCalledTimes(2);
  });

  test('one that waits gives up at its deadline, and the other goes on', async () => {
    const { vendor, office, other, key } = open();
    vendor.latency = 1_500;
    const first = office.submit({ key });
    await vi.waitFor(() => expect(vendor.calls).toEqual(['intake']), { timeout: 5_000 });
    const begun = Date.now();
    const waiting = await other.submit({ key, patience: 300 });
    expect(Date.now() - begun).toBeLessThan(1_500);
    expect(waiting).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      operation: { status: 'IN_PROGRESS', busy: true },
    });
    expect(await first).toMatchObject({ code: 'OK' });
    expect(await other.submit({ key })).toMatchObject({ code: 'OK', replayed: true });
    expect(vendor.calls).toEqual(['intake', 'visit']);
  });

  test('a resumable operation is gone on with by one of many retries', async () => {
    const { vendor, office, other, key } = open();
    vendor.plan('visit', 'UNSENT');
    await office.submit({ key });
    vendor.latency = 30;
    const replies = await Promise.all(
      Array.from({ length: 10 }, (_, index) => (index % 2 ? office : other).submit({ key })),
    );
    expect(replies.every(({ code }) => code === 'OK')).toBe(true);
    expect(vendor.calls).toEqual(['intake', 'visit', 'visit']);
  });

  test('a call that takes longer than the lease keeps its hold', async () => {
    const { vendor, ledger, otherLedger, office, key } = open(1_000);
    vendor.latency = 2_200;
    let done = false;
    const first = office.submit({ key }).finally(() => {
      done = true;
    });
    const told: string[] = [];
    while (!done) {
      await delay(100);
      await recoverAbandoned({ ledger: otherLedger, onRecovered: ({ id }) => told.push(id) });
    }
    expect(await first).toMatchObject({ code: 'OK' });
    expect(told).toEqual([]);
    expect(await ledger.abandoned(10)).toEqual([]);
    expect(vendor.calls).toEqual(['intake', 'visit']);
  });

  test('K03: recoveries at once never take the same operation', async () => {
    const { vendor, ledger, otherLedger, key } = open(800);
    const ids: string[] = [];
    for (let count = 0; count < 20; count += 1) {
      const worker = randomUUID();
      const id = randomUUID();
      await ledger.begin(
        {
          ...{ id, subject: 'subject-ana', action: 'a', idempotencyKey: `${key}-${count}` },
          ...{ inputFingerprint: 'f', input: {}, patientId: null, vendor: null, target: null },
        },
        worker,
        new Date(0),
      );
      if (count % 2 === 0) {
        await ledger.startStep(id, worker, 'visit', false);
      }
      ids.push(id);
    }
    await delay(1_000);
    const told: [string, string][] = [];
    await Promise.all(
      [ledger, otherLedger, ledger, otherLedger].map((each) =>
        recoverAbandoned({
          ledger: each,
          onRecovered: ({ id }, status) => told.push([id, status]),
        }),
      ),
    );
    const expected = ids.map((id, index) => [id, index % 2 ? 'RESUMABLE' : 'OUTCOME_UNKNOWN']);
    expect(told.toSorted()).toEqual(expected.toSorted());
    expect(vendor.calls).toEqual([]);
  });

  test('a worker that lost its hold while it stood still sends nothing more', async () => {
    const { vendor, ledger, otherLedger, other, key } = open(200);
    // Its process stands still: no heartbeat comes from it any more.
    const still = createOffice({ ...ledger, extend: async () => true }, vendor);
    let wake: () => void = silent;
    const awake = new Promise<void>((resolve) => {
      wake = resolve;
    });
    const act: NonNullable<Submission['act']> = async (work) => {
      await work.once('intake', () => vendor.call('intake'));
      await awake;
      const visit = await work.once('visit', () => vendor.call('visit'));
      return { answer: { visitId: visit.id, made: visit.at } };
    };
    const stalled = still.submit({ key, act });
    await vi.waitFor(() => expect(vendor.calls).toEqual(['intake']), { timeout: 5_000 });
    const reply = await other.submit({ key });
    expect(reply).toMatchObject({ code: 'OK', answer: { visitId: 'intake-1/visit-1' } });
    wake();
    expect(await stalled).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      operation: { status: 'SUCCEEDED' },
    });
    expect(vendor.calls).toEqual(['intake', 'visit']);
    expect((await recordOf(otherLedger, reply.operation.id)).status).toBe('SUCCEEDED');
  });

  test('a call whose worker stood still is unknown, whatever the worker says later', async () => {
    const { vendor, ledger, otherLedger, office, other, key } = open(200);
    vendor.latency = 2_000;
    const still = createOffice({ ...ledger, extend: async () => true }, vendor);
    const stalled = still.submit({ key });
    await vi.waitFor(() => expect(vendor.calls).toEqual(['intake']), { timeout: 5_000 });
    await delay(400);
    const told: string[] = [];
    await recoverAbandoned({ ledger: otherLedger, onRecovered: (_, status) => told.push(status) });
    expect(told).toEqual(['OUTCOME_UNKNOWN']);
    expect(await stalled).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      operation: { status: 'OUTCOME_UNKNOWN' },
    });
    expect(await other.submit({ key })).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    vendor.latency = 0;
    const { id } = (await office.submit({ key })).operation;
    expect(await other.resume(id)).toMatchObject({ code: 'OK' });
    expect(vendor.calls).toEqual(['intake', 'visit']);
  });
});
