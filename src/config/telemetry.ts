import { z } from 'zod';
import { wholeNumber } from '../vendors/vendor-definition.ts';

/** What is seen from outside: metrics, traces. */

const flag = (text: string | undefined) => text?.trim().toLowerCase() === 'true';

const exporter = z.enum(['otlp', 'none']).optional();
const endpoint = z.url({ protocol: /^https?$/ }).optional();
const protocol = z.enum(['http/json']).optional();
const milliseconds = wholeNumber(1, 2_147_483_647);

export const telemetryVariables = z.object({
  METRICS_PORT: wholeNumber(0, 65_535).optional(),
  METRICS_HOST: z.string().default('127.0.0.1'),
  METRICS_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{16,}$/, 'must be 16 or more printable ASCII characters without spaces')
    .optional(),
  OTEL_SDK_DISABLED: z.string().optional(),
  OTEL_TRACES_EXPORTER: exporter,
  OTEL_METRICS_EXPORTER: exporter,
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: endpoint,
  OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: protocol,
  OTEL_EXPORTER_OTLP_METRICS_PROTOCOL: protocol,
  // The sums are Prometheus's, which never start anew.
  OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: z
    .string()
    .toLowerCase()
    .pipe(z.enum(['cumulative']))
    .optional(),
  OTEL_METRIC_EXPORT_INTERVAL: milliseconds.default(60_000),
  OTEL_METRIC_EXPORT_TIMEOUT: milliseconds.default(30_000),
});

type Variables = z.infer<typeof telemetryVariables>;

/**
 * Traces and metrics go to a collector where the standard variables ask for them: what else they say,
 * OpenTelemetry's own packages read for themselves.
 */
const asked = (data: Variables, signal: 'TRACES' | 'METRICS') =>
  !flag(data.OTEL_SDK_DISABLED) &&
  data[`OTEL_${signal}_EXPORTER`] !== 'none' &&
  (data[`OTEL_${signal}_EXPORTER`] ??
    data[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`] ??
    data.OTEL_EXPORTER_OTLP_ENDPOINT) !== undefined;

/** The same by subject. */
export const telemetrySettingsOf = (data: Variables) => ({
  /** Where metrics can be read, on a port of their own where it has one; undefined: nowhere. */
  metrics:
    data.METRICS_PORT === undefined && data.METRICS_TOKEN === undefined
      ? undefined
      : { port: data.METRICS_PORT, host: data.METRICS_HOST, token: data.METRICS_TOKEN },
  /** How often metrics go to a collector, and how long that may take, in milliseconds; undefined: never. */
  metricsExport: asked(data, 'METRICS')
    ? {
        interval: data.OTEL_METRIC_EXPORT_INTERVAL,
        timeout: Math.min(data.OTEL_METRIC_EXPORT_TIMEOUT, data.OTEL_METRIC_EXPORT_INTERVAL),
      }
    : undefined,
  traces: asked(data, 'TRACES'),
});
