import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authority, certificates, key } from './support/certificates.ts';
import { key as ownKey, certificate as selfSigned } from './support/self-signed.ts';

/** A process that trusts the tests' authority: what it refuses then is refused for its own reason. */

const child = fileURLToPath(new URL('./support/certificates-child.ts', import.meta.url));
const servers: Server[] = [];
const calls: string[] = [];
let folder = '';

async function serve(name: string, options: { key: string; cert: string }): Promise<string> {
  const server = createServer(options, (request, response) => {
    calls.push(`${name} ${request.method}`);
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"ok":true}');
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'portico-certificates-'));
  writeFileSync(join(folder, 'authority.pem'), authority);
});
afterAll(() => {
  for (const server of servers) {
    server.close();
    server.closeAllConnections();
  }
  rmSync(folder, { recursive: true });
});

describe('V10: a vendor’s certificate', () => {
  it.each(['', '0'])(
    'is taken where it is good, and refused where it is expired, of another host or self-signed (override "%s")',
    async (override) => {
      calls.length = 0;
      const addresses = [
        await serve('good', { key, cert: certificates.good }),
        await serve('expired', { key, cert: certificates.expired }),
        await serve('wrong host', { key, cert: certificates.wrongHost }),
        await serve('self-signed', { key: ownKey, cert: selfSigned }),
      ];
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--import', import.meta.resolve('tsx'), child, ...addresses],
        {
          env: {
            PATH: process.env.PATH,
            NODE_EXTRA_CA_CERTS: join(folder, 'authority.pem'),
            NODE_TLS_REJECT_UNAUTHORIZED: override,
          },
        },
      );
      const refused = 'UNREACHABLE';
      expect(stdout.trim().split('\n')).toEqual(['ANSWERED', refused, refused, refused]);
      // No credential went further than the handshake.
      expect(calls).toEqual(['good POST']);
    },
  );
});
