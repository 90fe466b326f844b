import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import type { TestGateway } from '../../support/gateway.ts';
import { mutate } from '../../support/mutations.ts';
import type { Scenario, Situation } from './scenario.ts';

/** What a caller does after a fault: send it again with the same key, reconcile, ask the ledger. */

const operationFields = 'operation { id status settledBy }';

/** What one submission came to: `DONE`, or the code of its error. */
export interface Reply {
  code: string;
  operationId: string | undefined;
  text: string;
}

export async function submit(
  gateway: TestGateway,
  { action }: Scenario,
  { input, as }: Situation,
  idempotencyKey: string,
): Promise<Reply> {
  const { payload, errors, text } = await mutate(
    gateway,
    action,
    { ...input, idempotencyKey },
    operationFields,
    as,
  );
  const code = errors[0]?.extensions.code ?? payload?.userErrors[0]?.code ?? 'DONE';
  return { code: String(code), operationId: payload?.operation?.id, text };
}

async function statusOf(gateway: TestGateway, id: string): Promise<string> {
  const { data } = await gateway.query('query ($id: ID!) { operation(id: $id) { status } }', {
    id,
  });
  return data.operation.status;
}

async function reconcile(
  gateway: TestGateway,
  operationId: string,
  outcome?: 'SUCCEEDED' | 'FAILED',
): Promise<Reply> {
  const { payload, errors, text } = await mutate(
    gateway,
    'reconcileOperation',
    { operationId, ...(outcome && { outcome }) },
    operationFields,
  );
  const code = errors[0]?.extensions.code ?? payload?.userErrors[0]?.code ?? 'DONE';
  return { code: String(code), operationId, text };
}

/** Submissions of one key, until it is settled or its outcome unknown. */
const mostTries = 4;

export interface Settled {
  status: 'SUCCEEDED' | 'FAILED';
  /** Whether nobody but STAFF could tell what had become of it. */
  byHand: boolean;
}

/**
 * Goes on after a fault until the write is settled, and holds the ledger against the vendor's state:
 * done once where it says SUCCEEDED, not at all where it says FAILED, and with another key then done.
 */
export async function settle(
  gateway: TestGateway,
  scenario: Scenario,
  situation: Situation,
  key: string,
): Promise<Settled> {
  const { effect } = situation;
  let reply = await submit(gateway, scenario, situation, key);
  for (let tries = 1; reply.code === 'VENDOR_UNAVAILABLE' && tries < mostTries; tries += 1) {
    reply = await submit(gateway, scenario, situation, key);
  }
  const operationId = reply.operationId ?? '';
  expect(operationId, reply.text).not.toBe('');
  let byHand = false;
  if (reply.code === 'OUTCOME_UNKNOWN') {
    // Asked again it says the same, and sends nothing that writes.
    expect(await statusOf(gateway, operationId)).toBe('OUTCOME_UNKNOWN');
    const asked = await reconcile(gateway, operationId);
    if (scenario.noLookUp) {
      expect(asked.code, asked.text).toBe('UNSUPPORTED_BY_VENDOR');
      byHand = true;
      await reconcile(gateway, operationId, effect() > 0 ? 'SUCCEEDED' : 'FAILED');
    } else {
      expect(asked.code, asked.text).toBe('DONE');
    }
  }

  const status = await statusOf(gateway, operationId);
  expect(['SUCCEEDED', 'FAILED'], reply.text).toContain(status);
  expect(effect()).toBe(status === 'SUCCEEDED' ? 1 : 0);

  gateway.forget();
  const replayed = await submit(gateway, scenario, situation, key);
  expect(replayed.operationId, replayed.text).toBe(operationId);
  expect(replayed.code === 'DONE', replayed.text).toBe(status === 'SUCCEEDED');
  expect(gateway.allCalls()).toEqual([]);

  if (status === 'FAILED') {
    const again = await submit(gateway, scenario, situation, randomUUID());
    expect(again.code, again.text).toBe('DONE');
    expect(effect()).toBe(1);
  }
  return { status: status as Settled['status'], byHand };
}
