import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Operation, OperationLedger } from '../../src/domain/operations.ts';
import { recoverAbandoned } from '../../src/operations/recovery.ts';
import type { Work } from '../../src/operations/work.ts';
import { type Behaviour, createFakeVendor, type FakeVendor } from './fake-vendor.ts';
import { createOffice, ledgerOn, recordOf, useDatabase } from './office.ts';

const lease = 30;
/** Milliseconds: longer than a worker that lost its lease may still be calling. */
const callsOverAfter = 250;
const steps = ['one', 'two', 'three'];
const database = useDatabase();

/** What is done next, by one of two processes. */
interface Deed {
  kind: 'SUBMIT' | 'RECONCILE' | 'RECOVER';
  /** Writes to the ledger after which the process is killed; none where it lives on. */
  killedAfter: number | null;
  /** Whether the write at which it is killed was committed. */
  committed: boolean;
  /** Whether the deed before goes on meanwhile. */
  meanwhile: boolean;
  /** Milliseconds that pass first: enough for a lease to end, or not. */
  pause: number;
}

class Killed extends Error {}

const writes = new Set<keyof OperationLedger>([
  ...(['begin', 'claim', 'claimAbandoned', 'startStep', 'finishStep', 'handBack'] as const),
]);

/** The ledger as a process sees it that is killed at one of its writes: nothing comes from it after. */
function mortal(ledger: OperationLedger, { killedAfter, committed }: Deed): OperationLedger {
  let left = killedAfter ?? Number.POSITIVE_INFINITY;
  let dead = false;
  return new Proxy(ledger, {
    get(target, name: keyof OperationLedger) {
      const method = target[name];
      if (typeof method !== 'function') {
        return method;
      }
      return async (...parts: unknown[]) => {
        left -= writes.has(name) ? 1 : 0;
        const dies = !dead && left < 0;
        const result =
          dead || (dies && !committed)
            ? undefined
            : await (method as (...all: unknown[]) => unknown)(...parts);
        dead ||= dies;
        if (dead) {
          throw new Killed();
        }
        return result;
      };
    },
  });
}

const actOn = (vendor: FakeVendor) => async (work: Work) => {
  const ids: string[] = [];
  for (const step of steps) {
    const made = await work.once(
      step,
      () => vendor.call(step),
      () => vendor.lookUp(step),
    );
    ids.push(made.id);
  }
  return { answer: { visitId: ids.join(), made: new Date(1) } };
};

const deed = fc.record<Deed>({
  kind: fc.constantFrom('SUBMIT', 'SUBMIT', 'RECONCILE', 'RECOVER'),
  killedAfter: fc.option(fc.nat(8), { freq: 2 }),
  committed: fc.boolean(),
  meanwhile: fc.boolean(),
  pause: fc.constantFrom(0, 5, lease * 2),
});

const behaviours = fc.array(
  fc.constantFrom<Behaviour>(
    'DONE',
    'DONE',
    'REFUSED',
    'UNSENT',
    'LOST_BEFORE',
    'LOST_AFTER',
    'BROKEN',
  ),
  { maxLength: 3 },
);

const isSettled = ({ status }: Operation) => status === 'SUCCEEDED' || status === 'FAILED';

/** What must hold whatever has happened so far. */
function check(operation: Operation | undefined, vendor: FakeVendor) {
  const counts = steps.map(vendor.effectsOf);
  expect(counts.every((count) => count <= 1)).toBe(true);
  // One step after another: nothing is begun before what goes before it is done.
  expect(counts).toEqual(counts.toSorted((a, b) => b - a));
  if (operation === undefined) {
    expect(counts).toEqual([0, 0, 0]);
    return;
  }
  const record = new Map(operation.steps.map(({ name, status }) => [name, status]));
  for (const [index, step] of steps.entries()) {
    const status = record.get(step);
    if (status === 'SUCCEEDED') {
      expect(counts[index]).toBe(1);
    }
    if (status === 'FAILED' || status === undefined) {
      expect(counts[index]).toBe(0);
    }
  }
  if (operation.status === 'SUCCEEDED') {
    expect(counts).toEqual([1, 1, 1]);
    expect(operation.outcome).toMatchObject({ answer: { visitId: 'one-1,two-1,three-1' } });
  }
  if (operation.status === 'FAILED') {
    expect(vendor.effectsOf('three')).toBe(0);
    expect([...record.values()].filter((status) => status !== 'SUCCEEDED')).toEqual(['FAILED']);
  }
  if (operation.status === 'OUTCOME_UNKNOWN') {
    expect([...record.values()].filter((status) => status === 'FAILED')).toEqual([]);
  }
}

test('no order of kills, losses, refusals, retries, recoveries and reconciliations loses or doubles a write', async () => {
  const ledger = ledgerOn(database(), lease);

  async function run(plans: Behaviour[][], deeds: Deed[]) {
    const vendor = createFakeVendor();
    vendor.latency = 1;
    for (const [index, step] of steps.entries()) {
      vendor.plan(step, ...(plans[index] ?? []));
    }
    const key = randomUUID();
    const act = actOn(vendor);
    let settled: Operation | undefined;
    const known = new Set<string>();
    const find = async () => {
      const found = await ledger.findByKey('subject-ana', key, new Date(0));
      // A refusal before anything was sent frees the key: the operation is found by its id then.
      const [id] = known;
      return found ?? (id === undefined ? undefined : recordOf(ledger, id));
    };

    async function carryOut(one: Deed) {
      const office = createOffice(mortal(ledger, one), vendor, callsOverAfter);
      try {
        if (one.kind === 'RECOVER') {
          await recoverAbandoned({ ledger: mortal(ledger, one), onRecovered: () => undefined });
          return;
        }
        const operation = one.kind === 'RECONCILE' ? await find() : undefined;
        const reply =
          one.kind === 'SUBMIT'
            ? await office.submit({ key, patience: 40, act })
            : operation && (await office.resume(operation.id, true, act));
        if (reply?.code === 'OK') {
          expect(reply.answer).toEqual({ visitId: 'one-1,two-1,three-1', made: new Date(1) });
        }
        if (reply !== undefined) {
          known.add(reply.operation.id);
        }
      } catch (error) {
        if (!(error instanceof Killed)) {
          throw error;
        }
      }
    }

    async function look() {
      const operation = await find();
      if (operation !== undefined) {
        known.add(operation.id);
        // Where it is not held, nothing is under way: record and vendor can be compared.
        if (!operation.busy) {
          check(operation, vendor);
        }
        if (settled !== undefined) {
          expect(operation).toEqual(settled);
        } else if (isSettled(operation)) {
          settled = operation;
        }
      }
      expect(known.size).toBeLessThanOrEqual(1);
      expect(steps.every((step) => vendor.effectsOf(step) <= 1)).toBe(true);
    }

    let before: Promise<void> = Promise.resolve();
    for (const one of deeds) {
      await delay(one.pause);
      if (!one.meanwhile) {
        await before;
        await look();
      }
      before = Promise.all([before, carryOut(one)]).then(() => undefined);
      before.catch(() => undefined);
    }
    await before;
    await look();

    // In the end it comes to rest, and then it is settled: everybody asks until the vendor has answered.
    const calm: Deed = {
      ...{ kind: 'RECOVER', killedAfter: null, committed: true, meanwhile: false, pause: 0 },
    };
    for (let round = 0; round < 20 && settled === undefined; round += 1) {
      await delay(lease + 10);
      await carryOut(calm);
      await carryOut({ ...calm, kind: 'SUBMIT' });
      await look();
      await carryOut({ ...calm, kind: 'RECONCILE' });
      await look();
    }
    expect(settled).toBeDefined();
    check(settled, vendor);
  }

  await fc.assert(
    fc.asyncProperty(
      fc.array(behaviours, { minLength: 3, maxLength: 3 }),
      fc.array(deed, { minLength: 1, maxLength: 7 }),
      run,
    ),
    { numRuns: 60, interruptAfterTimeLimit: 45_000, endOnFailure: false },
  );
}, 120_000);
