import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { recoverAbandoned, startRecovery } from '../../src/operations/recovery.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { createFakeVendor } from './fake-vendor.ts';
import { createOffice, ledgerOn, month, recordOf, stepsOf, useDatabase } from './office.ts';

const lease = 100;
const database = useDatabase();

function open() {
  const vendor = createFakeVendor();
  const ledger = ledgerOn(database(), lease);
  /** Leaves an operation behind like a process that was killed. */
  async function leave(...steps: [name: string, repeatable: boolean, status?: 'SUCCEEDED'][]) {
    const id = randomUUID();
    const worker = randomUUID();
    await ledger.begin(
      {
        ...{ id, subject: 'subject-ana', action: 'a', idempotencyKey: randomUUID() },
        ...{ inputFingerprint: 'f', input: {}, patientId: null, vendor: null, target: null },
      },
      worker,
      new Date(0),
    );
    for (const [name, repeatable, status] of steps) {
      await ledger.startStep(id, worker, name, repeatable);
      if (status !== undefined) {
        await ledger.finishStep(id, worker, name, status, { of: name });
      }
    }
    return { id, worker };
  }
  return { vendor, ledger, leave, ...createOffice(ledger, vendor) };
}

test('a recovery tells what was under way from what can be gone on with', async () => {
  const { ledger, leave } = open();
  const cases = [
    { left: await leave(), becomes: 'RESUMABLE' },
    { left: await leave(['sso', true]), becomes: 'RESUMABLE' },
    {
      left: await leave(['sso', true, 'SUCCEEDED'], ['intake', false, 'SUCCEEDED']),
      becomes: 'RESUMABLE',
    },
    { left: await leave(['intake', false]), becomes: 'OUTCOME_UNKNOWN' },
    {
      left: await leave(['intake', false, 'SUCCEEDED'], ['visit', false]),
      becomes: 'OUTCOME_UNKNOWN',
    },
  ];
  await delay(lease + 50);
  const told = new Map<string, string>();
  await recoverAbandoned({ ledger, onRecovered: ({ id }, status) => told.set(id, status) });
  for (const { left, becomes } of cases) {
    expect(told.get(left.id)).toBe(becomes);
    const record = await recordOf(ledger, left.id);
    expect(record.status).toBe(becomes === 'RESUMABLE' ? 'IN_PROGRESS' : becomes);
    expect(record.busy).toBe(false);
    expect(
      record.steps.filter((step) => !step.repeatable && step.status === 'IN_PROGRESS'),
    ).toEqual([]);
    expect(await ledger.startStep(left.id, left.worker, 'later', false)).toBe(false);
  }
  expect(await ledger.abandoned(10)).toEqual([]);
});

test('a recovery that was killed between its two writes is finished by the next', async () => {
  const { ledger, leave } = open();
  const { id, worker } = await leave(['visit', false]);
  await ledger.finishStep(id, worker, 'visit', 'OUTCOME_UNKNOWN');
  await delay(lease + 50);
  const told: string[] = [];
  await recoverAbandoned({ ledger, onRecovered: (_, status) => told.push(status) });
  expect(told).toEqual(['OUTCOME_UNKNOWN']);
  expect((await recordOf(ledger, id)).status).toBe('OUTCOME_UNKNOWN');
});

test('a lost answer of a call that can be repeated is not unknown: the key repeats it', async () => {
  const { ledger, submit } = open();
  const key = randomUUID();
  let calls = 0;
  const act: NonNullable<Parameters<typeof submit>[0]>['act'] = async (work) => {
    await work.repeatable('cancel', async () => {
      calls += 1;
    });
    return { answer: { visitId: 'cancelled', made: new Date(0) } };
  };
  const dead = { ...ledger, finishStep: () => Promise.reject(new Error('killed')) };
  const killed = createOffice(
    { ...dead, handBack: () => Promise.reject(new Error('killed')), extend: async () => true },
    createFakeVendor(),
  );
  await expect(killed.submit({ key, act })).rejects.toThrow('killed');
  await delay(lease + 50);
  await recoverAbandoned({ ledger, onRecovered: () => undefined });
  expect(await submit({ key, act })).toMatchObject({ code: 'OK' });
  expect(calls).toBe(2);
});

test('one operation that cannot be recovered does not keep the others waiting', async () => {
  const { ledger, leave } = open();
  const [bad, good] = [await leave(), await leave()];
  await delay(lease + 50);
  const told: string[] = [];
  const failing = {
    ...ledger,
    claimAbandoned: (id: string, worker: string) =>
      id === bad.id ? Promise.reject(new StoreError('FAULT')) : ledger.claimAbandoned(id, worker),
  };
  await expect(
    recoverAbandoned({ ledger: failing, onRecovered: ({ id }) => told.push(id) }),
  ).rejects.toThrow(StoreError);
  expect(told).toEqual([good.id]);
  await recoverAbandoned({ ledger, onRecovered: ({ id }) => told.push(id) });
  expect(told).toEqual([good.id, bad.id]);
});

test('the recovery begins at once, sweeps, survives a store that fails, and stops', async () => {
  const { ledger, leave } = open();
  const { id } = await leave(['visit', false]);
  await delay(lease + 50);
  const told: string[] = [];
  const errors: unknown[] = [];
  let swept = 0;
  const options = {
    clock: Date.now,
    keysValidFor: month,
    onRecovered: (operation: { id: string }) => told.push(operation.id),
    onError: (error: unknown) => errors.push(error),
  };
  const counting = {
    ...ledger,
    sweep: async (since: Date) => {
      swept += 1;
      expect(Date.now() - since.getTime()).toBeGreaterThanOrEqual(month);
      await ledger.sweep(since);
    },
  };
  const stop = startRecovery({ ...options, ledger: counting });
  await vi.waitFor(() => expect(swept).toBe(1), { timeout: 5_000 });
  stop();
  expect(told).toEqual([id]);
  const fault = new StoreError('UNAVAILABLE');
  const failing = { ...ledger, abandoned: () => Promise.reject(fault) };
  const stopFailing = startRecovery({ ...options, ledger: failing });
  await vi.waitFor(() => expect(errors).toEqual([fault]), { timeout: 5_000 });
  stopFailing();
  const late = startRecovery({ ...options, ledger: failing });
  late();
  await delay(20);
  expect(errors).toEqual([fault]);
});

test('what fails in a round of the recovery keeps nothing else of it from being done', async () => {
  const { ledger } = open();
  const faults = [new StoreError('FAULT'), new StoreError('UNREADABLE')];
  const done: string[] = [];
  const errors: unknown[] = [];
  const stop = startRecovery({
    ledger: {
      ...ledger,
      abandoned: () => Promise.reject(faults[0]),
      sweep: () => Promise.reject(faults[1]),
    },
    ...{ clock: Date.now, keysValidFor: month, onRecovered: () => undefined },
    prune: async () => {
      done.push('prune');
    },
    onError: (error) => errors.push(error),
  });
  await vi.waitFor(() => expect(done).toEqual(['prune']), { timeout: 5_000 });
  await stop();
  expect(errors).toEqual(faults);
});

test('a recovery that is stopped ends with what it is at, and leaves the rest to the next', async () => {
  const { ledger, leave } = open();
  const ids = [(await leave()).id, (await leave()).id];
  await delay(lease + 50);
  const told: string[] = [];
  const done: string[] = [];
  const stop = startRecovery({
    ledger: { ...ledger, sweep: async () => void done.push('sweep') },
    ...{ clock: Date.now, keysValidFor: month, onError: (error) => expect.fail(String(error)) },
    prune: async () => void done.push('prune'),
    onRecovered: ({ id }) => {
      told.push(id);
      void stop();
    },
  });
  await vi.waitFor(() => expect(told).not.toEqual([]), { timeout: 5_000 });
  await stop();
  expect(told).toEqual(ids.slice(0, 1));
  expect(done).toEqual([]);
  await recoverAbandoned({ ledger, onRecovered: ({ id }) => told.push(id) });
  expect(told).toEqual(ids);
});

test('a pruning under way is told that the recovery is stopped', async () => {
  const { ledger } = open();
  let told: AbortSignal | undefined;
  const stop = startRecovery({
    ...{ ledger, clock: Date.now, keysValidFor: month, onRecovered: () => undefined },
    onError: (error) => expect.fail(String(error)),
    // As many rows as it may be.
    prune: async (signal) => {
      for (told = signal; !signal.aborted; ) {
        await delay(5);
      }
    },
  });
  await vi.waitFor(() => expect(told).toBeDefined(), { timeout: 5_000 });
  await stop();
  expect(told?.aborted).toBe(true);
});

test('what a killed process left half done is gone on with at the open step', async () => {
  const { vendor, ledger, submit, resume } = open();
  const key = randomUUID();
  const killed = createOffice(
    {
      ...ledger,
      extend: async () => true,
      handBack: () => Promise.reject(new Error('killed')),
      startStep: (id, worker, name, repeatable) =>
        name === 'visit'
          ? Promise.reject(new Error('killed'))
          : ledger.startStep(id, worker, name, repeatable),
    },
    vendor,
  );
  await expect(killed.submit({ key })).rejects.toThrow('killed');
  await delay(lease + 50);
  await recoverAbandoned({ ledger, onRecovered: () => undefined });
  const reply = await submit({ key });
  expect(reply).toMatchObject({ code: 'OK', answer: { visitId: 'intake-1/visit-1' } });
  expect(stepsOf(reply.operation)).toEqual([
    ['intake', 'SUCCEEDED'],
    ['visit', 'SUCCEEDED'],
  ]);
  expect(vendor.calls).toEqual(['intake', 'visit']);
  expect(await resume(reply.operation.id)).toBeUndefined();
});

test('a reconciliation whose process died does not keep others from its record', async () => {
  const { ledger } = open();
  const begin = async () => {
    const id = randomUUID();
    const worker = randomUUID();
    const operation = {
      ...{ id, subject: 'subject-ana', action: 'a', idempotencyKey: randomUUID() },
      ...{ inputFingerprint: 'f', input: {}, patientId: null, vendor: null, target },
    };
    const { begun } = await ledger.begin(operation, worker, new Date(0));
    return { id, worker, begun };
  };
  const target = randomUUID();
  const { id, worker } = await begin();
  await ledger.startStep(id, worker, 'cancel', false);
  await ledger.finishStep(id, worker, 'cancel', 'OUTCOME_UNKNOWN');
  await ledger.handBack(id, worker, { status: 'OUTCOME_UNKNOWN' });
  await ledger.claim(id, randomUUID());
  expect(await begin()).toMatchObject({ begun: false });
  await delay(lease + 50);
  await recoverAbandoned({ ledger, onRecovered: () => undefined });
  expect(await recordOf(ledger, id)).toMatchObject({ status: 'OUTCOME_UNKNOWN', busy: false });
  expect(await begin()).toMatchObject({ begun: true });
});
