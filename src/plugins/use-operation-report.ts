import { type ExecutionResult, getOperationAST, type OperationDefinitionNode } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { ObservedOperation, Observer, OperationEnd } from '../telemetry/observer.ts';
import { errorsIn, type Part, resultsIn, watched } from './parts.ts';
import type { NodeContext } from './remote-address.ts';
import { type OperationInHand, type RequestState, requestState } from './request-state.ts';
import { callbackRoute } from './use-connection-callback.ts';

const longestName = 64;
/** What is told of a path: nobody else's text. */
const routes = ['/graphql', '/health', '/ready', '/metrics'];

const routeOf = (pathname: string) => {
  return callbackRoute.test(pathname)
    ? '/oauth/callback'
    : routes.includes(pathname)
      ? pathname
      : 'other';
};

const codeIn = ({ errors }: ExecutionResult) => {
  const code = errors?.[0]?.extensions?.code;
  return typeof code === 'string' ? code : undefined;
};

const saysUserError = ({ data }: ExecutionResult) =>
  Object.values(data ?? {}).some(
    (payload) => (payload as { userErrors?: unknown[] } | null)?.userErrors?.length,
  );

/** Sums up masked results: a whole one, or part by part. */
function createSummary({ begun }: RequestState, inHand: OperationInHand) {
  let outcome: string | undefined;
  let errors = 0;
  return {
    add(part: Part) {
      errors += errorsIn(part);
      outcome ??=
        resultsIn(part).map(codeIn).find(Boolean) ??
        (saysUserError(part) ? 'USER_ERROR' : undefined);
    },
    end: (): OperationEnd => ({
      outcome: outcome ?? 'OK',
      errors,
      vendorCalls: inHand.vendorCalls,
      duration: performance.now() - begun,
    }),
  };
}

/** Keeps account of a request's operations, in their order; comes before what may refuse one. */
export const useOperations = (): Plugin<NodeContext, NodeContext> => ({
  onRequest({ request }) {
    requestState(request);
  },
  onParams({ request, context }) {
    const operation: OperationInHand = { vendorCalls: 0 };
    (context as NodeContext).inHand = operation;
    requestState(request).operations.push(operation);
  },
});

/** An operation that is about to be executed, as observers are told of it. */
export const observedOperation = (
  { requestId, startedAt }: RequestState,
  definition: OperationDefinitionNode,
  traceParent: string | undefined,
): ObservedOperation => ({
  ...{ requestId, startedAt, type: definition.operation, traceParent },
  name: definition.name?.value.slice(0, longestName),
});

/** Tells of masked results, one for each operation of a request. */
export function reportResults(
  observer: Required<Observer>,
  state: RequestState,
  results: readonly ExecutionResult[],
): void {
  for (const [index, one] of results.entries()) {
    const inHand = state.operations[index];
    if (inHand?.observed) {
      const { add, end } = createSummary(state, inHand);
      add(one);
      observer.operationEnded(inHand.observed, end());
    } else {
      state.refusals.push(codeIn(one));
    }
  }
}

/** Tells of a request that no operation was executed for, or that was answered without what came of it. */
export function reportRefusals(
  observer: Required<Observer>,
  { requestId, refusals, operations, begun }: RequestState,
  { method, pathname, status }: { method: string; pathname: () => string; status: number },
): void {
  const executed = operations.some(({ observed, streams }) => observed || streams);
  // Whoever is answered with a fault without a result, by the deadline for one, is told of as well.
  const unanswered = status === 504 || (!executed && refusals.length === 0);
  const codes = unanswered && status >= 400 ? [undefined] : refusals;
  for (const code of codes) {
    observer.requestRefused({
      ...{ requestId, method, route: routeOf(pathname()), status, code },
      duration: performance.now() - begun,
    });
  }
}

/**
 * Tells observers of each operation when it is executed and when its answer is known, and of requests
 * that none was executed for. Comes after the limits, which refuse operations, and after the masking,
 * which gives errors their codes.
 */
export const useOperationReport = (observer: Required<Observer>): Plugin<NodeContext> => ({
  onExecute({ args }) {
    const { document, operationName, contextValue } = args;
    const { request, inHand } = contextValue as { request: Request } & NodeContext;
    const definition = getOperationAST(document, operationName);
    if (inHand !== undefined && definition) {
      const traceParent = request.headers.get('traceparent') ?? undefined;
      inHand.observed = observedOperation(requestState(request), definition, traceParent);
      observer.operationStarted(inHand.observed);
    }
  },
  onSubscribe({ args }) {
    const { inHand } = args.contextValue as NodeContext;
    if (inHand !== undefined) {
      // What becomes of it is told by whoever looks after streams.
      inHand.streams = true;
    }
  },
  onResultProcess({ request, result, setResult }) {
    const state = requestState(request);
    if (isAsyncIterable(result)) {
      const [inHand] = state.operations;
      const { observed } = inHand ?? {};
      if (inHand && observed) {
        const { add, end } = createSummary(state, inHand);
        const ended = () => observer.operationEnded(observed, end());
        setResult(watched(result as AsyncIterable<Part>, add, ended) as never);
      }
      return;
    }
    reportResults(observer, state, [result].flat() as ExecutionResult[]);
  },
  onResponse({ request, response: { status } }) {
    const { method, url } = request;
    const pathname = () => new URL(url).pathname;
    reportRefusals(observer, requestState(request), { method, pathname, status });
  },
});
