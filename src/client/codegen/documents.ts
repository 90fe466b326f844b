import { createHash } from 'node:crypto';
import type { Types } from '@graphql-codegen/plugin-helpers';
import {
  concatAST,
  type DefinitionNode,
  type DocumentNode,
  Kind,
  type OperationDefinitionNode,
  print,
  separateOperations,
} from 'graphql';

export type NamedOperation = OperationDefinitionNode & {
  readonly name: { readonly value: string };
};

/** The named operations of a project, each with the fragments that it needs. */
export function documentsIn(
  files: readonly Types.DocumentFile[],
): { operation: NamedOperation; document: DocumentNode }[] {
  const all = concatAST(files.flatMap(({ document }) => document ?? []));
  const isNamedOperation = (each: DefinitionNode): each is NamedOperation =>
    each.kind === Kind.OPERATION_DEFINITION && each.name !== undefined;
  return Object.values(separateOperations(all)).flatMap((document) =>
    document.definitions.filter(isNamedOperation).map((operation) => ({ operation, document })),
  );
}

/** Its text, whatever the order of its fragments. */
export function textOf({ definitions }: DocumentNode): string {
  const nameOf = (each: DefinitionNode) =>
    each.kind === Kind.FRAGMENT_DEFINITION ? each.name.value : '';
  const sorted = [...definitions].sort((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  return sorted.map(print).join('\n\n');
}

export const hashOf = (document: DocumentNode) =>
  `sha256:${createHash('sha256').update(textOf(document)).digest('hex')}`;
