import { readFileSync } from 'node:fs';
import { startPostgres } from '../support/postgres.ts';
import { endAll } from '../support/command-line.ts';
import { openBench, startPeer } from './clinic.ts';
import { w1, w2 } from './work.ts';
const embedded = process.env.EMBEDDED;
const postgres = await startPostgres();
const b = await openBench(postgres.url, process.env.PROF ? { NODE_OPTIONS: '--import /tmp/portico/profiler.mjs', PROF_DIR: `/tmp/portico/prof-${process.env.PROF}` } : {});
const { data } = await b.gateway.query('{ patients(search: "Ana Silva") { nodes { id visits { nodes { id } } } } }');
const p = data.patients.nodes[0];
const load = await startPeer<any, any>('load.mjs');
const cpu = () => { const f = readFileSync(`/proc/${b.pid}/stat`, 'utf8').split(') ')[1]!.split(' '); return (Number(f[11]) + Number(f[12])) * 10; };
const works = { w0: ['{ viewer { subject } }', {}], w1: [w1, { id: p.visits.nodes[0].id }], w2: [w2, { id: p.id }] } as const;
for (const [name, [d, v]] of Object.entries(works)) {
  if (process.env.ONLY && !process.env.ONLY.includes(name)) continue;
  const order = (seconds: number) => ({ url: `${b.origin}/graphql`, headers: { 'content-type': 'application/json', authorization: `Bearer ${b.token}` }, body: JSON.stringify({ query: d, variables: v }), connections: 32, seconds });
  console.log('one', (await b.gateway.query(d, v)).errors);
  await load.ask(order(6));
  if (process.env.PROF) process.kill(b.pid, 'SIGUSR2');
  const c = cpu();
  const r = await load.ask(order(8));
  if (process.env.PROF) process.kill(b.pid, 'SIGUSR2');
  console.log(name, JSON.stringify(r), 'cpu us/request', Math.round((cpu() - c) * 1000 / r.answers));
}
process.kill(b.pid, 'SIGTERM');
await new Promise((r) => setTimeout(r, 3000));
await b.sandbox.close(); await endAll(); await postgres.stop(); process.exit();
