import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { runDoctor } from '../../src/doctor/run-doctor.ts';
import type { Fault } from '../../src/sandbox/simulator.ts';
import { type Sandbox, startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { temporaryFolder } from '../support/command-line.ts';
import { freePort } from '../support/free-port.ts';

/** What each vendor is asked, and what its faults are called. */

let sandbox: Sandbox;
let environment: Record<string, string>;

beforeAll(async () => {
  sandbox = await startSandbox({ publicUrl: new URL('http://localhost:4000/'), firstPort: 0 });
  environment = {
    ...sandbox.environment,
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    DATA_DIR: temporaryFolder(),
  };
});

afterEach(() => {
  for (const simulator of Object.values(sandbox.simulators)) {
    simulator.clear();
  }
});

afterAll(() => sandbox.close());

async function doctor(changes: Record<string, string> = {}, patience = 5_000) {
  const lines: string[] = [];
  const progress: string[] = [];
  const begun = performance.now();
  const well = await runDoctor({
    environment: { ...environment, ...changes },
    print: (line) => lines.push(line),
    say: (line) => progress.push(line),
    colors: false,
    patience,
  });
  const of = (label: string) => lines.find((line) => line.slice(8).startsWith(label));
  return { well, lines, progress, of, took: performance.now() - begun };
}

describe('a look at the vendors', () => {
  it('asks each of them a harmless question, and about no patient', async () => {
    expect((await doctor()).well).toBe(true);
    const asked = Object.entries(sandbox.simulators).flatMap(([id, { calls }]) =>
      calls.map(({ method, path, query, status }) => [id, `${method} ${path}`, query, status]),
    );
    const nobody = { email: 'nobody@portico.invalid', limit: '1', offset: '0' };
    expect(asked).toEqual([
      ['NIMBUS', 'GET /external-portal-access/latest-order', { user_id: '0' }, 404],
      ['VSEE', 'GET /api_v3/accounts/portico-sandbox', {}, 200],
      ['VSEE', 'GET /api_v3/users/-', {}, 200],
      ['MY_PATIENT_PORTAL', 'GET /.well-known/openid-configuration', {}, 200],
      ['MY_PATIENT_PORTAL', 'POST /oauth/introspect', {}, 200],
      ['MY_PATIENT_PORTAL', 'GET /insurances', {}, 401],
      ['CERBO', 'GET /patients/search', nobody, 200],
      ['MD_HQ', 'GET /patients/search', nobody, 200],
    ]);
  });

  it('is held up by one that hangs for no longer than it allows, and says whom it waits for', async () => {
    sandbox.simulators.CERBO.fault({ kind: 'hang' });
    const { well, of, progress, lines, took } = await doctor({}, 3_000);
    expect(well).toBe(false);
    expect(of('Cerbo')).toMatch(/^FAILED {2}Cerbo .* did not answer in time\. Try again/);
    expect(lines.filter((line) => line.startsWith('FAILED'))).toHaveLength(1);
    expect(took).toBeLessThan(6_000);
    expect(progress).toContain('Waiting for Cerbo (3 s at most)...');
  });

  it.each<[string, Fault, RegExp]>([
    ['a vendor in trouble', { kind: 'status', status: 503 }, /a fault of its own \(HTTP 503\)/],
    ['a throttled one', { kind: 'status', status: 429 }, /asks for fewer calls \(HTTP 429\)/],
    ['a forbidden call', { kind: 'status', status: 403 }, /knows us, but does not allow the call/],
    [
      'another path',
      { kind: 'html', status: 404 },
      /no such call there \(HTTP 404\)\. Check .*URL/,
    ],
    ['a login page', { kind: 'html', status: 200 }, /not as its API does \(NOT_JSON\)/],
    ['a redirect', { kind: 'redirect' }, /sends us elsewhere \(HTTP 30\d\)/],
    ['a broken connection', { kind: 'reset' }, /broke the connection off/],
  ])('tells %s from wrong credentials', async (_what, fault, said) => {
    sandbox.simulators.NIMBUS.fault(fault);
    sandbox.simulators.MD_HQ.fault(fault);
    const { well, of } = await doctor();
    expect(well).toBe(false);
    expect(of('Nimbus')).toMatch(said);
    expect(of('MD HQ')).toMatch(said);
    expect(of('Cerbo')).toMatch(/^ok/);
  });

  it('tells a host that does not exist from one where nobody listens', async () => {
    const port = await freePort();
    const { of } = await doctor({
      CERBO_URL: 'https://clinic.invalid/api/v1',
      MD_HQ_URL: `http://127.0.0.1:${port}/api/v1`,
    });
    expect(of('Cerbo')).toMatch(/there is no such host \((ENOTFOUND|EAI_AGAIN)\)\. .*CERBO_URL/);
    expect(of('MD HQ')).toMatch(/nobody listens there \(ECONNREFUSED\)\. .*MD_HQ_URL/);
  });

  it('tells an address without TLS from a certificate that is not trusted', async () => {
    const encrypted = (url = '') => url.replace(/^http:/, 'https:');
    const { of } = await doctor({
      CERBO_URL: encrypted(environment.CERBO_URL),
      AUTH_ISSUER: encrypted(environment.AUTH_ISSUER),
    });
    expect(of('Cerbo')).toMatch(/ no TLS is spoken there \(ERR_SSL_\w+\)\. .*CERBO_URL/);
    expect(of('Identity provider')).toMatch(/ no TLS is spoken there .*AUTH_ISSUER/);
  });

  it('sends each credential only where it belongs', async () => {
    await doctor();
    const vsee = sandbox.simulators.VSEE.calls;
    expect(vsee.flatMap(({ headers }) => headers['x-apisecret'] ?? [])).toEqual([]);
    expect(vsee.map(({ headers }) => headers['x-apitoken'])).toEqual([
      undefined,
      environment.VSEE_ADMIN_TOKEN,
    ]);
  });
});

describe('the report on a screen', () => {
  it('is broken at blanks, and stays under its own column', async () => {
    const printed: string[] = [];
    await runDoctor({
      environment,
      print: (text) => printed.push(...text.split('\n')),
      say: () => undefined,
      colors: false,
      columns: 80,
    });
    expect(printed.filter((line) => line.length > 80)).toEqual([]);
    expect(printed.length).toBeGreaterThan(9);
    const further = printed.filter((line) => line.startsWith(' '));
    expect(further.filter((line) => !/^ {27}\S/.test(line))).toEqual([]);
  });
});

describe('a look at the identity provider', () => {
  it('tells of keys that could be changed on their way', async () => {
    const provider = createServer((_request, response) => {
      response.end(JSON.stringify({ issuer, jwks_uri: 'http://keys.example.com/jwks' }));
    }).listen(0, '127.0.0.1');
    onTestFinished(() => void provider.close());
    await once(provider, 'listening');
    const issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
    expect((await doctor({ AUTH_ISSUER: issuer })).of('Identity provider')).toMatch(
      /^FAILED .* its keys \(jwks_uri\) are not at an https:\/\/ address/,
    );
  });

  it('says what the provider calls itself', async () => {
    const { of } = await doctor({ AUTH_ISSUER: `${environment.AUTH_ISSUER}/` });
    expect(of('Identity provider')).toMatch(
      /^FAILED .* it calls itself http:\/\/127\.0\.0\.1:\d+\/, and tokens have to say exactly that/,
    );
  });

  it('tells a wrong address from one where nobody listens', async () => {
    const { NIMBUS_URL = '' } = environment;
    expect((await doctor({ AUTH_ISSUER: NIMBUS_URL })).of('Identity provider')).toMatch(
      /no discovery document is there \(HTTP 404\)/,
    );
    const port = await freePort();
    const issuer = `http://user:hidden-word@127.0.0.1:${port}`;
    const { lines } = await doctor({ AUTH_ISSUER: issuer });
    expect(lines.join('\n')).toMatch(
      /FAILED {2}Configuration .*AUTH_ISSUER must not hold credentials/,
    );
    expect(lines.join('\n')).not.toContain('hidden-word');
  });
});
