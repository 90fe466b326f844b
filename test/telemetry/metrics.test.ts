import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { firstQuery } from '../support/first-query.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { samplesIn } from '../support/metrics-page.ts';
import { personalIn } from '../support/personal-data.ts';

const token = 'scrapers-only-0123456789';
const authorization = `Bearer ${token}`;

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway({ environment: { METRICS_TOKEN: token } });
});
afterAll(() => gateway.close());

/** The page as samples by their name and labels. */
async function scrape(): Promise<Map<string, number>> {
  const response = await gateway.fetch('/metrics', { headers: { authorization } });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0\.0\.4/);
  return samplesIn(await response.text());
}

/** How much samples grew over what was done meanwhile. */
async function grown(work: () => Promise<unknown>): Promise<(sample: string) => number> {
  const before = await scrape();
  await work();
  const after = await scrape();
  return (sample) => (after.get(sample) ?? 0) - (before.get(sample) ?? 0);
}

describe('the page', () => {
  it.each([
    ['no token', undefined],
    ['another token', 'Bearer scrapers-only-9876543210'],
    ['the token by another scheme', `Basic ${token}`],
  ])('L10: is closed to whoever brings %s', async (_, value) => {
    const headers = value === undefined ? {} : { authorization: value };
    const response = await gateway.fetch('/metrics', { headers });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    expect(await response.text()).toBe('unauthorized\n');
  });

  it('L10: is closed to a caller’s own token, also STAFF’s', async () => {
    const bearer = `Bearer ${await gateway.token('admin')}`;
    const response = await gateway.fetch('/metrics', { headers: { authorization: bearer } });
    expect(response.status).toBe(401);
  });

  it('L10: is not there where nobody asked for metrics', async () => {
    const other = await startTestGateway({ sandbox: gateway.sandbox, seeded: false });
    const response = await other.fetch('/metrics', { headers: { authorization } });
    expect(response.status).toBe(404);
    await other.close();
  });
});

describe('operations', () => {
  it('are counted by type, name and outcome, and timed', async () => {
    const by = await grown(async () => {
      await gateway.query('query Whoami { viewer { subject } }');
      await gateway.query('query Whoami { viewer { subject } }');
      await gateway.query('query Forbidden { patients { nodes { id } } }', {}, 'ana');
      await gateway.query(
        'mutation { requestEConsult(input: { patientId: "none", roomCode: "x" }) { userErrors { code } } }',
      );
    });
    expect(by('portico_operations_total{type="query",name="Whoami",outcome="OK"}')).toBe(2);
    expect(by('portico_operations_total{type="query",name="Forbidden",outcome="FORBIDDEN"}')).toBe(
      1,
    );
    expect(
      by('portico_operations_total{type="mutation",name="anonymous",outcome="USER_ERROR"}'),
    ).toBe(1);
    expect(by('portico_operation_duration_seconds_count{type="query",name="Whoami"}')).toBe(2);
  });

  it('that were refused are counted by route, status and code', async () => {
    const by = await grown(async () => {
      await gateway.fetch('/graphql', { method: 'POST' });
      await gateway.query('{ nonsense }');
      await gateway.fetch('/nowhere-of-ana-silva');
    });
    const refused = (labels: string) => by(`portico_requests_refused_total{${labels}}`);
    expect(refused('route="/graphql",status="401",code="UNAUTHENTICATED"')).toBe(1);
    expect(refused('route="/graphql",status="200",code="GRAPHQL_VALIDATION_FAILED"')).toBe(1);
    expect(refused('route="other",status="404",code=""')).toBe(1);
  });

  it('by whatever names callers make up, have a bounded number of them', async () => {
    for (let index = 0; index < 150; index += 1) {
      await gateway.query(`query MadeUp${index} { viewer { subject } }`);
    }
    const names = new Set(
      [...(await scrape()).keys()].flatMap((sample) => /,name="(\w+)"/.exec(sample)?.[1] ?? []),
    );
    // A hundred, and those that stand for the rest.
    expect(names.size).toBe(102);
    expect([...names]).toEqual(expect.arrayContaining(['other', 'anonymous', 'Whoami', 'MadeUp0']));
    expect(names).not.toContain('MadeUp149');
  });
});

describe('vendors', () => {
  it('are counted by vendor, operation and outcome, and timed', async () => {
    const by = await grown(() => gateway.query(firstQuery));
    const labels = 'vendor="CERBO",operation="showPortalRequests"';
    expect(by(`portico_vendor_calls_total{${labels},outcome="OK"}`)).toBe(1);
    expect(by(`portico_vendor_attempts_total{${labels}}`)).toBe(1);
    expect(by(`portico_vendor_call_duration_seconds_count{${labels}}`)).toBe(1);
  });

  it('show their faults, the repeated attempts, and the breaker that opens', async () => {
    const breaker = (state: string) =>
      `portico_vendor_breaker_state{vendor="CERBO",class="read",state="${state}"}`;
    expect((await scrape()).get(breaker('CLOSED'))).toBe(1);
    const { CERBO: cerbo } = gateway.sandbox.simulators;
    const ask = () =>
      gateway.query(
        'query ($id: ID!) { patient(id: $id) { portalRequests(filter: { vendor: [CERBO] }) { nodes { id } } } }',
        { id: gateway.ids.Ana },
      );
    cerbo.fault({ kind: 'status', status: 500 });
    const by = await grown(async () => {
      for (let count = 0; count < 3; count += 1) {
        await ask();
      }
    });
    const labels = 'vendor="CERBO",operation="showPortalRequests"';
    expect(
      by(`portico_vendor_calls_total{${labels},outcome="SERVER_ERROR"}`),
    ).toBeGreaterThanOrEqual(2);
    expect(by(`portico_vendor_attempts_total{${labels}}`)).toBe(5);
    const after = await scrape();
    expect(after.get(breaker('OPEN'))).toBe(1);
    expect(after.get(breaker('CLOSED'))).toBe(0);
    gateway.forget();
  });

  it('show what is under way and what waits in line', async () => {
    const { MD_HQ: slow } = gateway.sandbox.simulators;
    gateway.forget();
    slow.latency = 1_000;
    const waiting = Array.from({ length: 20 }, () =>
      gateway.query(
        'query ($id: ID!) { patient(id: $id) { portalRequests(filter: { vendor: [MD_HQ] }) { nodes { id } } } }',
        { id: gateway.ids.Ana },
      ),
    );
    await expect.poll(() => gateway.calls('MD_HQ').length).toBe(16);
    const now = await scrape();
    expect(now.get('portico_vendor_calls_running{vendor="MD_HQ",class="read"}')).toBe(16);
    expect(now.get('portico_vendor_calls_waiting{vendor="MD_HQ",class="read"}')).toBe(4);
    await Promise.all(waiting);
    gateway.forget();
  });
});

describe('the rest', () => {
  it('shows the ledger’s unsettled writes and the process itself', async () => {
    const samples = await scrape();
    expect(samples.get('portico_ledger_operations{status="OUTCOME_UNKNOWN"}')).toBe(0);
    expect(samples.get('portico_ledger_operations{status="IN_PROGRESS"}')).toBe(0);
    expect(samples.get('nodejs_eventloop_lag_seconds')).toBeGreaterThanOrEqual(0);
    expect(samples.get('process_resident_memory_bytes')).toBeGreaterThan(0);
  });

  it('holds nothing about anybody, after all of the above', async () => {
    await gateway.query(firstQuery);
    const text = [...(await scrape()).keys()].join('\n');
    expect(text).toContain('VSEE');
    expect(personalIn(text, Object.values(gateway.ids))).toEqual([]);
  });
});
