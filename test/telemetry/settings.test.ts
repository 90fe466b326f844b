import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.test:4318' };
const of = (environment: Record<string, string>) => readConfig(environment, 'sandbox');

describe('traces', () => {
  it.each<[string, Record<string, string>, boolean]>([
    ['nothing', {}, false],
    ['an endpoint', endpoint, true],
    [
      'an endpoint for traces',
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://collector.test:4318/v1/traces' },
      true,
    ],
    ['the exporter', { OTEL_TRACES_EXPORTER: 'otlp' }, true],
    ['an endpoint, but no exporter', { ...endpoint, OTEL_TRACES_EXPORTER: 'none' }, false],
    ['an endpoint, but not to', { ...endpoint, OTEL_SDK_DISABLED: 'true' }, false],
    ['an endpoint, and not not to', { ...endpoint, OTEL_SDK_DISABLED: 'false' }, true],
    ['a service name alone', { OTEL_SERVICE_NAME: 'portico' }, false],
  ])('are made as the standard variables ask: %s', (_, environment, expected) => {
    expect(of(environment).traces).toBe(expected);
  });

  it.each([
    ['OTEL_TRACES_EXPORTER', 'zipkin', 'must be one of otlp, none'],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', 'must be one of http/json'],
    ['OTEL_EXPORTER_OTLP_ENDPOINT', 'collector:4317', 'must be a URL'],
  ])('%s=%s stops the start: it %s', (name, value, problem) => {
    expect(() => of({ [name]: value })).toThrow(`${name} ${problem}`);
  });
});

describe('metrics', () => {
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
