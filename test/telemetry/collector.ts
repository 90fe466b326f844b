import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface Attribute {
  key: string;
  value: { stringValue?: string; intValue?: number | string };
}

const attributesOf = (attributes: readonly Attribute[]) =>
  Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? Number(value.intValue)]),
  );

interface WireSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes: Attribute[];
  status: { code?: number };
}

/** A span as tests look at it; times in milliseconds. */
export interface CollectedSpan extends Pick<WireSpan, 'traceId' | 'spanId' | 'name' | 'kind'> {
  parentSpanId: string | undefined;
  start: number;
  end: number;
  attributes: Record<string, string | number | undefined>;
  isError: boolean;
}

const spanOf = ({ attributes, status, ...span }: WireSpan): CollectedSpan => ({
  ...{ traceId: span.traceId, spanId: span.spanId, name: span.name, kind: span.kind },
  parentSpanId: span.parentSpanId || undefined,
  start: Number(span.startTimeUnixNano) / 1e6,
  end: Number(span.endTimeUnixNano) / 1e6,
  attributes: attributesOf(attributes),
  isError: status.code === 2,
});

/** A metric as it comes over the wire, of one of three kinds. */
export interface CollectedMetric {
  name: string;
  unit: string;
  sum?: { aggregationTemporality: number; isMonotonic: boolean; dataPoints: NumberPoint[] };
  gauge?: { dataPoints: NumberPoint[] };
  histogram?: { aggregationTemporality: number; dataPoints: HistogramPoint[] };
}

interface Point {
  attributes: Attribute[];
  startTimeUnixNano: string;
  timeUnixNano: string;
}

export interface NumberPoint extends Point {
  asDouble: number;
}

export interface HistogramPoint extends Point {
  count: number;
  sum: number;
  bucketCounts: number[];
  explicitBounds: number[];
}

/** What one process said of its metrics at once. */
export interface MetricsBatch {
  resource: Record<string, string | number | undefined>;
  metrics: CollectedMetric[];
}

export interface Collector {
  url: string;
  /** Every byte that came in. */
  received(): string;
  spans(): CollectedSpan[];
  /** In the order in which they came. */
  metrics(): MetricsBatch[];
  resource(): Record<string, string | number | undefined>;
  close(): void;
}

interface WireMetrics {
  resourceMetrics: {
    resource: { attributes: Attribute[] };
    scopeMetrics: { metrics: CollectedMetric[] }[];
  }[];
}

/** The page that Prometheus would read, of a metric that was collected: samples by name and sorted labels. */
export function samplesOf({ name, sum, gauge, histogram }: CollectedMetric): [string, number][] {
  const sample = (end: string, { attributes }: Point, more: object, value: number) => {
    const labels = Object.entries({ ...attributesOf(attributes), ...more }).sort();
    return [`${name}${end}${JSON.stringify(labels)}`, value] as [string, number];
  };
  const numbers = [...(sum?.dataPoints ?? []), ...(gauge?.dataPoints ?? [])];
  return [
    ...numbers.map((point) => sample('', point, {}, point.asDouble)),
    ...(histogram?.dataPoints ?? []).flatMap((point) => [
      sample('_sum', point, {}, point.sum),
      sample('_count', point, {}, point.count),
      ...point.bucketCounts.map((_count, index, counts) => {
        const upTo = counts.slice(0, index + 1).reduce((total, count) => total + count, 0);
        return sample('_bucket', point, { le: `${point.explicitBounds[index] ?? '+Inf'}` }, upTo);
      }),
    ]),
  ];
}

/** A stub of an OTLP collector: takes whatever is posted to `/v1/traces` and `/v1/metrics`. */
export async function startCollector(): Promise<Collector> {
  const bodies: string[] = [];
  const metrics: string[] = [];
  const server = createServer((request, response) => {
    let text = '';
    request.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
    });
    request.on('end', () => {
      if (request.url === '/v1/traces') {
        bodies.push(text);
      } else if (request.url === '/v1/metrics') {
        metrics.push(text);
      }
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const batches = () => bodies.flatMap((body) => JSON.parse(body).resourceSpans);
  return {
    url: `http://127.0.0.1:${port}`,
    received: () => [...bodies, ...metrics].join('\n'),
    spans: () =>
      batches()
        .flatMap(({ scopeSpans }) => scopeSpans)
        .flatMap(({ spans }) => spans as WireSpan[])
        .map(spanOf),
    metrics: () =>
      metrics
        .flatMap((body) => (JSON.parse(body) as WireMetrics).resourceMetrics)
        .map(({ resource, scopeMetrics }) => ({
          resource: attributesOf(resource.attributes),
          metrics: scopeMetrics.flatMap((scope) => scope.metrics),
        })),
    resource: () => attributesOf(batches()[0]?.resource.attributes ?? []),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
