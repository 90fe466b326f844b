import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { endAll, temporaryFolder } from '../support/command-line.ts';
import { firstQuery } from '../support/first-query.ts';
import { freePort } from '../support/free-port.ts';
import { samplesIn } from '../support/metrics-page.ts';
import { personalIn } from '../support/personal-data.ts';
import { type ServedAlone, serveAlone } from '../support/served-alone.ts';
import { type Collector, samplesOf, startCollector } from './collector.ts';

/** A `portico serve` of its own that sends its metrics to a collector, and shows them to Prometheus, too. */

const everything = { timeout: 180_000 };
const soon = { timeout: 20_000, interval: 50 };

let collector: Collector;
let sandbox: Sandbox;
let gateway: ServedAlone;
let page: string;

const serve = (environment: Record<string, string>, seeded = false) =>
  serveAlone(sandbox, { OTEL_TRACES_EXPORTER: 'none', ...environment }, seeded);

beforeAll(async () => {
  collector = await startCollector();
  sandbox = await startSandbox({ publicUrl: new URL('http://localhost:4000/'), firstPort: 0 });
  const metricsPort = await freePort();
  page = `http://127.0.0.1:${metricsPort}/metrics`;
  gateway = await serve(
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_METRIC_EXPORT_INTERVAL: '300',
      OTEL_SERVICE_NAME: 'portico-under-test',
      METRICS_PORT: String(metricsPort),
    },
    true,
  );
}, 90_000);
afterAll(async () => {
  await endAll();
  await sandbox?.close();
  collector?.close();
});

/** What Prometheus reads, by name and sorted labels. */
async function scraped(): Promise<Map<string, number>> {
  const samples = samplesIn(await (await fetch(page)).text());
  return new Map(
    [...samples]
      .filter(([sample]) => sample.startsWith('portico_'))
      .map(([sample, value]): [string, number] => {
        const [, name = '', labels = ''] = /^(\w+)(?:\{(.*)\})?$/.exec(sample) ?? [];
        const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, word]) => [key, word]);
        return [`${name}${JSON.stringify(pairs.sort())}`, value];
      }),
  );
}

const lastBatch = () => collector.metrics().at(-1);
const collectedNow = () =>
  new Map(
    (lastBatch()?.metrics ?? [])
      .filter(({ name }) => name.startsWith('portico_'))
      .flatMap((metric) => samplesOf(metric)),
  );

describe('metrics at a collector', everything, () => {
  beforeAll(async () => {
    for (let count = 0; count < 3; count += 1) {
      await gateway.query(firstQuery);
    }
    await gateway.query('query Forbidden { patients { nodes { id } } }', {}, 'ana');
    sandbox.simulators.MD_HQ.fault({ kind: 'status', status: 403 });
    await gateway.query(firstQuery);
    gateway.forget();
  }, 60_000);

  it('are what Prometheus reads, value for value', async () => {
    let read = new Map<string, number>();
    // Until nothing changes in between: limits move with the load of the machine.
    await vi.waitFor(async () => {
      read = await scraped();
      expect(Object.fromEntries(collectedNow())).toEqual(Object.fromEntries(read));
    }, soon);
    const keys = [...read.keys()].join('\n');
    for (const name of [
      'portico_operations_total[["name","PatientOverview"],["outcome","OK"],["type","query"]]',
      'portico_operations_total[["name","Forbidden"],["outcome","FORBIDDEN"],["type","query"]]',
      'portico_vendor_calls_total[["operation","showPortalRequests"],["outcome","CREDENTIAL_REFUSED"],["vendor","MD_HQ"]]',
      'portico_vendor_breaker_state[["class","read"],["state","CLOSED"],["vendor","CERBO"]]',
      'portico_vendor_call_duration_seconds_bucket[["le","0.5"],["operation","showPortalRequests"],["vendor","CERBO"]]',
      'portico_ledger_operations[["status","OUTCOME_UNKNOWN"]]',
      'portico_requests_limit[["class","read"]]',
    ]) {
      expect(keys).toContain(name);
    }
    expect(read.size).toBeGreaterThan(200);
  });

  it('have the kinds and units of OpenTelemetry', () => {
    const metrics = new Map(lastBatch()?.metrics.map((metric) => [metric.name, metric]));
    expect(metrics.get('portico_operations_total')?.sum).toMatchObject({
      ...{ aggregationTemporality: 2, isMonotonic: true },
    });
    const { histogram, unit } = metrics.get('portico_operation_duration_seconds') ?? {};
    expect(unit).toBe('s');
    expect(histogram?.aggregationTemporality).toBe(2);
    expect(histogram?.dataPoints.length).toBeGreaterThan(1);
    for (const { explicitBounds, bucketCounts, count, ...times } of histogram?.dataPoints ?? []) {
      expect(bucketCounts).toHaveLength(explicitBounds.length + 1);
      expect(bucketCounts.reduce((total, each) => total + each, 0)).toBe(count);
      expect(BigInt(times.startTimeUnixNano)).toBeLessThan(BigInt(times.timeUnixNano));
    }
    expect(metrics.get('portico_ledger_operations')?.gauge).toBeDefined();
    expect(metrics.get('process_resident_memory_bytes')).toMatchObject({ unit: 'By' });
    expect(metrics.get('nodejs_gc_duration_seconds')?.histogram).toBeDefined();
    // A number that is none, such as the mean of nothing, would have JSON's null here.
    expect(collector.received()).not.toContain('null');
  });

  it('say whose they are, each process by an id of its own', async () => {
    const { resource } = lastBatch() ?? {};
    expect(resource).toMatchObject({ 'service.name': 'portico-under-test' });
    expect(resource?.['service.instance.id']).toMatch(/^[0-9a-f-]{36}$/);
    expect(Object.keys(resource ?? {}).join()).not.toMatch(/process|host|command/);
  });

  it('hold nothing about anybody, in any exported byte', () => {
    const more = [...Object.values(gateway.ids), 'sandbox-staff'];
    expect(personalIn(collector.received(), more)).toEqual([]);
    expect(collector.received()).toContain('showPortalRequests');
  });
});

describe('a serve process', everything, () => {
  it('sends them without having them anywhere to be read, and the last before it ends', async () => {
    const own = await serve({
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${collector.url}/v1/metrics`,
      OTEL_METRIC_EXPORT_INTERVAL: '600000',
      OTEL_SERVICE_NAME: 'portico-last-words',
    });
    await own.query('query LastWords { viewer { subject } }');
    expect((await own.fetch('/metrics')).status).toBe(404);
    const sent = () =>
      collector
        .metrics()
        .filter(({ resource }) => resource['service.name'] === 'portico-last-words');
    expect(sent()).toEqual([]);
    own.running.process.kill('SIGTERM');
    expect(await own.running.ended).toBe(0);
    expect(sent()).toHaveLength(1);
    const [{ metrics = [], resource = {} } = {}] = sent();
    const samples = new Map(metrics.flatMap((metric) => samplesOf(metric)));
    const labels = '[["name","LastWords"],["outcome","OK"],["type","query"]]';
    expect(samples.get(`portico_operations_total${labels}`)).toBe(1);
    const others = collector
      .metrics()
      .filter((batch) => batch.resource['service.name'] !== 'portico-last-words');
    expect(others.map((batch) => batch.resource['service.instance.id'])).not.toContain(
      resource['service.instance.id'],
    );
  });

  it('serves and ends in order while its collector is away, and says so once', async () => {
    const own = await serve({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
      OTEL_EXPORTER_OTLP_TIMEOUT: '300',
      OTEL_METRIC_EXPORT_INTERVAL: '400',
    });
    const complaints = () =>
      own.running.stdout().match(/metrics do not reach their collector/g) ?? [];
    for (let count = 0; count < 40 && complaints().length === 0; count += 1) {
      expect((await own.query('{ viewer { subject } }')).errors).toEqual([]);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    for (let count = 0; count < 8; count += 1) {
      expect((await own.query('{ viewer { subject } }')).errors).toEqual([]);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    expect(complaints()).toHaveLength(1);
    expect(own.running.stderr()).not.toMatch(/ECONNREFUSED|OTLP/);
    const asked = Date.now();
    own.running.process.kill('SIGTERM');
    expect(await own.running.ended).toBe(0);
    expect(Date.now() - asked).toBeLessThan(10_000);
  });

  /** Files of packages that a process has really loaded until it ended, by V8's own account. */
  async function loadedBy(environment: Record<string, string>) {
    const folder = temporaryFolder();
    const own = await serveAlone(sandbox, { ...environment, NODE_V8_COVERAGE: folder }, false);
    await own.query('{ viewer { subject } }');
    own.running.process.kill('SIGTERM');
    expect(await own.running.ended).toBe(0);
    const all = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
    return all.join('').match(/node_modules\/(@opentelemetry\/[\w-]+|prom-client|pino)\//g) ?? [];
  }

  it('loads nothing of this where nobody asks for it', async () => {
    expect(new Set(await loadedBy({}))).toEqual(new Set(['node_modules/pino/']));
    const asked = await loadedBy({ OTEL_METRICS_EXPORTER: 'otlp' });
    expect(asked).toContain('node_modules/@opentelemetry/sdk-metrics/');
    expect(asked).toContain('node_modules/prom-client/');
    expect(asked).not.toContain('node_modules/@opentelemetry/sdk-trace-node/');
  });
});
