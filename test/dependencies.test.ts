import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { endAll, temporaryFolder } from './support/command-line.ts';

/** `.ci/dependencies.mjs` beside a registry of this test's own. */

afterAll(endAll);

const script = fileURLToPath(new URL('../.ci/dependencies.mjs', import.meta.url));
const inRoot = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url));

interface Registry {
  status: number;
  /** By package: what is wrong with it. */
  advisories: Record<string, { severity: string; vulnerable_versions: string }[]>;
}

async function check({ status, advisories }: Registry, lock?: object) {
  const registry = createServer((request, response) => {
    request.resume().on('end', () => {
      const isAudit = request.url?.includes('/advisories/bulk') === true;
      response.writeHead(isAudit ? status : 404, { 'content-type': 'application/json' });
      response.end(isAudit && status === 200 ? JSON.stringify(advisories) : '{}');
    });
  });
  registry.listen(0, '127.0.0.1');
  await once(registry, 'listening');
  onTestFinished(() => void registry.close());
  const folder = temporaryFolder();
  copyFileSync(inRoot('package.json'), join(folder, 'package.json'));
  copyFileSync(inRoot('package-lock.json'), join(folder, 'package-lock.json'));
  if (lock !== undefined) {
    writeFileSync(join(folder, 'package-lock.json'), JSON.stringify(lock));
  }
  const { port } = registry.address() as AddressInfo;
  const child = spawn(process.execPath, [script], {
    cwd: folder,
    env: {
      PATH: process.env.PATH,
      HOME: folder,
      npm_config_registry: `http://127.0.0.1:${port}/`,
      npm_config_cache: join(folder, 'cache'),
      npm_config_fetch_retries: '0',
    },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
  }
  const [code] = await once(child, 'close');
  return { code, said };
}

const advisory = (severity: string) => [
  {
    id: 1,
    url: 'https://advisories.example.com/1',
    title: 'Invented',
    severity,
    vulnerable_versions: '>=0.0.0',
    cwe: [],
    cvss: { score: 9, vectorString: null },
  },
];

describe('the check of dependencies', { timeout: 90_000 }, () => {
  it('holds where nothing is known against any of them', async () => {
    const { code, said } = await check({ status: 200, advisories: {} });
    expect(said).toMatch(/Audited what production loads: 0 of severity moderate or more\./);
    expect(said).toMatch(/Audited all packages: 0 of severity high or more\./);
    expect(code).toBe(0);
  });

  it('fails for what production loads at moderate, and names it', async () => {
    const { code, said } = await check({ status: 200, advisories: { pino: advisory('moderate') } });
    expect(said).toMatch(/VULNERABLE \(moderate\): pino /);
    expect(code).toBe(1);
  });

  it('fails for tools of development at high, and not below', async () => {
    const moderate = { status: 200, advisories: { vitest: advisory('moderate') } };
    expect((await check(moderate)).code).toBe(0);
    const high = await check({ status: 200, advisories: { vitest: advisory('high') } });
    expect(high.said).toMatch(/VULNERABLE \(high\): vitest /);
    expect(high.code).toBe(1);
  });

  it('says in one line each that a registry has no such answer, and goes on', async () => {
    const { code, said } = await check({ status: 405, advisories: {} });
    expect(said.trimEnd().split('\n')).toEqual([
      expect.stringMatching(
        /^NOT AUDITED: the registry gave no report on what production loads \(/,
      ),
      expect.stringMatching(/^NOT AUDITED: the registry gave no report on all packages \(/),
    ]);
    expect(said).not.toContain('127.0.0.1');
    expect(code).toBe(0);
  });

  it('fails for an install script that nobody has looked at', async () => {
    const lock = {
      name: 'portico',
      lockfileVersion: 3,
      packages: {
        '': { name: 'portico', hasInstallScript: true },
        'node_modules/esbuild': { version: '1.0.0', hasInstallScript: true },
        'node_modules/one/node_modules/@scope/builder': {
          version: '2.0.0',
          hasInstallScript: true,
        },
      },
    };
    const { code, said } = await check({ status: 405, advisories: {} }, lock);
    expect(said).toMatch(/^INSTALL SCRIPT: @scope\/builder 2\.0\.0 wants one/m);
    expect(said).not.toMatch(/esbuild/);
    expect(code).toBe(1);
  });
});
