import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Logger, pino } from 'pino';
import { type Config, type Environment, readConfig } from './config.ts';
import { placeOf } from './domain/fault-place.ts';
import { encryptionKeyOf } from './encryption-key.ts';
import { type Gateway, openGateway } from './gateway.ts';
import { createLifeCycle } from './life-cycle.ts';
import { listen, StartError } from './listen.ts';

type Say = (line: string) => void;

const loggerFor = ({ logLevel }: Config) =>
  pino({ level: logLevel, base: null, timestamp: pino.stdTimeFunctions.isoTime });

const lifeCycleOf = ({ drainTimeout }: Config, logger: Logger, say: Say) =>
  createLifeCycle({
    ...{ drainTimeout, say },
    exit: (code) => process.exit(code),
    onFault: (error) => logger.fatal({ fault: placeOf(error) }, 'nobody caught this: ending'),
  });

/** Portico on simulated vendors; everything is in memory and gone when it ends. */
export async function start(environment: Environment, say: Say): Promise<void> {
  // Loaded here, so that production never loads a simulator.
  const { startSandbox } = await import('./sandbox/start-sandbox.ts');
  const { seed } = await import('./sandbox/seed.ts');
  const { tokenRoute } = await import('./sandbox/token-route.ts');
  const { firstQuery } = await import('./sandbox/first-query.ts');

  // No DATABASE_URL: whatever the environment names, invented patients never get into a real store.
  const { PORT, HOST, PUBLIC_URL, LOG_LEVEL = 'warn' } = environment;
  const own = { PORT, HOST, PUBLIC_URL, LOG_LEVEL };
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
  const gateway = await openGateway(config, {
    logger,
    encryptionKey: randomBytes(32),
    dataDirectory: undefined,
    showVendorCalls: true,
    graphiql: {
      headers: async () => ({ authorization: `Bearer ${await staff()}` }),
      defaultQuery: firstQuery,
    },
    onProgress: say,
  });
  say('Filling the sandbox with invented patients...');
  await seed({
    fetch: (request) => gateway.server.fetch(request),
    publicUrl,
    token: await staff(),
  });
  answerWith(lifeCycle.guard(tokenRoute(identityProvider, gateway.server)));
  lifeCycle.started({
    server,
    endStreams: gateway.endStreams,
    idle: gateway.idle,
    close: async () => {
      await gateway.close();
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
  const gateway = await openGateway(config, {
    logger,
    encryptionKey,
    dataDirectory: join(config.dataDirectory, 'store'),
    showVendorCalls: false,
    graphiql: config.graphiql ? {} : undefined,
    onProgress: say,
  }).catch((error: unknown) => {
    server.close();
    server.closeAllConnections();
    throw error;
  });
  answerWith(lifeCycle.guard((request, response) => void gateway.server(request, response)));
  const { endStreams, idle, close } = gateway;
  lifeCycle.started({ server, endStreams, idle, close });
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
