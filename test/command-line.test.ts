import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Sandbox, startSandbox } from '../src/sandbox/start-sandbox.ts';
import { registry } from '../src/vendors/registry.ts';
import {
  ask,
  endAll,
  portico,
  type Running,
  run,
  temporaryFolder,
} from './support/command-line.ts';
import { firstQuery } from './support/first-query.ts';

afterAll(endAll);

const slow = { timeout: 90_000 };
const packageFile = new URL('../package.json', import.meta.url);

describe('portico', slow, () => {
  it('--help says what it is and names each command with a sentence', async () => {
    const { code, stdout, stderr } = await run(['--help']);
    expect(code).toBe(0);
    expect(stderr).toBe('');
    expect(stdout).toMatch(/^Usage: portico \[options\] \[command\]\n\nOne GraphQL API in front/);
    for (const command of ['start', 'serve', 'doctor', 'sandbox', 'print-schema', 'generate-key']) {
      expect(stdout).toMatch(new RegExp(`^ {2}${command}( \\[options\\])? +[A-Z].*`, 'm'));
    }
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it.each([
    { words: ['serve', '--help'], says: /SIGTERM ends it after the requests in hand/ },
    { words: ['sandbox', '--help'], says: /variables that `portico serve` needs/ },
    { words: ['doctor', '--help'], says: /writes nothing at a vendor/ },
    { words: ['reseal', '--help'], says: /every process of serve the new key/ },
    { words: ['audit', 'verify', '--help'], says: /Ends with 1 where a chain is broken/ },
  ])('$words tells what to know before', async ({ words, says }) => {
    const { code, stdout } = await run(words);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringMatching(says) });
    expect(stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
  });

  it.each([
    { words: [], says: /^Usage: portico/ },
    { words: ['sevre'], says: /^error: unknown command 'sevre'/ },
    { words: ['serve', '--port', '80'], says: /^error: unknown option '--port'/ },
    { words: ['start', 'now'], says: /^error: too many arguments/ },
    { words: ['sandbox', '--port', 'abc'], says: /^error: .*'abc' is invalid.*a number/ },
    { words: ['sandbox', '--public-url', 'x'], says: /^error: .*'x' is invalid.*a URL/ },
  ])('$words is refused with what would be right', async ({ words, says }) => {
    const { code, stdout, stderr } = await run(words);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toMatch(says);
    expect(stderr).toMatch(/Usage: portico/);
    expect(stderr).not.toMatch(/\n {4}at /);
  });

  it.each(['--version', '-V'])('%s prints the version of its package', async (option) => {
    const { version } = JSON.parse(readFileSync(packageFile, 'utf8'));
    expect(await run([option])).toEqual({ code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('generate-key prints a key that the configuration accepts', async () => {
    const { code, stdout } = await run(['generate-key']);
    expect(code).toBe(0);
    expect(Buffer.from(stdout.trim(), 'base64')).toHaveLength(32);
  });
});

describe('portico serve', slow, () => {
  let sandbox: Sandbox;
  let token: string;
  beforeAll(async () => {
    sandbox = await startSandbox({ publicUrl: new URL('http://localhost:4000/'), firstPort: 0 });
    token = await sandbox.identityProvider.token({ subject: 'sandbox-staff', roles: ['STAFF'] });
  });
  afterAll(() => sandbox.close());

  const serve = (folder: string, more: Record<string, string> = {}) =>
    portico(['serve'], { ...sandbox.environment, PORT: '0', DATA_DIR: 'data', ...more }, folder);
  const addressOf = async (running: Running) => {
    const [, address] = await running.says(/Portico serves (http:\S+)graphql over (.*)\.\n/);
    return String(address);
  };

  it('with nothing set exits with one message that names all that is missing', async () => {
    const { code, stdout, stderr } = await run(['serve']);
    expect(code).toBe(1);
    expect(stdout).toBe('');
    expect(stderr).toBe(
      `The configuration cannot be used:
  - AUTH_ISSUER is missing
  - AUTH_AUDIENCE is missing
  - no vendor is configured: set the variables of at least one of ${Object.keys(registry).join(', ')}
The README's chapter "Configuration" explains each variable.
`,
    );
  });

  it('with half a vendor’s variables names the other half, and quotes none', async () => {
    const { NIMBUS_URL = '', VSEE_API_SECRET = '' } = sandbox.environment;
    const { code, stderr } = await run(['serve'], { NIMBUS_URL, VSEE_API_SECRET });
    expect(code).toBe(1);
    expect(stderr.match(/^ {2}- .*$/gm)).toEqual(
      [
        ...['NIMBUS_USERNAME', 'NIMBUS_PASSWORD', 'NIMBUS_TREATMENT_TYPES'],
        ...['NIMBUS_CENTRAL_PHARMACY_ID', 'VSEE_API_URL', 'VSEE_PORTAL_URL'],
        ...['VSEE_ACCOUNT_CODE', 'VSEE_API_KEY', 'AUTH_ISSUER', 'AUTH_AUDIENCE'],
      ].map((name) => `  - ${name} is missing`),
    );
    expect(stderr).not.toContain(VSEE_API_SECRET);
    expect(stderr).not.toContain(NIMBUS_URL);
  });

  it('reads a .env file, over which variables that are set win', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, '.env'), 'AUTH_AUDIENCE=portico\nLOG_LEVEL=loud\nPORT=many\n');
    const { code, stderr } = await run(['serve'], { LOG_LEVEL: 'info' }, folder);
    expect(code).toBe(1);
    expect(stderr).toContain(
      '  - PORT must be a whole number\n  - AUTH_ISSUER is missing\n  - no vendor',
    );
    expect(stderr).not.toContain('LOG_LEVEL');
  });

  it('tells in its log of variables that are set to no effect', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, '.env'), 'NODE_EXTRA_CA_CERTS=ca.pem\n');
    const running = serve(folder, { REQUEST_TIMEOUT: '5000' });
    await addressOf(running);
    running.process.kill('SIGTERM');
    expect(await running.ended).toBe(0);
    const lines = running
      .stdout()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const told = lines.flatMap(({ level, msg }) =>
      level === 40 && / effect/.test(msg) ? [msg] : [],
    );
    expect(told).toEqual([
      expect.stringMatching(/^NODE_EXTRA_CA_CERTS has no effect in \.env: /),
      expect.stringMatching(/^REQUEST_TIMEOUT .* Is REQUEST_TIMEOUT_MS meant\?$/),
    ]);
  });

  it('answers over the configured vendors, ends on SIGTERM after the request in hand', async () => {
    const running = serve(temporaryFolder());
    const origin = await addressOf(running);
    expect(running.stderr()).toMatch(/over NIMBUS, VSEE, MY_PATIENT_PORTAL, CERBO, MD_HQ\./);
    expect(running.stderr()).toMatch(/DATABASE_URL is not set.*Production wants PostgreSQL/);
    expect(running.stderr()).toMatch(/ENCRYPTION_KEY is not set: using the key in /);
    expect(await (await fetch(new URL('/ready', origin))).text()).toBe('ready\n');

    const { status, body } = await ask(
      origin,
      token,
      '{ viewer { subject roles } vendors { configured } }',
    );
    expect({ status, body }).toEqual({
      status: 200,
      body: {
        data: {
          viewer: { subject: 'sandbox-staff', roles: ['STAFF'] },
          vendors: Object.keys(registry).map(() => ({ configured: true })),
        },
      },
    });
    expect((await ask(origin, 'nobody', '{ viewer { subject } }')).status).toBe(401);

    sandbox.simulators.VSEE.clear();
    sandbox.simulators.VSEE.latency = 1_500;
    const inHand = ask(origin, token, '{ clinicRoom(code: "clinic") { code open } }');
    while (sandbox.simulators.VSEE.calls.length === 0) {
      await sleep(20);
    }
    running.process.kill('SIGTERM');
    await running.says(/Ending after the requests in hand/);
    // Probes and clients are told, and nothing new is begun.
    expect((await fetch(new URL('/health', origin))).status).toBe(200);
    expect((await fetch(new URL('/ready', origin))).status).toBe(503);
    expect(running.process.exitCode).toBeNull();
    const answered = await inHand;
    expect(answered).toEqual({
      status: 200,
      body: { data: { clinicRoom: { code: 'clinic', open: expect.any(Boolean) } } },
    });
    const before = Date.now();
    expect(await running.ended).toBe(0);
    expect(Date.now() - before).toBeLessThan(4_000);
    expect(running.stderr()).not.toMatch(/\n {4}at /);
    sandbox.simulators.VSEE.clear();
  });

  it('S05: that stood still while another process took its DATA_DIR over writes nothing more there and exits 1', async () => {
    const folder = temporaryFolder();
    const frozen = serve(folder);
    await addressOf(frozen);
    frozen.process.kill('SIGSTOP');
    const store = join(folder, 'data', 'store');
    const lock = String(readdirSync(store).find((name) => name.endsWith('.lock')));
    const next = `portico-${Number(lock.match(/\d+/)) + 1}.lock`;
    const other = { pid: 1, realm: 'another machine', started: '1', token: 'x' };
    writeFileSync(join(store, next), JSON.stringify(other));
    rmSync(join(store, lock));
    frozen.process.kill('SIGCONT');
    expect(await frozen.ended).toBe(1);
    expect(frozen.stderr()).toMatch(/^The data folder \S+ was taken over by another Portico/m);
    expect(readdirSync(store).sort()).toEqual(['database', next]);
  });

  it('S05: keeps what it is told over a restart, and lets no second process at its DATA_DIR', async () => {
    const folder = temporaryFolder();
    const first = serve(folder);
    const registered = await ask(
      await addressOf(first),
      token,
      'mutation { registerPatient(input: { firstName: "Pia", lastName: "Novak" }) { patient { id } userErrors { message } } }',
    );
    const { id } = registered.body.data.registerPatient.patient;
    first.process.kill('SIGINT');
    expect(await first.ended).toBe(0);

    const second = serve(folder);
    const found = await ask(
      await addressOf(second),
      token,
      `{ patient(id: "${id}") { fullName } }`,
    );
    expect(found.body.data).toEqual({ patient: { fullName: 'Pia Novak' } });

    const third = serve(folder);
    expect(await third.ended).toBe(1);
    expect(third.stderr()).toMatch(/^The data folder \S+ is in use by another Portico process/m);
    expect(third.stderr()).not.toMatch(/\n {4}at /);
    // The one that was there first is none the worse.
    const again = await ask(await addressOf(second), token, '{ viewer { subject } }');
    expect(again.status).toBe(200);
    second.process.kill('SIGTERM');
    expect(await second.ended).toBe(0);
  });

  it('says so where its port is in use, and touches nothing', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const running = serve(temporaryFolder(), { PORT: String(port) });
    expect(await running.ended).toBe(1);
    expect(running.stderr()).toMatch(
      new RegExp(`^Port ${port} is in use\\. Choose another one with PORT=\\.\\.\\.\n$`, 'm'),
    );
    expect(running.stderr()).not.toMatch(/\n {4}at /);
  });

  it('never falls back to the sandbox where a vendor is not configured', async () => {
    const { CERBO_URL = '', CERBO_USERNAME = '', CERBO_PASSWORD = '' } = sandbox.environment;
    const { AUTH_ISSUER = '', AUTH_AUDIENCE = '' } = sandbox.environment;
    const running = portico(['serve'], {
      ...{ CERBO_URL, CERBO_USERNAME, CERBO_PASSWORD, AUTH_ISSUER, AUTH_AUDIENCE },
      PORT: '0',
    });
    const origin = await addressOf(running);
    const { body } = await ask(origin, token, '{ vendors { vendor configured state } }');
    expect(body.data.vendors.filter((each: { configured: boolean }) => each.configured)).toEqual([
      { vendor: 'CERBO', configured: true, state: 'AVAILABLE' },
    ]);
    const refused = await ask(origin, token, '{ clinicRoom(code: "clinic") { code } }');
    expect(refused.body.errors[0].extensions.code).toBe('NOT_CONFIGURED');
    expect(refused.body.extensions?.vendorCalls).toBeUndefined();
    expect((await fetch(new URL('/sandbox/token/staff', origin))).status).toBe(404);
  });
});

describe('portico start', slow, () => {
  const manifest = new URL('../src/client/generated/persisted-documents.json', import.meta.url);

  it('prints where GraphiQL is, and answers the first query with a ready token', async () => {
    // Nobody is there: a sandbox that looked at it would not start, or would fill a real store.
    const elsewhere = 'postgres://127.0.0.1:1/real';
    // A page that is developed beside it.
    const page = 'http://localhost:5173';
    const running = portico(['start'], {
      ...{ PORT: '0', DATABASE_URL: elsewhere },
      ...{ CORS_ORIGINS: page, ALLOWED_RETURN_URLS: `${page}/connected` },
      PERSISTED_DOCUMENTS: fileURLToPath(manifest),
    });
    await running.says(/Ready\. Ctrl-C ends it; nothing is kept\./);
    expect(running.stderr()).toMatch(/PORTICO SANDBOX: .*Nothing here is real/);
    const [, graphiql = ''] = await running.says(/GraphiQL, signed in as staff: +(http:\S+)\n/);
    const explorer = await fetch(graphiql, { headers: { accept: 'text/html', origin: page } });
    expect(explorer.status).toBe(200);
    expect(await explorer.text()).toMatch(/graphiql/i);
    expect(explorer.headers.get('access-control-allow-origin')).toBe(page);

    const [, tokens = ''] = await running.says(/curl -s (http:\S+)/);
    expect(new URL(tokens).pathname).toBe('/sandbox/token/staff');
    const token = await (await fetch(tokens)).text();
    const { body } = await ask(graphiql, token, firstQuery);
    expect(body.errors).toBeUndefined();
    const [ana] = body.data.patients.nodes;
    expect(ana).toMatchObject({ fullName: 'Ana Silva', birthDate: '1988-02-11' });
    for (const list of [ana.portalAccess, ana.visits.nodes, ana.appointments.nodes]) {
      expect(list).not.toEqual([]);
    }
    expect(ana.portalRequests.nodes).not.toEqual([]);
    expect(ana.insurances).not.toEqual([]);
    expect(ana.latestOrder.tenantDomain).toMatch(/\S/);
    const called = new Set(
      body.extensions.vendorCalls.map(({ vendor }: { vendor: string }) => vendor),
    );
    expect(called.size).toBeGreaterThanOrEqual(4);

    const known = await ask(graphiql, token, '{ patients(search: "Ana Silva") { nodes { id } } }');
    const [{ id }] = known.body.data.patients.nodes;
    const login = await ask(
      graphiql,
      token,
      `mutation { connectPatientPortal(input: { patientId: "${id}", returnTo: "${page}/connected" }) {
        authorizationUrl userErrors { message } } }`,
    );
    expect(login.body.data.connectPatientPortal.userErrors).toEqual([]);

    const documents = Object.entries(JSON.parse(readFileSync(manifest, 'utf8')));
    const [documentId] =
      documents.find(([, text]) => String(text).startsWith('query Viewer ')) ?? [];
    const byHash = await fetch(graphiql, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ documentId }),
    });
    expect(await byHash.json()).toMatchObject({ data: { viewer: { subject: 'sandbox-staff' } } });

    for (const vendor of Object.keys(registry)) {
      await running.says(new RegExp(`^ {2}${vendor} +http://127\\.0\\.0\\.1:\\d+$`, 'm'));
    }
    running.process.kill('SIGINT');
    expect(await running.ended).toBe(0);
  });

  it('is refused beyond loopback: it gives tokens to everybody who asks', async () => {
    const { code, stderr } = await run(['start'], { HOST: '0.0.0.0', PORT: '0' });
    expect(code).toBe(1);
    expect(stderr).toMatch(/HOST must be loopback/);
  });
});
