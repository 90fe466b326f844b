import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BlockList } from 'node:net';
import { useDisableIntrospection } from '@graphql-yoga/plugin-disable-introspection';
import type { GraphQLSchema } from 'graphql';
import { _createLRUCache, createYoga } from 'graphql-yoga';
import type { Logger } from 'pino';
import { receiveConnectionCallback } from './actions/receive-connection-callback.ts';
import { type TokenVerifier, unauthenticated } from './auth/token-verifier.ts';
import { createContext, type Parts } from './context.ts';
import { createFastPath, type FastPathOptions } from './fast-path.ts';
import { counting, noteVendorCall } from './loaders/repeated-asks.ts';
import { corsFor, corsHeadersFor } from './plugins/allowed-origins.ts';
import { createExplorer, type Explorer } from './plugins/explorer.ts';
import { createKnownDocuments, useKnownDocuments } from './plugins/known-documents.ts';
import type { PersistedDocuments } from './plugins/persisted-documents.ts';
import { plainSignal } from './plugins/plain-signal.ts';
import { createRateLimit, type OtherCounters } from './plugins/rate-limit.ts';
import { addressKey, type NodeContext, remoteAddress } from './plugins/remote-address.ts';
import { requestState } from './plugins/request-state.ts';
import type { Streams } from './plugins/streams.ts';
import { useAccessTrail } from './plugins/use-access-trail.ts';
import { useAuthentication } from './plugins/use-authentication.ts';
import { useConnectionCallback } from './plugins/use-connection-callback.ts';
import { useDeadline } from './plugins/use-deadline.ts';
import { useErrorMasking } from './plugins/use-error-masking.ts';
import { useIncrementalDelivery } from './plugins/use-incremental-delivery.ts';
import { type MetricsRoute, useMetricsRoute } from './plugins/use-metrics-route.ts';
import { useOperationReport, useOperations } from './plugins/use-operation-report.ts';
import { useOperationalRoutes } from './plugins/use-operational-routes.ts';
import { usePersistedDocuments } from './plugins/use-persisted-documents.ts';
import { usePlaces } from './plugins/use-places.ts';
import { usePreflight } from './plugins/use-preflight.ts';
import { type QueryLimits, useQueryLimits } from './plugins/use-query-limits.ts';
import { useRateLimit } from './plugins/use-rate-limit.ts';
import { type RequestLimits, useRequestParser } from './plugins/use-request-parser.ts';
import { useSecretDelivery } from './plugins/use-secret-delivery.ts';
import { securityHeaders, useSecurityHeaders } from './plugins/use-security-headers.ts';
import { useSubscriptions } from './plugins/use-subscriptions.ts';
import {
  seesVendorCalls,
  useVendorCalls,
  type VendorCallsShown,
} from './plugins/use-vendor-calls.ts';
import { useWorkInHand, type WorkInHand } from './plugins/use-work-in-hand.ts';
import { placeOf } from './telemetry/fault-place.ts';
import type { Observer } from './telemetry/observer.ts';

export interface ServerOptions extends Omit<Parts, 'mostVendorCalls'> {
  schema: GraphQLSchema;
  tokens: TokenVerifier;
  logger: Logger;
  /** Told of each operation and each vendor call. */
  observer: Required<Observer>;
  /** Metrics for whoever has their token; undefined: there are none on this port. */
  metrics: MetricsRoute | undefined;
  /** Where browsers reach the gateway. */
  publicUrl: URL;
  requestLimits: RequestLimits;
  queryLimits: QueryLimits;
  /** Units for each caller, refused tokens for each address. */
  rateLimits: { perMinute: number; authFailuresPerMinute: number };
  /** Proxies whose `x-forwarded-for` is believed; undefined: none. */
  trustedProxies: BlockList | undefined;
  /** Documents that can be asked for by their hash; `only`: no others. */
  persistedDocuments: { documents: PersistedDocuments | undefined; only: boolean };
  /** Subscriptions that are open. */
  streams: Streams;
  /** What is to be waited for before the process ends. */
  inHand: WorkInHand;
  /** Origins of browsers that may call; none: only pages of the gateway itself. */
  corsOrigins: readonly string[];
  /** To whom answers say in `extensions.vendorCalls` what they cost. */
  showVendorCalls: VendorCallsShown;
  /** Undefined: no explorer, and no introspection either. */
  graphiql: Explorer | undefined;
}

/** Documents that are kept parsed; each is bounded by the limits of queries. */
const documentsKept = 250;

/** The GraphQL server from given parts; opens no port and reads no environment. */
export function createServer(options: ServerOptions) {
  const { schema, logger, clock, store, vendors, requestTimeout, graphiql, corsOrigins } = options;
  const { requestLimits, queryLimits, rateLimits, trustedProxies, persistedDocuments } = options;
  const { observer } = options;
  const addressKeyOf = (context: NodeContext) => {
    const address = remoteAddress(context, trustedProxies);
    return address && addressKey(address);
  };
  const { announcements } = store;
  const othersCounting = (what: string): OtherCounters | undefined =>
    announcements && {
      tell: (counts) => announcements.say(what, counts),
      onTold: (listener) => announcements.onSaid(what, listener),
      alias: (key) => options.sealer.fingerprint(what, key),
    };
  // Refused tokens and callbacks of logins: what somebody without a token can have us look up.
  const strangers = createRateLimit(
    rateLimits.authFailuresPerMinute,
    othersCounting('refused tokens'),
  );
  // The text of an unexpected error may hold anything; its place in the code does not.
  const logFault = (error: unknown, requestId: string) =>
    logger.error({ requestId, fault: placeOf(error) }, 'unexpected error');
  const masking = { onFault: logFault, suggesting: graphiql !== undefined };
  const parts = { ...options, mostVendorCalls: queryLimits.vendorCalls };
  const newContext: FastPathOptions['newContext'] = (state, caller, inHand, signal) => {
    const make = () =>
      createContext(parts, {
        ...{ requestId: state.requestId, caller, signal },
        onVendorCall: (call) => {
          noteVendorCall(call);
          state.vendorCalls.push(call);
          inHand.vendorCalls += 1;
          observer.vendorCallEnded(call, state.requestId, inHand.observed);
        },
        onSecretsInAnswer: (operationId) => state.secretsOf.push(operationId),
        onAnswerLost: () => {
          state.secretsOf = [];
        },
      });
    return seesVendorCalls(options.showVendorCalls, caller) ? counting(make) : make();
  };
  const rateLimit = createRateLimit(rateLimits.perMinute, othersCounting('units'));
  const knownDocuments = createKnownDocuments(documentsKept);
  const explorer = graphiql && createExplorer(graphiql, clock);
  const yoga = createYoga<NodeContext>({
    schema,
    context: ({ request, inHand }) => {
      const state = requestState(request);
      if (state.caller === undefined || inHand === undefined) {
        throw unauthenticated();
      }
      return newContext(state, state.caller, inHand, plainSignal(request.signal));
    },
    graphqlEndpoint: '/graphql',
    // Ours answers at /health; this one cannot be switched off and says who we are.
    healthCheckEndpoint: '/health/unused',
    landingPage: false,
    multipart: false,
    // Bodies and batches are bounded where they are read, see `useRequestParser`.
    maxRequestBodySize: false,
    batching: { limit: requestLimits.batch },
    extraParamNames: ['documentId'],
    parserAndValidationCache: {
      documentCache: _createLRUCache({ max: documentsKept }),
      // What could not be parsed is not worth keeping, and its error would be shared.
      errorCache: { get: () => undefined, set: () => undefined },
    },
    logging: false,
    // Done by our own plugin, which knows the request id.
    maskedErrors: false,
    cors: corsOrigins.length > 0 ? corsFor(corsOrigins) : false,
    graphiql: explorer === undefined ? false : explorer.options,
    ...(explorer && { renderGraphiQL: explorer.page }),
    // What these do to a plain request, the fast path does as well: one more is one more there.
    plugins: [
      useWorkInHand(options.inHand),
      useOperations(),
      useSecurityHeaders(options.publicUrl),
      usePreflight(),
      useOperationalRoutes(() => store.ping()),
      useMetricsRoute(options.metrics),
      useConnectionCallback({
        receive: (callbackName, url, request) =>
          receiveConnectionCallback(
            {
              scope: {
                requestId: requestState(request).requestId,
                deadline: clock() + requestTimeout,
                onVendorCall: (call) =>
                  observer.vendorCallEnded(call, requestState(request).requestId, undefined),
              },
              ...{ store, vendors, clock },
            },
            callbackName,
            url,
          ),
        limit: strangers,
        onFault: (error, request) => logFault(error, requestState(request).requestId),
        ...{ addressKeyOf, requestTimeout, inHand: options.inHand },
      }),
      useDeadline(requestTimeout, options.inHand),
      useAuthentication(options.tokens.verify, strangers, addressKeyOf),
      useRateLimit(rateLimit),
      useRequestParser(requestLimits),
      ...usePersistedDocuments(persistedDocuments.documents, persistedDocuments.only),
      useQueryLimits(queryLimits),
      ...(graphiql === undefined ? [useDisableIntrospection()] : []),
      useAccessTrail(options.inHand),
      useSubscriptions({ streams: options.streams, logger, inHand: options.inHand, clock }),
      usePlaces(),
      useSecretDelivery(store.operations),
      useErrorMasking(masking),
      useOperationReport(observer),
      useVendorCalls(options.showVendorCalls),
      useIncrementalDelivery(options.inHand),
      useKnownDocuments(knownDocuments),
    ],
  });
  const server = {
    /** Asks it in this very process. */
    fetch: (request: Request) => yoga.fetch(request),
    /** Answers a request that the fast path leaves to it. */
    handle: (request: IncomingMessage, response: ServerResponse) => void yoga(request, response),
  };
  return {
    server,
    /** Answers requests that come over a connection. */
    listener: createFastPath({
      ...{ schema, knownDocuments, persistedDocuments, requestLimits, queryLimits, rateLimit },
      ...{ requestTimeout, newContext, observer, inHand: options.inHand, masking },
      knownCaller: options.tokens.known,
      seesVendorCalls: (caller) => seesVendorCalls(options.showVendorCalls, caller),
      ledger: store.operations,
      headers: securityHeaders(options.publicUrl),
      corsHeaders: corsHeadersFor(corsOrigins),
      next: (request, response) => server.handle(request, response),
    }),
  };
}
