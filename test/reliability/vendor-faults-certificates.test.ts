import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ConfigurationError, readConfig } from '../../src/config.ts';
import { authority, certificates, key } from '../http/support/certificates.ts';
import * as selfSigned from '../http/support/self-signed.ts';
import { endAll, portico, temporaryFolder } from '../support/command-line.ts';

/** reliability.md, V10: whom a vendor's certificate does not vouch for gets no call. */

const bad = ['expired', 'early', 'elsewhere', 'selfSigned'] as const;
type Name = 'good' | (typeof bad)[number];
const names: readonly Name[] = ['good', ...bad];

const servers = new Map<Name, { server: Server; handshakes: number; requests: string[] }>();

beforeAll(async () => {
  for (const name of names) {
    const identity =
      name === 'selfSigned'
        ? { key: selfSigned.key, cert: selfSigned.certificate }
        : { key, cert: certificates[name] };
    const entry = {
      handshakes: 0,
      requests: [] as string[],
      server: createServer(identity, (request, response) => {
        entry.requests.push(`${request.method} ${request.headers.authorization}`);
        response.setHeader('content-type', 'application/json');
        response.end('{"ok":true}');
      }),
    };
    entry.server.on('connection', () => {
      entry.handshakes += 1;
    });
    entry.server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => entry.server.listen(0, '127.0.0.1', resolve));
    servers.set(name, entry);
  }
});
afterAll(async () => {
  await endAll();
  for (const { server } of servers.values()) {
    server.closeAllConnections();
    server.close();
  }
});

const child = fileURLToPath(new URL('./certificates-child.ts', import.meta.url));

async function callAll(environment: Record<string, string>): Promise<unknown[]> {
  const file = join(temporaryFolder(), 'authority.pem');
  writeFileSync(file, authority);
  for (const entry of servers.values()) {
    entry.handshakes = 0;
    entry.requests.length = 0;
  }
  const addresses = [...servers.values()].map(
    // The self-signed one is for the address only; the others are for both names.
    ({ server }) => `https://127.0.0.1:${(server.address() as AddressInfo).port}/api/`,
  );
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--import', import.meta.resolve('tsx'), child, ...addresses],
    {
      env: { PATH: process.env.PATH, NODE_EXTRA_CA_CERTS: file, ...environment },
      timeout: 60_000,
    },
  );
  return JSON.parse(stdout);
}

const unsent = ['UNREACHABLE', false];

describe('V10: a vendor’s certificate', () => {
  it.each([
    ['nothing', {}],
    ['NODE_TLS_REJECT_UNAUTHORIZED=0', { NODE_TLS_REJECT_UNAUTHORIZED: '0' }],
  ])(
    'that is expired, not yet valid, of another host or of nobody is refused before anything is sent, with %s in the environment',
    async (_, environment) => {
      const ends = await callAll(environment as Record<string, string>);
      expect(Object.fromEntries(names.map((name, index) => [name, ends[index]]))).toEqual({
        good: ['OK', 'OK', 'OK'],
        expired: [unsent, unsent, unsent],
        early: [unsent, unsent, unsent],
        elsewhere: [unsent, unsent, unsent],
        selfSigned: [unsent, unsent, unsent],
      });
      for (const name of bad) {
        expect(servers.get(name)?.handshakes).toBeGreaterThan(0);
        expect(servers.get(name)?.requests).toEqual([]);
      }
      // The good one shows that there was something to send.
      expect(servers.get('good')?.requests).toEqual(
        ['GET', 'POST', 'POST'].map((method) => `${method} Bearer canary-credential`),
      );
    },
  );

  it('cannot be left unchecked in production: the switch that Node has for it is refused', async () => {
    const environment = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    const problemsIn = (mode: 'production' | 'sandbox') => {
      try {
        readConfig(environment, mode);
        return [];
      } catch (error) {
        return (error as ConfigurationError).problems;
      }
    };
    const problem = 'NODE_TLS_REJECT_UNAUTHORIZED must not switch the check of certificates off';
    expect(problemsIn('production')).toContain(problem);
    expect(problemsIn('sandbox')).toEqual([]);
    const serving = portico(['serve'], environment);
    expect(await serving.ended).not.toBe(0);
    expect(serving.stderr()).toContain(problem);
  });
});
