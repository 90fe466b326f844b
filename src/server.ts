import { useDisableIntrospection } from '@graphql-yoga/plugin-disable-introspection';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import type { GraphQLSchema } from 'graphql';
import { createYoga } from 'graphql-yoga';
import type { Logger } from 'pino';
import { receiveConnectionCallback } from './actions/receive-connection-callback.ts';
import { type TokenVerifier, unauthenticated } from './auth/token-verifier.ts';
import { createContext, type Parts } from './context.ts';
import { placeOf } from './domain/fault-place.ts';
import { requestState } from './plugins/request-state.ts';
import { useAccessTrail } from './plugins/use-access-trail.ts';
import { useAuthentication } from './plugins/use-authentication.ts';
import { useConnectionCallback } from './plugins/use-connection-callback.ts';
import { useDeadline } from './plugins/use-deadline.ts';
import { useErrorMasking } from './plugins/use-error-masking.ts';
import { useOperationalRoutes } from './plugins/use-operational-routes.ts';
import { type QueryLimits, useQueryLimits } from './plugins/use-query-limits.ts';
import { useRequestLog } from './plugins/use-request-log.ts';
import { useSecretDelivery } from './plugins/use-secret-delivery.ts';
import { useSecurityHeaders } from './plugins/use-security-headers.ts';
import { useVendorCalls } from './plugins/use-vendor-calls.ts';
import { useWorkInHand, type WorkInHand } from './plugins/use-work-in-hand.ts';

export interface ServerOptions extends Parts {
  schema: GraphQLSchema;
  verifyToken: TokenVerifier;
  logger: Logger;
  queryLimits: QueryLimits;
  /** What is to be waited for before the process ends. */
  inHand: WorkInHand;
  /** Origins of browsers that may call; none: only pages of the gateway itself. */
  corsOrigins: readonly string[];
  /** Whether answers say in `extensions.vendorCalls` what they cost. */
  showVendorCalls: boolean;
  /** The explorer, and what it is signed in with; undefined: none, and no introspection either. */
  graphiql: { headers?: () => Promise<Record<string, string>>; defaultQuery?: string } | undefined;
}

/** Bytes of a request's body; ordinary documents with variables stay far below. */
const largestRequest = 256 * 1024;

/** The Yoga instance from given parts; opens no port and reads no environment. */
export function createServer(options: ServerOptions) {
  const { schema, logger, clock, store, vendors, requestTimeout, graphiql, corsOrigins } = options;
  return createYoga({
    schema,
    context: ({ request }) => {
      const state = requestState(request);
      if (state.caller === undefined) {
        throw unauthenticated();
      }
      return createContext(options, {
        requestId: state.requestId,
        caller: state.caller,
        signal: request.signal,
        onVendorCall: (call) => state.vendorCalls.push(call),
        onSecretsInAnswer: (operationId) => state.secretsOf.push(operationId),
      });
    },
    graphqlEndpoint: '/graphql',
    // Ours answers at /health; this one cannot be switched off and says who we are.
    healthCheckEndpoint: '/health/unused',
    landingPage: false,
    multipart: false,
    batching: false,
    logging: false,
    // Done by our own plugin, which knows the request id.
    maskedErrors: false,
    maxRequestBodySize: largestRequest,
    cors: corsOrigins.length > 0 ? { origin: [...corsOrigins], credentials: false } : false,
    graphiql:
      graphiql === undefined
        ? false
        : async () => ({
            title: 'Portico',
            headers: JSON.stringify((await graphiql.headers?.()) ?? {}, null, 2),
            ...(graphiql.defaultQuery && { defaultQuery: graphiql.defaultQuery }),
          }),
    renderGraphiQL,
    plugins: [
      useWorkInHand(options.inHand),
      useSecurityHeaders(),
      useOperationalRoutes(() => store.ping()),
      useConnectionCallback((callbackName, url, request) =>
        receiveConnectionCallback(
          {
            scope: {
              requestId: requestState(request).requestId,
              deadline: clock() + requestTimeout,
            },
            ...{ store, vendors, clock },
          },
          callbackName,
          url,
        ),
      ),
      useDeadline(requestTimeout, options.inHand),
      useAuthentication(options.verifyToken),
      useQueryLimits(options.queryLimits),
      ...(graphiql === undefined ? [useDisableIntrospection()] : []),
      useAccessTrail(),
      useSecretDelivery(store.operations),
      useRequestLog(logger),
      useErrorMasking((error, requestId) =>
        // The text of an unexpected error may hold anything; its place in the code does not.
        logger.error({ requestId, fault: placeOf(error) }, 'unexpected error'),
      ),
      ...(options.showVendorCalls ? [useVendorCalls()] : []),
    ],
  });
}
