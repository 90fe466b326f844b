import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import { createEarlierSlotWatch } from './actions/watch-earlier-slots.ts';
import { createTokenVerifier } from './auth/token-verifier.ts';
import { type Config, ConfigurationError } from './config.ts';
import { encodeOwnId } from './domain/ids.ts';
import { createPace } from './domain/pace.ts';
import type { TokenVault } from './domain/store.ts';
import { createVendorDirectory, type VendorAdapter } from './domain/vendor.ts';
import { schemaOver } from './graph/schema.ts';
import type { Transport } from './http/exchange.ts';
import { together } from './http/gates.ts';
import { createTransport } from './http/transport.ts';
import { startRecovery } from './operations/recovery.ts';
import { type PersistedDocuments, readPersistedDocuments } from './plugins/persisted-documents.ts';
import { createStreams } from './plugins/streams.ts';
import { createWorkInHand } from './plugins/use-work-in-hand.ts';
import { createServer, type ServerOptions } from './server.ts';
import { openStore } from './store/open-store.ts';
import { createSealer } from './store/sealing.ts';
import { placeOf } from './telemetry/fault-place.ts';
import { createLedgerReader } from './telemetry/ledger-reader.ts';
import type { Metrics, MetricsOptions } from './telemetry/metrics.ts';
import { type Observer, observedBy } from './telemetry/observer.ts';
import { createRequestLog } from './telemetry/request-log.ts';
import { createTokenLog } from './telemetry/token-log.ts';
import { countRenewals } from './telemetry/token-renewals.ts';
import { registry, vendorDescriptions } from './vendors/registry.ts';
import type { VendorDefinition, VendorParts } from './vendors/vendor-definition.ts';

const day = 24 * 60 * 60 * 1000;

type Given = Pick<ServerOptions, 'logger' | 'graphiql' | 'showVendorCalls'>;

export interface GatewayOptions extends Given {
  /** 32 bytes; seals tokens and ids. */
  encryptionKey: Buffer;
  /** Where the embedded store lives; undefined: in memory. Ignored where the configuration has a database. */
  dataDirectory: string | undefined;
  /** Milliseconds since the epoch; default the system's. */
  clock?: () => number;
  onProgress?: (line: string) => void;
  /** Told of what it does, beside the log and the metrics; closed with it. */
  observers?: readonly Observer[];
  /** What its metrics show of requests in hand, where somebody keeps count. */
  requestLoads?: MetricsOptions['requestLoads'];
}

/** @throws ConfigurationError where the manifest cannot be used */
function documentsOf({ persistedDocuments: { file } }: Config): PersistedDocuments | undefined {
  try {
    return file === undefined ? undefined : readPersistedDocuments(readFileSync(file, 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ConfigurationError([`PERSISTED_DOCUMENTS cannot be read: ${code ?? message}`]);
  }
}

/** The doors of the vendors that are configured, each with its own way out. */
function openDoors({ vendors, publicUrl }: Config, tokens: TokenVault, clock: () => number) {
  const transports: { vendor: string; transport: Transport }[] = [];
  const adapters = Object.entries(registry).flatMap(([id, definition]): VendorAdapter[] => {
    const settings = vendors[id];
    if (settings === undefined) {
      return [];
    }
    // Its variables are named after it, see `limits`.
    const perSecond = (settings as Record<string, unknown>)[`${id}_PER_SECOND`];
    const pace = typeof perSecond === 'number' ? createPace(perSecond) : undefined;
    const parts: VendorParts<typeof settings> = {
      id,
      settings,
      transport: (options) => {
        const transport = createTransport({ ...options, vendor: id, pace, clock });
        transports.push({ vendor: id, transport });
        return transport;
      },
      tokens,
      publicUrl,
      clock,
    };
    // The registry pairs each definition with the settings that its own environment parsed.
    return [(definition as unknown as VendorDefinition).create(parts)];
  });
  return {
    directory: createVendorDirectory(vendorDescriptions, adapters),
    loads: () =>
      adapters.flatMap(({ id: vendor }) => {
        const all = transports.filter((each) => each.vendor === vendor);
        const loads = all.map(({ transport }) => transport.load());
        return (['read', 'write'] as const).map((of) => ({
          ...{ vendor, class: of },
          ...together(loads.map((load) => load[of])),
        }));
      }),
    close: async () => {
      await Promise.all(transports.map(({ transport }) => transport.close?.()));
    },
  };
}

const isWrite = (document: string | undefined) => document?.includes('mutation') ?? false;

/** Loaded only where somebody is to read them. */
async function openMetrics({ metrics, metricsExport }: Config, options: MetricsOptions) {
  if (metrics === undefined && metricsExport === undefined) {
    return undefined;
  }
  const { createMetrics } = await import('./telemetry/metrics.ts');
  return createMetrics(options);
}

/** The same of what takes them to a collector. */
async function openMetricsExport({ metricsExport }: Config, logger: Logger, metrics?: Metrics) {
  if (metricsExport === undefined || metrics === undefined) {
    return [];
  }
  const complain = () => logger.warn('metrics do not reach their collector');
  const { openMetricsExport: open } = await import('./telemetry/metrics-export.ts');
  return [open(metrics.report, metricsExport, complain)];
}

/** The same of traces. */
async function openTraces({ traces }: Config, logger: Logger, documents?: PersistedDocuments) {
  if (!traces) {
    return [];
  }
  const complain = () => logger.warn('traces do not reach their collector');
  const { openTraces: open } = await import('./telemetry/traces.ts');
  return [open(complain, documents?.values())];
}

/** Everything between the configuration and the server: store, doors, key sets. Opens no port. */
export async function openGateway(config: Config, options: GatewayOptions) {
  const { logger, graphiql, showVendorCalls, encryptionKey, dataDirectory, onProgress } = options;
  const { clock = Date.now, observers = [] } = options;
  const documents = documentsOf(config);
  const sealer = createSealer({ current: encryptionKey, old: config.oldEncryptionKeys });
  const store = await openStore({
    sealer,
    clock,
    ...(config.databaseUrl !== undefined && { databaseUrl: config.databaseUrl }),
    ...(dataDirectory !== undefined && { dataDirectory }),
    ...(onProgress && { onProgress }),
  });
  const idempotencyKeysValidFor = config.idempotencyKeyDays * day;
  const stopRecovery = startRecovery({
    ledger: store.operations,
    clock,
    keysValidFor: idempotencyKeysValidFor,
    prune: async (signal) => {
      const limits = {
        settledBefore: new Date(clock() - config.ledgerDays * day),
        keysValidSince: new Date(clock() - idempotencyKeysValidFor),
        eventsBefore: new Date(clock() - config.auditDays * day),
      };
      const pruned = await store.retention.prune(limits, signal);
      if (pruned.operations + pruned.events > 0) {
        logger.info(pruned, 'rows deleted whose time of keeping was over');
      }
    },
    onRecovered: ({ id, action }, state) =>
      logger.warn(
        { operationId: encodeOwnId('Operation', id), action, state },
        'operation left behind by a dead process',
      ),
    onError: (error) => logger.error({ fault: placeOf(error) }, 'recovery failed'),
  });
  const tokens = countRenewals(store.tokens, (...renewal) => metrics?.tokenRenewed(...renewal));
  const doors = openDoors(config, tokens, clock);
  const inHand = createWorkInHand();
  const metrics = await openMetrics(config, {
    documents: documents?.values(),
    vendorLoads: doors.loads,
    unsettled: createLedgerReader(store.operations),
    requestLoads: options.requestLoads,
  });
  const observer = observedBy([
    createRequestLog(logger),
    ...(metrics ? [metrics.observer] : []),
    ...(await openMetricsExport(config, logger, metrics)),
    ...(await openTraces(config, logger, documents)),
    ...observers,
  ]);
  const streams = createStreams(config.subscriptions.perCaller);
  const earlierSlots = createEarlierSlotWatch({
    ...{ store, clock, vendors: doors.directory, callTimeout: config.requestTimeout },
    ...config.subscriptions,
  });
  const callers = createTokenVerifier({
    issuer: config.authIssuer,
    audience: config.authAudience,
    rolesClaim: config.authRolesClaim,
    roleMapping: config.authRoleMapping,
    ...{ clock, report: createTokenLog(logger, clock) },
  });
  if (config.mode === 'production') {
    // What is wrong with the identity provider is in the log before somebody signs in.
    void callers.prepare();
  }
  const { server, listener } = createServer({
    schema: schemaOver(vendorDescriptions),
    tokens: callers,
    settings: {
      allowedReturnUrls: config.allowedReturnUrls,
      clinicTimeZone: config.clinicTimeZone,
      idempotencyKeysValidFor,
      vendorCallsOverAfter: config.reconcileAfter,
      dailyWrites: config.dailyWrites,
    },
    flights: new Map(),
    ...{ inHand, streams, earlierSlots },
    requestTimeout: config.requestTimeout,
    publicUrl: config.publicUrl,
    requestLimits: config.requestLimits,
    queryLimits: config.queryLimits,
    rateLimits: config.rateLimits,
    trustedProxies: config.trustedProxies,
    persistedDocuments: { documents, only: config.persistedDocuments.only },
    corsOrigins: config.corsOrigins,
    vendors: doors.directory,
    metrics:
      metrics && config.metrics?.token !== undefined && config.metrics.port === undefined
        ? { page: metrics, token: config.metrics.token }
        : undefined,
    ...{ logger, observer, graphiql, showVendorCalls, store, sealer, clock },
  });
  return {
    server,
    listener,
    store,
    vendors: doors.directory,
    isPersistedWrite: (hash: string) => isWrite(documents?.get(hash.toLowerCase())),
    /** Undefined where nobody is to read them. */
    metrics,
    /** Ends what would go on for ever: subscriptions, with a word to their clients. */
    endStreams: () => streams.end(),
    /** Resolves when nothing that was begun for a request is left. */
    idle: () => inHand.ended(),
    close: async () => {
      streams.end();
      earlierSlots.close();
      await stopRecovery();
      // Side by side: a vendor that is silent must not keep the store from being closed.
      await Promise.all([doors.close(), store.close(), observer.close()]);
    },
  };
}

export type Gateway = Awaited<ReturnType<typeof openGateway>>;
