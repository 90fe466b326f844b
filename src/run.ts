import { randomBytes } from 'node:crypto';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import { acceptInBulk } from './accept-in-bulk.ts';
import type { Surroundings } from './config/env-file.ts';
import { type Config, doubtsAbout, type Environment, readConfig } from './config.ts';
import { encryptionKeyOf } from './encryption-key.ts';
import type { Gateway } from './gateway.ts';
import { createLifeCycle, letGoOfClosedTerminal } from './life-cycle.ts';
import { listen, StartError } from './listen.ts';
import { type Opened, openBehind, openMetricsPort } from './open-behind.ts';
import { placeOf } from './telemetry/fault-place.ts';
import { gatheredLog } from './telemetry/gathered-log.ts';
import { readableLog } from './telemetry/readable-log.ts';
import { runWorkers, type WorkerSeat } from './workers.ts';

type Say = (line: string) => void;

/** Milliseconds that a worker may take to end after its limit; more than twice what `life-cycle.ts` allows itself. */
const longestEnd = 4_000;

/** JSON, but for people in a terminal. */
function loggerFor({ logLevel: level }: Config, seat?: WorkerSeat): Logger {
  const base = seat ? { worker: seat.id } : null;
  const options = { level, base, timestamp: pino.stdTimeFunctions.isoTime };
  return process.stdout.isTTY
    ? pino(options, readableLog(process.stdout))
    : pino(options, gatheredLog(base));
}

function exit(code: number): never {
  letGoOfClosedTerminal();
  process.exit(code);
}

const lifeCycleOf = ({ drainTimeout }: Config, logger: Logger, say: Say, shared = false) =>
  createLifeCycle({
    ...{ drainTimeout, shared, say, exit },
    onFault: (error) => logger.fatal({ fault: placeOf(error) }, 'nobody caught this: ending'),
  });

/** Nobody waits for it: until then, and without it, connections come in one by one. */
async function acceptManyAtOnce(server: Server, logger: Logger): Promise<void> {
  if ((await acceptInBulk(server)) === 1) {
    logger.warn('new connections are taken in one by one: under load, some will wait for long');
  }
}

/** What a sandbox takes from the environment, too: it is there to be looked at. */
const telemetryOf = (environment: Environment) =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => /^(METRICS|OTEL)_/.test(name)));

/** As a browser opens GraphiQL. */
const explorerRequest = (publicUrl: URL) =>
  new Request(new URL('graphql', publicUrl), { headers: { accept: 'text/html' } });

/** Portico on simulated vendors; everything is in memory and gone when it ends. */
export async function start(environment: Environment, say: Say): Promise<void> {
  // Loaded here, so that production never loads a simulator.
  const { startSandbox } = await import('./sandbox/start-sandbox.ts');
  const { seed } = await import('./sandbox/seed.ts');
  const { tokenRoute } = await import('./sandbox/token-route.ts');
  const { exampleVariables } = await import('./sandbox/example-variables.ts');
  const { buildFrontDesk } = await import('./sandbox/front-desk-build.ts');
  const { frontDeskRoute } = await import('./sandbox/front-desk-route.ts');

  // No DATABASE_URL: whatever the environment names, invented patients never get into a real store.
  const { PORT, HOST, PUBLIC_URL, LOG_LEVEL = 'warn' } = environment;
  // For pages that are developed against it.
  const { CORS_ORIGINS, ALLOWED_RETURN_URLS, PERSISTED_DOCUMENTS } = environment;
  const own = {
    ...{ PORT, HOST, PUBLIC_URL, LOG_LEVEL },
    ...{ CORS_ORIGINS, ALLOWED_RETURN_URLS, PERSISTED_DOCUMENTS },
    ...telemetryOf(environment),
  };
  const { host, port } = readConfig(own, 'sandbox');
  if (!['127.0.0.1', 'localhost', '::1'].includes(host)) {
    throw new StartError('The sandbox gives tokens to everybody who asks: HOST must be loopback.');
  }
  say('Starting the simulated vendors...');
  const { server, port: taken, answerWith } = await listen(host, port);
  const publicUrl = new URL(PUBLIC_URL ?? `http://localhost:${taken}/`);
  const sandbox = await startSandbox({ publicUrl, firstPort: 0 });
  const config = readConfig(
    {
      ...own,
      ...sandbox.environment,
      PUBLIC_URL: publicUrl.href,
      ALLOWED_RETURN_URLS: `${sandbox.environment.ALLOWED_RETURN_URLS},${ALLOWED_RETURN_URLS ?? ''}`,
    },
    'sandbox',
  );
  const logger = loggerFor(config);
  const lifeCycle = lifeCycleOf(config, logger, say);
  const { identityProvider } = sandbox;
  const staff = () => identityProvider.token({ subject: 'sandbox-staff', roles: ['STAFF'] });
  const asked = async () => ({
    fetch: (request: Request) => gateway.server.fetch(request),
    publicUrl,
    token: await staff(),
  });
  const { gateway, guard, close }: Opened = await openBehind(
    server,
    config,
    {
      ...{ logger, encryptionKey: randomBytes(32), showVendorCalls: 'EVERYBODY' },
      dataDirectory: undefined,
      graphiql: {
        headers: async () => ({ authorization: `Bearer ${await staff()}` }),
        variables: async () => exampleVariables(await asked(), Date.now()),
      },
    },
    say,
  );
  say('Filling the sandbox with invented patients...');
  await seed(await asked());
  const frontDesk = frontDeskRoute({
    publicUrl,
    build: () => buildFrontDesk(say),
    next: tokenRoute(identityProvider, gateway.listener),
  });
  answerWith(lifeCycle.guard(guard(frontDesk)));
  lifeCycle.started({
    server,
    endStreams: gateway.endStreams,
    idle: gateway.idle,
    close: async () => {
      await close();
      await sandbox.close();
    },
  });

  void acceptManyAtOnce(server, logger);

  const { href } = publicUrl;
  say(`
Front desk:                    ${href}
GraphiQL, signed in as staff:  ${href}graphql
Ready tokens (8 hours):        curl -s ${href}sandbox/token/staff   (also ana, ben, admin)
The simulated vendors:`);
  for (const [vendor, simulator] of Object.entries(sandbox.simulators)) {
    say(`  ${vendor.padEnd(18)} ${simulator.origin}`);
  }
  say('\nReady. Ctrl-C ends it; nothing is kept.');
  // Its page is made ahead: whoever opens it waits for no examples.
  await Promise.resolve(gateway.server.fetch(explorerRequest(publicUrl))).catch(() => undefined);
}

/**
 * Portico over the configured vendors; never falls back to the sandbox.
 * @param seat where it is one of several workers
 */
export async function serve(
  { variables: environment, ofFile }: Surroundings,
  say: Say,
  seat?: WorkerSeat,
): Promise<Gateway> {
  const asked = readConfig(environment, 'production');
  if (asked.databaseUrl === undefined) {
    say(
      'DATABASE_URL is not set: using the embedded store, which a power cut can rob of its last writes and which serves one process only. Production wants PostgreSQL.',
    );
  }
  const encryptionKey = encryptionKeyOf(asked, seat ? () => undefined : say);
  // A worker takes connections from the others as soon as it listens: not before it can answer.
  const early = seat ? undefined : await listen(asked.host, asked.port);
  // PORT=0 takes any: only now it is known where this gateway is.
  const config = early
    ? readConfig({ ...environment, PORT: String(early.port) }, 'production')
    : asked;
  const logger = loggerFor(config, seat);
  // Of several workers one says it.
  for (const doubt of seat === undefined || seat.id === 1 ? doubtsAbout(environment, ofFile) : []) {
    logger.warn(doubt);
  }
  const lifeCycle = lifeCycleOf(config, logger, say, seat !== undefined);
  seat?.endedBy(lifeCycle.end);
  const { gateway, guard, close } = await openBehind(
    early?.server,
    config,
    {
      ...{ logger, encryptionKey, showVendorCalls: config.showVendorCalls ? 'STAFF' : 'NOBODY' },
      dataDirectory: join(config.dataDirectory, 'store'),
      graphiql: config.graphiql ? {} : undefined,
    },
    say,
    seat !== undefined,
  );
  const { server, answerWith } = early ?? (await listen(config.host, config.port));
  answerWith(lifeCycle.guard(guard(gateway.listener)));
  const { endStreams, idle } = gateway;
  lifeCycle.started({ server, endStreams, idle, close });
  void acceptManyAtOnce(server, logger);
  const configured = Object.keys(config.vendors).join(', ');
  say(`Portico serves ${config.publicUrl.href}graphql over ${configured}.`);
  seat?.onServing();
  return gateway;
}

/** `serve` in several processes on one port and one PostgreSQL; this one only looks after them. */
export async function serveWithWorkers(
  environment: Environment,
  count: number,
  say: Say,
): Promise<void> {
  const config = readConfig(environment, 'production');
  if (config.databaseUrl === undefined) {
    throw new StartError(
      'Workers share a PostgreSQL: set DATABASE_URL, or leave --workers out. The embedded store serves one process only.',
    );
  }
  if (config.port === 0) {
    throw new StartError('Workers share a port: choose one with PORT=..., not 0.');
  }
  if (config.metrics !== undefined && config.metrics.port === undefined) {
    throw new StartError(
      'Workers share a port, and a scrape there would reach any one of them: set METRICS_PORT, which has the metrics of all of them, or leave METRICS_TOKEN out.',
    );
  }
  // Made once, by this process, where it is not given.
  encryptionKeyOf(config, say);
  // In use, it is said once and at once.
  const { server } = await listen(config.host, config.port);
  await new Promise((resolve) => server.close(resolve));
  const metrics = await openMetricsPort(config, say);
  if (metrics !== undefined) {
    const { createWorkerMetrics } = await import('./telemetry/worker-metrics.ts');
    metrics.show(createWorkerMetrics());
  }
  await runWorkers({
    ...{ count, say, exit },
    endTimeout: config.drainTimeout + longestEnd,
  });
}

/** @returns what a port that cannot be had means to who chose the first of them */
function portProblem(error: unknown): unknown {
  const { code, syscall, port } = error as NodeJS.ErrnoException & { port?: number };
  return syscall === 'listen'
    ? new StartError(
        `Port ${port} ${code === 'EADDRINUSE' ? 'is in use' : `cannot be had (${code})`}, and the sandbox needs six in a row. Choose others with --port <the first of them>, or any with --port 0.`,
      )
    : error;
}

/** The simulated vendors alone, for a `serve` in another process. */
export async function runSandboxOnly(
  options: { firstPort: number; publicUrl: URL },
  say: Say,
  print: (line: string) => void,
): Promise<void> {
  const { startSandbox } = await import('./sandbox/start-sandbox.ts');
  const sandbox = await startSandbox(options).catch((error: unknown) => {
    throw portProblem(error);
  });
  for (const [name, value] of Object.entries(sandbox.environment)) {
    print(`${name}=${value}`);
  }
  const { identityProvider } = sandbox;
  print(`# A token of STAFF, for eight hours:`);
  print(`# ${await identityProvider.token({ subject: 'sandbox-staff', roles: ['STAFF'] })}`);
  say('The sandbox runs. Ctrl-C ends it.');
  const end = () => void sandbox.close().then(() => process.exit(0));
  process.once('SIGTERM', end);
  process.once('SIGINT', end);
}
