import type { PluginFunction } from '@graphql-codegen/plugin-helpers';
import {
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isAbstractType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { documentsIn } from './documents.ts';

/**
 * Plugin of GraphQL code generator: a React hook of each operation, on TanStack Query. The plugin
 * `typescript-react-query` does not do: it hands no AbortSignal to infinite queries, makes them of every
 * query and leaves finding the next page to the caller, and brings each document a second time, as a
 * text without the hash that persisted documents need. The hooks themselves are in
 * `portico/client/react`; what is generated is one line each.
 */
export interface HooksConfig {
  /** The module with the typed documents, as the generated one imports it; default `./documents`. */
  documentsFrom?: string;
  /** The module with what makes hooks; default `portico/client/react`. */
  hooksFrom?: string;
}

/**
 * Where the answer has the connection that `$after` pages through: `['patient', 'visits']`. Undefined where
 * that is in a list, or in some types of an answer only, or where its `pageInfo` is not asked for.
 */
function pathOfConnection(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
): string[] | undefined {
  const typeInfo = new TypeInfo(schema);
  const path: string[] = [];
  const found: string[][] = [];
  visit(
    operation,
    visitWithTypeInfo(typeInfo, {
      InlineFragment: () => (isAbstractType(typeInfo.getParentType()) ? false : undefined),
      Field: {
        enter({ name, alias, arguments: given = [], selectionSet }) {
          if (isListType(getNullableType(typeInfo.getType()))) {
            return false;
          }
          path.push((alias ?? name).value);
          const type = getNamedType(typeInfo.getType());
          const isConnection =
            isObjectType(type) &&
            'pageInfo' in type.getFields() &&
            selectionSet?.selections.some(
              (each) =>
                each.kind === Kind.FRAGMENT_SPREAD ||
                (each.kind === Kind.FIELD && each.name.value === 'pageInfo'),
            );
          const isPaged = given.some(
            ({ name: argument, value }) =>
              argument.value === 'after' &&
              value.kind === Kind.VARIABLE &&
              value.name.value === 'after',
          );
          if (isConnection && isPaged) {
            found.push([...path]);
          }
          return undefined;
        },
        leave: () => void path.pop(),
      },
    }),
  );
  return found.length === 1 ? found[0] : undefined;
}

export const plugin: PluginFunction<HooksConfig> = (schema, files, config) => {
  const { documentsFrom = './documents', hooksFrom = 'portico/client/react' } = config;
  const operations = documentsIn(files)
    .map(({ operation }) => operation)
    // Those are streams of events, which TanStack Query does not ask for.
    .filter(({ operation }) => operation !== 'subscription');
  const makers = new Set<string>();
  const hooks = operations.flatMap((operation) => {
    const name = operation.name.value;
    const document = `${name}Document`;
    const made = (maker: string, hook: string, rest = '') => {
      makers.add(maker);
      return `export const ${hook} = /*#__PURE__*/ ${maker}(${document}${rest});`;
    };
    if (operation.operation === 'mutation') {
      return made('createMutationHook', `use${name}Mutation`);
    }
    const connection = pathOfConnection(schema, operation);
    const steps = connection?.map((step) => `?.${step}`).join('') ?? '';
    return [
      made('createQueryHook', `use${name}Query`),
      ...(connection === undefined
        ? []
        : [
            made(
              'createInfiniteQueryHook',
              `useInfinite${name}Query`,
              `, (data) => data${steps.replace('?', '')}`,
            ),
          ]),
    ];
  });
  const documents = operations.map(({ name }) => `${name.value}Document`).sort();
  return {
    prepend: [
      `import { ${documents.join(', ')} } from '${documentsFrom}';`,
      `import { ${[...makers].sort().join(', ')} } from '${hooksFrom}';`,
    ],
    content: `\n${hooks.join('\n')}\n`,
  };
};
