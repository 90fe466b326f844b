import type { RequestListener, Server } from 'node:http';
import type { Config } from './config.ts';
import type { Gateway, GatewayOptions } from './gateway.ts';
import { listen } from './listen.ts';
import { watchLoad } from './overload/watch.ts';
import { type MetricsPage, metricsListener } from './telemetry/metrics-listener.ts';

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
 * The port that metrics have for themselves.
 * @returns undefined where they have none
 * @throws StartError where it cannot be had
 */
export async function openMetricsPort({ metrics }: Config, say: (line: string) => void) {
  if (metrics?.port === undefined) {
    return undefined;
  }
  const { host, token } = metrics;
  const { server, port, answerWith } = await listen(host, metrics.port, undefined, 'METRICS_PORT');
  return {
    server,
    show: (page: MetricsPage) => {
      answerWith(metricsListener(page, token));
      say(`Metrics are at port ${port} of ${host}, /metrics.`);
    },
  };
}

/** Where the process is a worker, the port is its primary's, who is told what this one counted. */
async function reportMetrics({ metrics }: Config, gateway: Gateway): Promise<void> {
  if (metrics?.port !== undefined && gateway.metrics !== undefined) {
    const { reportToPrimary } = await import('./telemetry/worker-metrics.ts');
    reportToPrimary(gateway.metrics.report);
  }
}

/**
 * The gateway behind a server, and its metrics on a port of their own where they have one.
 * @param server that has its port already
 * @param isWorker whether it is one of several processes
 * @throws StartError and whatever else keeps it from coming up; the ports are free again then
 */
export async function openBehind(
  server: Server | undefined,
  config: Config,
  options: Omit<GatewayOptions, 'onProgress'>,
  say: (line: string) => void,
  isWorker = false,
): Promise<Opened> {
  const load = watchLoad(config.admission, options.logger);
  let metrics: Awaited<ReturnType<typeof openMetricsPort>>;
  try {
    metrics = isWorker ? undefined : await openMetricsPort(config, say);
    say('Opening the store...');
    // Loaded here, so that what an operator has to mend is said at once.
    const { openGateway } = await import('./gateway.ts');
    const gateway = await openGateway(config, {
      ...options,
      requestLoads: load.loads,
      onProgress: say,
    });
    if (isWorker) {
      await reportMetrics(config, gateway);
    } else if (gateway.metrics !== undefined) {
      metrics?.show(gateway.metrics);
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
