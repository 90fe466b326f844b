import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ofPatient } from '../support/documents.ts';
import { type Answer, startTestGateway, type TestGateway } from '../support/gateway.ts';

/** reliability.md, V14: what one slow vendor costs those who ask the others. */

/** A read of each vendor's own. */
const reads = {
  NIMBUS: ofPatient('latestOrder { id }'),
  VSEE: '{ clinicRoom(code: "clinic") { name } }',
  MY_PATIENT_PORTAL: ofPatient('insurances { id }'),
  CERBO: '{ vendorPatients(vendor: CERBO, filter: { lastName: "Silva" }) { vendor } }',
  MD_HQ: '{ vendorPatients(vendor: MD_HQ, filter: { lastName: "Silva" }) { vendor } }',
};
type Vendor = keyof typeof reads;
const vendors = Object.keys(reads) as Vendor[];

/** Milliseconds: an attempt, a request, and an answer of a slow vendor. */
const attemptTimeout = 3_000;
const requestTimeout = 3_500;
const latency = 2_000;
/** Calls at once to one vendor; the rest wait. */
const concurrency = 4;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({
    environment: {
      REQUEST_TIMEOUT_MS: String(requestTimeout),
      ...Object.fromEntries(
        vendors.flatMap((vendor) => [
          [`${vendor}_TIMEOUT_MS`, String(attemptTimeout)],
          [`${vendor}_CONCURRENCY`, String(concurrency)],
        ]),
      ),
    },
  });
  // The first query of each kind pays for what all later ones find ready.
  await Promise.all(Object.values(reads).map(ask));
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

interface Timed extends Answer {
  milliseconds: number;
}

async function ask(document: string): Promise<Timed> {
  const begun = performance.now();
  const answer = await gateway.query(
    document,
    document.includes('$id') ? { id: gateway.ids.Ana } : {},
  );
  return { ...answer, milliseconds: performance.now() - begun };
}

const codesIn = ({ errors }: Answer) => errors.map(({ extensions }) => extensions.code);

describe.each(vendors)('V14: while %s takes its time for each answer', (slow) => {
  it('its own line fills, and nobody else waits', async () => {
    const others = vendors.filter((vendor) => vendor !== slow);
    gateway.sandbox.simulators[slow].latency = latency;
    let ended = 0;
    const waiting = Array.from({ length: 3 * concurrency }, () =>
      ask(reads[slow]).finally(() => {
        ended += 1;
      }),
    );
    await expect.poll(() => gateway.calls(slow).length).toBe(concurrency);

    const served = await Promise.all(
      others.flatMap((vendor) => Array.from({ length: 5 }, () => ask(reads[vendor]))),
    );
    expect(ended).toBe(0);
    expect(gateway.calls(slow)).toHaveLength(concurrency);
    expect(served.flatMap(codesIn)).toEqual([]);
    expect(Math.max(...served.map(({ milliseconds }) => milliseconds))).toBeLessThan(latency);
    for (const vendor of others) {
      expect(gateway.calls(vendor)).toHaveLength(5);
    }

    // Those who wait for it are told within their deadline, served or not.
    const own = await Promise.all(waiting);
    const done = own.filter(({ errors }) => errors.length === 0);
    expect(done.length).toBeGreaterThanOrEqual(concurrency);
    for (const { milliseconds } of own) {
      expect(milliseconds).toBeLessThan(requestTimeout + 2_500);
    }
    expect(new Set(own.flatMap(codesIn))).not.toContain('INTERNAL_SERVER_ERROR');
    // It was slow, not broken: nothing of it is held against it.
    gateway.forget();
    expect((await ask(reads[slow])).errors).toEqual([]);
  });
});
