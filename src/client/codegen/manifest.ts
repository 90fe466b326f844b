import type { PluginFunction } from '@graphql-codegen/plugin-helpers';
import { documentsIn, hashOf, textOf } from './documents.ts';

/**
 * Plugin of GraphQL code generator: the manifest of persisted documents that a gateway reads
 * (`PERSISTED_DOCUMENTS`), each text by its SHA-256.
 */
export const plugin: PluginFunction = (_schema, files) => {
  const entries = documentsIn(files).map(
    ({ document }) => [hashOf(document), textOf(document)] as const,
  );
  return `${JSON.stringify(Object.fromEntries(entries.sort()), null, 2)}\n`;
};

/** For `unstable_onExecutableDocumentNode` of `typed-document-node`: each document knows its hash. */
export const withHash = (document: Parameters<typeof hashOf>[0]) => ({ hash: hashOf(document) });
