import { startPostgres } from '../support/postgres.ts';
import { endAll } from '../support/command-line.ts';
import { openBench } from './clinic.ts';
import { w1, w2 } from './work.ts';
const postgres = await startPostgres({ log_statement: 'all' });
const b = await openBench(postgres.url);
const { data } = await b.gateway.query('{ patients(search: "Ana Silva") { nodes { id visits { nodes { id } } } } }');
const p = data.patients.nodes[0];
for (const [d, v] of [[w1, { id: p.visits.nodes[0].id }], [w2, { id: p.id }]] as const) {
  await b.gateway.query(d, v);
  const before = postgres.logged().length;
  await b.gateway.query(d, v);
  await new Promise((r) => setTimeout(r, 200));
  console.log(postgres.logged().slice(before).replace(/DETAIL.*\n?/g, ''));
}
process.kill(b.pid);
await b.sandbox.close(); await endAll(); await postgres.stop(); process.exit();
