import type { RequestListener, Server } from 'node:http';
import type { Config } from './config.ts';
import type { Gateway, GatewayOptions } from './gateway.ts';
import { type Listening, listen } from './listen.ts';
import { watchLoad } from './overload/watch.ts';
import { metricsListener } from './telemetry/metrics-listener.ts';

export interface Opened {
  gateway: Gateway;
  /** Puts what keeps the process within its powers before what answers. */
  guard: (listener: RequestListener) => RequestListener;
  close: () => Promise<void>;
}

const endServers = (...servers: (Server | undefined)[]) => {
  for (const server of servers) {
    server?.close();
    server?.closeAllConnections();
  }
};

/**
 * The gateway behind a server, and its metrics on a port of their own where they have one.
 * @param server that has its port already
 * @throws StartError and whatever else keeps it from coming up; the ports are free again then
 */
export async function openBehind(
  server: Server | undefined,
  config: Config,
  options: Omit<GatewayOptions, 'onProgress'>,
  say: (line: string) => void,
): Promise<Opened> {
  const { port, host = '', token } = config.metrics ?? {};
  const load = watchLoad(config.admission, options.logger);
  let metrics: Listening | undefined;
  try {
    metrics = port === undefined ? undefined : await listen(host, port, undefined, 'METRICS_PORT');
    say('Opening the store...');
    // Loaded here, so that what an operator has to mend is said at once.
    const { openGateway } = await import('./gateway.ts');
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
