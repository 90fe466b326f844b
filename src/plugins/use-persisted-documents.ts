import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { isHashOf, type PersistedDocuments } from './persisted-documents.ts';
import { refusal } from './refusal.ts';

/** `extensions.persistedQuery.sha256Hash` as Apollo's clients send it, or `documentId`. */
export function hashIn({ extensions, ...params }: GraphQLParams): string | null {
  const { documentId } = params as { documentId?: unknown };
  const { sha256Hash } = (extensions?.persistedQuery ?? {}) as { sha256Hash?: unknown };
  const hash = documentId ?? sha256Hash;
  return typeof hash === 'string' ? hash.replace(/^sha(1|256):/, '').toLowerCase() : null;
}

const refused = (message: string) => () => refusal('BAD_USER_INPUT', 400, message);

/** A document that comes with a hash is the one of that hash. */
const useMatchingHashes = (): Plugin => ({
  onParams({ params }) {
    const hash = hashIn(params);
    if (typeof params.query === 'string' && hash !== null && !isHashOf(hash, params.query)) {
      throw refused('The hash is not the one of the document.')();
    }
  },
});

/**
 * Lets clients send a document's hash in place of its text.
 * @param only whether those are the only documents that are executed
 */
export const usePersistedDocuments = (
  documents: PersistedDocuments | undefined,
  only: boolean,
): Plugin[] => [
  useMatchingHashes(),
  ...(documents === undefined
    ? []
    : [
        usePersistedOperations({
          allowArbitraryOperations: !only,
          extractPersistedOperationId: hashIn,
          getPersistedOperation: (hash) => documents.get(hash) ?? null,
          customErrors: {
            notFound: refused('There is no document of this hash here.'),
            keyNotFound: refused('Send a document, or the hash of one that is persisted here.'),
            persistedQueryOnly: refused(
              'Only persisted documents are executed here: send the hash of one, without a text.',
            ),
          },
        }) as Plugin,
      ]),
];
