import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.test:4318' };
const of = (environment: Record<string, string>) => readConfig(environment, 'sandbox');

describe.each(['TRACES', 'METRICS'])('%s', (signal) => {
  it.each<[string, Record<string, string>, boolean]>([
    ['nothing', {}, false],
    ['an endpoint', endpoint, true],
    [
      'an endpoint of their own',
      { [`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`]: 'http://collector.test:4318/v1/own' },
      true,
    ],
    ['the exporter', { [`OTEL_${signal}_EXPORTER`]: 'otlp' }, true],
    ['an endpoint, but no exporter', { ...endpoint, [`OTEL_${signal}_EXPORTER`]: 'none' }, false],
    ['an endpoint, but not to', { ...endpoint, OTEL_SDK_DISABLED: 'true' }, false],
    ['an endpoint, and not not to', { ...endpoint, OTEL_SDK_DISABLED: 'false' }, true],
    ['a service name alone', { OTEL_SERVICE_NAME: 'portico' }, false],
    [
      'the other signal alone',
      { [`OTEL_${signal === 'TRACES' ? 'METRICS' : 'TRACES'}_EXPORTER`]: 'otlp' },
      false,
    ],
  ])('go to a collector as the standard variables ask: %s', (_, environment, expected) => {
    const { traces, metricsExport } = of(environment);
    expect(signal === 'TRACES' ? traces : metricsExport !== undefined).toBe(expected);
  });
});

describe('OpenTelemetry', () => {
  it.each([
    ['OTEL_TRACES_EXPORTER', 'zipkin', 'must be one of otlp, none'],
    ['OTEL_METRICS_EXPORTER', 'prometheus', 'must be one of otlp, none'],
    ['OTEL_METRIC_EXPORT_INTERVAL', '0', 'must be at least 1'],
    ['OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE', 'delta', 'must be one of cumulative'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', 'must be one of http/json'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4317', 'must be a URL'],
  ])('%s=%s stops the start: it %s', (name, value, problem) => {
    expect(() => of({ [name]: value })).toThrow(`${name} ${problem}`);
  });
});

describe('metrics', () => {
  it.each([
    [{}, { interval: 60_000, timeout: 30_000 }],
    [{ OTEL_METRIC_EXPORT_INTERVAL: '5000' }, { interval: 5_000, timeout: 5_000 }],
    [{ OTEL_METRIC_EXPORT_TIMEOUT: '100' }, { interval: 60_000, timeout: 100 }],
    [
      { OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE: 'Cumulative' },
      { interval: 60_000, timeout: 30_000 },
    ],
  ])('with %o are sent every %o milliseconds', (environment, expected) => {
    expect(of({ ...endpoint, ...environment }).metricsExport).toEqual(expected);
  });

  it.each<[Record<string, string>, unknown]>([
    [{}, undefined],
    [{ METRICS_HOST: '0.0.0.0' }, undefined],
    [{ METRICS_PORT: '9464' }, { port: 9464, host: '127.0.0.1', token: undefined }],
    [
      { METRICS_TOKEN: 'sixteen-or-more-' },
      { port: undefined, host: '127.0.0.1', token: 'sixteen-or-more-' },
    ],
  ])('of %o are %o', (environment, expected) => {
    expect(of(environment).metrics).toEqual(expected);
  });

  it('have no token that can be guessed', () => {
    expect(() => of({ METRICS_TOKEN: 'fifteen-letters' })).toThrow(
      'METRICS_TOKEN must be 16 or more printable ASCII characters without spaces',
    );
  });
});
