import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { registry } from '../../src/vendors/registry.ts';
import { endAll, portico, type Running, run, temporaryFolder } from '../support/command-line.ts';
import { freePort } from '../support/free-port.ts';
import { askThrough, type TestGateway, unhurried } from '../support/gateway.ts';
import { connectionFor, mutate } from '../support/mutations.ts';
import { addCredentials, addIssued, addLinksIn } from './leaks/harvest.ts';
import { filesBelow, Needles } from './leaks/needles.ts';

/** reliability.md, section 4, "Secrets and PHI": a process of `portico serve`, from outside. */

const publicUrl = new URL('http://localhost:4000/');
let sandbox: Sandbox;
let environment: Record<string, string>;
beforeAll(async () => {
  sandbox = await startSandbox({ publicUrl, firstPort: 0 });
  environment = {
    ...sandbox.environment,
    PUBLIC_URL: publicUrl.href,
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  };
});
afterAll(async () => {
  await endAll();
  await sandbox.close();
});

const canary = 'canary-7f3a91';
const slow = { timeout: 90_000 };

describe('L06: credentials inside an address', slow, () => {
  /** Every variable of a vendor that takes an address, and ours. */
  const addresses = () => [
    ...Object.values(registry).flatMap(({ environment: { shape } }) =>
      Object.keys(shape).filter((name) => /^http/.test(environment[name] ?? '')),
    ),
    ...['AUTH_ISSUER', 'PUBLIC_URL', 'ALLOWED_RETURN_URLS', 'CORS_ORIGINS'],
  ];
  const withUser = (name: string) => {
    const url = new URL(environment[name]?.split(',')[0] || publicUrl);
    return `${url.protocol}//user:${canary}@${url.host}${url.pathname.replace(/\/$/, '')}`;
  };

  it('are refused at the start, by the names of the variables', async () => {
    const names = addresses();
    expect(names.length).toBeGreaterThanOrEqual(10);
    const wrong = Object.fromEntries(names.map((name) => [name, withUser(name)]));
    const { code, stdout, stderr } = await run(['serve'], { ...environment, ...wrong, PORT: '0' });
    expect(code).toBe(1);
    for (const name of names) {
      expect(stderr).toMatch(new RegExp(`^ {2}- ${name} must .*`, 'm'));
    }
    expect(stdout + stderr).not.toMatch(/canary|user:|\n {4}at /);
  });

  it.each([
    [
      'nobody listens',
      async () => `postgres://user:${canary}@127.0.0.1:${await freePort()}/portico`,
    ],
    [
      'what listens is no database',
      async () =>
        `postgres://user:${canary}@${new URL(sandbox.identityProvider.issuer).host}/portico?${canary}`,
    ],
    ['it cannot be read', async () => `postgres://user:${canary}@[::1`],
    ['its host does not exist', async () => `postgres://user:${canary}@${canary}.invalid/x`],
  ])('of the database are in no message where %s', async (_what, url) => {
    const { code, stdout, stderr } = await run(['serve'], {
      ...environment,
      ...{ PORT: '0', LOG_LEVEL: 'trace', DATABASE_URL: await url() },
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/DATABASE_URL/);
    expect(stdout + stderr).not.toMatch(/canary|\n {4}at /);
  });
});

interface Embedded {
  folder: string;
  running: Running;
  gateway: Omit<TestGateway, 'logged' | 'close'>;
  fetch: (path: string, init?: RequestInit) => Promise<Response>;
}

async function serveEmbedded(more: Record<string, string> = {}): Promise<Embedded> {
  const folder = temporaryFolder();
  const port = await freePort();
  const running = portico(
    ['serve'],
    {
      ...environment,
      ...unhurried,
      DATA_DIR: 'data',
      PORT: String(port),
      LOG_LEVEL: 'trace',
      ...more,
    },
    folder,
  );
  await running.says(/Portico serves/);
  const ask = (path: string, init?: RequestInit) =>
    fetch(`http://127.0.0.1:${port}${path}`, { redirect: 'manual', ...init });
  const gateway = await askThrough({
    ...{ sandbox, publicUrl },
    fetch: async (request) => {
      const { pathname, search } = new URL(request.url);
      const body = await request.text();
      const { method, headers } = request;
      return ask(pathname + search, { method, headers, ...(body !== '' && { body }) });
    },
  });
  return { folder, running, gateway, fetch: ask };
}

describe('L05: after everything that is handed a secret', slow, () => {
  it('none is in the folder of the embedded store, or in the log', async () => {
    const { folder, running, gateway } = await serveEmbedded();
    const needles = new Needles();
    addCredentials(needles, environment);
    const { Ana, Chloe } = gateway.ids;
    const asked = gateway as TestGateway;
    const fields = 'portalAccess { redirectUrl }';
    for (const [name, input, selection] of [
      ['enablePortalAccess', { patientId: Ana }, fields],
      ['createPortalLink', { patientId: Ana }, fields],
      ['startWalkInVisit', { patientId: Ana, roomCode: 'clinic' }, 'joinUrl'],
      [
        'connectPatientPortal',
        { patientId: Ana, returnTo: 'http://localhost:4000/connected' },
        'authorizationUrl',
      ],
    ] as const) {
      const { payload, text } = await mutate(asked, name, input, selection);
      expect(payload?.userErrors, text).toEqual([]);
      addLinksIn(needles, payload, name);
    }
    // One login that is finished, and one that is not.
    const connection = await connectionFor(asked, Chloe, 'chloe');
    const { payload } = await mutate(asked, 'completePatientPortalConnection', { connection });
    expect(payload.userErrors).toEqual([]);
    const waiting = await connectionFor(asked, gateway.ids.David, 'david');
    needles.add('issued secret', 'portal_connection', connection, waiting);
    addIssued(needles, asked);
    expect(needles.countOf('issued secret')).toBeGreaterThan(20);
    expect(needles.countOf('credential')).toBeGreaterThan(10);

    running.process.kill('SIGTERM');
    expect(await running.ended).toBe(0);
    expect(filesBelow(folder).length).toBeGreaterThan(500);
    expect(needles.findInFiles(folder)).toEqual([]);
    expect(needles.find('stdout', running.stdout())).toEqual([]);
    expect(needles.find('stderr', running.stderr())).toEqual([]);
  });
});

describe('L10: to somebody without a token', slow, () => {
  let served: Embedded;
  const faults = fileURLToPath(new URL('../support/faults-on-signals.mjs', import.meta.url));
  beforeAll(async () => {
    served = await serveEmbedded({ NODE_OPTIONS: `--import ${faults}` });
  }, 90_000);

  const good = async () => {
    const started = performance.now();
    const { errors } = await served.gateway.query('{ viewer { subject } }');
    expect(errors).toEqual([]);
    expect(performance.now() - started).toBeLessThan(1_000);
  };

  it.each([
    ...['/', '/metrics', '/debug', '/debug/pprof', '/heapdump', '/heapsnapshot', '/snapshot'],
    ...['/core', '/report', '/env', '/.env', '/.git/config', '/package.json', '/status', '/info'],
    ...[
      '/json',
      '/json/list',
      '/json/version',
      '/actuator',
      '/actuator/heapdump',
      '/admin',
      '/logs',
    ],
    ...['/graphiql', '/playground', '/voyager', '/schema.graphql', '/graphql/schema'],
    ...[
      '/_sandbox/calls',
      '/sandbox/token/staff',
      '/sandbox/token/admin',
      '/data/store',
      '/sandbox',
    ],
    ...[
      '/..%2f..%2fpackage.json',
      '//etc/passwd',
      '/health/../metrics',
      '/HEALTH',
      '/ready/../.env',
    ],
  ])('%s is nothing', async (path) => {
    for (const method of ['GET', 'POST', 'PUT', 'OPTIONS', 'HEAD']) {
      const response = await served.fetch(path, { method, headers: { accept: 'text/html, */*' } });
      const text = await response.text();
      expect([204, 400, 401, 404, 405], `${method} ${path}: ${text}`).toContain(response.status);
      expect(text.length, text).toBeLessThan(200);
      expect(text).not.toMatch(/portico|node|sandbox|postgres|data/i);
    }
    await good();
  });

  it.each([
    ['/health', 'alive\n'],
    ['/ready', 'ready\n'],
  ])('%s says that and nothing else', async (path, text) => {
    const response = await served.fetch(path);
    expect(await response.text()).toBe(text);
    expect(
      [...response.headers.keys()].filter((name) => /server|powered|version/.test(name)),
    ).toEqual([]);
    for (const method of ['POST', 'PUT', 'DELETE']) {
      expect((await served.fetch(path, { method })).status).toBe(405);
    }
    await good();
  });

  it('the explorer is closed, also to those who have a token, and so is introspection', async () => {
    const authorization = `Bearer ${await served.gateway.token('admin')}`;
    for (const headers of [{ accept: 'text/html' }, { accept: 'text/html', authorization }]) {
      const response = await served.fetch('/graphql', { headers });
      const text = await response.text();
      expect([400, 401, 404, 406]).toContain(response.status);
      expect(text).not.toMatch(/<html|graphiql|<script/i);
    }
    for (const document of [
      '{ __schema { types { name } } }',
      '{ __type(name: "Patient") { name } }',
    ]) {
      const { data, errors } = await served.gateway.query(document, {}, 'admin');
      expect(data).toBeUndefined();
      const codes = errors.map(({ extensions }) => extensions.code);
      expect(new Set(codes)).toEqual(new Set(['GRAPHQL_VALIDATION_FAILED']));
      const anonymous = await served.fetch(`/graphql?query=${encodeURIComponent(document)}`);
      expect(anonymous.status).toBe(401);
    }
    await good();
  });

  it('nothing is left behind by a crash: no core, no report, no snapshot', async () => {
    const { running, folder } = served;
    running.process.kill('SIGALRM');
    expect(await running.ended).toBe(1);
    expect(readdirSync(folder)).toEqual(['data']);
    expect(readdirSync(join(folder, 'data'))).toEqual(['store']);
    expect(running.stdout() + running.stderr()).not.toMatch(/canary|Silva/);
  });
});
