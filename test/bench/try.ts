import { endAll } from '../support/command-line.ts';
import { startPostgres } from '../support/postgres.ts';
import { openBench } from './clinic.ts';
import { w1, w2 } from './work.ts';

const postgres = await startPostgres();
const b = await openBench(postgres.url);
const { data } = await b.gateway.query(
  '{ patients(search: "Ana Silva") { nodes { id visits { nodes { id } } } } }',
);
const p = data.patients.nodes[0];
for (const [d, v] of [
  [w1, { id: p.visits.nodes[0].id }],
  [w2, { id: p.id }],
] as const) {
  await b.gateway.query(d, v);
  await b.stub.ask({ tell: true });
  const a = await b.gateway.query(d, v);
  const s = await b.stub.ask({});
  console.log(JSON.stringify(a.data), a.errors);
  console.log(s.told, s.answers);
}
await b.sandbox.close();
await endAll();
await postgres.stop();
process.exit();
