import { setTimeout as delay } from 'node:timers/promises';
import { memoryOf } from '../support/process-memory.ts';
import { openBench } from './clinic.ts';
import { oneDigit, table, whole } from './measure.ts';

/**
 * W5: a page that asks each vendor for its part, as the front desk does, while vendors are slow, fail now and
 * then, allow ten requests a second, or never answer.
 */

/** Ten minutes, or what is asked for. */
const seconds = Number(process.env.BENCH_TROUBLE_SECONDS ?? 600);
const pagesPerSecond = 8;
/** Milliseconds that each vendor takes; one never answers. */
const latency = { nimbus: 50, vsee: 100, cerbo: 400, portal: 800 };
const slowest = 'portal';
const hanging = 'mdhq';
const cerboPerSecond = 10;
const errorRate = 0.02;

const requestsOf = (vendor: string) =>
  `portalRequests(first: 10, filter: { vendor: [${vendor}] }) { nodes { id title } sources { vendor state } }`;
const parts: Record<string, { vendor: string; field: string }> = {
  'latest order': { vendor: 'nimbus', field: 'latestOrder { id tenantDomain }' },
  visits: {
    vendor: 'vsee',
    field: 'visits(first: 10) { nodes { id status } sources { vendor state } }',
  },
  'requests at Cerbo': { vendor: 'cerbo', field: requestsOf('CERBO') },
  appointments: {
    vendor: 'portal',
    field:
      'appointments(first: 10, filter: { vendor: [MY_PATIENT_PORTAL] }) { nodes { id title } sources { vendor state } }',
  },
  'requests at MD HQ': { vendor: hanging, field: requestsOf('MD_HQ') },
};

const quantile = (times: readonly number[], part: number) => {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
};

interface Seen {
  times: number[];
  /** How often each state of the source, or code of an error, was told. */
  told: Map<string, number>;
}

export async function trouble(databaseUrl: string, say: (line: string) => void) {
  const bench = await openBench(databaseUrl, { CERBO_PER_SECOND: String(cerboPerSecond) });
  const { gateway, stub, stubOrigin, token, origin, pid } = bench;
  const found = await gateway.query('{ patients(search: "Ana Silva") { nodes { id } } }');
  const [{ id }] = found.data.patients.nodes;
  const seen = new Map<string, Seen>(
    Object.keys(parts).map((name) => [name, { times: [], told: new Map() }]),
  );
  let uncoded = 0;

  async function ask(name: string, field: string) {
    const begun = performance.now();
    const answer = await fetch(`${origin}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({
        query: `query Part($id: ID!) { patient(id: $id) { id ${field} } }`,
        variables: { id },
      }),
    });
    const { data, errors = [] } = (await answer.json()) as {
      data?: { patient?: Record<string, { sources?: { state: string }[] }> };
      errors?: { extensions?: { code?: string } }[];
    };
    const part = Object.values(data?.patient ?? {}).find((value) => typeof value === 'object');
    const told =
      errors.map(({ extensions }) => extensions?.code ?? 'UNCODED')[0] ??
      part?.sources?.map(({ state }) => state).find((state) => state !== 'OK') ??
      'OK';
    uncoded += told === 'UNCODED' ? 1 : 0;
    const of = seen.get(name);
    of?.times.push(performance.now() - begun);
    of?.told.set(told, (of.told.get(told) ?? 0) + 1);
  }
  const page = () =>
    Promise.all(Object.entries(parts).map(([name, { field }]) => ask(name, field)));

  // The stub learns before anything goes wrong.
  await page();
  await stub.ask({ tell: true });
  await page();
  const { told = [] } = await stub.ask({});
  const direct: number[] = [];
  /** The slowest vendor, asked without anything in between, and again where it failed: what is possible. */
  async function askDirectly() {
    const begun = performance.now();
    const { url = '', headers = {} } = told.find(({ vendor }) => vendor === slowest) ?? {};
    const { authorization = '' } = headers;
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const answer = await fetch(stubOrigin + url, { headers: { authorization } });
      await answer.arrayBuffer();
      if (answer.ok) {
        break;
      }
    }
    direct.push(performance.now() - begun);
  }
  for (const of of seen.values()) {
    of.times.length = 0;
    of.told.clear();
  }
  await stub.ask({ set: { latency, errors: errorRate, hanging: [hanging] }, forget: true });
  const begun = performance.now();
  const memory: number[] = [];
  const open: Promise<unknown>[] = [];
  for (let turn = 0; turn < seconds * pagesPerSecond; turn += 1) {
    const due = begun + (turn * 1000) / pagesPerSecond;
    await delay(Math.max(0, due - performance.now()));
    open.push(page(), askDirectly());
    if (turn % (pagesPerSecond * 10) === 0) {
      memory.push(memoryOf(pid));
      say(`W5: ${Math.round((performance.now() - begun) / 1000)} s of ${seconds}`);
    }
  }
  await Promise.all(open);
  const { busiest } = await stub.ask({});
  // Of the first minute, and of the last.
  const [early, late] = [Math.max(...memory.slice(0, 6)), Math.max(...memory.slice(-6))];
  await bench.close();

  const missed: string[] = [];
  const bar = 1.2 * quantile(direct, 0.99);
  const rows = Object.entries(parts).map(([name, { vendor }]) => {
    const { times = [], told = new Map() } = seen.get(name) ?? {};
    const p99 = quantile(times, 0.99);
    if (vendor !== hanging && p99 > bar) {
      missed.push(`W5: p99 of ${name} is ${whole(p99)} ms, not ${whole(bar)}`);
    }
    const states = [...told].map(([state, count]) => `${state} ${whole(count)}`).join(', ');
    return [
      ...[name, vendor === hanging ? 'never' : String(latency[vendor as keyof typeof latency])],
      ...[0.5, 0.95, 0.99].map((part) => oneDigit(quantile(times, part))),
      ...[String(busiest[vendor] ?? 0), states],
    ];
  });
  if ((busiest.cerbo ?? 0) > cerboPerSecond) {
    missed.push(`W5: Cerbo got ${busiest.cerbo} requests in a second`);
  }
  if (uncoded > 0) {
    missed.push(`W5: ${uncoded} errors without a code`);
  }
  if (late > 1.2 * early) {
    missed.push(`W5: ${whole(late)} MB at the end, ${whole(early)} MB in the first minute`);
  }
  return {
    sections: [
      `### W5: vendors in trouble\n\n${seconds} s, ${pagesPerSecond} pages a second, each asking for five parts at once, as the front desk does. ${errorRate * 100} % of all vendors' answers are a 500; Cerbo allows ${cerboPerSecond} requests a second (\`CERBO_PER_SECOND\`); MD HQ never answers. The slowest of the others, asked without Portico and again where it failed, has a p99 of ${whole(quantile(direct, 0.99))} ms. Memory ${whole(early)} MB in the first minute, ${whole(late)} MB in the last.\n\n${table(
        [
          ...['part', 'vendor takes ms', 'p50 ms', 'p95 ms', 'p99 ms'],
          ...['most requests in a second', 'how often what was told'],
        ],
        rows,
      )}`,
    ],
    missed,
  };
}
