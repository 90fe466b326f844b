import { type DocumentNode, type ExecutionArgs, GraphQLError, parse } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { type Shape, shapesOf } from './document-shape.ts';
import { costOfQuery, type QueryCost } from './query-cost.ts';
import { tooCostly } from './refusal.ts';
import { requestState } from './request-state.ts';

export interface QueryLimits {
  /** Characters of a document. */
  length: number;
  tokens: number;
  /** Operations and fragments of a document. */
  definitions: number;
  depth: number;
  aliases: number;
  directives: number;
  rootFields: number;
  /** Root fields of a mutation. */
  mutations: number;
  /** Vendor calls that a request may cost, as reckoned before it is executed. */
  vendorCalls: number;
  /** Fields that an answer may hold, as reckoned before it is executed. */
  fields: number;
}

const said: Record<keyof Shape, string> = {
  depth: 'is too deep: %d levels of fields are allowed',
  aliases: 'has too many aliases: %d are allowed',
  directives: 'has too many directives: %d are allowed',
  rootFields: 'asks for too much at once: %d root fields are allowed',
};

const tooMuch = (what: string, limit: number) =>
  tooCostly(`The document ${what.replace('%d', limit.toLocaleString('en'))}.`);

/** Why a document is refused for its shape alone. */
function shapeRefusal(document: DocumentNode, limits: QueryLimits): GraphQLError | undefined {
  if (document.definitions.length > limits.definitions) {
    return tooMuch('has too many operations and fragments: %d are allowed', limits.definitions);
  }
  for (const shape of shapesOf(document)) {
    for (const name of Object.keys(said) as (keyof Shape)[]) {
      if (shape[name] > limits[name]) {
        return tooMuch(said[name], limits[name]);
      }
    }
    if (shape.operation === 'mutation' && shape.rootFields > limits.mutations) {
      return tooMuch('does too much at once: %d mutations are allowed', limits.mutations);
    }
  }
  return undefined;
}

/**
 * @param spent by the request so far; this is added
 * @throws GraphQLError QUERY_TOO_COSTLY
 */
export function checkCost(args: ExecutionArgs, spent: QueryCost, limits: QueryLimits): void {
  const { schema, document, operationName, variableValues } = args;
  const cost = costOfQuery(schema, document, operationName, variableValues ?? {}, limits);
  spent.vendorCalls += cost.vendorCalls;
  spent.fields += cost.fields;
  if (spent.vendorCalls > limits.vendorCalls) {
    throw tooCostly(
      `This could take more than ${limits.vendorCalls.toLocaleString('en')} vendor calls. Ask for smaller pages, or for less of each entry.`,
    );
  }
  if (spent.fields > limits.fields) {
    throw tooCostly(
      `The answer could hold more than ${limits.fields.toLocaleString('en')} fields. Ask for smaller pages, or for less of each entry.`,
    );
  }
}

/** Refuses documents that cost too much before they are validated, or at the latest executed. */
export function useQueryLimits(limits: QueryLimits): Plugin {
  const check = (args: ExecutionArgs) =>
    checkCost(args, requestState((args.contextValue as { request: Request }).request).cost, limits);
  /** Documents that are kept parsed are looked at once. */
  const fitting = new WeakSet<DocumentNode>();
  return {
    onParse({ params, setParseFn }) {
      if (String(params.source).length > limits.length) {
        throw tooMuch('is too long: %d characters are allowed', limits.length);
      }
      setParseFn((source, options) => parse(source, { ...options, maxTokens: limits.tokens }));
      return ({ result }) => {
        if (!(result instanceof Error)) {
          if (fitting.has(result)) {
            return;
          }
          const refused = shapeRefusal(result, limits);
          if (refused !== undefined) {
            throw refused;
          }
          fitting.add(result);
        } else if (
          result instanceof GraphQLError &&
          /more tha[nt] \d+ tokens/.test(result.message)
        ) {
          throw tooMuch('is too long: %d tokens are allowed', limits.tokens);
        }
      };
    },
    onExecute: ({ args }) => check(args),
    onSubscribe: ({ args }) => check(args),
  };
}
