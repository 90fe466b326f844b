import { addPeople, registerPeople } from '../support/many-patients.ts';
import { memoryOf } from '../support/process-memory.ts';
import { openBench } from './clinic.ts';
import { cpuOf, median, oneDigit, table, whole } from './measure.ts';
import { funnel, listOf, partsOf } from './work.ts';

/** W3 and W4: lists of patients with their appointments, and the booking funnel, one request after another. */

const sizes = [10, 50, 100, 250] as const;
const rounds = Number(process.env.BENCH_ROUNDS ?? 5) * 3;
/** Milliseconds that the vendor takes: what is asked in turn would show. */
const latency = 20;
const most = Math.max(...sizes);

export async function lists(databaseUrl: string, say: (line: string) => void) {
  const extra = addPeople(most);
  const bench = await openBench(databaseUrl, {
    ...{ QUERY_MAX_FIELDS: '10000000', QUERY_MAX_VENDOR_CALLS: '10000' },
    // Two hundred and fifty logins from one address.
    AUTH_FAILURES_PER_MINUTE: '1000000',
    MY_PATIENT_PORTAL_CONCURRENCY: '64',
  });
  say(`Registering ${most} patients...`);
  const ids = await registerPeople(bench.gateway, extra);
  const missed: string[] = [];

  const once = async (document: string, variables: Record<string, unknown>) => {
    await bench.stub.ask({ forget: true });
    const [begun, cpu] = [performance.now(), cpuOf(bench.pid)];
    const { errors, text } = await bench.gateway.query(document, variables);
    const took = performance.now() - begun;
    if (errors.length > 0) {
      throw new Error(text.slice(0, 500));
    }
    const { calls } = await bench.stub.ask({});
    return {
      ...{ took, cpu: cpuOf(bench.pid) - cpu, memory: memoryOf(bench.pid) },
      calls: Object.values(calls).reduce((sum, count) => sum + count, 0),
    };
  };
  const often = async (document: string, variables: Record<string, unknown>) => {
    // The stub learns, and the process warms up.
    for (let time = 0; time < 5; time += 1) {
      await once(document, variables);
    }
    await bench.stub.ask({ set: { latency: { portal: latency } } });
    const all: Awaited<ReturnType<typeof once>>[] = [];
    for (let round = 0; round < rounds; round += 1) {
      all.push(await once(document, variables));
    }
    await bench.stub.ask({ set: {} });
    const of = (key: 'took' | 'cpu' | 'memory') => median(all.map((each) => each[key]));
    const calls = new Set(all.map((each) => each.calls));
    return {
      ...{ took: of('took'), cpu: of('cpu'), memory: Math.max(...all.map((each) => each.memory)) },
      calls: [...calls],
    };
  };

  const rows: string[][] = [];
  const perPatient: number[] = [];
  for (const size of sizes) {
    const result = await often(listOf(size), partsOf(ids.slice(0, size)));
    say(`W3, ${size} patients: ${oneDigit(result.took)} ms`);
    perPatient.push(result.cpu / size);
    rows.push([
      ...[String(size), result.calls.join(', '), oneDigit(result.took)],
      ...[whole((result.cpu * 1000) / size), whole(result.memory)],
    ]);
    if (result.calls.length !== 1 || result.calls[0] !== size) {
      missed.push(`W3: ${size} patients took ${result.calls.join(', ')} vendor calls`);
    }
  }
  const [, fifty = 0] = perPatient;
  const steepest = Math.max(...perPatient.slice(2)) / fifty;
  if (steepest > 1.3) {
    missed.push(`W3: a patient of a longer list costs ${steepest.toFixed(2)} times one of 50`);
  }

  const found = await bench.gateway.query('{ patients(search: "Ana Silva") { nodes { id } } }');
  const deep = await often(funnel, { id: found.data.patients.nodes[0].id });
  await bench.close();
  return {
    sections: [
      `### W3: patients with their appointments, W4: the booking funnel\n\nOne request after another, the vendor taking ${latency} ms; medians of ${rounds}. The least possible is one call for each patient, since the vendor shows each their own.\n\n${table(
        ['patients', 'vendor calls', 'ms', 'CPU µs/patient', 'most memory MB'],
        rows,
      )}\n\nW4, insurances, categories, types and times of one patient: ${deep.calls.join(', ')} vendor calls, ${oneDigit(deep.took)} ms, ${whole(deep.cpu)} ms of CPU.`,
    ],
    missed,
  };
}
