import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { expectRefusal, globalId, mutate, noPatientIds } from '../../support/asked-mutation.ts';
import { startTestGateway, type TestGateway, type Who } from '../../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

describe('reconcileOperation', () => {
  it.each(['staff', 'admin', 'ana', 'stranger'] as Who[])(
    'says NOT_FOUND to %s for a well-formed id of no operation',
    async (who) => {
      const operationId = globalId('Operation', randomUUID());
      expectRefusal(
        await mutate(gateway, 'reconcileOperation', { operationId }, who),
        'NOT_FOUND',
        ['input', 'operationId'],
      );
      expect(gateway.allCalls()).toEqual([]);
    },
  );

  it.each(['staff', 'ana'] as Who[])('refuses to %s whatever is no operation’s id', async (who) => {
    for (const operationId of [
      gateway.ids.Ana,
      globalId('Operation', 'secret'),
      globalId('Operation', randomUUID(), 'secret'),
      globalId('operation', randomUUID()),
      ...noPatientIds,
    ]) {
      const answer = await mutate(gateway, 'reconcileOperation', { operationId }, who);
      expectRefusal(answer, 'INVALID_INPUT', ['input', 'operationId']);
      expect(answer.text).not.toMatch(/secret|passwd|xxxx/);
    }
    expect(gateway.allCalls()).toEqual([]);
  });
});
