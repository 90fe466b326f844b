import { describe, expect, test } from 'vitest';
import { forbidden, invalidInput } from '../../src/domain/errors.ts';
import { vendorError } from './fake-vendor.ts';
import { chain, openOffice, recordOf, type Submission, stepsOf, useDatabase } from './office.ts';

const database = useDatabase();
const open = () => openOffice(database());

describe('what was prepared', () => {
  const reads = (...accounts: (string | null)[]) => {
    let count = 0;
    return {
      prepare: async () => {
        count += 1;
        return count;
      },
      account: async () => accounts.shift() ?? null,
    };
  };

  test('is prepared anew where no vendor can have acted: what was allowed then may be forbidden now', async () => {
    const { vendor, ledger, submit, key } = open();
    vendor.plan('intake', 'UNSENT', 'UNSENT');
    const first = await submit({ key, ...reads('a') });
    expect(first.operation.input).toMatchObject({ prepared: 1, account: 'a' });
    const seen: unknown[] = [];
    const act: Submission['act'] = async (_work, prepared) => {
      seen.push(prepared);
      throw vendorError('SHED');
    };
    const { prepare, account } = reads('a', 'b');
    await prepare();
    await submit({ key, prepare, account, act });
    expect(seen).toEqual([2]);
    const recorded = await recordOf(ledger, first.operation.id);
    expect(recorded.input).toMatchObject({ prepared: 2, asked: { roomCode: 'main' } });

    const forbid = { prepare: () => Promise.reject(forbidden()) };
    await expect(submit({ key, ...forbid })).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await recordOf(ledger, first.operation.id)).toMatchObject({ status: 'IN_PROGRESS' });
    const refuse = { prepare: () => Promise.reject(invalidInput('Not any more.', 'roomCode')) };
    expect(await submit({ key, ...refuse })).toMatchObject({
      code: 'INVALID_INPUT',
      operation: { id: first.operation.id, status: 'FAILED', idempotencyKey: null },
    });
    expect(vendor.calls).toEqual(['intake']);
  });

  test('stands where one may have acted, as long as it is about the same account', async () => {
    const { vendor, ledger, submit, key } = open();
    vendor.plan('visit', 'UNSENT');
    const of = reads('a', 'b', null, 'a');
    const first = await submit({ key, ...of });
    expect(first).toMatchObject({ code: 'VENDOR_UNAVAILABLE', operation: { busy: false } });
    for (const _ of ['another account', 'none']) {
      await expect(submit({ key, ...of })).rejects.toMatchObject({ code: 'NOT_LINKED' });
      expect(await recordOf(ledger, first.operation.id)).toMatchObject({
        ...{ status: 'IN_PROGRESS', busy: false },
      });
    }
    expect(vendor.calls).toEqual(['intake', 'visit']);
    const act: Submission['act'] = async (work, prepared) => {
      expect(prepared).toBe(1);
      return chain(vendor)(work);
    };
    expect(await submit({ key, ...of, act })).toMatchObject({ code: 'OK' });
  });

  test('is always prepared anew where that is asked for, after a lost answer too', async () => {
    const { submit, key } = open();
    const act: Submission['act'] = (work) =>
      work.repeatable('enable', () => Promise.reject(vendorError('TIMED_OUT', true)));
    const first = await submit({ key, act });
    expect(first.operation).toMatchObject({ steps: [{ status: 'OUTCOME_UNKNOWN' }] });
    const forbid = { prepare: () => Promise.reject(forbidden()) };
    expect(await submit({ key, act, ...forbid })).toMatchObject({ code: 'VENDOR_UNAVAILABLE' });
    await expect(submit({ key, act, ...forbid, preparesAgain: true })).rejects.toMatchObject({
      code: 'FORBIDDEN',
    });
  });

  test('a lost answer of a call that can be repeated is not forgotten for a later refusal', async () => {
    const { submit, key } = open();
    const errors = [vendorError('TIMED_OUT', true), vendorError('RATE_LIMITED')];
    const act: Submission['act'] = (work) =>
      work.repeatable('revoke', () => Promise.reject(errors.shift()));
    await submit({ key, act });
    const { operation } = await submit({ key, act });
    expect(stepsOf(operation)).toEqual([['revoke', 'OUTCOME_UNKNOWN']]);
  });
});
