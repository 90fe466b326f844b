import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { type Sandbox, startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { portico } from '../support/command-line.ts';
import { freePort } from '../support/free-port.ts';
import { askThrough, type TestGateway, unhurried } from '../support/gateway.ts';

/** A child process that is asked one thing after another. */
export interface Peer<Order, Said> {
  readonly process: ChildProcess;
  ask(order: Order): Promise<Said>;
}

let asked = 0;

/** Starts a module of this folder; it ends with this process. @returns it with the first thing it says */
export async function startPeer<Order extends object, Said>(
  file: string,
  setup?: object,
): Promise<Peer<Order, Said> & { first: Said }> {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), [], {
    env: { PATH: process.env.PATH, NODE_ENV: 'production' },
    execArgv: [],
  });
  const waiting = new Map<number | undefined, { resolve: (said: Said) => void }>();
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${file} ended`)));
  ended.catch(() => undefined);
  child.on('message', (message: { id?: number }) => {
    waiting.get(message.id)?.resolve(message as Said);
    waiting.delete(message.id);
  });
  const saying = (id: number | undefined) =>
    Promise.race([ended, new Promise<Said>((resolve) => waiting.set(id, { resolve }))]);
  const first = saying(undefined);
  if (setup !== undefined) {
    child.send({ setup });
  }
  return {
    process: child,
    first: await first,
    ask(order) {
      asked += 1;
      const answer = saying(asked);
      child.send({ ...order, id: asked });
      return answer;
    },
  };
}

/** A call that a vendor got, as it was sent. */
export interface Call {
  vendor: string;
  method: string;
  url: string;
  headers: Record<string, string>;
}

export interface StubOrder {
  origins?: Record<string, string>;
  /** Milliseconds by vendor; `all`: of all others. */
  set?: { latency?: Record<string, number>; errors?: number; hanging?: string[] };
  /** Whether what was counted begins anew. */
  forget?: boolean;
  /** Whether calls are to be told next time. */
  tell?: boolean;
}

export interface StubSaid {
  port: number;
  calls: Record<string, number>;
  /** Calls in the busiest second. */
  busiest: Record<string, number>;
  told?: Call[];
  answers?: string[];
}

export interface Bench {
  sandbox: Sandbox;
  stub: Peer<StubOrder, StubSaid>;
  stubOrigin: string;
  origin: string;
  pid: number;
  gateway: Omit<TestGateway, 'logged' | 'close'>;
  token: string;
  /** Ends its processes. */
  close(): Promise<void>;
}

/** The stub's names for the vendors' origins, and the variables that hold addresses there. */
const addresses = {
  nimbus: ['NIMBUS_URL'],
  vsee: ['VSEE_API_URL'],
  portal: ['MY_PATIENT_PORTAL_API_URL'],
  cerbo: ['CERBO_URL'],
  mdhq: ['MD_HQ_URL'],
} as const;

/** Vendors in one stub process, and a `portico serve` over it, with patients that have accounts everywhere. */
export async function openBench(
  databaseUrl: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<Bench> {
  const publicUrl = new URL('http://localhost:4000/');
  const sandbox = await startSandbox({ publicUrl, firstPort: 0 });
  const stub = await startPeer<StubOrder, StubSaid>('stub.mjs');
  const stubOrigin = `http://127.0.0.1:${stub.first.port}`;
  const vendorUrls: Record<string, string> = {};
  const origins: Record<string, string> = {};
  for (const [name, variables] of Object.entries(addresses)) {
    for (const variable of variables) {
      const { origin, pathname } = new URL(sandbox.environment[variable] ?? '');
      origins[name] = origin;
      vendorUrls[variable] = `${stubOrigin}/${name}${pathname}`;
    }
  }
  await stub.ask({ origins });
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  const running = portico(['serve'], {
    ...{ ...sandbox.environment, ...vendorUrls, ...unhurried },
    ...{ PUBLIC_URL: publicUrl.href, PORT: String(port), DATABASE_URL: databaseUrl },
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    // Limits stay on; this one caller is as many as a clinic has.
    RATE_LIMIT_PER_MINUTE: '10000000',
    // It is asked for all that it can do: none of that is to be turned away.
    EVENT_LOOP_LAG_MS: '10000',
    NODE_ENV: 'production',
    ...environment,
  });
  await running.says(/Portico serves/);
  const gateway = await askThrough({
    ...{ sandbox, publicUrl },
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
  const token = await gateway.token('staff');
  const pid = running.process.pid ?? 0;
  const close = async () => {
    running.process.kill('SIGTERM');
    await running.ended;
    stub.process.disconnect();
    await sandbox.close();
  };
  return { sandbox, stub, stubOrigin, origin, pid, gateway, token, close };
}
