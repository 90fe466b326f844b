import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { isHashOf, type PersistedDocuments } from './persisted-documents.ts';
import { refusal } from './refusal.ts';

/** `extensions.persistedQuery.sha256Hash` as Apollo's clients send it, or `documentId`. */
export function hashIn(params: GraphQLParams): string | null {
  const { extensions, documentId } = params as GraphQLParams & { documentId?: unknown };
  const { sha256Hash } = (extensions?.persistedQuery ?? {}) as { sha256Hash?: unknown };
  const hash = documentId ?? sha256Hash;
  return typeof hash === 'string' ? hash.replace(/^sha(1|256):/, '').toLowerCase() : null;
}

const refused = (message: string) => () => refusal('BAD_USER_INPUT', 400, message);

const byHash = 'as `documentId`, or in `extensions.persistedQuery.sha256Hash`';

/** A document that comes with a hash is the one of that hash. */
const useMatchingHashes = (): Plugin => ({
  onParams({ params }) {
    const hash = hashIn(params);
    if (typeof params.query === 'string' && hash !== null && !isHashOf(hash, params.query)) {
      throw refused('The hash is not the one of the document.')();
    }
  },
});

/** Where there is no manifest. */
const useTextsOnly = (): Plugin => ({
  onParams({ params }) {
    if (params.query === undefined) {
      throw refused(
        hashIn(params) === null
          ? 'Send a GraphQL document as `query`.'
          : 'No documents are persisted here (`PERSISTED_DOCUMENTS`): send the text itself as `query`.',
      )();
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
    ? [useTextsOnly()]
    : [
        usePersistedOperations({
          allowArbitraryOperations: !only,
          extractPersistedOperationId: hashIn,
          getPersistedOperation: (hash) => documents.get(hash) ?? null,
          customErrors: {
            notFound: refused(
              `No document of this hash is persisted here: ${only ? '' : 'send its text as `query`, or '}have it added to the manifest that \`PERSISTED_DOCUMENTS\` names.`,
            ),
            keyNotFound: refused(
              `Send ${only ? '' : 'a GraphQL document as `query`, or '}the hash of one that is persisted here, ${byHash}.`,
            ),
            persistedQueryOnly: refused(
              `Only persisted documents are executed here: send the hash of one, without a text, ${byHash}.`,
            ),
          },
        }) as Plugin,
      ]),
];
