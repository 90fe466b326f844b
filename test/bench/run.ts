import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { cpus, loadavg } from 'node:os';
import { fileURLToPath } from 'node:url';
import { endAll } from '../support/command-line.ts';
import { freePort } from '../support/free-port.ts';
import { installPackages } from '../support/install-packages.ts';
import { startPostgres } from '../support/postgres.ts';
import { statement } from '../support/statement.ts';

/**
 * `npm run bench`: Portico beside what else there is, and under what vendors do. Writes RESULTS.md; ends with
 * 1 where a bar is missed. BENCH_ROUNDS and BENCH_SECONDS make it shorter, `npm run bench -- lists` runs a part.
 */

const folder = fileURLToPath(new URL('.', import.meta.url));
const parts = ['side-by-side', 'lists', 'trouble'] as const;
type Part = (typeof parts)[number];
const asked = process.argv.slice(2);
const isAsked = (part: Part) => asked.length === 0 || asked.includes(part);
const say = (line: string) => process.stderr.write(`${line}\n`);

await installPackages(folder);
// They need those packages.
const { openBench } = await import('./clinic.ts');

/** A collector that takes what comes, so that telling it costs what it costs. */
const collector = createServer((request, response) => {
  request.resume().once('end', () => response.writeHead(200).end('{}'));
}).listen(0, '127.0.0.1');
const postgres = await startPostgres();

async function database(name: string): Promise<string> {
  await statement(postgres.url, `create database ${name}`);
  const url = new URL(postgres.url);
  url.pathname = `/${name}`;
  return url.href;
}

interface Section {
  sections: string[];
  missed: string[];
}

const run: Record<Part, () => Promise<Section>> = {
  async 'side-by-side'() {
    const { sideBySide } = await import('./side-by-side.ts');
    const bench = await openBench(await database('plain'));
    const traced = await openBench(await database('traced'), {
      METRICS_PORT: String(await freePort()),
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(collector.address() as AddressInfo).port}`,
    });
    const done = await sideBySide(bench, traced, await database('duties'), say);
    await bench.close();
    await traced.close();
    return done;
  },
  async lists() {
    const { lists } = await import('./lists.ts');
    return lists(await database('lists'), say);
  },
  async trouble() {
    const { trouble } = await import('./trouble.ts');
    return trouble(await database('trouble'), say);
  },
};

const versions = () => {
  const { dependencies } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  return Object.entries(dependencies)
    .map(([name, version]) => `${name} ${version}`)
    .join(', ');
};

try {
  const before = loadavg()[0] ?? 0;
  const done: Section[] = [];
  for (const part of parts.filter(isAsked)) {
    done.push(await run[part]());
  }
  const missed = done.flatMap((each) => each.missed);
  const verdict =
    missed.length === 0
      ? 'All bars were met.'
      : `Bars that were missed:\n\n${missed.map((each) => `- ${each}`).join('\n')}`;
  const text = `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model.trim()}) shared by everything: generator, vendors' stub, PostgreSQL
and whoever is measured. Load average when it began ${before.toFixed(1)}. ${versions()}.

${done.flatMap((each) => each.sections).join('\n\n')}

${verdict}
`;
  const file = `${folder}/RESULTS.md`;
  const kept = readFileSync(file, 'utf8').split('<!-- figures -->');
  if (asked.length === 0) {
    writeFileSync(file, `${kept[0]}<!-- figures -->\n\n${text}`);
  } else {
    say(text);
  }
  say(verdict);
  process.exitCode = missed.length === 0 ? 0 : 1;
} finally {
  collector.close();
  collector.closeAllConnections();
  await endAll();
  await postgres.stop();
}
