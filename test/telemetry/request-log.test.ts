import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { StoreError } from '../../src/store/store-error.ts';
import { readable, readableLog } from '../../src/telemetry/readable-log.ts';
import { createRequestLog } from '../../src/telemetry/request-log.ts';
import { type StartedGateway, startTestGateway } from '../support/gateway.ts';
import { personalIn } from '../support/personal-data.ts';

type Line = Record<string, unknown>;

let gateway: StartedGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());

const linesIn = (text: string): Line[] =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

/** What is logged because of some work. */
async function logOf(work: () => Promise<unknown>): Promise<Line[]> {
  const before = gateway.logged().length;
  await work();
  await sleep(20);
  return linesIn(gateway.logged().slice(before));
}

const [debug, info, warn] = [20, 30, 40];

const post = (headers: Record<string, string>, body: string) =>
  gateway.fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });

describe('an operation', () => {
  it('is one line, and each of its vendor calls another, quieter one', async () => {
    const lines = await logOf(() =>
      gateway.query(
        'query Requests { patients(search: "Ana Silva") { nodes { portalRequests { nodes { id } } } } }',
      ),
    );
    const requestId = expect.stringMatching(/^[0-9a-f-]{36}$/);
    const call = {
      ...{ level: debug, msg: 'vendor call', requestId, outcome: 'OK', status: 200, attempts: 1 },
      ...{ operation: 'showPortalRequests', duration: expect.any(Number) },
    };
    expect(lines).toMatchObject([
      { ...call, vendor: expect.stringMatching(/^(CERBO|MD_HQ)$/) },
      { ...call, vendor: expect.stringMatching(/^(CERBO|MD_HQ)$/) },
      {
        ...{ level: info, msg: 'operation', requestId, operation: 'query', name: 'Requests' },
        ...{ outcome: 'OK', errors: 0, vendorCalls: 2, duration: expect.any(Number) },
      },
    ]);
    expect(new Set(lines.map((line) => line.requestId)).size).toBe(1);
  });

  it('is at warn where a vendor failed it, and so is the call', async () => {
    gateway.sandbox.simulators.NIMBUS.fault({ kind: 'status', status: 500 });
    const lines = await logOf(() =>
      gateway.query('{ patients(search: "Ana Silva") { nodes { latestOrder { id } } } }'),
    );
    gateway.forget();
    expect(lines).toMatchObject([
      { level: warn, vendor: 'NIMBUS', outcome: 'SERVER_ERROR', status: 500, attempts: 3 },
      { level: warn, msg: 'operation', outcome: 'VENDOR_UNAVAILABLE', errors: 1 },
    ]);
  });

  it('says why a vendor was not reached', () => {
    const lines: string[] = [];
    const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
    createRequestLog(logger).vendorCallEnded?.(
      {
        ...{ vendor: 'NIMBUS', operation: 'orders', method: 'GET', server: 'x', template: '/' },
        ...{ attempts: 1, status: undefined, outcome: 'UNREACHABLE', code: 'ENOTFOUND' },
        ...{ startedAt: 0, duration: 1 },
      },
      'request-1',
      undefined,
    );
    expect(linesIn(lines.join(''))).toMatchObject([
      { level: warn, vendor: 'NIMBUS', outcome: 'UNREACHABLE', code: 'ENOTFOUND' },
    ]);
  });

  it('is at info where its caller was refused', async () => {
    const lines = await logOf(() => gateway.query('{ patients { nodes { id } } }', {}, 'ana'));
    expect(lines).toMatchObject([{ level: info, outcome: 'FORBIDDEN', vendorCalls: 0 }]);
  });

  it('of a made-up name is cut to what names are long', async () => {
    const [line] = await logOf(() =>
      gateway.query(`query ${'N'.repeat(5_000)} { viewer { subject } }`),
    );
    expect(line?.name).toBe('N'.repeat(64));
  });
});

describe('a refused request', () => {
  it.each<[string, () => Promise<unknown>, Line]>([
    ['401', () => post({}, '{}'), { status: 401, code: 'UNAUTHENTICATED' }],
    [
      '400',
      async () => post({ authorization: `Bearer ${await gateway.token('staff')}` }, '{"query": 7}'),
      { status: 400, code: 'BAD_USER_INPUT' },
    ],
    [
      '413',
      async () =>
        post(
          { authorization: `Bearer ${await gateway.token('staff')}` },
          `"${'x'.repeat(300_000)}"`,
        ),
      { status: 413, code: 'QUERY_TOO_COSTLY' },
    ],
    [
      '415',
      async () =>
        post(
          { authorization: `Bearer ${await gateway.token('staff')}`, 'content-type': 'text/plain' },
          '{}',
        ),
      { status: 415, code: 'BAD_USER_INPUT' },
    ],
    [
      'a document that is no GraphQL',
      () => gateway.query('query Ana-Silva {'),
      { code: 'GRAPHQL_PARSE_FAILED' },
    ],
    [
      'a document that costs too much',
      () => gateway.query(`{ ${'a: viewer { subject } '.repeat(200)} }`),
      { status: 400, code: 'QUERY_TOO_COSTLY' },
    ],
    [
      'a callback of no login',
      () => gateway.fetch('/oauth/my-patient-portal/callback?state=Ana'),
      { method: 'GET', route: '/oauth/callback', status: 400 },
    ],
    [
      'a page that is not there',
      () => gateway.fetch('/Ana/Silva'),
      { route: 'other', status: 404 },
    ],
  ])('is one line: %s', async (_, work, expected) => {
    const lines = await logOf(work);
    expect(lines).toMatchObject([
      { level: info, msg: 'request refused', requestId: expect.any(String), ...expected },
    ]);
    expect(personalIn(JSON.stringify(lines))).toEqual([]);
  });

  it('is one line: 429', async () => {
    const environment = { RATE_LIMIT_PER_MINUTE: '1' };
    const strict = await startTestGateway({
      ...{ environment, sandbox: gateway.sandbox, seeded: false },
    });
    for (let count = 0; count < 3; count += 1) {
      await strict.query('{ viewer { subject } }');
    }
    const last = linesIn(strict.logged()).at(-1);
    await strict.close();
    expect(last).toMatchObject({ msg: 'request refused', status: 429, code: 'RATE_LIMITED' });
  });
});

describe('the request id', () => {
  it.each([
    ['clinic-7f3a_01', true],
    ['short', false],
    ['x'.repeat(65), false],
    ['ana.silva@example.com', false],
    ['two\twords-of-eight', false],
  ])('of a caller, %j, is kept: %s', async (given, kept) => {
    const headers = {
      authorization: `Bearer ${await gateway.token('staff')}`,
      'x-request-id': given,
    };
    let returned: string | null = null;
    const [line] = await logOf(async () => {
      const response = await post(headers, '{"query": "{ viewer { subject } }"}');
      returned = response.headers.get('x-request-id');
    });
    expect(returned === given).toBe(kept);
    expect(line?.requestId).toBe(returned);
  });
});

describe('L07: the log of a request with nested personal data', () => {
  const allowed = [
    ...['level', 'time', 'pid', 'hostname', 'msg', 'requestId', 'operation', 'name', 'outcome'],
    ...['duration', 'vendorCalls', 'errors', 'vendor', 'status', 'attempts'],
    ...['method', 'route', 'code', 'fault'],
  ];
  const canary = 'canary-of-a-diagnosis';

  it('has fields of the list only, whatever is nested in its input', async () => {
    const lines = await logOf(async () => {
      await gateway.query(
        'mutation ($input: RegisterPatientInput!) { registerPatient(input: $input) { patient { id } userErrors { code } } }',
        {
          input: {
            ...{ firstName: canary, lastName: canary, birthDate: '1990-05-06', sex: 'FEMALE' },
            ...{ email: `${canary}@example.com`, phone: '+15550107100' },
            address: { street: canary, city: canary, state: 'CA', postalCode: '90012' },
          },
        },
      );
      await gateway.query('query ($i: ID!) { patient(id: $i) { id } }', {
        i: { nested: [canary] },
      });
    });
    expect(lines.length).toBeGreaterThanOrEqual(2);
    expect(
      lines.flatMap((line) => Object.keys(line)).filter((key) => !allowed.includes(key)),
    ).toEqual([]);
    expect(JSON.stringify(lines)).not.toMatch(/canary|1990-05-06|5550107100/);
  });

  it('has nothing of the message of an error that nobody foresaw, also of its cause', async () => {
    const search = new Error(`${canary} has a diagnosis\n    at ${canary} (patient.ts:1:1)`, {
      cause: new Error(canary),
    });
    Object.assign(search, { patient: { name: canary, notes: [{ text: canary }] } });
    const broken = await startTestGateway({ sandbox: gateway.sandbox, seeded: false });
    broken.store.patients.search = () => Promise.reject(search);
    const answer = await broken.query('{ patients { nodes { id } } }');
    const lines = linesIn(broken.logged());
    await broken.close();
    expect(answer.errors[0]?.extensions.code).toBe('INTERNAL_SERVER_ERROR');
    expect(lines).toMatchObject([
      { msg: 'unexpected error', fault: { name: 'Error', stack: expect.any(Array) } },
      { msg: 'operation', level: warn, outcome: 'INTERNAL_SERVER_ERROR' },
    ]);
    expect(
      lines.flatMap((line) => Object.keys(line)).filter((key) => !allowed.includes(key)),
    ).toEqual([]);
    expect(JSON.stringify(lines)).not.toContain(canary);
    expect(answer.text).not.toContain(canary);
  });
});

describe('what is done beside requests', () => {
  it('says where it failed', async () => {
    const { operations } = gateway.store;
    vi.spyOn(operations, 'abandoned').mockRejectedValueOnce(new StoreError('UNAVAILABLE'));
    const failed = () =>
      linesIn(gateway.logged()).filter(({ msg }) => msg === 'recovery failed') as Line[];
    await vi.waitFor(() => expect(failed()).toHaveLength(1), { timeout: 10_000 });
    expect(failed()[0]?.fault).toMatchObject({
      ...{ name: 'StoreError', kind: 'UNAVAILABLE' },
      stack: expect.arrayContaining([expect.stringMatching(/^\s+at /)]),
    });
  });
});

describe('in a terminal', () => {
  const line = JSON.stringify({
    ...{ level: 40, time: '2026-11-21T08:01:30.123Z', requestId: 'request-1', vendor: 'NIMBUS' },
    ...{ operation: 'external-portal-access/enable', status: undefined, duration: 5_001 },
    msg: 'vendor call',
  });

  it('a line is read at a glance', () => {
    expect(readable(line, false)).toBe(
      '08:01:30.123 WARN  vendor call vendor=NIMBUS operation=external-portal-access/enable duration=5001 [request-1]\n',
    );
    expect(readable('no line of ours\n', false)).toBe('no line of ours\n');
  });

  it('the places of a fault stand below it, and nothing can forge a line', () => {
    const forged = JSON.stringify({
      ...{
        level: 50,
        time: '2026-11-21T08:01:30.123Z',
        name: 'a\n08:01 FATAL',
        msg: 'unexpected error',
      },
      fault: { name: 'TypeError', stack: ['    at one (a.ts:1:2)', '    at two (b.ts:3:4)'] },
    });
    expect(readable(forged, false).split('\n')).toEqual([
      '08:01:30.123 ERROR unexpected error name="a\\n08:01 FATAL" fault={"name":"TypeError"}',
      '    at one (a.ts:1:2)',
      '    at two (b.ts:3:4)',
      '',
    ]);
  });

  it('colours are used where there are any', () => {
    let written = '';
    const terminal = { write: (text: string) => (written += text), hasColors: () => true };
    readableLog(terminal).write(line);
    expect(written).toContain('\u001b[33mWARN \u001b[39m');
  });
});
