import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import type { Fault } from '../../../src/sandbox/simulator.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { type Call, rehearse, timesReceived } from './rehearse.ts';
import type { Scenario } from './scenario.ts';
import { settle, submit } from './settle.ts';

/** Every write x every vendor call that it makes x every fault. Kills have a file of their own. */

/** Milliseconds that a vendor call may take; `hang` costs that much. */
const vendorTimeout = 1_000;

interface MatrixFault {
  title: string;
  /** Null: the vendor's port is closed, so that the call certainly is not sent. */
  fault: Pick<Fault, 'kind' | 'act' | 'status'> | null;
}

const faults: readonly MatrixFault[] = [
  { title: 'V01: a connection that is refused before anything is sent', fault: null },
  { title: 'V01: a reset before the vendor acts', fault: { kind: 'reset' } },
  { title: 'V02: a reset after the vendor acted', fault: { kind: 'reset', act: true } },
  { title: 'V03: a timeout before the vendor acts', fault: { kind: 'hang' } },
  { title: 'V03: a timeout after the vendor acted', fault: { kind: 'hang', act: true } },
  { title: 'V04: a 500 before the vendor acts', fault: { kind: 'status', status: 500 } },
  { title: 'V02: a 500 after the vendor acted', fault: { kind: 'status', status: 500, act: true } },
  { title: 'V02: a truncated answer', fault: { kind: 'truncate', act: true } },
];

/** Milliseconds until a closed connection is known to be closed. */
const closing = 100;

/** Tries to arrange a cell, a second apart. */
const tries = 12;

/**
 * Not under test: on a machine that is busy with other things the short time limit may run out, and the
 * breaker open for some seconds.
 */
async function arranged(gateway: TestGateway, scenario: Scenario) {
  for (let count = 1; ; count += 1) {
    try {
      return await scenario.arrange(gateway);
    } catch (error) {
      if (count === tries) {
        throw error;
      }
      await delay(1_000);
    }
  }
}

/** One cell: the fault, what the caller is told, and what is left after all is settled. */
async function run(gateway: TestGateway, scenario: Scenario, call: Call, { fault }: MatrixFault) {
  const situation = await arranged(gateway, scenario);
  gateway.forget();
  const simulator = gateway.sandbox.simulators[scenario.vendor];
  const key = randomUUID();
  if (fault === null) {
    simulator.refuse(call.before);
    // On a connection that the vendor has just closed the request would go out, and be lost.
    await delay(closing);
  } else {
    simulator.fault({ ...fault, match: call.match, after: call.nth, times: 1 });
  }
  const first = await submit(gateway, scenario, situation, key);
  const received = timesReceived(gateway, scenario, call);
  await simulator.accept();
  expect(['DONE', 'VENDOR_UNAVAILABLE', 'OUTCOME_UNKNOWN'], first.text).toContain(first.code);
  const effect = situation.effect();
  expect(effect).toBeLessThanOrEqual(1);
  if (fault === null) {
    expect(received).toBe(call.nth);
    // Nothing was sent that could have been lost.
    expect(first.code).not.toBe('OUTCOME_UNKNOWN');
  } else {
    expect(received).toBeGreaterThan(call.nth);
  }
  gateway.forget();

  const { status } = await settle(gateway, scenario, situation, key);
  if (effect === 1 || fault === null) {
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
  let total = 0;
  for (const scenario of scenarios) {
    const { calls } = await rehearse(gateway, scenario);
    total += calls.length;
    describe(scenario.title, () => {
      for (const call of calls) {
        describe(`in vendor call ${call.before + 1}, ${call.title}`, () => {
          for (const fault of faults) {
            it(`survives ${fault.title}`, () => run(gateway, scenario, call, fault));
          }
        });
      }
    });
  }
  process.stdout.write(
    `Fault matrix: ${scenarios.length} writes, ${total} vendor calls, ${faults.length} faults: ${total * faults.length} cells\n`,
  );
}
