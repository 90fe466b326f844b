import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePort } from './support/free-port.ts';
import { samplesIn } from './support/metrics-page.ts';
import type { Served } from './support/served.ts';
import { pidsOf, useWorkers } from './support/workers.ts';
import { startCollector } from './telemetry/collector.ts';

/** What is seen from outside of several workers. */

const { postgres, workers, ask } = useWorkers();

const slow = { timeout: 300_000 };
const soon = { timeout: 60_000, interval: 200 };
const token = 'scrapers-only-0123456789';
const count = 2;

const operations = 'portico_operations_total{type="query",name="Counted",outcome="OK"}';
const seconds = 'portico_operation_duration_seconds_count{type="query",name="Counted"}';
const closed = 'portico_vendor_breaker_state{vendor="CERBO",class="read",state="CLOSED"}';
const answered = 'portico_workers{state="ANSWERED"}';
const silent = 'portico_workers{state="SILENT"}';
const oldest = new Date('2026-05-01T12:00:00Z');

describe('the metrics of several workers', slow, () => {
  let served: Served;
  let page: string;
  let asked = 0;

  beforeAll(async () => {
    const client = new pg.Client({ connectionString: postgres().url });
    await client.connect();
    await client.query(
      `insert into operations
         (id, subject, action, input_fingerprint, sealed_input, status, started_at)
       values (gen_random_uuid(), 's', 'createFollowUp', 'f', 'x', 'OUTCOME_UNKNOWN', $1)`,
      [oldest],
    );
    await client.end();
    const port = await freePort();
    page = `http://127.0.0.1:${port}/metrics`;
    served = await workers(count, { METRICS_PORT: String(port), METRICS_TOKEN: token });
  }, 180_000);
  afterAll(() => served?.kill());

  const scrape = async () => {
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(page, { headers, signal: AbortSignal.timeout(30_000) });
    expect(response.status).toBe(200);
    return samplesIn(await response.text());
  };

  /** Many at once, so that each of the workers has some of them. */
  async function askMany() {
    const answers = await Promise.all(
      Array.from({ length: 40 }, () => ask(served, 'query Counted { viewer { roles } }')),
    );
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    asked += answers.length;
  }

  it('are on the primary’s port, for whoever has the token, and nowhere else', async () => {
    expect((await fetch(page)).status).toBe(401);
    expect((await fetch(`${served.origin}/metrics`)).status).toBe(404);
    expect(served.running.stderr().match(/Metrics are at port/g)).toHaveLength(1);
  });

  it('are added up', async () => {
    await askMany();
    const samples = await scrape();
    expect(samples.get(answered)).toBe(count);
    expect(samples.get(silent)).toBe(0);
    expect(samples.get(operations)).toBe(asked);
    expect(samples.get(seconds)).toBe(asked);
    const last = 'portico_operation_duration_seconds_bucket{le="+Inf",type="query",name="Counted"}';
    expect(samples.get(last)).toBe(asked);
    // In how many workers it is.
    expect(samples.get(closed)).toBe(count);
  });

  it('have the ledger once, which is the same for all of them', async () => {
    const samples = await scrape();
    expect(samples.get('portico_ledger_operations{status="OUTCOME_UNKNOWN"}')).toBe(1);
    expect(samples.get('portico_ledger_operations{status="IN_PROGRESS"}')).toBe(0);
    const since = 'portico_ledger_oldest_timestamp_seconds{status="OUTCOME_UNKNOWN"}';
    expect(samples.get(since)).toBe(oldest.getTime() / 1_000);
  });

  it('are told also while one of them hangs, and say so', async () => {
    const [first = 0] = pidsOf(served);
    expect((await scrape()).get(operations)).toBe(asked);
    process.kill(first, 'SIGSTOP');
    try {
      const begun = performance.now();
      const samples = await scrape();
      expect(performance.now() - begun).toBeLessThan(10_000);
      expect(samples.get(answered)).toBe(count - 1);
      expect(samples.get(silent)).toBe(1);
      // Its counters are as they were, its gauges are not known.
      expect(samples.get(operations)).toBe(asked);
      expect(samples.get(closed)).toBe(count - 1);
      // Others that come meanwhile are answered as well.
      const several = await Promise.all([scrape(), scrape(), scrape()]);
      expect(several.map((each) => each.get(silent))).toEqual([1, 1, 1]);
    } finally {
      process.kill(first, 'SIGCONT');
    }
    await vi.waitFor(async () => expect((await scrape()).get(answered)).toBe(count), soon);
    expect((await scrape()).get(operations)).toBe(asked);
  });

  it('are told while workers die, and never become less', async () => {
    await askMany();
    const before = pidsOf(served);
    expect((await scrape()).get(operations)).toBe(asked);
    let scraping = true;
    const counted: (number | undefined)[] = [];
    const scrapers = Promise.all(
      Array.from({ length: 2 }, async () => {
        while (scraping) {
          counted.push((await scrape()).get(operations));
        }
      }),
    );
    try {
      for (const pid of before) {
        process.kill(pid, 'SIGKILL');
      }
      await vi.waitFor(async () => expect((await scrape()).get(answered)).toBe(count), soon);
    } finally {
      scraping = false;
      await scrapers;
    }
    expect(new Set(counted)).toEqual(new Set([asked]));
    expect(pidsOf(served).filter((pid) => before.includes(pid))).toEqual([]);
    await served.running.says(/^Worker 4: Portico serves/m);
    await askMany();
    const samples = await scrape();
    expect(samples.get(operations)).toBe(asked);
    expect(samples.get(closed)).toBe(count);
    expect(samples.get('portico_ledger_operations{status="OUTCOME_UNKNOWN"}')).toBe(1);
  });
});

it(
  'each worker sends its own metrics to a collector, and says that they are its own',
  slow,
  async () => {
    const collector = await startCollector();
    const served = await workers(count, {
      OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${collector.url}/v1/metrics`,
      OTEL_METRIC_EXPORT_INTERVAL: '500',
    });
    await vi.waitFor(() => {
      const tellers = collector.metrics().map(({ resource }) => resource['service.instance.id']);
      expect(new Set(tellers).size).toBe(count);
    }, soon);
    expect((await fetch(`${served.origin}/metrics`)).status).toBe(404);
    await served.kill();
    collector.close();
  },
);
