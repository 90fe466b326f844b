import { type DocumentNode, Kind } from 'graphql';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import { hasParts } from './use-incremental-delivery.ts';

/** Documents, by their text, that passed every check which needs no more than the text. */
export interface KnownDocuments {
  find(text: string): DocumentNode | undefined;
  know(text: string, document: DocumentNode): void;
}

/** @param most that are kept; each is bounded by the limits of queries */
export function createKnownDocuments(most: number): KnownDocuments {
  const documents = new LRUCache<string, DocumentNode>({ max: most });
  return {
    find: (text) => documents.get(text),
    know: (text, document) => void documents.set(text, document),
  };
}

const isWhole = (document: DocumentNode) =>
  !hasParts(document) &&
  document.definitions.every(
    (each) => each.kind !== Kind.OPERATION_DEFINITION || each.operation !== 'subscription',
  );

/**
 * Takes down documents when they are about to be executed, so that the next request for one of them can take
 * the fast path. Comes last of those that may refuse an execution.
 */
export const useKnownDocuments = (known: KnownDocuments): Plugin<{ params: GraphQLParams }> => ({
  onExecute({ args: { document, contextValue } }) {
    const { query } = contextValue.params;
    if (query !== undefined && known.find(query) === undefined && isWhole(document)) {
      known.know(query, document);
    }
  },
});
