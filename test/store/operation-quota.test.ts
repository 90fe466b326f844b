import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { type NewOperation, type Quota, QuotaUsedUp } from '../../src/domain/operations.ts';
import type { Store } from '../../src/domain/store.ts';
import { ana, describeOnBoth, emptyDatabase, noon, useStores } from './stores.ts';

const hour = 3_600_000;
const always = new Date(0);
const withinDay = (most: number, now = noon): Quota => ({
  most,
  since: new Date(now - 24 * hour),
});

const patientId = randomUUID();
const invitation = (changes: Partial<NewOperation> = {}): NewOperation => ({
  id: randomUUID(),
  subject: 'subject-staff',
  action: 'invitePatientToPortal',
  idempotencyKey: null,
  inputFingerprint: 'f',
  input: {},
  patientId,
  vendor: 'CERBO',
  target: null,
  ...changes,
});

/** Whether an operation was begun within a quota, or what used it up. */
const beginIn = async (
  { operations, patients }: Store,
  quota: Quota,
  changes: Partial<NewOperation> = {},
  worker = randomUUID(),
) => {
  await patients.create(ana, null, changes.patientId ?? patientId);
  try {
    return (await operations.begin(invitation(changes), worker, always, quota)).begun;
  } catch (error) {
    if (error instanceof QuotaUsedUp) {
      return error.by;
    }
    throw error;
  }
};

describeOnBoth('a quota', (open) => {
  test('lets as many through as it says, and tells since when it is used up', async () => {
    const { store, clock } = await open();
    expect(await beginIn(store, withinDay(2))).toBe(true);
    clock.now = noon + hour;
    expect(await beginIn(store, withinDay(2))).toBe(true);
    expect(await beginIn(store, withinDay(2))).toEqual(new Date(noon));
    expect(await beginIn(store, withinDay(2, noon + 24 * hour))).toBe(true);
    expect((await store.operations.unsettled()).IN_PROGRESS.count).toBe(3);
  });

  test('is of one patient, action and vendor, over all subjects', async () => {
    const { store } = await open();
    expect(await beginIn(store, withinDay(1))).toBe(true);
    expect(await beginIn(store, withinDay(1), { subject: 'subject-other' })).toEqual(
      new Date(noon),
    );
    expect(await beginIn(store, withinDay(1), { patientId: randomUUID() })).toBe(true);
    expect(await beginIn(store, withinDay(1), { action: 'enablePortalAccess' })).toBe(true);
    expect(await beginIn(store, withinDay(1), { vendor: 'MD_HQ' })).toBe(true);
  });

  test('does not count what failed, nor what nothing was sent of; it counts what is unknown', async () => {
    const { store } = await open();
    const settle = async (...settlement: Parameters<Store['operations']['handBack']>[2][]) => {
      const [id, worker] = [randomUUID(), randomUUID()];
      expect(await beginIn(store, withinDay(1), { id }, worker)).toBe(true);
      for (const each of settlement) {
        expect(await store.operations.startStep(id, worker, 'inviteToPortal', false)).toBe(true);
        const status = each.status === 'OUTCOME_UNKNOWN' ? 'OUTCOME_UNKNOWN' : 'FAILED';
        await store.operations.finishStep(id, worker, 'inviteToPortal', status);
        await store.operations.handBack(id, worker, each);
      }
    };
    const outcome = {
      kind: 'FAILURE',
      code: 'VENDOR_REJECTED',
      message: 'No.',
      path: null,
    } as const;
    await settle({ status: 'FAILED', outcome });
    await settle({ status: 'IN_PROGRESS' });
    await settle({ status: 'OUTCOME_UNKNOWN' });
    expect(await beginIn(store, withinDay(1))).toEqual(new Date(noon));
  });

  test('does not stand between a request and its own earlier submission', async () => {
    const { store } = await open();
    const idempotencyKey = 'key-1';
    expect(await beginIn(store, withinDay(1), { idempotencyKey })).toBe(true);
    expect(await beginIn(store, withinDay(1), { idempotencyKey })).toBe(false);
    expect(await beginIn(store, withinDay(1), { idempotencyKey: 'key-2' })).toBeInstanceOf(Date);
    expect(await beginIn(store, withinDay(1), { idempotencyKey, subject: 'b' })).toBeInstanceOf(
      Date,
    );
  });
});

describe('a quota over several processes', () => {
  const openStore = useStores();

  test('lets as many through as it says, when all ask at once', async () => {
    const databaseUrl = await emptyDatabase();
    const { store: first } = await openStore({ databaseUrl });
    const { store: second } = await openStore({ databaseUrl });
    const all = await Promise.all(
      Array.from({ length: 40 }, (_, at) => beginIn(at % 2 === 0 ? first : second, withinDay(3))),
    );
    expect(all.filter((begun) => begun === true)).toHaveLength(3);
    expect(all.filter((begun) => begun instanceof Date)).toHaveLength(37);
    expect((await first.operations.unsettled()).IN_PROGRESS.count).toBe(3);
  });
});
