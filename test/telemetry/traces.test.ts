import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parseOwnId } from '../../src/domain/ids.ts';
import { sandboxPeople } from '../../src/sandbox/people.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { endAll } from '../support/command-line.ts';
import { firstQuery } from '../support/first-query.ts';
import { freePort } from '../support/free-port.ts';
import { personalIn } from '../support/personal-data.ts';
import { type ServedAlone, serveAlone } from '../support/served-alone.ts';
import { type CollectedSpan, type Collector, startCollector } from './collector.ts';

/** A `portico serve` of its own, whose variables ask for traces, and a collector that gets them over HTTP. */

/** Milliseconds that each vendor takes, so that calls that overlap can be seen to. */
const latency = 200;

let collector: Collector;
let sandbox: Sandbox;
let metricsPort: number;
let gateway: ServedAlone;

const everything = { timeout: 90_000 };
const soon = { timeout: 20_000, interval: 50 };

const serve = (environment: Record<string, string>, seeded = false) =>
  serveAlone(
    sandbox,
    { LOG_LEVEL: 'debug', OTEL_BSP_SCHEDULE_DELAY: '100', ...environment },
    seeded,
  );

beforeAll(async () => {
  collector = await startCollector();
  sandbox = await startSandbox({ publicUrl: new URL('http://localhost:4000/'), firstPort: 0 });
  metricsPort = await freePort();
  gateway = await serve(
    {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_SERVICE_NAME: 'portico-under-test',
      OTEL_RESOURCE_ATTRIBUTES: 'deployment.environment.name=test',
      METRICS_PORT: String(metricsPort),
    },
    true,
  );
}, 90_000);
afterAll(async () => {
  await endAll();
  await sandbox?.close();
  collector?.close();
});

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const callersSpan = '00f067aa0ba902b7';
const spansOf = (id: string) => collector.spans().filter((span) => span.traceId === id);
const isOperation = ({ attributes }: CollectedSpan) => 'graphql.operation.type' in attributes;

/** Asks the all-vendors query within a caller's trace. @returns its spans, once all are there */
async function traceOf(document: string, id: string): Promise<CollectedSpan[]> {
  const response = await gateway.fetch('/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${await gateway.token('staff')}`,
      traceparent: `00-${id}-${callersSpan}-01`,
      tracestate: 'clinic=ana-silva',
    },
    body: JSON.stringify({ query: document, variables: { unused: 'ana.silva@example.com' } }),
  });
  const { errors } = (await response.json()) as { errors?: unknown };
  expect(errors).toBeUndefined();
  await vi.waitFor(() => expect(spansOf(id).some(isOperation)).toBe(true), soon);
  return spansOf(id);
}

/** Whether two calls were under way at once. */
const overlap = (one: CollectedSpan, other: CollectedSpan) =>
  one.start < other.end && other.start < one.end;

describe('the trace of the all-vendors query', everything, () => {
  let spans: CollectedSpan[];
  let operation: CollectedSpan | undefined;
  let calls: CollectedSpan[];
  beforeAll(async () => {
    gateway.forget();
    for (const simulator of Object.values(sandbox.simulators)) {
      simulator.latency = latency;
    }
    spans = await traceOf(firstQuery, traceId);
    operation = spans.find(isOperation);
    calls = spans.filter((span) => !isOperation(span));
  });

  it('has the operation, within the caller’s trace', () => {
    expect(operation).toMatchObject({
      name: 'query PatientOverview',
      kind: 2,
      parentSpanId: callersSpan,
      isError: false,
      attributes: {
        'graphql.operation.type': 'query',
        'graphql.operation.name': 'PatientOverview',
        'portico.operation.outcome': 'OK',
        'portico.operation.vendor_calls': calls.length,
      },
    });
    expect(collector.resource()).toMatchObject({
      'service.name': 'portico-under-test',
      'deployment.environment.name': 'test',
    });
  });

  it('has its vendor calls below it, by the words of the convention', () => {
    const vendors = calls.map(({ attributes }) => attributes['portico.vendor']);
    expect(new Set(vendors)).toEqual(
      new Set(['NIMBUS', 'VSEE', 'MY_PATIENT_PORTAL', 'CERBO', 'MD_HQ']),
    );
    const received = Object.values(sandbox.simulators).flatMap((simulator) => simulator.calls);
    expect(calls).toHaveLength(received.length);
    expect(calls.map(({ parentSpanId }) => parentSpanId)).toEqual(
      calls.map(() => operation?.spanId),
    );
    const queue = calls.find(({ attributes }) => attributes['portico.vendor'] === 'CERBO');
    expect(queue).toMatchObject({
      name: 'GET /api/v1/patients/{pt_id}/portal/enqueued',
      kind: 3,
      isError: false,
      attributes: {
        'http.request.method': 'GET',
        'http.response.status_code': 200,
        'server.address': '127.0.0.1',
        'url.template': '/api/v1/patients/{pt_id}/portal/enqueued',
        'portico.vendor.operation': 'showPortalRequests',
        'portico.vendor.attempts': 1,
        'portico.vendor.outcome': 'OK',
      },
    });
  });

  it('shows that the vendors were asked at the same time', () => {
    const first = calls.filter((call) =>
      ['NIMBUS', 'CERBO', 'MD_HQ'].includes(String(call.attributes['portico.vendor'])),
    );
    expect(first.length).toBeGreaterThanOrEqual(3);
    for (const one of first) {
      expect(one.end - one.start).toBeGreaterThanOrEqual(latency * 0.9);
      for (const other of first) {
        expect(overlap(one, other)).toBe(true);
      }
    }
    const spent = calls.reduce((sum, { start, end }) => sum + end - start, 0);
    const took = (operation?.end ?? 0) - (operation?.start ?? 0);
    expect(took).toBeLessThan(spent);
    for (const { start, end } of calls) {
      // Times are cut to milliseconds.
      expect(start).toBeGreaterThanOrEqual((operation?.start ?? 0) - 2);
      expect(end).toBeLessThanOrEqual((operation?.end ?? 0) + 2);
    }
  });

  it('holds nothing about anybody, in any exported byte', () => {
    const keys = Object.values(gateway.ids).map((id) => parseOwnId('Patient', id) ?? '');
    const vendorIds = sandboxPeople.flatMap(({ accounts }) => Object.values(accounts));
    const secrets = Object.entries(sandbox.environment)
      .filter(([name]) => /PASSWORD|SECRET|KEY|TOKEN/.test(name))
      .map(([, value]) => value);
    const more = [...Object.values(gateway.ids), ...keys, ...vendorIds, ...secrets];
    expect(keys.filter((key) => key.length < 30)).toEqual([]);
    expect(secrets.length).toBeGreaterThan(3);
    expect(personalIn(collector.received(), [...more, 'sandbox-staff'])).toEqual([]);
    expect(personalIn('{"x":"ana.silva@example.com"}')).not.toEqual([]);
    expect(collector.received()).not.toMatch(/clinic=|fullName|search:|Bearer|Basic /);
  });

  it('goes no further: vendors are told of no trace', () => {
    const received = Object.values(sandbox.simulators).flatMap((simulator) => simulator.calls);
    const names = new Set(received.flatMap(({ headers }) => Object.keys(headers)));
    expect(names).toContain('user-agent');
    expect([...names].filter((name) => /trace|baggage|b3|request-id/.test(name))).toEqual([]);
  });
});

describe('a trace', everything, () => {
  it('L08: holds no literal, no variable and no document, also of what was made up and refused', async () => {
    await gateway.query(
      'query Canary($v: String) { patients(search: $v) { nodes { id } } other: patients(search: "canary-literal") { nodes { id } } }',
      { v: 'canary-variable' },
    );
    await gateway.query('query { patient(id: "canary-id") { id } }');
    await gateway.query('query Broken { patient(id: "canary-syntax" }');
    await gateway.query(
      'mutation M($i: RequestEConsultInput!) { requestEConsult(input: $i) { userErrors { code } } }',
      { i: { patientId: 'canary-input', roomCode: 'canary-room' } },
    );
    await vi.waitFor(() => {
      const names = collector.spans().map(({ name }) => name);
      expect(names).toEqual(expect.arrayContaining(['query Canary', 'query', 'mutation M']));
    }, soon);
    expect(collector.received()).not.toMatch(/canary-|Broken/);
  });

  it('says which attempts a vendor call took, and what it came to', async () => {
    gateway.forget();
    sandbox.simulators.CERBO.fault({ kind: 'status', status: 503, times: 1 });
    sandbox.simulators.MD_HQ.fault({ kind: 'status', status: 403 });
    const id = 'a'.repeat(32);
    const spans = await traceOf(
      '{ patients(search: "Ana Silva") { nodes { portalRequests { nodes { id } sources { state } } } } }',
      id,
    );
    const of = (vendor: string) =>
      spans.find((span) => span.attributes['portico.vendor'] === vendor);
    expect(of('CERBO')).toMatchObject({
      isError: false,
      attributes: { 'http.request.resend_count': 1, 'portico.vendor.attempts': 2 },
    });
    expect(of('MD_HQ')).toMatchObject({
      isError: true,
      attributes: {
        'http.response.status_code': 403,
        'error.type': 'CREDENTIAL_REFUSED',
        'portico.vendor.outcome': 'CREDENTIAL_REFUSED',
      },
    });
    gateway.forget();
  });

  it('is not made of a request whose caller’s trace is not sampled', async () => {
    const id = 'b'.repeat(32);
    await gateway.fetch('/graphql', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await gateway.token('staff')}`,
        traceparent: `00-${id}-${callersSpan}-00`,
      },
      body: JSON.stringify({ query: '{ viewer { subject } }' }),
    });
    await traceOf('{ viewer { subject } }', 'c'.repeat(32));
    expect(spansOf(id)).toEqual([]);
  });
});

describe('a serve process', everything, () => {
  it('has its metrics on a port of their own, and there only', async () => {
    const page = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
    expect(await page.text()).toContain('portico_vendor_calls_total{vendor="CERBO"');
    expect((await gateway.fetch('/metrics')).status).toBe(404);
    expect((await fetch(`http://127.0.0.1:${metricsPort}/graphql`)).status).toBe(404);
  });

  it('sends the last spans before it ends', async () => {
    const own = await serve({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '600000',
    });
    const answer = await own.query('query LastWords { viewer { subject } }');
    expect(answer.errors).toEqual([]);
    const named = () => collector.spans().filter(({ name }) => name === 'query LastWords');
    expect(named()).toEqual([]);
    own.running.process.kill('SIGTERM');
    expect(await own.running.ended).toBe(0);
    expect(named()).toHaveLength(1);
  });

  it('serves and ends in order while its collector is away, and says so once', async () => {
    const own = await serve({
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await freePort()}`,
      OTEL_EXPORTER_OTLP_TIMEOUT: '300',
    });
    const complaints = () =>
      own.running.stdout().match(/traces do not reach their collector/g) ?? [];
    for (let count = 0; count < 40 && complaints().length === 0; count += 1) {
      expect((await own.query('{ viewer { subject } }')).errors).toEqual([]);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    for (let count = 0; count < 8; count += 1) {
      expect((await own.query('{ viewer { subject } }')).errors).toEqual([]);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    expect(complaints()).toHaveLength(1);
    const asked = Date.now();
    own.running.process.kill('SIGTERM');
    expect(await own.running.ended).toBe(0);
    expect(Date.now() - asked).toBeLessThan(10_000);
  });
});
