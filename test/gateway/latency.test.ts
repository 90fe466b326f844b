import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { firstQuery } from '../support/first-query.ts';
import { type Answer, startTestGateway, type TestGateway } from '../support/gateway.ts';

/** Milliseconds that every simulator holds its answers back. */
const latency = 200;
/** Calls that wait for one another: with a live session at VSee each of the six goes out at once. */
const chain = 1;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  // The first query of a process pays for what all later ones find ready.
  await gateway.query(firstQuery);
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

type Call = { vendor: string; startedAfter: number; duration: number };
const callsOf = ({ extensions }: Answer) => extensions.vendorCalls as unknown as Call[];

async function timed(document: string): Promise<{ answer: Answer; duration: number }> {
  const started = performance.now();
  const answer = await gateway.query(document);
  return { answer, duration: performance.now() - started };
}

/** The best of a few: what else runs on the machine only ever adds. */
async function fastest(document: string): Promise<{ answer: Answer; duration: number }> {
  const runs = [await timed(document), await timed(document), await timed(document)];
  return runs.reduce((best, run) => (run.duration < best.duration ? run : best));
}

const hold = () => {
  for (const simulator of Object.values(gateway.sandbox.simulators)) {
    simulator.latency = latency;
  }
};

describe('the query over all vendors', () => {
  it('takes about as long as its longest chain of calls, not as long as their sum', async () => {
    hold();
    const { answer, duration } = await fastest(firstQuery);
    expect(answer.errors).toEqual([]);
    const sum = callsOf(answer).reduce((total, call) => total + call.duration, 0);
    expect(callsOf(answer)).toHaveLength(6);
    expect(sum).toBeGreaterThanOrEqual(6 * latency);
    expect(duration).toBeGreaterThanOrEqual(chain * latency);
    expect(duration).toBeLessThan(2.5 * chain * latency);
  });

  it('has all its calls under way at the same time', async () => {
    hold();
    const { answer } = await fastest(firstQuery);
    const calls = callsOf(answer);
    const lastStart = Math.max(...calls.map(({ startedAfter }) => startedAfter));
    const firstEnd = Math.min(
      ...calls.map(({ startedAfter, duration }) => startedAfter + duration),
    );
    expect(lastStart).toBeLessThan(firstEnd);
    expect(new Set(calls.map(({ vendor }) => vendor)).size).toBe(5);
  });
});

describe('a query with a chain in it', () => {
  const funnel = `{ patients(search: "Ana Silva", first: 1) { nodes {
    insurances { appointmentCategories { appointmentTypes { id } } }
    latestOrder { id } portalRequests { totalCount } appointments { totalCount }
  } } }`;

  it('takes about as long as the chain, whatever else it asks for', async () => {
    hold();
    const links = 3;
    const { answer, duration } = await fastest(funnel);
    expect(answer.errors).toEqual([]);
    // Insurances, three times categories, five times types; an order, two queues and a list beside it.
    expect(callsOf(answer)).toHaveLength(1 + 3 + 5 + 4);
    expect(duration).toBeGreaterThanOrEqual(links * latency);
    expect(duration).toBeLessThan(3 * links * latency);
  });
});

describe('a slow vendor', () => {
  it('V14: holds up nobody else’s call', async () => {
    gateway.sandbox.simulators.NIMBUS.latency = 3 * latency;
    const answer = await gateway.query(firstQuery);
    const calls = callsOf(answer);
    const slow = calls.find(({ vendor }) => vendor === 'NIMBUS');
    expect(slow?.duration).toBeGreaterThanOrEqual(3 * latency);
    for (const call of calls.filter(({ vendor }) => vendor !== 'NIMBUS')) {
      expect(call.startedAfter + call.duration).toBeLessThan(3 * latency);
    }
  });
});
