import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { invalidInput } from '../../src/domain/errors.ts';
import type { OperationLedger } from '../../src/domain/operations.ts';
import { recoverAbandoned } from '../../src/operations/recovery.ts';
import type { Work } from '../../src/operations/work.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { createFakeVendor, vendorError } from './fake-vendor.ts';
import { chain, createOffice, ledgerOn, recordOf, stepsOf, useDatabase } from './office.ts';

const lease = 400;
const database = useDatabase();

type Method = Exclude<keyof OperationLedger, 'leaseLength'>;
/** Whether, and when, a call of a method fails: before it reaches the store, or when it is committed. */
type Fault = (method: Method, step: string | undefined) => 'before' | 'after' | undefined;

/** Every call fails from the first one of a method for a step. */
function downFrom(method: Method, step: string): Fault {
  let down = false;
  return (name, given) => {
    down ||= name === method && given === step;
    return down ? 'before' : undefined;
  };
}

/** A ledger on a store that fails as `state.fault` says. */
function openFailing() {
  const vendor = createFakeVendor();
  const ledger = ledgerOn(database(), lease);
  const state: { fault: Fault } = { fault: () => undefined };
  const failing = new Proxy(ledger, {
    get(target, name: keyof OperationLedger) {
      const method = target[name];
      if (typeof method !== 'function') {
        return method;
      }
      return async (...parts: unknown[]) => {
        const fault = state.fault(name as Method, parts[2] as string | undefined);
        if (fault === 'before') {
          throw new StoreError('UNAVAILABLE');
        }
        const result = await (method as (...all: unknown[]) => unknown)(...parts);
        if (fault === 'after') {
          throw new StoreError('UNAVAILABLE');
        }
        return result;
      };
    },
  });
  const office = createOffice(failing, vendor);
  return { vendor, ledger, state, office, sound: createOffice(ledger, vendor), key: randomUUID() };
}

const recovered = async (ledger: OperationLedger) => {
  await delay(lease + 50);
  const told: string[] = [];
  await recoverAbandoned({ ledger, onRecovered: ({ id }, status) => told.push(`${id} ${status}`) });
  return told;
};

/** Resolves when a step is recorded as done, and nobody is at work on its operation. */
const writtenDown = (ledger: OperationLedger, id: string, step: string) =>
  vi.waitUntil(
    async () => {
      const operation = await recordOf(ledger, id);
      const isDone = stepsOf(operation).some(
        ([name, status]) => name === step && status === 'SUCCEEDED',
      );
      return isDone && !operation.busy;
    },
    { timeout: 10_000, interval: 100 },
  );

describe('S01: a store that fails before the call', () => {
  test.each(['findByKey', 'begin', 'startStep'] as const)(
    'in %s: nothing is sent, and the key does it once the store is back',
    async (method) => {
      const { vendor, state, office, sound, key } = openFailing();
      state.fault = (name) => (name === method ? 'before' : undefined);
      await expect(office.submit({ key })).rejects.toMatchObject({ kind: 'UNAVAILABLE' });
      expect(vendor.calls).toEqual([]);
      expect(await sound.submit({ key })).toMatchObject({ code: 'OK' });
      expect(vendor.calls).toEqual(['intake', 'visit']);
    },
  );

  test('whose commit went through unheard: nothing is sent, and nothing looks as if it had been', async () => {
    const { vendor, state, office, sound, key } = openFailing();
    state.fault = (name, step) => (name === 'startStep' && step === 'visit' ? 'after' : undefined);
    await expect(office.submit({ key })).rejects.toMatchObject({ kind: 'UNAVAILABLE' });
    expect(vendor.calls).toEqual(['intake']);
    expect(await sound.submit({ key })).toMatchObject({ code: 'OK' });
    expect(vendor.calls).toEqual(['intake', 'visit']);
  });

  test('does not make a call that was perhaps heard before look as if nobody had heard it', async () => {
    const { state, office, sound, key } = openFailing();
    const errors = [vendorError('TIMED_OUT', true, true)];
    const act = async (work: Work) => {
      await work.repeatable('dismiss', () => Promise.reject(errors.shift()));
      return { answer: { visitId: 'dismissed', made: new Date(0) } };
    };
    expect(await office.submit({ key, act })).toMatchObject({ code: 'VENDOR_UNAVAILABLE' });
    state.fault = (name) => (name === 'startStep' ? 'before' : undefined);
    await expect(office.submit({ key, act })).rejects.toMatchObject({ kind: 'UNAVAILABLE' });
    // What it was to remove is gone by now: asked for anew, it would not be found.
    const gone = () => Promise.reject(invalidInput('There is no such request.'));
    const done = async (work: Work) => {
      await work.repeatable('dismiss', async () => undefined);
      return { answer: { visitId: 'dismissed', made: new Date(0) } };
    };
    expect(await sound.submit({ key, prepare: gone, act: done })).toMatchObject({ code: 'OK' });
  });

  test('altogether from the beginning of a step: resumable after the recovery', async () => {
    const { vendor, ledger, state, office, sound, key } = openFailing();
    state.fault = downFrom('startStep', 'visit');
    await expect(office.submit({ key })).rejects.toMatchObject({ kind: 'UNAVAILABLE' });
    const told = await recovered(ledger);
    expect(told).toEqual([expect.stringMatching(/ RESUMABLE$/)]);
    expect(await sound.submit({ key })).toMatchObject({ code: 'OK' });
    expect(vendor.calls).toEqual(['intake', 'visit']);
  });
});

describe('S01: a store that fails after the call', () => {
  test('altogether: the caller is told, recovery records it as unknown, and it is never sent again', async () => {
    const { vendor, ledger, state, office, sound, key } = openFailing();
    state.fault = downFrom('finishStep', 'visit');
    const reply = await office.submit({ key });
    expect(reply).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      operation: { status: 'OUTCOME_UNKNOWN' },
    });
    const { id } = reply.operation;
    expect((await recordOf(ledger, id)).status).toBe('IN_PROGRESS');
    expect(await recovered(ledger)).toEqual([`${id} OUTCOME_UNKNOWN`]);
    expect(await recovered(ledger)).toEqual([]);
    expect(await sound.submit({ key })).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect(await sound.resume(id)).toMatchObject({ code: 'OK' });
    expect(vendor.calls).toEqual(['intake', 'visit']);
  });

  test('for some seconds: what the vendor answered is written down then, for whoever reconciles it', async () => {
    const { vendor, ledger, state, office, sound, key } = openFailing();
    state.fault = downFrom('finishStep', 'visit');
    const reply = await office.submit({ key });
    expect(reply).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    const { id } = reply.operation;
    expect(await recovered(ledger)).toEqual([`${id} OUTCOME_UNKNOWN`]);
    state.fault = () => undefined;
    // As its caller was told, until somebody asks.
    await writtenDown(ledger, id, 'visit');
    expect(await sound.submit({ key })).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    // Of a vendor that has no look-up.
    expect(await sound.resume(id, true, chain(vendor))).toMatchObject({
      code: 'OK',
      answer: { visitId: 'intake-1/visit-1' },
    });
    expect(vendor.calls).toEqual(['intake', 'visit']);
  });

  test('is found out by the next request of the key, where no recovery ran', async () => {
    const { vendor, ledger, state, office, sound, key } = openFailing();
    state.fault = (name) =>
      name === 'finishStep' || name === 'handBack' || name === 'extend' ? 'before' : undefined;
    const { operation } = await office.submit({ key });
    const again = await sound.submit({ key, patience: lease * 4 });
    expect(again).toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      operation: { id: operation.id, status: 'OUTCOME_UNKNOWN' },
    });
    expect(stepsOf(again.operation)).toEqual([['intake', 'OUTCOME_UNKNOWN']]);
    expect(await recovered(ledger)).toEqual([]);
    expect(vendor.calls).toEqual(['intake']);
  });

  test.each(['before', 'after'] as const)(
    'for a moment only (%s the commit) costs nothing',
    async (moment) => {
      for (const method of ['finishStep', 'handBack'] as const) {
        const { vendor, state, office, key } = openFailing();
        let left = 2;
        state.fault = (name) => {
          left -= name === method ? 1 : 0;
          return name === method && left >= 0 ? moment : undefined;
        };
        const reply = await office.submit({ key });
        expect(reply).toMatchObject({ code: 'OK', operation: { status: 'SUCCEEDED' } });
        expect(vendor.calls).toEqual(['intake', 'visit']);
      }
    },
  );

  test('at the very end keeps every step, and the key gives the same answer without a call', async () => {
    const { vendor, ledger, state, office, sound, key } = openFailing();
    state.fault = (name) => (name === 'handBack' || name === 'extend' ? 'before' : undefined);
    await expect(office.submit({ key })).rejects.toMatchObject({ kind: 'UNAVAILABLE' });
    expect(await recovered(ledger)).toEqual([expect.stringMatching(/ RESUMABLE$/)]);
    const reply = await sound.submit({ key });
    expect(reply).toMatchObject({ code: 'OK', answer: { visitId: 'intake-1/visit-1' } });
    expect(reply.answer?.made).toEqual(new Date(1_000));
    expect(vendor.calls).toEqual(['intake', 'visit']);
  });

  test('and cannot be read gives the answer all the same', async () => {
    const { state, office, key } = openFailing();
    let settled = false;
    state.fault = (name) => {
      settled ||= name === 'handBack';
      return settled && name === 'findByIds' ? 'before' : undefined;
    };
    const reply = await office.submit({ key });
    expect(reply).toMatchObject({ code: 'OK', operation: { status: 'SUCCEEDED', busy: false } });
  });

  test('while the call was under way, so that another process took it over', async () => {
    const { vendor, ledger, state, office, sound, key } = openFailing();
    vendor.latency = lease * 3;
    state.fault = (name) => (name === 'extend' ? 'before' : undefined);
    const performing = office.submit({ key });
    await vi.waitUntil(() => vendor.calls.length === 1);
    expect(await recovered(ledger)).toEqual([expect.stringMatching(/ OUTCOME_UNKNOWN$/)]);
    const { id } = (await performing).operation;
    await writtenDown(ledger, id, 'intake');
    expect(await sound.resume(id, true, chain(vendor))).toMatchObject({ code: 'OK' });
    expect(vendor.calls).toEqual(['intake', 'visit']);
  });

  test('while a lost answer is noted down: unknown all the same', async () => {
    const { vendor, ledger, state, office, key } = openFailing();
    vendor.plan('intake', 'LOST_AFTER');
    state.fault = (name) => (name === 'finishStep' ? 'before' : undefined);
    const reply = await office.submit({ key });
    expect(reply).toMatchObject({ code: 'OUTCOME_UNKNOWN' });
    expect((await recordOf(ledger, reply.operation.id)).status).toBe('OUTCOME_UNKNOWN');
  });
});
