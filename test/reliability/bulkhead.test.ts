import { afterAll, beforeAll, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

/** reliability.md, section 4: what a vendor at its limit costs the others. */

const slowness = 1_500;
let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

it('V14: a slow vendor with more calls than it may get holds up no call to another', async () => {
  const order = `query ($id: ID!) { patient(id: $id) { latestOrder { id } } }`;
  const variables = { id: gateway.ids.Ana };
  await gateway.query(order, variables);
  gateway.forget();
  gateway.sandbox.simulators.VSEE.latency = slowness;
  const slow = Array.from({ length: 40 }, () =>
    gateway.query('{ clinicRoom(code: "clinic") { name } }'),
  );
  const durations: number[] = [];
  for (let count = 0; count < 10; count += 1) {
    const started = performance.now();
    const { errors, data } = await gateway.query(order, variables);
    durations.push(performance.now() - started);
    expect(errors).toEqual([]);
    expect(data.patient.latestOrder.id).toBe('9001');
  }
  // Ten one after the other, each faster than a single one of the slow ones.
  expect(Math.max(...durations)).toBeLessThan(slowness);
  expect(gateway.calls('NIMBUS')).toHaveLength(10);
  const answers = await Promise.all(slow);
  expect(answers.map(({ data }) => data?.clinicRoom?.name)).not.toContain(undefined);
  expect(gateway.calls('VSEE')).toHaveLength(40);
});
