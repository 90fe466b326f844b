import { readFileSync } from 'node:fs';
import type { PluginFunction } from '@graphql-codegen/plugin-helpers';
import { documentsIn, hashOf, textOf } from './documents.ts';

export interface ManifestConfig {
  /** Paths of manifests whose documents are to be in this one as well. */
  also?: string | readonly string[];
}

/**
 * Plugin of GraphQL code generator: the manifest of persisted documents that a gateway reads
 * (`PERSISTED_DOCUMENTS`), each text by its SHA-256.
 */
export const plugin: PluginFunction<ManifestConfig> = (_schema, files, { also = [] }) => {
  const own = documentsIn(files).map(
    ({ document }) => [hashOf(document), textOf(document)] as [string, string],
  );
  const others = [also]
    .flat()
    .flatMap((path) => Object.entries<string>(JSON.parse(readFileSync(path, 'utf8'))));
  const entries = [...own, ...others];
  return `${JSON.stringify(Object.fromEntries(entries.sort()), null, 2)}\n`;
};

/** For `unstable_onExecutableDocumentNode` of `typed-document-node`: each document knows its hash. */
export const withHash = (document: Parameters<typeof hashOf>[0]) => ({ hash: hashOf(document) });
