import { type HrTime, ValueType } from '@opentelemetry/api';
import { hrTime } from '@opentelemetry/core';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { emptyResource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  MeterProvider,
  type MetricData,
  type MetricProducer,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import type { MetricsReport, ReportedMetric, Sample } from './metrics-report.ts';
import type { Observer } from './observer.ts';
import { closeSoon, complainOfLosses, describeProcess } from './otlp.ts';

/**
 * The metrics of `metrics.ts` to a collector: each is defined once, there, and told here in OpenTelemetry's
 * words. This file is loaded only where its variables ask for metrics.
 */

/** From when on it was counted, and when it was read. */
interface Period {
  startTime: HrTime;
  endTime: HrTime;
}

const unitOf = (name: string) =>
  /_seconds(_total)?$/.test(name) ? 's' : /_bytes(_total)?$/.test(name) ? 'By' : '';

/** JSON knows no other numbers, and a collector would refuse everything for one of them. */
const isNumber = ({ value }: Sample) => Number.isFinite(value);

/** Samples of a histogram by what was observed. */
function byObserved(values: readonly Sample[]) {
  const groups = new Map<string, { attributes: Sample['labels']; samples: Sample[] }>();
  for (const sample of values) {
    const { le: _bound, ...attributes } = sample.labels;
    const key = JSON.stringify(attributes);
    const group = groups.get(key) ?? { attributes, samples: [] };
    group.samples.push(sample);
    groups.set(key, group);
  }
  return [...groups.values()];
}

/** Prometheus counts in each bucket those of the smaller ones, too; OpenTelemetry does not. */
function histogramOf({ name }: ReportedMetric, samples: readonly Sample[]) {
  const partOf = (suffix: string) =>
    samples.find(({ metricName }) => metricName === `${name}_${suffix}`)?.value ?? 0;
  const buckets = samples.filter(({ metricName }) => metricName === `${name}_bucket`);
  return {
    buckets: {
      boundaries: buckets.map(({ labels }) => Number(labels.le)).filter(Number.isFinite),
      counts: buckets.map(({ value }, index) => value - (buckets[index - 1]?.value ?? 0)),
    },
    sum: partOf('sum'),
    count: partOf('count'),
  };
}

function metricDataOf(metric: ReportedMetric, period: Period): MetricData[] {
  const { name, help: description, type, values } = metric;
  const common = {
    descriptor: { name, description, unit: unitOf(name), valueType: ValueType.DOUBLE },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  const points = (): DataPoint<number>[] =>
    values
      .filter(isNumber)
      .map(({ labels, value }) => ({ ...period, attributes: { ...labels }, value }));
  switch (type) {
    case 'counter':
      return [
        { ...common, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: points() },
      ];
    case 'gauge':
      return [{ ...common, dataPointType: DataPointType.GAUGE, dataPoints: points() }];
    case 'histogram': {
      const dataPoints = byObserved(values).map(({ attributes, samples }) => ({
        ...period,
        attributes: { ...attributes },
        value: histogramOf(metric, samples),
      }));
      return [{ ...common, dataPointType: DataPointType.HISTOGRAM, dataPoints }];
    }
    default:
      // There is none of this kind, and OpenTelemetry's packages have no word for it.
      return [];
  }
}

/** Reads the metrics as OpenTelemetry's packages do. @param report all metrics of this process */
export function metricProducerOf(report: () => Promise<MetricsReport>): MetricProducer {
  const startTime = hrTime();
  return {
    async collect() {
      const told = await report();
      const period = { startTime, endTime: hrTime() };
      const metrics = told.flatMap((metric) => metricDataOf(metric, period));
      return {
        resourceMetrics: {
          resource: emptyResource(),
          scopeMetrics: [{ scope: { name: 'portico' }, metrics }],
        },
        errors: [],
      };
    },
  };
}

/** Milliseconds. */
export interface MetricsExportSettings {
  interval: number;
  timeout: number;
}

/**
 * Metrics to a collector over OTLP. What it does not take is not kept: the next report says more.
 * @param complain told at most once a minute that they do not arrive
 */
export function openMetricsExport(
  report: () => Promise<MetricsReport>,
  { interval, timeout }: MetricsExportSettings,
  complain: () => void,
): Observer {
  const exporter = new OTLPMetricExporter();
  complainOfLosses(exporter, complain);
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: interval,
    exportTimeoutMillis: timeout,
    metricProducers: [metricProducerOf(report)],
  });
  const provider = new MeterProvider({ resource: describeProcess(), readers: [reader] });
  return { close: () => closeSoon(provider) };
}
