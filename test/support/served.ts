import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { portico, type Running } from './command-line.ts';
import { type DatabaseProxy, startDatabaseProxy } from './database-proxy.ts';
import { freePort } from './free-port.ts';
import { askThrough, type TestGateway, unhurried } from './gateway.ts';

/** Milliseconds in which a killed process is gone, and all that it has started. */
const longestDeath = 45_000;

/** `portico serve` in processes of their own, over one sandbox and one PostgreSQL. */

export interface Served {
  readonly running: Running;
  readonly database: DatabaseProxy;
  /** What it was started with. */
  readonly environment: Readonly<Record<string, string>>;
  readonly origin: string;
  /** Sends a request for the gateway's public address to this very process. */
  fetch(request: Request, signal?: AbortSignal): Promise<Response>;
  /** `kill -9`, and the end of everything that it was connected to. */
  kill(): Promise<void>;
}

export interface Clinic {
  /** Asks the process that `use` named last; the first process fills the store. */
  readonly gateway: TestGateway;
  /** @param words of the command line; default `serve` */
  serve(environment?: Readonly<Record<string, string>>, words?: readonly string[]): Promise<Served>;
  /** Asks one process, whichever is in use. */
  through(served: Served): Promise<TestGateway>;
  use(served: Served): void;
  /** All that any of its processes has written, on whichever stream. */
  written(): string;
  close(): Promise<void>;
}

/**
 * @param databaseUrl of an empty database
 * @param common variables of every process
 */
export async function openClinic(
  databaseUrl: string,
  common: Readonly<Record<string, string>> = {},
): Promise<Clinic> {
  const publicUrl = new URL('http://localhost:4000/');
  const sandbox = await startSandbox({ publicUrl, firstPort: 0 });
  const encryptionKey = randomBytes(32).toString('base64');
  const open = new Set<Served>();
  const all: Running[] = [];
  let current: Served | undefined;

  async function serve(
    environment: Readonly<Record<string, string>> = {},
    words: readonly string[] = ['serve'],
  ): Promise<Served> {
    const database = await startDatabaseProxy(databaseUrl);
    const port = await freePort();
    const variables = {
      ...sandbox.environment,
      ...unhurried,
      PUBLIC_URL: publicUrl.href,
      PORT: String(port),
      DATABASE_URL: database.url,
      ENCRYPTION_KEY: encryptionKey,
      LOG_LEVEL: 'warn',
      // A busy machine is not to be taken for too many requests.
      EVENT_LOOP_LAG_MS: '10000',
      // The simulators act at once or never.
      RECONCILE_AFTER_MS: '0',
      ...common,
      ...environment,
    };
    const running = portico(words, variables);
    all.push(running);
    await running.says(/Portico serves/);
    const served: Served = {
      environment: variables,
      running,
      database,
      origin: `http://127.0.0.1:${port}`,
      async fetch(request, signal) {
        const { pathname, search } = new URL(request.url);
        const { method, headers } = request;
        const body = await request.text();
        return fetch(`http://127.0.0.1:${port}${pathname}${search}`, {
          ...{ method, headers, redirect: 'manual' },
          ...(body !== '' && { body }),
          ...(signal && { signal }),
        });
      },
      async kill() {
        running.process.kill('SIGKILL');
        // Its workers hold its output open for as long as they live.
        const late = delay(longestDeath, undefined, { ref: false }).then(() => {
          throw new Error(`Killed, but a part of it lives on: ${running.stderr()}`);
        });
        await Promise.race([running.ended, late]);
        await database.close();
        open.delete(served);
      },
    };
    open.add(served);
    return served;
  }

  async function close() {
    await Promise.all([...open].map((served) => served.kill()));
    await sandbox.close();
  }

  const gatewayOver = async (fetch: (request: Request) => Promise<Response>, seeded: boolean) => ({
    ...(await askThrough({ sandbox, publicUrl, fetch, seeded })),
    logged: () => all.map((each) => each.stdout()).join(''),
    close,
  });

  try {
    current = await serve();
    const gateway = await gatewayOver(async (request) => {
      if (current === undefined) {
        throw new Error('No process is in use.');
      }
      return current.fetch(request);
    }, true);
    return {
      gateway,
      serve,
      through: (served) => gatewayOver((request) => served.fetch(request), false),
      use: (served) => {
        current = served;
      },
      written: () => all.map((each) => each.stdout() + each.stderr()).join(''),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}
