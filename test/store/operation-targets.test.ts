import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { always, openLedger, operationOf } from './ledgers.ts';
import { describeOnBoth } from './stores.ts';

describeOnBoth('operations', (open) => {
  test('of one target are at work one after the other, by whatever key', async () => {
    const { ledger, begun } = await openLedger(open);
    const target = randomUUID();
    const begin = (id: string, key: string | null) =>
      ledger.begin(operationOf({ id, idempotencyKey: key, target }), randomUUID(), always);
    const results = await Promise.all(
      Array.from({ length: 10 }, (_, index) => begin(randomUUID(), `key-${index}`)),
    );
    const [first, ...others] = results.filter(({ begun: isBegun }) => isBegun);
    expect(others).toEqual([]);
    expect(results.filter(({ operation }) => operation === undefined)).toHaveLength(9);
    expect((await begun({ idempotencyKey: 'other', target: randomUUID() })).id).not.toBe('');
    const id = first?.operation?.id ?? '';
    const [held] = await ledger.findByIds([id]);
    expect(held?.busy).toBe(true);
  });

  test('of one target can be gone on with only while no other is at work on it', async () => {
    const { ledger, begun } = await openLedger(open);
    const target = randomUUID();
    const first = await begun({ idempotencyKey: 'first', target });
    await ledger.handBack(first.id, first.worker, { status: 'IN_PROGRESS' });
    const second = await begun({ idempotencyKey: 'second', target });
    expect(await ledger.claim(first.id, randomUUID())).toBeUndefined();
    await ledger.handBack(second.id, second.worker, { status: 'OUTCOME_UNKNOWN' });
    expect(await ledger.claim(first.id, randomUUID())).toMatchObject({ id: first.id });
    expect(await ledger.claim(second.id, randomUUID())).toBeUndefined();
  });
});
