import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Scenario, Situation } from '../operations/matrix/scenario.ts';
import { submit } from '../operations/matrix/settle.ts';
import type { TestGateway } from '../support/gateway.ts';
import { mutate } from '../support/mutations.ts';

/** How one write of the soak ended. */
export interface Written {
  title: string;
  /** Of the last answer to the submission itself; `DONE` without an error. */
  code: string;
  status: string;
  /** How often the vendor's own state holds it. */
  effect: number;
  byHand: boolean;
}

/** Milliseconds within which a client gets its answer, or the soak has found something. */
const longestPatience = 120_000;
/** Milliseconds that one attempt may take: a vendor's page that hangs is loaded anew. */
const longestAttempt = 30_000;
const pause = 250;

/** Codes after which a client sends the same again, with the same key. */
const again = new Set([
  ...['VENDOR_UNAVAILABLE', 'VENDOR_TIMED_OUT', 'VENDOR_RATE_LIMITED', 'VENDOR_BAD_RESPONSE'],
  ...['RATE_LIMITED', 'INTERNAL_SERVER_ERROR', 'NOT_SETTLED'],
]);

const tooLong = () =>
  delay(longestAttempt, undefined, { ref: false }).then(() => {
    throw new Error('An attempt took half a minute.');
  });

/** Tries until it works: the connection may break, and the answer be no answer. */
export async function insist<T>(
  attempt: () => Promise<T | undefined>,
  end = Date.now() + longestPatience,
): Promise<T> {
  let last: unknown;
  while (Date.now() < end) {
    try {
      const result = await Promise.race([attempt(), tooLong()]);
      if (result !== undefined) {
        return result;
      }
    } catch (error) {
      last = error;
    }
    await delay(pause);
  }
  throw new Error('A client waited for two minutes.', { cause: last });
}

const statusOf = (gateway: TestGateway, id: string) =>
  insist(async () => {
    const { data } = await gateway.query('query ($id: ID!) { operation(id: $id) { status } }', {
      id,
    });
    return data?.operation?.status as string | undefined;
  });

/** Asks what became of it, and settles by hand what only the vendor's own people could tell. */
async function reconcile(
  gateway: TestGateway,
  { effect }: Situation,
  operationId: string,
): Promise<boolean> {
  return insist(async () => {
    const { payload } = await mutate(
      gateway,
      'reconcileOperation',
      { operationId },
      'operation { status }',
    );
    const code = payload?.userErrors[0]?.code;
    if (code === 'UNSUPPORTED_BY_VENDOR') {
      const outcome = effect() > 0 ? 'SUCCEEDED' : 'FAILED';
      await mutate(gateway, 'reconcileOperation', { operationId, outcome }, 'operation { status }');
    }
    const settled = ['SUCCEEDED', 'FAILED'].includes(await statusOf(gateway, operationId));
    return settled ? code === 'UNSUPPORTED_BY_VENDOR' : undefined;
  });
}

/** One write as a careful client does it: one key, kept until its outcome is known. */
export async function write(gateway: TestGateway, scenario: Scenario): Promise<Written> {
  const situation = await insist(() => scenario.arrange(gateway));
  const key = randomUUID();
  const { operationId = '', code } = await insist(async () => {
    const reply = await submit(gateway, scenario, situation, key);
    return again.has(reply.code) || reply.operationId === undefined ? undefined : reply;
  });
  let byHand = false;
  if (code === 'OUTCOME_UNKNOWN') {
    byHand = await reconcile(gateway, situation, operationId);
  }
  const status = await statusOf(gateway, operationId);
  const effect = situation.effect();
  situation.clear?.();
  return { title: scenario.title, code, status, effect, byHand };
}
