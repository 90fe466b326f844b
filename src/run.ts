import { randomBytes } from 'node:crypto';
import type { RequestListener, Server } from 'node:http';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import { type Config, type Environment, readConfig } from './config.ts';
import { placeOf } from './domain/fault-place.ts';
import { encryptionKeyOf } from './encryption-key.ts';
import { type Gateway, type GatewayOptions, openGateway } from './gateway.ts';
import { createLifeCycle } from './life-cycle.ts';
import { type Listening, listen, StartError } from './listen.ts';
import { watchLoad } from './overload/watch.ts';
import { metricsListener } from './telemetry/metrics-listener.ts';
import { readableLog } from './telemetry/readable-log.ts';

type Say = (line: string) => void;

/** JSON, but for people in a terminal. */
function loggerFor({ logLevel: level }: Config): Logger {
  const options = { level, base: null, timestamp: pino.stdTimeFunctions.isoTime };
  return process.stdout.isTTY ? pino(options, readableLog(process.stdout)) : pino(options);
}

const lifeCycleOf = ({ drainTimeout }: Config, logger: Logger, say: Say) =>
  createLifeCycle({
    ...{ drainTimeout, say },
    exit: (code) => process.exit(code),
    onFault: (error) => logger.fatal({ fault: placeOf(error) }, 'nobody caught this: ending'),
  });

/** What a sandbox takes from the environment, too: it is there to be looked at. */
const telemetryOf = (environment: Environment) =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => /^(METRICS|OTEL)_/.test(name)));

const endServers = (...servers: (Server | undefined)[]) => {
  for (const server of servers) {
    server?.close();
    server?.closeAllConnections();
  }
};

interface Opened {
  gateway: Gateway;
  /** Puts what keeps the process within its powers before what answers. */
  guard: (listener: RequestListener) => RequestListener;
  close: () => Promise<void>;
}

/**
 * The gateway behind a server, and its metrics on a port of their own where they have one.
 * @throws StartError and whatever else keeps it from coming up; the ports are free again then
 */
async function openBehind(
  server: Server,
  config: Config,
  options: Omit<GatewayOptions, 'onProgress'>,
  say: Say,
): Promise<Opened> {
  const { port, host = '', token } = config.metrics ?? {};
  const load = watchLoad(config.admission, options.logger);
  let metrics: Listening | undefined;
  try {
    metrics = port === undefined ? undefined : await listen(host, port, undefined, 'METRICS_PORT');
    const gateway = await openGateway(config, {
      ...options,
      requestLoads: load.loads,
      onProgress: say,
    });
    if (metrics !== undefined && gateway.metrics !== undefined) {
      metrics.answerWith(metricsListener(gateway.metrics, token));
      say(`Metrics are at port ${metrics.port} of ${host}, /metrics.`);
    }
    const { isPersistedWrite } = gateway;
    const { corsOrigins } = config;
    return {
      gateway,
      guard: (listener) => load.guard(listener, { isPersistedWrite, corsOrigins }),
      close: async () => {
        load.close();
        await gateway.close();
        endServers(metrics?.server);
      },
    };
  } catch (error) {
    load.close();
    endServers(server, metrics?.server);
    throw error;
  }
}

/** Portico on simulated vendors; everything is in memory and gone when it ends. */
export async function start(environment: Environment, say: Say): Promise<void> {
  // Loaded here, so that production never loads a simulator.
  const { startSandbox } = await import('./sandbox/start-sandbox.ts');
  const { seed } = await import('./sandbox/seed.ts');
  const { tokenRoute } = await import('./sandbox/token-route.ts');
  const { firstQuery } = await import('./sandbox/first-query.ts');

  // No DATABASE_URL: whatever the environment names, invented patients never get into a real store.
  const { PORT, HOST, PUBLIC_URL, LOG_LEVEL = 'warn' } = environment;
  const own = { PORT, HOST, PUBLIC_URL, LOG_LEVEL, ...telemetryOf(environment) };
  const { host, port } = readConfig(own, 'sandbox');
  if (!['127.0.0.1', 'localhost', '::1'].includes(host)) {
    throw new StartError('The sandbox gives tokens to everybody who asks: HOST must be loopback.');
  }
  say('PORTICO SANDBOX: simulated vendors, invented patients. Nothing here is real.');
  const { server, port: taken, answerWith } = await listen(host, port);
  const publicUrl = new URL(PUBLIC_URL ?? `http://localhost:${taken}/`);
  const sandbox = await startSandbox({ publicUrl, firstPort: 0 });
  const config = readConfig(
    { ...own, ...sandbox.environment, PUBLIC_URL: publicUrl.href },
    'sandbox',
  );
  const logger = loggerFor(config);
  const lifeCycle = lifeCycleOf(config, logger, say);
  const { identityProvider } = sandbox;
  const staff = () => identityProvider.token({ subject: 'sandbox-staff', roles: ['STAFF'] });
  const { gateway, guard, close } = await openBehind(
    server,
    config,
    {
      ...{ logger, encryptionKey: randomBytes(32), showVendorCalls: true },
      dataDirectory: undefined,
      graphiql: {
        headers: async () => ({ authorization: `Bearer ${await staff()}` }),
        defaultQuery: firstQuery,
      },
    },
    say,
  );
  say('Filling the sandbox with invented patients...');
  await seed({
    fetch: (request) => gateway.server.fetch(request),
    publicUrl,
    token: await staff(),
  });
  answerWith(lifeCycle.guard(guard(tokenRoute(identityProvider, gateway.server))));
  lifeCycle.started({
    server,
    idle: gateway.idle,
    close: async () => {
      await close();
      await sandbox.close();
    },
  });

  const { href } = publicUrl;
  say(`
GraphiQL, signed in as staff:  ${href}graphql
Ready tokens (8 hours):        curl -s ${href}sandbox/token/staff   (also ana, ben, admin)
The simulated vendors:`);
  for (const [vendor, simulator] of Object.entries(sandbox.simulators)) {
    say(`  ${vendor.padEnd(18)} ${simulator.origin}`);
  }
  say('\nReady. Ctrl-C ends it; nothing is kept.');
}

/** Portico over the configured vendors; never falls back to the sandbox. */
export async function serve(environment: Environment, say: Say): Promise<Gateway> {
  const asked = readConfig(environment, 'production');
  if (asked.databaseUrl === undefined) {
    say(
      'DATABASE_URL is not set: using the embedded store, which a power cut can rob of its last writes and which serves one process only. Production wants PostgreSQL.',
    );
  }
  const encryptionKey = encryptionKeyOf(asked, say);
  const { server, port, answerWith } = await listen(asked.host, asked.port);
  // PORT=0 takes any: only now it is known where this gateway is.
  const config = readConfig({ ...environment, PORT: String(port) }, 'production');
  const logger = loggerFor(config);
  const lifeCycle = lifeCycleOf(config, logger, say);
  const { gateway, guard, close } = await openBehind(
    server,
    config,
    {
      ...{ logger, encryptionKey, showVendorCalls: false },
      dataDirectory: join(config.dataDirectory, 'store'),
      graphiql: config.graphiql ? {} : undefined,
    },
    say,
  );
  answerWith(lifeCycle.guard(guard((request, response) => void gateway.server(request, response))));
  lifeCycle.started({ server, idle: gateway.idle, close });
  const configured = Object.keys(config.vendors).join(', ');
  say(`Portico serves ${config.publicUrl.href}graphql over ${configured}.`);
  return gateway;
}

/** The simulated vendors alone, for a `serve` in another process. */
export async function runSandboxOnly(
  options: { firstPort: number; publicUrl: URL },
  say: Say,
  print: (line: string) => void,
): Promise<void> {
  const { startSandbox } = await import('./sandbox/start-sandbox.ts');
  const sandbox = await startSandbox(options);
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
