import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ofPatient } from '../support/documents.ts';
import { startTestGateway, type TestGateway, type Who } from '../support/gateway.ts';

/** `extensions.vendorCalls`, beyond which calls there are (see call-counts.test.ts). */

let gateway: TestGateway;
let serving: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  const { sandbox } = gateway;
  const environment = { SHOW_VENDOR_CALLS: 'true' };
  serving = await startTestGateway({ sandbox, environment });
}, 120_000);
afterAll(async () => {
  await serving.close();
  await gateway.close();
});
beforeEach(() => gateway.forget());

const told = async (selection: string, as: Who = 'staff', asked = gateway) => {
  const { extensions, errors } = await asked.query(ofPatient(selection), { id: asked.ids.Ana }, as);
  expect(errors).toEqual([]);
  return extensions?.vendorCalls as unknown as Record<string, unknown>[] | undefined;
};

describe('extensions.vendorCalls', () => {
  it('says of each call where, what, how often, how it ended, when and how long', async () => {
    const [call, ...others] = (await told('latestOrder { id }')) ?? [];
    expect(others).toEqual([]);
    expect(call).toEqual({
      ...{ vendor: 'NIMBUS', operation: 'external-portal-access/latest-order', attempts: 1 },
      ...{ status: 200, outcome: 'OK', deduplicated: 0, startedAfter: 0 },
      duration: expect.any(Number),
    });
  });

  it('counts what was asked for again without a call', async () => {
    const calls = await told(
      `a: latestOrder { id } b: latestOrder { id } c: latestOrder { id }
       insurances { id }
       d: appointments { nodes { id } } e: appointments(first: 1) { nodes { id } }`,
    );
    const counts = calls?.map(({ operation, deduplicated }) => [operation, deduplicated]);
    expect(counts?.sort()).toEqual([
      ['appointments', 1],
      ['external-portal-access/latest-order', 2],
      ['insurances', 0],
    ]);
    expect(gateway.allCalls()).toHaveLength(3);
  });

  it('comes in the order in which the calls began', async () => {
    gateway.sandbox.simulators.NIMBUS.fault({ kind: 'status', status: 503, times: 1 });
    const calls = await told('latestOrder { id } insurances { id } portalRequests { totalCount }');
    const starts = calls?.map(({ startedAfter }) => Number(startedAfter)) ?? [];
    expect(starts).toHaveLength(4);
    expect(starts).toEqual(starts.toSorted((a, b) => a - b));
    expect(starts[0]).toBe(0);
    expect(calls?.find(({ vendor }) => vendor === 'NIMBUS')?.attempts).toBe(2);
  });

  it('is for staff only, where a deployment shows it', async () => {
    expect(await told('latestOrder { id }', 'staff', serving)).toHaveLength(1);
    expect(await told('latestOrder { id }', 'admin', serving)).toHaveLength(1);
    expect(await told('latestOrder { id }', 'ana', serving)).toBeUndefined();
  });
});
