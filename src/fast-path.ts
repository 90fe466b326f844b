import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { normalizedExecutor } from '@graphql-tools/executor';
import {
  type ExecutionResult,
  type GraphQLError,
  type GraphQLSchema,
  getOperationAST,
} from 'graphql';
import { type GraphQLParams, processRegularResult } from 'graphql-yoga';
import type { VerifiedCaller } from './auth/access.ts';
import type { OperationLedger } from './domain/operations.ts';
import { createPlannedExecution } from './execution/planned-execution.ts';
import type { GraphContext } from './graph/builder.ts';
import { placeOf } from './overload/guard.ts';
import { connectionSignal } from './plugins/connection-signal.ts';
import type { KnownDocuments } from './plugins/known-documents.ts';
import type { PersistedDocuments } from './plugins/persisted-documents.ts';
import type { RateLimit } from './plugins/rate-limit.ts';
import {
  newRequestState,
  type OperationInHand,
  type RequestState,
} from './plugins/request-state.ts';
import { decodeUtf8, isObject, paramsOfBody } from './plugins/request-text.ts';
import { writeTrail } from './plugins/use-access-trail.ts';
import { grace, lateError } from './plugins/use-deadline.ts';
import { type ErrorMasking, withMaskedErrors } from './plugins/use-error-masking.ts';
import {
  observedOperation,
  reportRefusals,
  reportResults,
} from './plugins/use-operation-report.ts';
import { hashIn } from './plugins/use-persisted-documents.ts';
import { checkCost, type QueryLimits } from './plugins/use-query-limits.ts';
import { chargeCalls } from './plugins/use-rate-limit.ts';
import { type RequestLimits, readIncoming } from './plugins/use-request-parser.ts';
import { dropDelivered } from './plugins/use-secret-delivery.ts';
import { withVendorCalls } from './plugins/use-vendor-calls.ts';
import type { WorkInHand } from './plugins/use-work-in-hand.ts';
import type { Observer } from './telemetry/observer.ts';

export interface FastPathOptions {
  schema: GraphQLSchema;
  /** Undefined: not one that was verified a moment ago. */
  knownCaller: (authorization: string | undefined) => VerifiedCaller | undefined;
  knownDocuments: KnownDocuments;
  persistedDocuments: { documents: PersistedDocuments | undefined; only: boolean };
  requestLimits: RequestLimits;
  queryLimits: QueryLimits;
  rateLimit: RateLimit;
  /** Milliseconds. */
  requestTimeout: number;
  newContext: (
    state: RequestState,
    caller: VerifiedCaller,
    inHand: OperationInHand,
    gone: AbortSignal,
  ) => Promise<GraphContext>;
  seesVendorCalls: (caller: VerifiedCaller) => boolean;
  observer: Required<Observer>;
  masking: ErrorMasking;
  inHand: WorkInHand;
  ledger: OperationLedger;
  /** Of every answer. */
  headers: Readonly<Record<string, string>>;
  /** For browsers that ask for a page of this origin. */
  corsHeaders: (origin: string | undefined) => Readonly<Record<string, string>> | undefined;
  /** Answers everything else. */
  next: (request: IncomingMessage, response: ServerResponse) => void;
}

/** An operation that has nothing new about it but its variables. */
interface Known {
  operationName: string | undefined;
  variables: GraphQLParams['variables'] | undefined;
  document: NonNullable<ReturnType<KnownDocuments['find']>>;
  definition: NonNullable<ReturnType<typeof getOperationAST>>;
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  state: RequestState;
  caller: VerifiedCaller;
  type: string;
}

const json = 'application/json';
const graphqlResponse = 'application/graphql-response+json';
const types = new Map([
  [undefined, json],
  ['*/*', json],
  [json, json],
  [graphqlResponse, graphqlResponse],
  // What clients that follow GraphQL over HTTP send.
  [`${graphqlResponse}, ${json}`, graphqlResponse],
  [`${graphqlResponse},${json};q=0.9`, graphqlResponse],
  [`${graphqlResponse}, ${json};q=0.9`, graphqlResponse],
  [`${json}, ${graphqlResponse}`, json],
]);
const bodyTypes = [json, `${json}; charset=utf-8`, `${json};charset=utf-8`];

interface Words {
  status: number;
  headers: Readonly<Record<string, string>> | undefined;
  body: string;
}

/** What the server says of errors: their status, their headers, and no more of them than may leave. */
class ErrorWords implements Words {
  readonly status: number;
  readonly headers: Words['headers'];

  /** As it would make a Response. */
  constructor(
    readonly body: string,
    { status, headers }: { status: number; headers: Readonly<Record<string, string>> },
  ) {
    const { 'Content-Type': _type, ...own } = headers;
    this.status = status;
    this.headers = own;
  }
}

/** Names and values in turn, as Node takes them without looking at each. */
const listed = (headers: Readonly<Record<string, string>> | undefined) =>
  headers === undefined ? [] : Object.entries(headers).flat();

const putIntoWords = (result: ExecutionResult, type: string): Words =>
  result.errors === undefined
    ? { status: 200, headers: undefined, body: JSON.stringify(result) }
    : (processRegularResult(result, { Response: ErrorWords } as never, type) as unknown as Words);

/**
 * Answers plain POST requests for documents that were executed before, from callers whose tokens were verified
 * a moment ago, by the plugins' own functions. Everything else is the GraphQL server's: its stand-ins for the
 * web's Request and Response, and a promise for each hook of each plugin, cost more than such an answer.
 * Which of them answered nobody can tell, see `test/reliability/fast-path.test.ts`.
 */
export function createFastPath(options: FastPathOptions): RequestListener {
  const { schema, observer, requestLimits, queryLimits, rateLimit, requestTimeout } = options;
  const { documents, only } = options.persistedDocuments;
  const executePlanned = createPlannedExecution(schema);
  const ownHeaders = ['vary', 'Origin', ...listed(options.headers)];

  /** The media type to answer with; undefined where the request is not for here. */
  function plainType(request: IncomingMessage): string | undefined {
    const { headers } = request;
    const isPlain =
      request.method === 'POST' &&
      request.url === '/graphql' &&
      bodyTypes.includes(headers['content-type'] ?? '') &&
      headers['content-encoding'] === undefined &&
      /^\d{1,9}$/.test(headers['content-length'] ?? '') &&
      Number(headers['content-length']) <= requestLimits.bytes &&
      // Whether it is a write is yet to be seen.
      placeOf(request)?.of !== 'write';
    return isPlain ? types.get(headers.accept) : undefined;
  }

  function textOf(params: GraphQLParams): string | undefined {
    const hash = hashIn(params);
    if (hash === null) {
      return only ? undefined : params.query;
    }
    return params.query === undefined ? documents?.get(hash) : undefined;
  }

  /** Undefined where anything about it is to be looked at, or to be refused. */
  async function knownIn(request: IncomingMessage): Promise<Known | undefined> {
    try {
      const body = decodeUtf8(await readIncoming(request, requestLimits.bytes));
      const params = paramsOfBody(body, requestLimits.batch);
      if (Array.isArray(params)) {
        return undefined;
      }
      const { operationName, variables, extensions } = params;
      const text = textOf(params);
      const document = typeof text === 'string' ? options.knownDocuments.find(text) : undefined;
      const definition = document && getOperationAST(document, operationName);
      const isSound = [variables, extensions].every((each) => each === undefined || isObject(each));
      return document && definition && isSound
        ? { document, definition, operationName, variables }
        : undefined;
    } catch {
      // It will be met again by whoever puts it into words.
      return undefined;
    }
  }

  async function resultOf({ request, state, caller }: Exchange, known: Known) {
    const { document, definition, operationName, variables } = known;
    const inHand: OperationInHand = { vendorCalls: 0 };
    state.operations.push(inHand);
    const gone = connectionSignal(request.socket);
    try {
      await rateLimit.use(caller.subject);
      const contextValue = await options.newContext(state, caller, inHand, gone);
      const args = { schema, document, operationName, variableValues: variables, contextValue };
      checkCost(args, state.cost, queryLimits);
      inHand.observed = observedOperation(
        state,
        definition,
        request.headers.traceparent as string | undefined,
      );
      observer.operationStarted(inHand.observed);
      const planned = executePlanned({ document, definition, variables, contextValue });
      const result = (await (planned ?? normalizedExecutor(args))) as ExecutionResult;
      await writeTrail(contextValue, options.inHand);
      return result;
    } catch (error) {
      // Whatever it is: masking makes a GraphQL error of it.
      return { errors: [error as GraphQLError] };
    }
  }

  async function send({ request, response, state, type }: Exchange, words: Words) {
    const { status, headers, body } = words;
    await chargeCalls(rateLimit, state);
    await dropDelivered(options.ledger, state.secretsOf, response);
    reportRefusals(observer, state, { method: 'POST', pathname: () => '/graphql', status });
    response.writeHead(
      status,
      ownHeaders.concat(
        ['content-type', `${type}; charset=utf-8`, 'x-request-id', state.requestId],
        ['content-length', String(Buffer.byteLength(body))],
        listed(headers),
        listed(options.corsHeaders(request.headers.origin)),
      ),
    );
    response.end(body);
  }

  const failing =
    ({ response, state }: Exchange) =>
    (error: unknown) => {
      options.masking.onFault(error, state.requestId);
      response.destroy();
    };

  /** Resolves when nothing is left of it, which may be after its answer. */
  async function answer(exchange: Exchange, known: Known): Promise<void> {
    const { state, caller, type } = exchange;
    state.caller = caller;
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      // They are not in this answer: the ledger keeps them for the next one.
      state.secretsOf = [];
      const body = JSON.stringify({ errors: [lateError(state.requestId)] });
      const late = { status: 504, headers: undefined, body };
      send({ ...exchange, type: json }, late).catch(failing(exchange));
    }, requestTimeout + grace);
    let result = await resultOf(exchange, known);
    clearTimeout(timer);
    result = withMaskedErrors(result, state.requestId, options.masking);
    reportResults(observer, state, [result]);
    if (!isLate) {
      const shown = options.seesVendorCalls(caller) ? withVendorCalls(result, state) : result;
      await send(exchange, putIntoWords(shown, type));
    }
  }

  return (request, response) => {
    const type = plainType(request);
    const caller = type && options.knownCaller(request.headers.authorization);
    if (type === undefined || !caller) {
      options.next(request, response);
      return;
    }
    const state = newRequestState(request.headers['x-request-id']);
    void knownIn(request).then((known) => {
      if (known === undefined) {
        options.next(request, response);
      } else {
        const exchange = { request, response, state, caller, type };
        options.inHand.add(answer(exchange, known).catch(failing(exchange)));
      }
    });
  };
}
