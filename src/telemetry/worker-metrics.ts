import cluster, { type Worker } from 'node:cluster';
import { AggregatorRegistry, Gauge, type PrometheusContentType, Registry } from 'prom-client';
import { inTime } from '../domain/in-time.ts';
import type { MetricsPage } from './metrics-listener.ts';
import type { MetricsReport } from './metrics-report.ts';

/**
 * The metrics of several workers as those of one process. prom-client adds them up; its own way of asking
 * for them gives a scrape nothing where a single worker is silent, hence this one.
 */

const question = 'metrics?';

interface Answer {
  /** Null where they could not be read. */
  metrics: MetricsReport | null;
}

const isAnswer = (message: unknown): message is Answer =>
  typeof message === 'object' && message !== null && 'metrics' in message;

const ignore = () => undefined;

/** A worker's part: says that it is there before it serves, and tells its metrics whenever it is asked. */
export function reportToPrimary(report: () => Promise<MetricsReport>): void {
  const tell = (answer: Answer) => {
    // Without a primary there is nobody to tell that nobody is there.
    process.send?.(answer, undefined, undefined, ignore);
  };
  process.on('message', async (message: unknown) => {
    if (message === question) {
      tell({ metrics: await report().catch(() => null) });
    }
  });
  // Not what it has counted: to read that takes a while, in which it would serve and nobody know of it.
  tell({ metrics: [] });
}

/** Milliseconds that a scrape waits for workers. */
const patience = 3_000;
/** Values of one metric that are kept of workers that ended; beyond, it starts anew. */
const mostKept = 20_000;

interface Reporter {
  worker: Worker;
  /** What it told last. */
  last: MetricsReport;
  /** While it is asked: resolves when it answers, or ends. Nobody is asked twice at once. */
  answer?: Promise<void> | undefined;
  answered?: () => void;
}

const addUp = (reports: readonly MetricsReport[]) =>
  AggregatorRegistry.aggregate<PrometheusContentType>([...reports]);

/** What must never become less: to a scraper that would be a counter that starts anew. */
const countedIn = (report: MetricsReport) =>
  report.filter(({ type }) => type === 'counter' || type === 'histogram');

/**
 * The primary's part: asks all workers at each scrape. Counters of one that is silent are as it told them
 * last, and its gauges are left out; counters of those that ended are kept.
 */
export function createWorkerMetrics(): MetricsPage {
  const reporters = new Map<number, Reporter>();
  let ended: MetricsReport = [];

  cluster.on('message', (worker: Worker, message: unknown) => {
    if (!isAnswer(message) || worker.isDead()) {
      return;
    }
    const reporter = reporters.get(worker.id) ?? { worker, last: [] };
    reporters.set(worker.id, reporter);
    reporter.answer = undefined;
    if (message.metrics !== null) {
      reporter.last = message.metrics;
      reporter.answered?.();
    }
  });
  cluster.on('exit', ({ id }: Worker) => {
    const reporter = reporters.get(id);
    if (reporter !== undefined) {
      reporters.delete(id);
      const kept = addUp([ended, countedIn(reporter.last)]).getMetricsAsArray();
      ended = (kept as unknown as MetricsReport).filter(({ values }) => values.length <= mostKept);
      reporter.answered?.();
    }
  });

  const ask = (reporter: Reporter) => {
    reporter.answer ??= new Promise((resolve) => {
      reporter.answered = resolve;
      // That it cannot be asked shows in its silence.
      reporter.worker.send(question, ignore);
    });
    return reporter.answer;
  };

  return {
    contentType: Registry.PROMETHEUS_CONTENT_TYPE,
    async text() {
      const silent = new Set(reporters.values());
      const answers = [...silent].map((each) => ask(each).then(() => silent.delete(each)));
      await inTime(patience, Promise.all(answers), ignore);
      const all = [...reporters.values()];
      const registry = addUp([
        ended,
        ...all.map((each) => (silent.has(each) ? countedIn(each.last) : each.last)),
      ]);
      const workers = new Gauge({
        name: 'portico_workers',
        help: 'Workers that serve. SILENT: did not answer this scrape, and only their counters are in it, as they were.',
        labelNames: ['state'] as const,
        registers: [registry],
      });
      const silence = all.filter((each) => silent.has(each)).length;
      workers.set({ state: 'ANSWERED' }, all.length - silence);
      workers.set({ state: 'SILENT' }, silence);
      return registry.metrics();
    },
  };
}
