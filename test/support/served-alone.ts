import { randomBytes } from 'node:crypto';
import type { Sandbox } from '../../src/sandbox/start-sandbox.ts';
import { portico, type Running } from './command-line.ts';
import { freePort } from './free-port.ts';
import { askThrough, type TestGateway, unhurried } from './gateway.ts';

/** A `portico serve` of its own over a sandbox, on the embedded store. */
export interface ServedAlone extends Omit<TestGateway, 'logged' | 'close'> {
  running: Running;
  /** Without a slash at its end. */
  origin: string;
}

/** @param sandbox made for `http://localhost:4000/`; `endAll` ends the process */
export async function serveAlone(
  sandbox: Sandbox,
  environment: Readonly<Record<string, string>> = {},
  seeded = true,
): Promise<ServedAlone> {
  const publicUrl = new URL('http://localhost:4000/');
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const running = portico(['serve'], {
    ...sandbox.environment,
    ...unhurried,
    PUBLIC_URL: publicUrl.href,
    PORT: String(port),
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    ...environment,
  });
  await running.says(/Portico serves/);
  const gateway = await askThrough({
    ...{ sandbox, publicUrl, seeded },
    async fetch(request) {
      const { pathname, search } = new URL(request.url);
      const { method, headers } = request;
      const body = await request.text();
      return fetch(`${origin}${pathname}${search}`, {
        ...{ method, headers, redirect: 'manual' },
        ...(body !== '' && { body }),
      });
    },
  });
  return { ...gateway, running, origin };
}
