import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { badInput, invalidInput, notConfigured } from '../../src/domain/errors.ts';
import { perform } from '../../src/operations/perform.ts';
import { operations } from '../../src/store/ledger-tables.ts';
import { createOperationLedger } from '../../src/store/operations.ts';
import { createSealer } from '../../src/store/sealing.ts';
import { vendorError } from './fake-vendor.ts';
import {
  type Answer,
  createOffice,
  key as encryptionKey,
  ledgerOn,
  month,
  openOffice,
  recordOf,
  stepsOf,
  useDatabase,
} from './office.ts';

const database = useDatabase();
const open = () => openOffice(database());
/** How many operations there are. */
const recorded = () => database().run((queries) => queries.$count(operations));

describe('a write that succeeds', () => {
  test('is recorded before the first call, with each step, and answers with its operation', async () => {
    const { vendor, ledger, submit, key } = open();
    const seen: unknown[] = [];
    const act = async (
      work: Parameters<NonNullable<Parameters<typeof submit>[0]>['act'] & {}>[0],
    ) => {
      const made = await work.once('visit', async () => {
        const during = await recordOf(ledger, work.operationId);
        seen.push([during.status, during.busy, stepsOf(during)]);
        return vendor.call('visit');
      });
      const after = await recordOf(ledger, work.operationId);
      seen.push([stepsOf(after), after.steps[0]?.result]);
      return { answer: { visitId: made.id, made: made.at } };
    };
    const reply = await submit({ key, act });
    expect(seen).toEqual([
      ['IN_PROGRESS', true, [['visit', 'IN_PROGRESS']]],
      [[['visit', 'SUCCEEDED']], { id: 'visit-1', at: new Date(1_000) }],
    ]);
    expect(reply).toMatchObject({ code: 'OK', replayed: false });
    expect(reply.operation).toMatchObject({
      status: 'SUCCEEDED',
      busy: false,
      idempotencyKey: key,
      finishedAt: expect.any(Date),
    });
    expect(reply.operation.steps.map(({ result }) => result)).toEqual([null]);
  });

  test('is answered again without a call, by another process too, and whatever the order of fields', async () => {
    const { vendor, submit, key } = open();
    const first = await submit({ key, input: { a: 1, b: { c: 'x', d: null }, e: new Date(5) } });
    const other = createOffice(ledgerOn(database()), vendor);
    const again = await other.submit({ key, input: { e: new Date(5), b: { c: 'x' }, a: 1 } });
    expect(again).toMatchObject({ code: 'OK', replayed: true });
    expect(again.answer).toEqual(first.answer);
    expect(again.answer?.made).toEqual(new Date(1_000));
    expect(again.operation.id).toBe(first.operation.id);
    expect(vendor.calls).toEqual(['intake', 'visit']);
  });

  test('gives its secrets until they are dropped, and then the answer without them', async () => {
    const { ledger, submit, key } = open();
    const first = await submit({ key });
    const again = await submit({ key });
    const { id } = first.operation;
    expect(first.secrets).toBeDefined();
    expect(again.secrets).toEqual(first.secrets);
    await ledger.dropSecrets(id);
    const later = await submit({ key });
    expect(later.answer).toEqual(first.answer);
    expect(later.secrets).toBeUndefined();
  });

  test('without a key is a write of its own each time', async () => {
    const { vendor, submit } = open();
    const [one, other] = [await submit(), await submit({ key: null })];
    expect(one.operation.id).not.toBe(other.operation.id);
    expect(vendor.effectsOf('visit')).toBe(2);
  });
});

describe('an idempotency key', () => {
  test('that was used for another input or another mutation is a conflict, without a call', async () => {
    const { vendor, submit, key } = open();
    const first = await submit({ key });
    for (const other of [
      { key, input: { roomCode: 'other' } },
      { key, action: 'requestEConsult' },
      { key, input: { roomCode: 'main', action: 'startWalkInVisit' } },
      { key, input: { roomCode: ['main'] } },
    ]) {
      const reply = await submit(other);
      expect(reply.code).toBe('IDEMPOTENCY_CONFLICT');
      expect(reply.failure?.details.path).toEqual(['input', 'idempotencyKey']);
      expect(reply.operation).toMatchObject({ id: first.operation.id, steps: [] });
    }
    expect(vendor.calls).toHaveLength(2);
  });

  test('that another subject used is new', async () => {
    const { vendor, submit, key } = open();
    const mine = await submit({ key });
    const theirs = await submit({ key, subject: 'subject-ben', input: { roomCode: 'other' } });
    expect(theirs).toMatchObject({ code: 'OK', replayed: false });
    expect(theirs.operation.id).not.toBe(mine.operation.id);
    expect(vendor.effectsOf('visit')).toBe(2);
  });

  test('is refused where it is empty, too long or not printable, before anything is recorded', async () => {
    const { vendor, submit } = open();
    const before = await recorded();
    for (const key of ['', 'x'.repeat(256), 'a b', 'a\n', 'schlüssel', '\0']) {
      await expect(submit({ key })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
        details: { path: ['input', 'idempotencyKey'] },
      });
    }
    expect(await recorded()).toBe(before);
    expect(vendor.calls).toEqual([]);
    expect((await submit({ key: `${'x'.repeat(219)}${randomUUID()}` })).code).toBe('OK');
  });

  test('is not used by input that is refused in preparation', async () => {
    const { vendor, submit, key } = open();
    const before = await recorded();
    const prepare = () => Promise.reject(invalidInput('No such room.', 'roomCode'));
    await expect(submit({ key, prepare })).rejects.toMatchObject({ code: 'INVALID_INPUT' });
    expect(await recorded()).toBe(before);
    const reply = await submit({ key, input: { roomCode: 'mended' } });
    expect(reply).toMatchObject({ code: 'OK', replayed: false });
    expect(vendor.effectsOf('visit')).toBe(1);
  });

  test('can be used for another input where the door refused before anything was sent', async () => {
    const { vendor, submit, key } = open();
    for (const refusal of [invalidInput('No.', 'roomCode'), badInput('No.')]) {
      const act = () => Promise.reject(refusal);
      const reply = await submit({ key, act: async (work) => work.once('visit', act) });
      expect(reply).toMatchObject({ code: 'INVALID_INPUT', operation: { status: 'FAILED' } });
      expect(reply.operation.idempotencyKey).toBeNull();
    }
    expect(await submit({ key, input: { roomCode: 'mended' } })).toMatchObject({ code: 'OK' });
    expect(vendor.effectsOf('visit')).toBe(1);
  });

  test('still means the same input after the encryption key was changed', async () => {
    const { vendor, submit, key } = open();
    const input = { roomCode: 'main', at: new Date(7) };
    const first = await submit({ key, input });
    const rotated = createSealer({ current: randomBytes(32), old: [encryptionKey] });
    const again = (changed: Record<string, unknown>) =>
      perform<unknown, Answer>(
        {
          ledger: createOperationLedger(database(), rotated, Date.now),
          ...{ sealer: rotated, clock: Date.now },
          ...{
            actor: { subject: 'subject-ana', roles: ['PATIENT'] },
            deadline: Date.now() + 1_000,
            callsOverAfter: 0,
            keysValidFor: month,
          },
        },
        {
          ...{ action: 'startWalkInVisit', idempotencyKey: key, input: changed },
          ...{ patientId: null, vendor: 'NIMBUS', prepare: async () => undefined },
        },
        async () => expect.fail('This must not run.'),
      );
    expect(await again(input)).toMatchObject({ replayed: true, answer: first.answer });
    await expect(again({ ...input, at: new Date(8) })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_CONFLICT',
    });
    expect(vendor.calls).toHaveLength(2);
  });
});

describe('a definite refusal', () => {
  test('is FAILED, and the same failure again without a call', async () => {
    const { vendor, submit, key } = open();
    vendor.plan('visit', 'REFUSED');
    const first = await submit({ key });
    expect(first).toMatchObject({ code: 'VENDOR_REJECTED', operation: { status: 'FAILED' } });
    expect(stepsOf(first.operation)).toEqual([
      ['intake', 'SUCCEEDED'],
      ['visit', 'FAILED'],
    ]);
    const again = await submit({ key });
    expect(again.operation).toEqual(first.operation);
    expect(again.failure?.message).toBe(first.failure?.message);
    expect(again.failure?.details).toEqual(first.failure?.details);
    expect(vendor.calls).toEqual(['intake', 'visit']);
  });

  test('keeps what the caller was told, alternatives included', async () => {
    const { submit, key } = open();
    const alternatives = [{ start: new Date(5), vendorSlotId: 's' }];
    const act = async () => {
      throw Object.assign(invalidInput('Gone.', 'availabilityId'), {
        code: 'AVAILABILITY_GONE',
        details: { path: ['input', 'availabilityId'], alternatives },
      });
    };
    const sent = async (work: {
      once: <R>(name: string, call: () => Promise<R>) => Promise<R>;
    }) => {
      await work.once('book', () => Promise.reject(vendorError('REJECTED'))).catch(() => undefined);
      return act();
    };
    const first = await submit({ key, act: sent });
    const again = await submit({ key, act: sent });
    expect(again.failure?.details).toEqual(first.failure?.details);
    expect(again.failure?.details.alternatives).toEqual(alternatives);
  });

  test('of a call that can be repeated is replayed as well', async () => {
    const { submit, key } = open();
    let calls = 0;
    const act = (work: { repeatable: <R>(name: string, call: () => Promise<R>) => Promise<R> }) =>
      work.repeatable('cancel', async () => {
        calls += 1;
        throw vendorError('NOT_FOUND');
      });
    expect((await submit({ key, act })).code).toBe('VENDOR_REJECTED');
    expect((await submit({ key, act })).code).toBe('VENDOR_REJECTED');
    expect(calls).toBe(1);
  });
});

describe('a call that the vendor certainly did not act on', () => {
  test('leaves the operation resumable; the retry goes on at the first step not done', async () => {
    const { vendor, submit, key } = open();
    vendor.plan('visit', 'UNSENT', 'UNSENT');
    let prepared = 0;
    const prepare = async () => {
      prepared += 1;
    };
    const first = await submit({ key, prepare });
    expect(first).toMatchObject({
      code: 'VENDOR_UNAVAILABLE',
      operation: { status: 'IN_PROGRESS', busy: false, idempotencyKey: key },
    });
    const second = await submit({ key, prepare });
    expect(second).toMatchObject({ code: 'VENDOR_UNAVAILABLE' });
    const third = await submit({ key, prepare });
    expect(third).toMatchObject({ code: 'OK', replayed: false });
    expect(third.operation.id).toBe(first.operation.id);
    expect(third.answer?.visitId).toBe('intake-1/visit-1');
    expect(vendor.calls).toEqual(['intake', 'visit', 'visit', 'visit']);
    expect(prepared).toBe(1);
  });

  test('keeps its key for its input', async () => {
    const { vendor, submit, key } = open();
    vendor.plan('intake', 'UNSENT');
    await submit({ key });
    expect((await submit({ key, input: {} })).code).toBe('IDEMPOTENCY_CONFLICT');
    expect((await submit({ key })).code).toBe('OK');
  });

  test('and a read between the steps that fails leave nothing unknown and nothing failed', async () => {
    const { vendor, submit, key } = open();
    const errors = [
      ...[vendorError('TIMED_OUT', true, true), vendorError('SHED'), vendorError('NOT_FOUND')],
      notConfigured('It'),
    ];
    const act: NonNullable<Parameters<typeof submit>[0]>['act'] = async (work) => {
      const intake = await work.once('intake', () => vendor.call('intake'));
      const error = errors.shift();
      if (error !== undefined) {
        throw error;
      }
      return { answer: { visitId: intake.id, made: intake.at } };
    };
    // Nor does a refusal sound like an end: whoever took it for one would do the first step twice.
    for (let left = errors.length; left > 1; left -= 1) {
      expect(await submit({ key, act })).toMatchObject({
        code: 'VENDOR_UNAVAILABLE',
        operation: { status: 'IN_PROGRESS', busy: false },
      });
    }
    await expect(submit({ key, act })).rejects.toMatchObject({ code: 'NOT_CONFIGURED' });
    expect(await submit({ key, act })).toMatchObject({
      code: 'OK',
      answer: { visitId: 'intake-1' },
    });
    expect(vendor.calls).toEqual(['intake']);
  });

  test('is no end where it is refused again after the write itself was done', async () => {
    const { vendor, submit, key } = open();
    const refusals = [undefined, vendorError('REJECTED'), vendorError('NOT_FOUND')];
    const faults = [new Error('The store is away.')];
    const act: NonNullable<Parameters<typeof submit>[0]>['act'] = async (work) => {
      await work.repeatable('sso', async () => {
        const refusal = refusals.shift();
        if (refusal !== undefined) {
          throw refusal;
        }
      });
      const visit = await work.once('visit', () => vendor.call('visit'));
      const fault = faults.shift();
      if (fault !== undefined) {
        throw fault;
      }
      return { answer: { visitId: visit.id, made: visit.at } };
    };
    await expect(submit({ key, act })).rejects.toThrow('away');
    for (const _ of [...refusals]) {
      expect(await submit({ key, act })).toMatchObject({
        code: 'VENDOR_UNAVAILABLE',
        operation: { status: 'IN_PROGRESS', busy: false },
      });
    }
    expect(await submit({ key, act })).toMatchObject({
      code: 'OK',
      answer: { visitId: 'visit-1' },
    });
    expect(vendor.calls).toEqual(['visit']);
  });

  test('is made again where it can be repeated, after a lost answer too', async () => {
    const { submit, key } = open();
    const errors = [vendorError('TIMED_OUT', true), vendorError('RATE_LIMITED')];
    let calls = 0;
    const act: NonNullable<Parameters<typeof submit>[0]>['act'] = async (work) => {
      await work.repeatable('revoke', async () => {
        calls += 1;
        const error = errors.shift();
        if (error !== undefined) {
          throw error;
        }
      });
      return { answer: { visitId: 'revoked', made: new Date(0) } };
    };
    expect((await submit({ key, act })).code).toBe('VENDOR_UNAVAILABLE');
    expect((await submit({ key, act })).code).toBe('RATE_LIMITED');
    expect((await submit({ key, act })).code).toBe('OK');
    expect((await submit({ key, act })).replayed).toBe(true);
    expect(calls).toBe(3);
  });

  test('can be gone on with where it was refused after an attempt that may have been heard', async () => {
    const { ledger, submit, key } = open();
    const errors = [vendorError('REJECTED', true, true), vendorError('NOT_FOUND')];
    const act: NonNullable<Parameters<typeof submit>[0]>['act'] = (work) =>
      work.repeatable('revoke', () => Promise.reject(errors.shift()));
    const first = await submit({ key, act });
    expect(first).toMatchObject({
      code: 'VENDOR_UNAVAILABLE',
      failure: { message: expect.stringContaining('try again with the same input and key') },
    });
    expect(await recordOf(ledger, first.operation.id)).toMatchObject({ status: 'IN_PROGRESS' });
    const again = await submit({ key, act });
    expect(again).toMatchObject({ code: 'VENDOR_REJECTED', operation: { status: 'FAILED' } });
    expect(errors).toEqual([]);
  });
});
