import { randomUUID } from 'node:crypto';
import type { TestGateway } from '../../support/gateway.ts';
import type { Scenario } from './scenario.ts';
import { submit } from './settle.ts';

/** One vendor call of a write: the `nth` of its kind, after `before` other calls. */
export interface Call {
  title: string;
  match: RegExp;
  nth: number;
  before: number;
}

export interface Rehearsal {
  /** In order. */
  calls: Call[];
  /** Names of the steps that the ledger recorded, in order. */
  steps: string[];
}

const isId = (segment: string) => /^\d+$/.test(segment) || segment.length >= 20;

/**
 * Does a write once without a fault. Nowhere is written down what a write calls: what its vendor
 * received, and what the ledger has, is the list.
 */
export async function rehearse(gateway: TestGateway, scenario: Scenario): Promise<Rehearsal> {
  const situation = await scenario.arrange(gateway);
  gateway.forget();
  const reply = await submit(gateway, scenario, situation, randomUUID());
  const received = gateway.calls(scenario.vendor);
  if (reply.code !== 'DONE' || situation.effect() !== 1) {
    throw new Error(`${scenario.title} does not even work without a fault: ${reply.text}`);
  }
  if (received.length === 0 || received.length !== gateway.allCalls().length) {
    throw new Error(`${scenario.title} calls other vendors than ${scenario.vendor}.`);
  }
  situation.clear?.();
  const { data } = await gateway.query(
    'query ($id: ID!) { operation(id: $id) { steps { name } } }',
    { id: reply.operationId },
  );
  const seen = new Map<string, number>();
  const calls = received.map(({ method, path }, before) => {
    const segments = path.split('/').map((segment) => (isId(segment) ? '{id}' : segment));
    const title = `${method} ${segments.join('/')}`;
    const nth = seen.get(title) ?? 0;
    seen.set(title, nth + 1);
    const pattern = title.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll('{id}', '[^/]+');
    return { title, match: new RegExp(`^${pattern}$`), nth, before };
  });
  return { calls, steps: data.operation.steps.map(({ name }: { name: string }) => name) };
}

/** How often a vendor has received such a call since the last `forget`. */
export const timesReceived = (gateway: TestGateway, { vendor }: Scenario, { match }: Call) =>
  gateway.calls(vendor).filter(({ method, path }) => match.test(`${method} ${path}`)).length;
