import { addAbortListener } from 'node:events';
import { useDeferStream } from '@graphql-yoga/plugin-defer-stream';
import {
  type DocumentNode,
  type ExecutionArgs,
  GraphQLError,
  getDirectiveValues,
  getOperationAST,
  getVariableValues,
  Kind,
  OperationTypeNode,
  type ValidationRule,
  visit,
} from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { accepts } from './accepted-types.ts';
import { interruptible } from './interruptible.ts';
import type { Part } from './parts.ts';
import { refusal } from './refusal.ts';
import { requestState } from './request-state.ts';
import { lateError } from './use-deadline.ts';
import type { WorkInHand } from './use-work-in-hand.ts';

const isForParts = (directive: string) => directive === 'defer' || directive === 'stream';

/** A write is answered whole: its secrets are given once, and what it came to is one thing. */
const queriesOnly: ValidationRule = (context) => {
  const onlyQueries = context
    .getDocument()
    .definitions.every(
      (each) =>
        each.kind !== Kind.OPERATION_DEFINITION || each.operation === OperationTypeNode.QUERY,
    );
  return {
    Directive(node) {
      if (!onlyQueries && isForParts(node.name.value)) {
        context.reportError(
          new GraphQLError('Only queries are answered in parts.', { nodes: node }),
        );
      }
    },
  };
};

const withoutParts = (document: DocumentNode): DocumentNode =>
  visit(document, { Directive: ({ name }) => (isForParts(name.value) ? null : undefined) });

/** Whether anything in it is asked for as a part of its own. */
export const hasParts = (document: DocumentNode) => withoutParts(document) !== document;

/** Whoever does not say so cannot be expected to put parts together. */
const takesParts = (request: Request) => accepts(request, 'multipart/mixed');

/** The executor would take them for a fault of ours. @throws GraphQLError BAD_USER_INPUT */
function checkCounts({ schema, document, operationName, variableValues }: ExecutionArgs): void {
  const directive = schema.getDirective('stream');
  const definitions = getOperationAST(document, operationName)?.variableDefinitions ?? [];
  // Where they do not fit their types, the executor says so.
  const { coerced } = getVariableValues(schema, definitions, variableValues ?? {});
  visit(document, {
    Field(node) {
      const values = directive && coerced && getDirectiveValues(directive, node, coerced);
      // Null as well: only where it is left out there is a default.
      if (values && Number(values.initialCount ?? -1) < 0) {
        throw refusal('BAD_USER_INPUT', 400, '`initialCount` can be neither negative nor null.');
      }
    },
  });
}

/**
 * Hands parts on until the request's time is over. What nobody takes any more, because it is late or the
 * client is gone, is gone through all the same: trail, log and rates are to know of it. Reads that the
 * client left behind end by themselves, see `RequestScope.signal`.
 */
function delivered(
  parts: AsyncIterable<Part>,
  request: Request,
  inHand: WorkInHand,
): AsyncIterableIterator<Part> {
  const { requestId, answerBy } = requestState(request);
  const source = parts[Symbol.asyncIterator]();
  const stream = interruptible(source);
  let over = false;
  const finish = () => {
    over = true;
    clearTimeout(timer);
    listening[Symbol.dispose]();
  };
  const leave = (...lastWords: Part[]) => {
    if (!over) {
      finish();
      stream.end(...lastWords);
      inHand.add(
        (async () => {
          while (!(await source.next()).done) {
            // Gone through.
          }
        })(),
      );
    }
  };
  const timer = setTimeout(
    () => leave({ errors: [lateError(requestId)], hasNext: false }),
    answerBy - performance.now(),
  );
  const listening = addAbortListener(request.signal, () => leave());
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      const next = await stream.next();
      if (next.done) {
        finish();
        return next;
      }
      // What ends it before its time is the last part.
      return { done: false, value: { ...next.value, hasNext: next.value.hasNext ?? false } };
    },
    async return() {
      leave();
      return { done: true, value: undefined };
    },
  };
}

/**
 * `@defer` and `@stream`, for clients that accept `multipart/mixed`; others get the same answer in one
 * piece. Stands after all plugins that look at results.
 */
export function useIncrementalDelivery(inHand: WorkInHand): Plugin {
  const wholeOf = new WeakMap<DocumentNode, DocumentNode>();
  const inPieces = new WeakSet<object>();
  return {
    onPluginInit: ({ addPlugin }) => addPlugin(useDeferStream() as Plugin),
    onRequestParse: ({ request }) => ({
      onRequestParseDone({ requestParserResult }) {
        requestState(request).isBatch = Array.isArray(requestParserResult);
      },
    }),
    onValidate: ({ addValidationRule }) => addValidationRule(queriesOnly),
    onExecute({ args, executeFn, setExecuteFn }) {
      const { request } = args.contextValue;
      const { document } = args;
      const whole = wholeOf.get(document) ?? withoutParts(document);
      wholeOf.set(document, whole);
      if (whole !== document && (!takesParts(request) || requestState(request).isBatch)) {
        setExecuteFn((given) => executeFn({ ...given, document: whole }));
      } else if (whole !== document) {
        checkCounts(args);
      }
      return {
        onExecuteDone({ result }) {
          if (isAsyncIterable(result)) {
            inPieces.add(request);
          }
        },
      };
    },
    onResultProcess({ request, result, setResult }) {
      if (inPieces.has(request) && isAsyncIterable(result)) {
        setResult(delivered(result as AsyncIterable<Part>, request, inHand) as never);
      }
    },
  };
}
