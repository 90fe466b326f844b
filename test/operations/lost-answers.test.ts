import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { invalidInput } from '../../src/domain/errors.ts';
import type { Found, Work } from '../../src/operations/work.ts';
import { createOperationLedger } from '../../src/store/operations.ts';
import { type Behaviour, createFakeVendor, type Made, vendorError } from './fake-vendor.ts';
import {
  chain,
  createOffice,
  type LookUp,
  ledgerOn,
  recordOf,
  sealer,
  stepsOf,
  useDatabase,
} from './office.ts';

const database = useDatabase();
function open() {
  const vendor = createFakeVendor();
  const ledger = ledgerOn(database());
  return { vendor, ledger, ...createOffice(ledger, vendor), key: randomUUID() };
}

/** A visit whose answer was lost, after an intake that was made. */
async function openWithLost(behaviour: Behaviour) {
  const opened = open();
  opened.vendor.plan('visit', behaviour);
  const lost = await opened.submit({ key: opened.key });
  return { ...opened, lost, id: lost.operation.id };
}

const unknown = {
  code: 'OUTCOME_UNKNOWN',
  operation: { status: 'OUTCOME_UNKNOWN', finishedAt: null, busy: false },
};

describe('a lost answer', () => {
  test.each(['LOST_BEFORE', 'LOST_AFTER', 'BROKEN'] as const)(
    'makes the outcome unknown, and it stays so under its key (%s)',
    async (behaviour) => {
      const { vendor, submit, lost, key } = await openWithLost(behaviour);
      expect(lost).toMatchObject(unknown);
      expect(stepsOf(lost.operation)).toEqual([
        ['intake', 'SUCCEEDED'],
        ['visit', 'OUTCOME_UNKNOWN'],
      ]);
      for (const office of [{ submit }, createOffice(ledgerOn(database()), vendor)]) {
        const again = await office.submit({ key });
        expect(again).toMatchObject(unknown);
        expect(again.operation).toEqual(lost.operation);
      }
      expect(vendor.calls).toEqual(['intake', 'visit']);
    },
  );

  test('that an action swallows is neither SUCCEEDED nor FAILED', async () => {
    for (const ending of ['answer', 'refuse'] as const) {
      const { vendor, submit, key } = open();
      vendor.plan('visit', 'LOST_AFTER');
      const act = async (work: Work) => {
        await work.once('visit', () => vendor.call('visit')).catch(() => undefined);
        if (ending === 'refuse') {
          throw invalidInput('Something else.');
        }
        return { answer: { visitId: 'none', made: new Date(0) } };
      };
      expect(await submit({ key, act })).toMatchObject(unknown);
      expect(await submit({ key, act })).toMatchObject(unknown);
      expect(vendor.calls).toEqual(['visit']);
    }
  });

  test('of one of two calls at once is not outweighed by the other’s refusal', async () => {
    const { vendor, ledger, submit, key } = open();
    vendor.plan('one', 'REFUSED');
    const act = async (work: Work) => {
      const slow = async () => {
        await new Promise((resolve) => setTimeout(resolve, 100));
        return vendor.call('other');
      };
      await Promise.all([work.once('one', () => vendor.call('one')), work.once('other', slow)]);
      return { answer: { visitId: 'both', made: new Date(0) } };
    };
    const reply = await submit({ key, act });
    expect(reply).toMatchObject(unknown);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(vendor.effectsOf('other')).toBe(1);
    expect((await recordOf(ledger, reply.operation.id)).status).toBe('OUTCOME_UNKNOWN');
  });

  test('of a step is not asked for twice by one run that names it twice', async () => {
    const { vendor, submit, key } = open();
    const act = async (work: Work) => {
      const made: Made[] = [
        await work.once('visit', () => vendor.call('visit')),
        await work.once('visit', () => vendor.call('visit')),
      ];
      return { answer: { visitId: made.map(({ id }) => id).join(), made: new Date(0) } };
    };
    expect((await submit({ key, act })).answer?.visitId).toBe('visit-1,visit-1');
    expect(vendor.effectsOf('visit')).toBe(1);
  });
});

describe('an answer of success that says no more', () => {
  test('is read back at once, and the operation goes on', async () => {
    const { vendor, ledger, submit, key } = open();
    vendor.plan('intake', 'ALONE_AFTER');
    vendor.plan('visit', 'ALONE_AFTER');
    const reply = await submit({ key, act: chain(vendor, vendor.lookUp) });
    expect(reply).toMatchObject({ code: 'OK', operation: { status: 'SUCCEEDED' } });
    expect(reply.answer?.visitId).toBe('intake-1/visit-1');
    expect(await recordOf(ledger, reply.operation.id)).toMatchObject({ status: 'SUCCEEDED' });
    expect(await submit({ key })).toMatchObject({ replayed: true, answer: reply.answer });
    expect(vendor.calls).toEqual(['intake', 'visit']);
  });

  const looks: [string, Behaviour, LookUp | undefined][] = [
    ['that finds nothing', 'ALONE_BEFORE', undefined],
    ['that cannot tell', 'ALONE_AFTER', async () => 'CANNOT_TELL'],
    ['that fails', 'ALONE_AFTER', () => Promise.reject(vendorError('TIMED_OUT', true, true))],
  ];
  test.each(looks)(
    'leaves it unknown after a look %s, until it is reconciled',
    async (_, plan, look) => {
      const { vendor, submit, resume, key } = open();
      vendor.plan('visit', plan);
      const reply = await submit({ key, act: chain(vendor, look ?? vendor.lookUp) });
      expect(reply).toMatchObject(unknown);
      expect(stepsOf(reply.operation)).toEqual([
        ['intake', 'SUCCEEDED'],
        ['visit', 'OUTCOME_UNKNOWN'],
      ]);
      expect(await submit({ key })).toMatchObject(unknown);
      const status = plan === 'ALONE_AFTER' ? 'SUCCEEDED' : 'FAILED';
      expect(await resume(reply.operation.id)).toMatchObject({ operation: { status } });
      expect(vendor.calls).toEqual(['intake', 'visit']);
    },
  );
});

describe('reconciling', () => {
  test('finds that it was done: finishes the rest, and the key answers so', async () => {
    const opened = open();
    const { vendor, submit, resume, key } = opened;
    vendor.plan('intake', 'LOST_AFTER');
    const { id } = (await submit({ key })).operation;
    const reply = await resume(id);
    expect(reply).toMatchObject({ code: 'OK', operation: { id, status: 'SUCCEEDED' } });
    expect(reply?.answer?.visitId).toBe('intake-1/visit-1');
    expect(vendor.calls).toEqual(['intake', 'visit']);
    expect(await submit({ key })).toMatchObject({
      code: 'OK',
      replayed: true,
      answer: reply?.answer,
    });
    expect(await resume(id)).toBeUndefined();
  });

  test('finds that it was not done: FAILED, and the key says so without a call', async () => {
    const { vendor, submit, resume, key, id } = await openWithLost('LOST_BEFORE');
    const reply = await resume(id);
    expect(reply).toMatchObject({ code: 'VENDOR_REJECTED', operation: { status: 'FAILED' } });
    expect(reply && stepsOf(reply.operation)).toEqual([
      ['intake', 'SUCCEEDED'],
      ['visit', 'FAILED'],
    ]);
    const again = await submit({ key });
    expect(again.failure?.message).toBe(reply?.failure?.message);
    expect(again.operation).toEqual(reply?.operation);
    expect(vendor.calls).toEqual(['intake', 'visit']);
    expect(vendor.effectsOf('visit')).toBe(0);
  });

  test.each([
    ['without a look-up', undefined],
    ['that cannot tell', async () => 'CANNOT_TELL' as const],
  ])('%s leaves it unknown and says so', async (_title, lookUp) => {
    const { vendor, submit, resume, key, id } = await openWithLost('LOST_AFTER');
    const reply = await resume(id, true, chain(vendor, lookUp));
    expect(reply).toMatchObject({ ...unknown, code: 'UNSUPPORTED_BY_VENDOR' });
    expect(await submit({ key })).toMatchObject(unknown);
    expect(vendor.calls).toEqual(['intake', 'visit']);
  });

  test.each([
    ['unreachable', vendorError('UNREACHABLE'), 'VENDOR_UNAVAILABLE'],
    ['that does not answer', vendorError('TIMED_OUT', true, true), 'VENDOR_UNAVAILABLE'],
    ['that refuses to say', vendorError('REJECTED'), 'VENDOR_UNAVAILABLE'],
    ['that does not know the patient', vendorError('NOT_FOUND'), 'VENDOR_UNAVAILABLE'],
    ['that wants a new login', vendorError('AUTHORIZATION_REQUIRED'), 'AUTHORIZATION_REQUIRED'],
    ['whose look-up breaks', new TypeError('broken'), 'OUTCOME_UNKNOWN'],
    ['whose look-up refuses', invalidInput('No.'), 'OUTCOME_UNKNOWN'],
  ])('at a vendor %s leaves it unknown', async (_title, error, code) => {
    const { vendor, submit, resume, key, id } = await openWithLost('LOST_AFTER');
    const failing = (): Promise<Found<Made>> => Promise.reject(error);
    const reply = await resume(id, true, chain(vendor, failing));
    expect(reply).toMatchObject({ ...unknown, code });
    expect(reply?.failure?.message).not.toMatch(/nothing was done/i);
    expect(await submit({ key })).toMatchObject(unknown);
    expect(await resume(id)).toMatchObject({ code: 'OK' });
    expect(vendor.effectsOf('visit')).toBe(1);
  });

  test('whose next step is lost in turn is unknown again', async () => {
    const { vendor, submit, resume, key } = open();
    vendor.plan('intake', 'LOST_AFTER');
    vendor.plan('visit', 'LOST_AFTER');
    const { id } = (await submit({ key })).operation;
    expect(await resume(id)).toMatchObject(unknown);
    expect(await resume(id)).toMatchObject({ code: 'OK' });
    expect(vendor.calls).toEqual(['intake', 'visit']);
  });

  test('goes on with an operation that was left resumable', async () => {
    const { vendor, submit, resume, key } = open();
    vendor.plan('visit', 'UNSENT');
    const { id } = (await submit({ key })).operation;
    expect(await resume(id)).toMatchObject({ code: 'OK' });
    expect(vendor.calls).toEqual(['intake', 'visit', 'visit']);
  });

  test('is not done by going on: without it, a lost answer stays lost', async () => {
    const { vendor, resume, id } = await openWithLost('LOST_AFTER');
    expect(await resume(id, false)).toMatchObject(unknown);
    expect(vendor.calls).toEqual(['intake', 'visit']);
  });

  test('by hand settles the open step like the operation, and names who did it', async () => {
    for (const status of ['SUCCEEDED', 'FAILED'] as const) {
      const { ledger, submit, key, id } = await openWithLost('LOST_AFTER');
      const worker = randomUUID();
      await ledger.claim(id, worker);
      const outcome = { kind: 'ANSWER', answer: { visitId: 'by hand' } } as const;
      const settlement = { status, outcome, settledBy: 'subject-staff' };
      expect(await ledger.handBack(id, worker, settlement)).toBe(true);
      const record = await recordOf(ledger, id);
      expect(record).toMatchObject({ status, settledBy: 'subject-staff', busy: false });
      expect(stepsOf(record)).toEqual([
        ['intake', 'SUCCEEDED'],
        ['visit', status],
      ]);
      expect(record.steps.every(({ finishedAt }) => finishedAt !== null)).toBe(true);
      expect((await submit({ key })).answer).toEqual({ visitId: 'by hand' });
    }
  });
});

describe('a look-up that finds nothing', () => {
  test('settles nothing while the vendor may still be at it, and does so later', async () => {
    const { vendor, ledger, key } = open();
    const office = createOffice(ledger, vendor, 600);
    vendor.plan('visit', 'LOST_BEFORE');
    const { operation } = await office.submit({ key });
    const early = await office.resume(operation.id);
    expect(early).toMatchObject(unknown);
    expect(early?.failure?.message).toContain('Reconcile it again');
    await delay(700);
    expect(await office.resume(operation.id)).toMatchObject({
      code: 'VENDOR_REJECTED',
      operation: { status: 'FAILED' },
    });
    expect(vendor.calls).toEqual(['intake', 'visit']);
  });

  test('settles nothing too early where the clock of the process that sent it is behind', async () => {
    const { vendor, ledger, key } = open();
    const behind = createOperationLedger(database(), sealer, () => Date.now() - 3_600_000);
    vendor.plan('visit', 'LOST_BEFORE');
    const { operation } = await createOffice(behind, vendor).submit({ key });
    expect(await createOffice(ledger, vendor, 60_000).resume(operation.id)).toMatchObject(unknown);
  });

  test('is not waited for where it finds what was lost', async () => {
    const { vendor, ledger, key } = open();
    const office = createOffice(ledger, vendor, 60_000);
    vendor.plan('visit', 'LOST_AFTER');
    const { operation } = await office.submit({ key });
    expect(await office.resume(operation.id)).toMatchObject({
      code: 'OK',
      operation: { status: 'SUCCEEDED' },
    });
  });
});
