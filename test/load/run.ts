import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { endAll } from '../support/command-line.ts';
import { type ServedAlone, serveAlone } from '../support/served-alone.ts';
import { generate } from './generator.ts';
import { type Answered, closedLoop, quantile, type Shot } from './open-loop.ts';

/**
 * `npm run load`: what a `portico serve` does when more is asked than it can answer (reliability.md, P01 and
 * P02). Writes `results.md` and ends with 1 where a bar is missed. The bars are lower than those of the
 * document, since simulators, generator and gateway share a machine here.
 */

/** Milliseconds that the vendor takes. */
const vendorTime = 20;
const seconds = 10;
/** At once, where capacity is looked for: at first; twice as many as long as they get more answers. */
const fewestClients = 12;
const mostClients = 384;
const factors = [0.5, 1, 2, 3, 4];
const bars = { goodput: 0.8, p99: 2_000 + vendorTime, shedP99: 1_500, writes: 0.99 };
/** Up to how many times capacity the bars hold, those of the writes aside. */
const judged = 3;

interface Step {
  name: string;
  offered: number;
  /** A second. */
  accepted: number;
  shed: number;
  p50: number;
  p99: number;
  shedP99: number;
  /** Milliseconds that the generator itself was late, p99: part of the times above. */
  late: number;
  /** Neither answered nor turned away with 503. */
  failed: number;
  writes: string;
}

const say = (line: string) => process.stderr.write(`${line}\n`);

function stepOf(name: string, offered: number, answers: readonly Answered[]): Step {
  const good = answers.filter((answer) => answer.good).map(({ took }) => took);
  const shed = answers.filter(({ status }) => status === 503).map(({ took }) => took);
  return {
    ...{ name, offered, shed: shed.length / seconds },
    // Answers that came after the last request was due are no throughput, only late.
    accepted: answers.filter(({ good, at }) => good && at <= seconds * 1000).length / seconds,
    late: quantile(
      answers.map(({ late }) => late),
      0.99,
    ),
    ...{ p50: quantile(good, 0.5), p99: quantile(good, 0.99), shedP99: quantile(shed, 0.99) },
    failed: answers.length - good.length - shed.length,
    writes: '',
  };
}

/** Of several patients: the log of access is a chain for each, and who reads one waits for it. */
const readsOf = ({ ids: { Ana, Ben, Chloe, David } }: ServedAlone) =>
  [Ana, Ben, Chloe, David].map((id) =>
    JSON.stringify({
      query: `query Load($id: ID!) {
        patient(id: $id) {
          fullName
          visits(first: 10) { nodes { id start } sources { state } }
          appointments(first: 10) { nodes { id title start } sources { state } }
          portalRequests(first: 10) { nodes { id type title status } sources { state } }
        }
      }`,
      variables: { id },
    }),
  );

const writesOf = ({ ids }: ServedAlone, count: number) =>
  Array.from({ length: count }, () =>
    JSON.stringify({
      query:
        'mutation ($input: RequestEConsultInput!) { requestEConsult(input: $input) { visit { id } userErrors { code } } }',
      variables: {
        input: { patientId: ids.Ana, roomCode: 'econsult', idempotencyKey: randomUUID() },
      },
    }),
  );

/** Answers a second that clients get who wait for each, when more clients get no more. */
async function capacityFor(read: Shot): Promise<number> {
  let capacity = 0;
  for (let clients = fewestClients; clients <= mostClients; clients *= 2) {
    const answered = await closedLoop(read, clients, seconds / 2);
    say(`${clients} clients: ${Math.round(answered)} a second.`);
    if (answered < 1.1 * capacity) {
      return Math.max(answered, capacity);
    }
    capacity = answered;
  }
  return capacity;
}

async function measure(gateway: ServedAlone): Promise<{ steps: Step[]; missed: string[] }> {
  const token = await gateway.token('staff');
  const { origin } = gateway;
  const shot = { origin, token };
  const reads = readsOf(gateway);
  let sent = 0;
  const read: Shot = { ...shot, body: () => reads[sent++ % reads.length] ?? '' };
  const delayVendors = () => {
    for (const simulator of Object.values(gateway.sandbox.simulators)) {
      simulator.latency = vendorTime;
    }
  };
  delayVendors();
  await closedLoop(read, fewestClients, seconds / 2);
  const capacity = await capacityFor(read);
  say(`Capacity: ${Math.round(capacity)} a second.`);

  const steps: Step[] = [];
  const missed: string[] = [];
  for (const factor of factors) {
    const offered = Math.round(capacity * factor);
    const [answers, written] = await Promise.all([
      generate(shot, reads, offered, seconds),
      factor === 4 ? generate(shot, writesOf(gateway, 4 * seconds), 4, seconds) : [],
    ]);
    const step = stepOf(`${factor} x`, offered, answers);
    if (written.length > 0) {
      const done = written.filter(({ good }) => good).length;
      step.writes = `${done} of ${written.length}, p99 ${quantile(
        written.map(({ took }) => took),
        0.99,
      )} ms`;
      if (done / written.length < bars.writes) {
        missed.push(`only ${done} of ${written.length} writes were accepted`);
      }
    }
    say(JSON.stringify(step));
    steps.push(step);
    gateway.forget();
    delayVendors();
  }
  const after = stepOf(
    '0.5 x, right after',
    Math.round(capacity / 2),
    await generate(shot, reads, capacity / 2, seconds),
  );
  say(JSON.stringify(after));
  const peak = Math.max(capacity, ...steps.map(({ accepted }) => accepted));
  for (const { name, accepted, p99, shedP99, failed } of steps.filter(
    ({ offered }) => offered > capacity && offered <= judged * capacity + 1,
  )) {
    if (accepted < peak * bars.goodput) {
      missed.push(`${name}: ${Math.round(accepted)} a second of ${Math.round(peak)}`);
    }
    if (p99 > bars.p99) {
      missed.push(`${name}: p99 of the accepted is ${p99} ms`);
    }
    if (shedP99 > bars.shedP99) {
      missed.push(`${name}: p99 of the refused is ${shedP99} ms`);
    }
    if (failed > 0) {
      missed.push(`${name}: ${failed} had neither an answer nor a refusal`);
    }
  }
  return { steps: [...steps, after], missed };
}

const columns =
  '| Offered | a second | accepted | refused | p50 ms | p99 ms | p99 of refusals ms | generator late ms | failed | writes beside |\n|---|---|---|---|---|---|---|---|---|---|';

const tableOf = (steps: readonly Step[]) =>
  steps
    .map((step) =>
      [
        ...[step.name, step.offered, Math.round(step.accepted), Math.round(step.shed)],
        ...[step.p50, step.p99, step.shedP99, step.late, step.failed, step.writes],
      ].join(' | '),
    )
    .map((row) => `| ${row} |`)
    .join('\n');

const sandbox = await startSandbox({ publicUrl: new URL('http://localhost:4000/'), firstPort: 0 });
try {
  const gateway = await serveAlone(sandbox, {
    RATE_LIMIT_PER_MINUTE: '10000000',
    LOG_LEVEL: 'warn',
    ...Object.fromEntries(
      ['VSEE', 'MY_PATIENT_PORTAL', 'CERBO', 'MD_HQ'].map((name) => [`${name}_CONCURRENCY`, '200']),
    ),
  });
  const before = loadavg()[0] ?? 0;
  const { steps, missed } = await measure(gateway);
  const verdict = missed.length === 0 ? 'All bars were met.' : `Missed: ${missed.join('; ')}.`;
  writeFileSync(
    new URL('results.md', import.meta.url),
    `# Overload, measured by \`npm run load\`

${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} cores shared with the simulators and the generator; load
average when it began ${before.toFixed(1)}. A page of one patient, with what each vendor has, which takes ${vendorTime} ms, ${seconds} s a row, sent at a fixed rate
whatever comes back; times count from when a request was due. Embedded store.

${columns}
${tableOf(steps)}

Bars, for what is offered above capacity and up to ${judged} x: accepted at least ${bars.goodput * 100} % of the peak, their p99 at most ${bars.p99} ms,
refusals within ${bars.shedP99} ms, ${bars.writes * 100} % of the writes beside 4 x. ${verdict}
`,
  );
  say(verdict);
  process.exitCode = missed.length === 0 ? 0 : 1;
} finally {
  await endAll();
  await sandbox.close();
}
