import cluster, { type Worker } from 'node:cluster';
import { afterEach, describe, expect, it } from 'vitest';
import type { MetricsReport } from '../../src/telemetry/metrics-report.ts';
import { createWorkerMetrics } from '../../src/telemetry/worker-metrics.ts';
import { samplesIn } from '../support/metrics-page.ts';

/** The primary's part alone; real workers are in `test/worker-metrics.test.ts`. */

const counter = (name: string, values: MetricsReport[number]['values']): MetricsReport[number] => ({
  ...{ name, help: 'Help.', type: 'counter', aggregator: 'sum', values },
});
const counted = (value: number) => [counter('counted_total', [{ labels: {}, value }])];

type Answer = { metrics: MetricsReport | null } | undefined;

/** A worker that answers as a test wants it to. */
function stand(id: number, answer: () => Answer) {
  const worker = {
    id,
    isDead: () => false,
    send: (_question: unknown, done: (error: Error | null) => void) => {
      const told = answer();
      done(told === undefined ? new Error('EPIPE') : null);
      setImmediate(() => told && tell(told));
    },
  } as unknown as Worker;
  const tell = (told: Answer) => cluster.emit('message', worker, told, undefined);
  return { tell, die: () => cluster.emit('exit', worker, null, 'SIGKILL') };
}

afterEach(() => {
  cluster.removeAllListeners('message');
  cluster.removeAllListeners('exit');
});

const states = (samples: Map<string, number>) => ({
  answered: samples.get('portico_workers{state="ANSWERED"}'),
  silent: samples.get('portico_workers{state="SILENT"}'),
});

describe('the primary of workers', () => {
  it('has a page before any of them serves', async () => {
    const samples = samplesIn(await createWorkerMetrics().text());
    expect(states(samples)).toEqual({ answered: 0, silent: 0 });
  });

  it('does not mistake what else they tell for metrics', async () => {
    const page = createWorkerMetrics();
    for (const message of ['serving', null, undefined, 7, {}]) {
      stand(1, () => undefined).tell(message as never);
    }
    expect(states(samplesIn(await page.text()))).toEqual({ answered: 0, silent: 0 });
  });

  it('keeps what was counted by one that cannot be asked, or cannot say', async () => {
    const page = createWorkerMetrics();
    const answers: Record<number, Answer> = {
      1: { metrics: counted(10) },
      2: { metrics: counted(100) },
      3: { metrics: counted(1_000) },
    };
    for (const id of [1, 2, 3]) {
      stand(id, () => answers[id]).tell(answers[id]);
    }
    expect(samplesIn(await page.text()).get('counted_total')).toBe(1_110);
    answers[1] = { metrics: counted(11) };
    answers[2] = { metrics: null };
    answers[3] = undefined;
    const partly = samplesIn(await page.text());
    expect(partly.get('counted_total')).toBe(1_111);
    expect(states(partly)).toEqual({ answered: 1, silent: 2 });
    // The second is asked again; the third was never rid of its question.
    answers[2] = { metrics: counted(102) };
    const later = samplesIn(await page.text());
    expect(later.get('counted_total')).toBe(1_113);
    expect(states(later)).toEqual({ answered: 2, silent: 1 });
  });

  it('keeps what was counted by those that died, but not without bound', async () => {
    const page = createWorkerMetrics();
    const many = Array.from({ length: 15_000 }, (_each, index) => index);
    const labelled = (of: string) => many.map((index) => ({ labels: { of, index }, value: 1 }));
    for (const id of [1, 2]) {
      const metrics = [...counted(id), counter('labelled_total', labelled(`worker-${id}`))];
      const worker = stand(id, () => ({ metrics }));
      worker.tell({ metrics });
      worker.die();
    }
    const samples = samplesIn(await page.text());
    expect(samples.get('counted_total')).toBe(3);
    expect([...samples.keys()].filter((sample) => sample.startsWith('labelled_'))).toEqual([]);
  });
});
