import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../src/sandbox/simulator.ts';
import { ofPatient } from '../support/documents.ts';
import { type Answer, type Data, startTestGateway, type TestGateway } from '../support/gateway.ts';

const vendors = ['NIMBUS', 'VSEE', 'MY_PATIENT_PORTAL', 'CERBO', 'MD_HQ'] as const;
type VendorName = (typeof vendors)[number];

/** Milliseconds: one attempt at the vendor under test, and a whole request. */
const attemptTimeout = 700;
const requestTimeout = 6_000;
const retryAfterSeconds = 120;
const canary = 'canary-7c1f9d';
const planted = {
  'x-canary': canary,
  'set-cookie': `${canary}=1`,
  'www-authenticate': `Basic realm="${canary}"`,
  etag: `"${canary}"`,
};

interface Expected {
  /** Of a source. */
  state: string;
  /** Of a field's error. */
  code: string;
  /** Whether the answer says when to come again. */
  retryAt?: true;
}

const unavailable = { state: 'UNAVAILABLE', code: 'VENDOR_UNAVAILABLE' };
const timedOut = { state: 'TIMED_OUT', code: 'VENDOR_TIMED_OUT' };
const unusable = { state: 'UNAVAILABLE', code: 'VENDOR_BAD_RESPONSE' };

const faults: [name: string, fault: Fault, expected: Expected][] = [
  ['hangs', { kind: 'hang' }, timedOut],
  ['drips', { kind: 'drip' }, timedOut],
  ['resets the connection', { kind: 'reset' }, unavailable],
  ['sends a page with 200', { kind: 'html', status: 200, headers: planted }, unusable],
  ['sends a page with 502', { kind: 'html', status: 502, headers: planted }, unavailable],
  ['sends garbage', { kind: 'garbage', headers: planted }, unusable],
  ['sends nothing', { kind: 'empty', headers: planted }, unusable],
  ['breaks off', { kind: 'truncate' }, unusable],
  ['breaks off after having acted', { kind: 'truncate', act: true }, unusable],
  ['answers 500', { kind: 'status', status: 500, headers: planted }, unavailable],
  ['answers 503', { kind: 'status', status: 503, headers: planted }, unavailable],
  [
    'answers 429 with Retry-After',
    {
      kind: 'status',
      status: 429,
      headers: { ...planted, 'retry-after': String(retryAfterSeconds) },
    },
    { state: 'RATE_LIMITED', code: 'VENDOR_RATE_LIMITED', retryAt: true },
  ],
  ['redirects to another host', { kind: 'redirect', headers: planted }, unusable],
  ['answers with another shape', { kind: 'wrong-shape', headers: planted }, unusable],
  ['floods', { kind: 'oversize' }, unusable],
  [
    'refuses the request',
    { kind: 'status', status: 400, headers: planted },
    { state: 'REJECTED', code: 'VENDOR_REJECTED' },
  ],
];

/** Words of the simulators' faulty bodies, of which nothing may go on. */
const bodies = ['sandbox fault', 'Sign in', '"shape"', '0,0,0,0', canary];

const list = 'totalCount sources { vendor state message retryAt }';
/** One call to each vendor. */
const overview = ofPatient(`fullName latestOrder { id }
  visits { nodes { id status reason } ${list} }
  appointments(filter: { vendor: [MY_PATIENT_PORTAL] }) { nodes { id title start } ${list} }
  portalRequests { nodes { vendor id title contentText } ${list} }`);

/** What of the overview comes from which vendor. */
const partsOf = ({ patient }: Data): Record<VendorName, unknown> => {
  const queueOf = (vendor: VendorName) =>
    patient.portalRequests.nodes.filter((each: { vendor: string }) => each.vendor === vendor);
  return {
    NIMBUS: patient.latestOrder,
    VSEE: patient.visits.nodes,
    MY_PATIENT_PORTAL: patient.appointments.nodes,
    CERBO: queueOf('CERBO'),
    MD_HQ: queueOf('MD_HQ'),
  };
};
const listOf: Record<VendorName, string | undefined> = {
  NIMBUS: undefined,
  VSEE: 'visits',
  MY_PATIENT_PORTAL: 'appointments',
  CERBO: 'portalRequests',
  MD_HQ: 'portalRequests',
};

/** A field that one vendor alone fills, with its place in the answer. */
const single: Record<VendorName, { document: string; path: string[] }> = {
  NIMBUS: { document: ofPatient('latestOrder { id }'), path: ['patient', 'latestOrder'] },
  VSEE: { document: '{ clinicRoom(code: "clinic") { name } }', path: ['clinicRoom'] },
  MY_PATIENT_PORTAL: {
    document: ofPatient('insurances { id }'),
    path: ['patient', 'insurances'],
  },
  CERBO: {
    document: '{ vendorPatients(vendor: CERBO, filter: { lastName: "Silva" }) { vendor } }',
    path: ['vendorPatients'],
  },
  MD_HQ: {
    document: '{ vendorPatients(vendor: MD_HQ, filter: { lastName: "Silva" }) { vendor } }',
    path: ['vendorPatients'],
  },
};

let elsewhere: Server;
let visitors = 0;
beforeAll(async () => {
  elsewhere = createServer((_request, response) => {
    visitors += 1;
    response.end('{}');
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
});
afterAll(() => elsewhere.close());

it(`covers ${vendors.length} vendors x ${faults.length + 1} faults x 2 kinds of fields = ${vendors.length * (faults.length + 1) * 2} cells`, () => {
  expect(vendors.length * (faults.length + 1) * 2).toBe(170);
});

describe.each(vendors)('while %s', (vendor) => {
  let gateway: TestGateway;
  let whole: Record<VendorName, unknown>;
  let secrets: string[];
  beforeAll(async () => {
    gateway = await startTestGateway({
      environment: {
        [`${vendor}_TIMEOUT_MS`]: String(attemptTimeout),
        REQUEST_TIMEOUT_MS: String(requestTimeout),
      },
    });
    const { data, errors } = await ask(overview);
    expect(errors).toEqual([]);
    whole = partsOf(data);
    secrets = secretsOf(gateway);
    expect(secrets.length).toBeGreaterThan(20);
  });
  afterAll(() => gateway.close());
  beforeEach(() => gateway.forget());

  const ask = (document: string) =>
    gateway.query(document, document.includes('$id') ? { id: gateway.ids.Ana } : {});

  async function timed(document: string): Promise<Answer> {
    const started = performance.now();
    const answer = await ask(document);
    expect(performance.now() - started).toBeLessThan(requestTimeout + 1_000);
    return answer;
  }

  function expectNothingLeaks({ text }: Answer): void {
    const log = gateway.logged();
    expect(log).toContain('vendor call');
    for (const secret of [...secrets, ...bodies]) {
      expect(text).not.toContain(secret);
      expect(log).not.toContain(secret);
    }
    // Why there was no connection is the operator's to know.
    expect(text).not.toContain('ECONNREFUSED');
  }

  const expectTime = (retryAt: unknown, expected: Expected) => {
    if (expected.retryAt) {
      const seconds = (Date.parse(String(retryAt)) - Date.now()) / 1000;
      expect(seconds).toBeGreaterThan(retryAfterSeconds - 10);
      expect(seconds).toBeLessThanOrEqual(retryAfterSeconds);
    } else {
      expect(retryAt ?? null).toBeNull();
    }
  };

  function expectOnlyItsOwnPartToFail(answer: Answer, expected: Expected): void {
    const { data, errors, status } = answer;
    expect(status).toBe(200);
    const parts = partsOf(data);
    for (const other of vendors.filter((each) => each !== vendor)) {
      expect(parts[other]).toEqual(whole[other]);
    }
    const name = listOf[vendor];
    if (name === undefined) {
      expectCodedError(errors, ['patient', 'latestOrder'], expected);
      expect(parts[vendor]).toBeNull();
      return;
    }
    expect(errors).toEqual([]);
    expect(parts[vendor]).toEqual([]);
    expect(data.patient[name].totalCount).toBeNull();
    for (const source of data.patient[name].sources) {
      if (source.vendor === vendor) {
        expect(source.state).toBe(expected.state);
        expect(source.message).toMatch(/\.$/);
        expectTime(source.retryAt, expected);
      } else {
        expect(source).toEqual({
          vendor: source.vendor,
          state: 'OK',
          message: null,
          retryAt: null,
        });
      }
    }
    expect(data.patient[name].sources.map((source: Data) => source.vendor)).toContain(vendor);
  }

  function expectCodedError(errors: Answer['errors'], path: string[], expected: Expected): void {
    expect(errors).toHaveLength(1);
    expect(errors[0]?.path).toEqual(path);
    const { retryAt, ...extensions } = errors[0]?.extensions ?? {};
    expect(extensions).toEqual({
      code: expected.code,
      vendor,
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expectTime(retryAt, expected);
  }

  async function expectRecovery(): Promise<void> {
    gateway.forget();
    const { data, errors } = await ask(overview);
    expect(errors).toEqual([]);
    expect(partsOf(data)).toEqual(whole);
  }

  const begin = (fault: Fault) => {
    const { port } = elsewhere.address() as AddressInfo;
    const location = `http://127.0.0.1:${port}/${canary}`;
    gateway.sandbox.simulators[vendor].fault({ ...fault, location });
  };

  describe.each(faults)('%s', (_name, fault, expected) => {
    it('V12: the others’ data arrives and the list or field says what happened', async () => {
      begin(fault);
      const answer = await timed(overview);
      expectOnlyItsOwnPartToFail(answer, expected);
      expectNothingLeaks(answer);
      expect(gateway.calls(vendor).length).toBeGreaterThan(0);
      expect(gateway.calls(vendor).length).toBeLessThanOrEqual(3);
      for (const other of vendors.filter((each) => each !== vendor)) {
        expect(gateway.calls(other)).toHaveLength(1);
      }
      expect(visitors).toBe(0);
      await expectRecovery();
    });

    it('V12: a field of its own carries the coded error', async () => {
      begin(fault);
      const { document, path } = single[vendor];
      const answer = await timed(document);
      expectCodedError(answer.errors, path, expected);
      expectNothingLeaks(answer);
      expect(visitors).toBe(0);
      await expectRecovery();
    });
  });

  describe('refuses connections', () => {
    it('V12: the others’ data arrives and the list or field says what happened', async () => {
      await gateway.sandbox.simulators[vendor].close();
      const answer = await timed(overview);
      expectOnlyItsOwnPartToFail(answer, unavailable);
      expectNothingLeaks(answer);
    });

    it('V12: a field of its own carries the coded error', async () => {
      const answer = await timed(single[vendor].document);
      const [error] = answer.errors;
      expect(answer.errors).toHaveLength(1);
      expect(error?.path).toEqual(single[vendor].path);
      expect(error?.extensions).toMatchObject({ code: 'VENDOR_UNAVAILABLE', vendor });
      expectNothingLeaks(answer);
    });
  });
});

/** What must be in no answer and no log: hosts, credentials, and the tokens that really went out. */
function secretsOf({ sandbox, calls }: TestGateway): string[] {
  const ports = Object.values(sandbox.simulators).map(({ origin }) => `:${new URL(origin).port}`);
  const credentials = Object.entries(sandbox.environment)
    .filter(([name]) => /PASSWORD|SECRET|KEY|USERNAME|TOKEN|CLIENT_ID/.test(name))
    .map(([, value]) => value);
  const sent = vendors
    .flatMap((vendor) => calls(vendor))
    .flatMap(({ headers }) => [headers.authorization?.split(' ')[1], headers['x-apitoken']])
    .flatMap((value) => value ?? []);
  return ['127.0.0.1', 'localhost', ...ports, ...credentials, ...sent.map(String)];
}
