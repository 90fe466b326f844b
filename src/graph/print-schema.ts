import {
  buildASTSchema,
  type ConstDirectiveNode,
  type DocumentNode,
  type GraphQLSchema,
  isUnionType,
  Kind,
  lexicographicSortSchema,
  parse,
  parseConstValue,
  print,
  printSchema,
  visit,
} from 'graphql';
import { mutationRules, queryRules, type Rule, subscriptionRules } from '../auth/rules.ts';

/** The schema's two texts: as clients know it, and as a supergraph is composed of it. */

/** Types and fields that only the machinery of a supergraph asks for. */
const isMachinery = (name: string) => name.startsWith('_');

const withoutMachinery = (document: DocumentNode): DocumentNode => {
  const unless = (node: { name: { value: string } }) =>
    isMachinery(node.name.value) ? null : undefined;
  return visit(document, {
    ScalarTypeDefinition: unless,
    UnionTypeDefinition: unless,
    ObjectTypeDefinition: unless,
    FieldDefinition: unless,
  });
};

/** The public contract, as it is committed. */
export function printedSchema(schema: GraphQLSchema): string {
  const open = buildASTSchema(withoutMachinery(parse(printSchema(schema))));
  return `${printSchema(lexicographicSortSchema(open))}\n`;
}

const link = `extend schema
  @link(url: "https://specs.apollo.dev/federation/v2.0", import: ["@key", "@shareable", "@inaccessible", "@tag"])
`;

const directive = (
  name: string,
  args: Readonly<Record<string, string>> = {},
): ConstDirectiveNode => ({
  kind: Kind.DIRECTIVE,
  name: { kind: Kind.NAME, value: name },
  arguments: Object.entries(args).map(([argument, value]) => ({
    kind: Kind.ARGUMENT,
    name: { kind: Kind.NAME, value: argument },
    value: parseConstValue(JSON.stringify(value)),
  })),
});

/** What pages are made of looks the same everywhere, so that other subgraphs may have them, too. */
const isPart = (type: string) => /^PageInfo$|(Connection|Edge)$/.test(type);

/**
 * A supergraph may have several of these, and each knows the ids of its own subgraph only: they are
 * nobody's to ask for there. Entities take their place.
 */
const ownIdsOnly = ['node', 'nodes'];

const rules: Readonly<Record<string, Readonly<Record<string, Rule>>>> = {
  Query: queryRules,
  Mutation: mutationRules,
  Subscription: subscriptionRules,
};

function directivesOfField(type: string, field: string): ConstDirectiveNode[] {
  if (type === 'Query' && ownIdsOnly.includes(field)) {
    return [directive('shareable'), directive('inaccessible')];
  }
  // A contract variant for patients' clients can leave these out.
  return rules[type]?.[field] === 'STAFF' ? [directive('tag', { name: 'staff' })] : [];
}

/** The public contract with what federation has to know about it, as it is committed. */
export function printedSubgraph(schema: GraphQLSchema): string {
  const entity = schema.getType('_Entity');
  const entities = isUnionType(entity) ? entity.getTypes().map(({ name }) => name) : [];
  const document = visit(parse(printedSchema(schema)), {
    // `@defer` and `@stream`: whether a supergraph takes them is up to the gateway before it.
    DirectiveDefinition: () => null,
    ObjectTypeDefinition: {
      leave: (node) => {
        const { value: name } = node.name;
        const directives = [
          ...(entities.includes(name) ? [directive('key', { fields: 'id' })] : []),
          ...(isPart(name) ? [directive('shareable')] : []),
        ];
        const fields = node.fields?.map((field) => ({
          ...field,
          directives: [...(field.directives ?? []), ...directivesOfField(name, field.name.value)],
        }));
        return { ...node, directives, ...(fields && { fields }) };
      },
    },
    // Composers do not know `@oneOf` yet. It holds all the same: here, where the operation arrives.
    InputObjectTypeDefinition: (node) => ({
      ...node,
      directives: node.directives?.filter((each) => each.name.value !== 'oneOf') ?? [],
    }),
  });
  return `${link}\n${print(document)}\n`;
}
