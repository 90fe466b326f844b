import { randomUUID } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import type { Fault } from '../../../src/sandbox/simulator.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import type { Scenario } from './scenario.ts';
import { settle, submit } from './settle.ts';

/**
 * Every write x every vendor call that it makes x every fault. The calls are not written down here:
 * each write is rehearsed once without a fault, and what its vendor received is the list.
 */

/** Milliseconds that a vendor call may take; `hang` costs that much. */
const vendorTimeout = 1_000;

interface MatrixFault {
  title: string;
  /** Null: the vendor's port is closed, so that the call certainly is not sent. */
  fault: Pick<Fault, 'kind' | 'act' | 'status'> | null;
}

export const faults: readonly MatrixFault[] = [
  { title: 'a connection that is refused before anything is sent', fault: null },
  { title: 'a reset before the vendor acts', fault: { kind: 'reset' } },
  { title: 'a reset after the vendor acted', fault: { kind: 'reset', act: true } },
  { title: 'a timeout before the vendor acts', fault: { kind: 'hang' } },
  { title: 'a timeout after the vendor acted', fault: { kind: 'hang', act: true } },
  { title: 'a 500 before the vendor acts', fault: { kind: 'status', status: 500 } },
  { title: 'a 500 after the vendor acted', fault: { kind: 'status', status: 500, act: true } },
  { title: 'a truncated answer', fault: { kind: 'truncate', act: true } },
];

/** One vendor call of a write: the `nth` of its kind, after `before` other calls. */
export interface Step {
  title: string;
  match: RegExp;
  nth: number;
  before: number;
}

const isId = (segment: string) => /^\d+$/.test(segment) || segment.length >= 20;

/** The calls that a write makes when all goes well. */
export async function rehearse(gateway: TestGateway, scenario: Scenario): Promise<Step[]> {
  const situation = await scenario.arrange(gateway);
  gateway.forget();
  const reply = await submit(gateway, scenario, situation, randomUUID());
  const calls = gateway.calls(scenario.vendor);
  if (reply.code !== 'DONE' || situation.effect() !== 1) {
    throw new Error(`${scenario.title} does not even work without a fault: ${reply.text}`);
  }
  if (calls.length === 0 || calls.length !== gateway.allCalls().length) {
    throw new Error(`${scenario.title} calls other vendors than ${scenario.vendor}.`);
  }
  situation.clear?.();
  const seen = new Map<string, number>();
  return calls.map(({ method, path }, before) => {
    const title = `${method} ${path
      .split('/')
      .map((segment) => (isId(segment) ? '{id}' : segment))
      .join('/')}`;
    const nth = seen.get(title) ?? 0;
    seen.set(title, nth + 1);
    const pattern = title.replaceAll(/[.*+?^$()|[\]\\]/g, '\\$&').replaceAll('{id}', '[^/]+');
    return { title, match: new RegExp(`^${pattern}$`), nth, before };
  });
}

const isSteps = (step: Step) => (call: { method: string; path: string }) =>
  step.match.test(`${call.method} ${call.path}`);

/** One cell: the fault, what the caller is told, and what is left after all is settled. */
async function run(gateway: TestGateway, scenario: Scenario, step: Step, fault: MatrixFault) {
  const situation = await scenario.arrange(gateway);
  gateway.forget();
  const simulator = gateway.sandbox.simulators[scenario.vendor];
  const key = randomUUID();
  if (fault.fault === null) {
    simulator.refuse(step.before);
  } else {
    simulator.fault({ ...fault.fault, match: step.match, after: step.nth, times: 1 });
  }
  const first = await submit(gateway, scenario, situation, key);
  const reached = gateway.calls(scenario.vendor).filter(isSteps(step)).length;
  await simulator.accept();
  expect(['DONE', 'VENDOR_UNAVAILABLE', 'OUTCOME_UNKNOWN'], first.text).toContain(first.code);
  expect(situation.effect()).toBeLessThanOrEqual(1);
  if (fault.fault === null) {
    expect(reached).toBe(step.nth);
    // Nothing was sent that could have been lost.
    expect(first.code).not.toBe('OUTCOME_UNKNOWN');
  } else {
    expect(reached).toBeGreaterThan(step.nth);
  }
  const done = situation.effect() === 1;
  gateway.forget();

  const { status } = await settle(gateway, scenario, situation, key);
  if (done || fault.fault === null) {
    expect(status).toBe('SUCCEEDED');
  }
  situation.clear?.();
}

/** Describes the part of the matrix that these writes make, and says how large it is. */
export async function describeMatrix(scenarios: readonly Scenario[]): Promise<void> {
  const gateway = await startTestGateway({
    environment: Object.fromEntries(
      ['NIMBUS', 'VSEE', 'MY_PATIENT_PORTAL', 'CERBO', 'MD_HQ'].map((vendor) => [
        `${vendor}_TIMEOUT_MS`,
        String(vendorTimeout),
      ]),
    ),
  });
  afterAll(() => gateway.close());
  let calls = 0;
  for (const scenario of scenarios) {
    const steps = await rehearse(gateway, scenario);
    calls += steps.length;
    describe(scenario.title, () => {
      describe.each(steps)('$title (number $before)', (step) => {
        it.each(faults)('survives $title', (fault) => run(gateway, scenario, step, fault));
      });
    });
  }
  process.stdout.write(
    `Fault matrix: ${scenarios.length} writes, ${calls} vendor calls, ${faults.length} faults = ${calls * faults.length} cells\n`,
  );
}
