import {
  AggregationTemporality,
  AggregationType,
  type HistogramMetricData,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { expect, it } from 'vitest';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { metricProducerOf } from '../../src/telemetry/metrics-export.ts';
import type { MetricsReport } from '../../src/telemetry/metrics-report.ts';

const collected = async (report: () => Promise<MetricsReport>) => {
  const { resourceMetrics } = await metricProducerOf(report).collect();
  const [scope] = resourceMetrics.scopeMetrics;
  return new Map(scope?.metrics.map((metric) => [metric.descriptor.name, metric]));
};

/** What OpenTelemetry's own histogram makes of these values. */
async function histogramOfTheirs(boundaries: number[], values: readonly number[]) {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 600_000 });
  const type = AggregationType.EXPLICIT_BUCKET_HISTOGRAM as const;
  const aggregation = { type, options: { boundaries } };
  const provider = new MeterProvider({
    readers: [reader],
    views: [{ instrumentName: '*', aggregation }],
  });
  const histogram = provider.getMeter('test').createHistogram('theirs');
  values.map((value) => histogram.record(value));
  await provider.forceFlush();
  const [metric] = exporter.getMetrics()[0]?.scopeMetrics[0]?.metrics ?? [];
  await provider.shutdown();
  return (metric as HistogramMetricData).dataPoints[0]?.value;
}

it('a histogram is what OpenTelemetry would have made of the same values', async () => {
  const metrics = createMetrics({ vendorLoads: () => [], unsettled: async () => undefined });
  const ended = (type: 'query' | 'mutation', name: string, duration: number) =>
    metrics.observer.operationEnded?.(
      { requestId: 'r', type, name, startedAt: 0, traceParent: undefined },
      { outcome: 'OK', errors: 0, vendorCalls: 0, duration },
    );
  // On bounds, between them, below the first and above the last.
  const seconds = [0.001, 0.005, 0.006, 0.25, 0.25, 0.3, 10, 30, 31, 900];
  seconds.map((value) => ended('query', 'Several', value * 1_000));
  ended('mutation', 'Another', 40);
  const metric = (await collected(metrics.report)).get('portico_operation_duration_seconds');
  const { dataPoints } = metric as HistogramMetricData;
  expect(dataPoints.map(({ attributes }) => attributes)).toEqual([
    { type: 'query', name: 'Several' },
    { type: 'mutation', name: 'Another' },
  ]);
  const [several, another] = dataPoints.map(({ value }) => value);
  const { boundaries = [] } = several?.buckets ?? {};
  const { min: _min, max: _max, ...theirs } = (await histogramOfTheirs(boundaries, seconds)) ?? {};
  expect(boundaries).toHaveLength(12);
  expect(several).toEqual(theirs);
  expect(several?.buckets.counts).toEqual([2, 1, 0, 0, 0, 2, 1, 0, 0, 0, 1, 1, 2]);
  expect(another).toMatchObject({ count: 1, sum: 0.04 });
});

it('a value that is no number is left out, and the others are not', async () => {
  const gauge = {
    ...({ name: 'lag_seconds', help: 'Lag.', type: 'gauge', aggregator: 'sum' } as const),
    values: [
      { labels: { of: 'nothing' }, value: Number.NaN },
      { labels: { of: 'ever' }, value: Number.POSITIVE_INFINITY },
      { labels: { of: 'us' }, value: 2 },
    ],
  };
  const metric = (await collected(async () => [gauge])).get('lag_seconds');
  expect(metric?.dataPoints).toMatchObject([{ attributes: { of: 'us' }, value: 2 }]);
});
