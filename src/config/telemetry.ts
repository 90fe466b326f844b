import { z } from 'zod';

/** What is seen from outside: metrics, traces. */

const flag = (text: string | undefined) => text?.trim().toLowerCase() === 'true';

export const telemetryVariables = z.object({
  METRICS_PORT: z.coerce.number().int().min(0).max(65535).optional(),
  METRICS_HOST: z.string().default('127.0.0.1'),
  METRICS_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{16,}$/, 'must be 16 or more printable ASCII characters without spaces')
    .optional(),
  OTEL_SDK_DISABLED: z.string().optional(),
  OTEL_TRACES_EXPORTER: z.enum(['otlp', 'none']).optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: z.url({ protocol: /^https?$/ }).optional(),
  OTEL_EXPORTER_OTLP_PROTOCOL: z.enum(['http/json']).optional(),
  OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: z.enum(['http/json']).optional(),
});

type Variables = z.infer<typeof telemetryVariables>;

/**
 * Traces are on where the standard variables ask for them: what else they say, OpenTelemetry's own
 * packages read for themselves.
 */
const tracesAsked = (data: Variables) =>
  !flag(data.OTEL_SDK_DISABLED) &&
  data.OTEL_TRACES_EXPORTER !== 'none' &&
  (data.OTEL_TRACES_EXPORTER ??
    data.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ??
    data.OTEL_EXPORTER_OTLP_ENDPOINT) !== undefined;

/** The same by subject. */
export const telemetrySettingsOf = (data: Variables) => ({
  /** Where metrics can be read, on a port of their own where it has one; undefined: nowhere. */
  metrics:
    data.METRICS_PORT === undefined && data.METRICS_TOKEN === undefined
      ? undefined
      : { port: data.METRICS_PORT, host: data.METRICS_HOST, token: data.METRICS_TOKEN },
  traces: tracesAsked(data),
});
