import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  concatAST,
  type DefinitionNode,
  type DocumentNode,
  Kind,
  parse,
  separateOperations,
} from 'graphql';

/** A document of `schema/operations`: one operation, with the fragments that it needs. */
export interface ExampleOperation {
  name: string;
  kind: 'query' | 'mutation' | 'subscription';
  /** As it was written, comments included. */
  text: string;
}

const folder = fileURLToPath(new URL('../../schema/operations/', import.meta.url));

const nameOf = (definition: DefinitionNode) =>
  'name' in definition ? (definition.name?.value ?? '') : '';

/** Each definition's text with the comment above it. */
function textsIn({ definitions }: DocumentNode, source: string): [string, string][] {
  let end = 0;
  return definitions.map((definition) => {
    const start = end;
    end = definition.loc?.end ?? source.length;
    return [nameOf(definition), source.slice(start, end).trim()];
  });
}

/** The files' operations, in the order of the files and within them. @param first is put before all */
export function exampleOperations(first = 'PatientOverview'): ExampleOperation[] {
  const sources = readdirSync(folder)
    .filter((file) => file.endsWith('.graphql'))
    .sort()
    .map((file) => readFileSync(join(folder, file), 'utf8'));
  const documents = sources.map((source) => parse(source));
  const texts = new Map(documents.flatMap((each, index) => textsIn(each, sources[index] ?? '')));
  const operations = Object.values(separateOperations(concatAST(documents)));
  return operations
    .flatMap(({ definitions }) => {
      const operation = definitions.find((each) => each.kind === Kind.OPERATION_DEFINITION);
      if (operation === undefined) {
        return [];
      }
      const rest = definitions.filter((each) => each !== operation);
      const text = [operation, ...rest].map((each) => texts.get(nameOf(each)));
      return [
        { name: nameOf(operation), kind: operation.operation, text: `${text.join('\n\n')}\n` },
      ];
    })
    .sort((a, b) => Number(b.name === first) - Number(a.name === first));
}
