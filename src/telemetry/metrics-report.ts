/** One value of a metric. Those of a histogram have names of their own: its buckets, its sum, its count. */
export interface Sample {
  metricName?: string;
  labels: Readonly<Record<string, string | number>>;
  value: number;
}

export interface ReportedMetric {
  name: string;
  help: string;
  type: 'counter' | 'gauge' | 'histogram' | 'summary';
  /** How the values of several workers become one. */
  aggregator: string;
  values: readonly Sample[];
}

/** All metrics of a process, as prom-client gives them; its own types say otherwise of their kinds. */
export type MetricsReport = readonly ReportedMetric[];
