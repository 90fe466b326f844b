import {
  BREAK,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLAbstractType,
  type GraphQLField,
  type GraphQLFieldResolver,
  type GraphQLLeafType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getArgumentValues,
  isAbstractType,
  isListType,
  isNonNullType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';

/** What of an operation's execution is the same for each request: see `execute.ts`. */

type Arguments = Record<string, unknown>;

/** A field of an answer. */
export interface FieldPlan {
  /** Under which name it is in the answer. */
  key: string;
  nodes: readonly FieldNode[];
  parent: GraphQLObjectType;
  definition: GraphQLField<unknown, unknown>;
  /** Undefined: the source's property of its name. */
  resolve: GraphQLFieldResolver<unknown, unknown> | undefined;
  /** Undefined where they hold variables. */
  args: Arguments | undefined;
  info: GraphQLResolveInfo;
  type: TypePlan;
}

/** The fields of an object, and its type's name under the keys that ask for it. */
export type Selection = readonly (FieldPlan | { key: string; typeName: string })[];

export type TypePlan = { nonNull: boolean } & (
  | { kind: 'LEAF'; type: GraphQLLeafType }
  | { kind: 'LIST'; item: TypePlan }
  | { kind: 'OBJECT'; type: GraphQLObjectType; selection: Selection }
  | {
      kind: 'ABSTRACT';
      type: GraphQLAbstractType;
      /** Of an object whose type is one of its possible types. */
      selectionOn: (type: GraphQLObjectType) => Selection;
    }
);

export interface OperationPlan {
  schema: GraphQLSchema;
  operation: OperationDefinitionNode;
  root: Selection;
}

/**
 * Directives decide by variables what is in an answer; introspection is for tools. Names that begin with two
 * underscores are GraphQL's own, and could mean something to JavaScript.
 */
function isPlain(document: DocumentNode): boolean {
  let plain = true;
  const notPlain = () => {
    plain = false;
    return BREAK;
  };
  visit(document, {
    Directive: notPlain,
    Field: ({ name, alias }) =>
      alias?.value.startsWith('__') || (name.value.startsWith('__') && name.value !== '__typename')
        ? notPlain()
        : undefined,
  });
  return plain;
}

/**
 * Fields of a plan. Fragments that are spread again and again make a short document a large plan, also where
 * the answer holds next to nothing; plans are kept.
 */
const mostFields = 1000;

/** Of a plain document that was validated. */
class Planner {
  private readonly fragments: Record<string, FragmentDefinitionNode> = Object.create(null);
  private fields = 0;
  /** There is more to it than is kept: what was planned is of no use. */
  get isTooLarge() {
    return this.fields > mostFields;
  }

  constructor(
    private readonly schema: GraphQLSchema,
    document: DocumentNode,
    private readonly operation: OperationDefinitionNode,
  ) {
    for (const definition of document.definitions) {
      if (definition.kind === Kind.FRAGMENT_DEFINITION) {
        this.fragments[definition.name.value] = definition;
      }
    }
  }

  private appliesTo(condition: string | undefined, type: GraphQLObjectType): boolean {
    const named = condition === undefined ? type : this.schema.getType(condition);
    return named === type || (isAbstractType(named) && this.schema.isSubType(named, type));
  }

  /** By key, in the order of the answer. */
  private collect(
    set: SelectionSetNode,
    type: GraphQLObjectType,
    found: Map<string, FieldNode[]>,
    seen: Set<string>,
  ): void {
    for (const selection of set.selections) {
      if (selection.kind === Kind.FIELD) {
        const key = selection.alias?.value ?? selection.name.value;
        found.set(key, [...(found.get(key) ?? []), selection]);
        continue;
      }
      let part: { typeCondition?: { name: { value: string } }; selectionSet: SelectionSetNode };
      if (selection.kind === Kind.INLINE_FRAGMENT) {
        part = selection;
      } else {
        const { value: name } = selection.name;
        const fragment = this.fragments[name];
        if (fragment === undefined || seen.has(name)) {
          continue;
        }
        seen.add(name);
        part = fragment;
      }
      if (this.appliesTo(part.typeCondition?.name.value, type)) {
        this.collect(part.selectionSet, type, found, seen);
      }
    }
  }

  selectionOf(sets: readonly SelectionSetNode[], type: GraphQLObjectType): Selection {
    const found = new Map<string, FieldNode[]>();
    const seen = new Set<string>();
    for (const set of sets) {
      this.collect(set, type, found, seen);
    }
    this.fields += found.size;
    return this.isTooLarge ? [] : [...found].map(([key, nodes]) => this.field(key, nodes, type));
  }

  private field(
    key: string,
    nodes: readonly FieldNode[],
    parent: GraphQLObjectType,
  ): Selection[number] {
    const [node] = nodes as [FieldNode];
    const { value: name } = node.name;
    if (name === '__typename') {
      return { key, typeName: parent.name };
    }
    const definition = parent.getFields()[name];
    if (definition === undefined) {
      throw new Error('A document that was not validated.');
    }
    return {
      ...{ key, nodes, parent, definition },
      resolve: definition.resolve,
      args: argumentsOf(definition, node),
      info: this.info(definition, nodes, parent),
      type: this.type(definition.type, nodes),
    };
  }

  /** What it says of the one execution, nobody here asks for: there would have to be one of it for each value. */
  private info(
    { name: fieldName, type: returnType }: GraphQLField<unknown, unknown>,
    fieldNodes: readonly FieldNode[],
    parentType: GraphQLObjectType,
  ): GraphQLResolveInfo {
    const unknown = (): never => {
      throw new Error('A plan does not know the one execution.');
    };
    return {
      ...{ fieldName, fieldNodes, returnType, parentType },
      schema: this.schema,
      operation: this.operation,
      fragments: this.fragments,
      rootValue: undefined,
      get path() {
        return unknown();
      },
      get variableValues() {
        return unknown();
      },
    };
  }

  private type(type: GraphQLOutputType, nodes: readonly FieldNode[]): TypePlan {
    const nonNull = isNonNullType(type);
    const inner = isNonNullType(type) ? type.ofType : type;
    if (isListType(inner)) {
      return { kind: 'LIST', nonNull, item: this.type(inner.ofType, nodes) };
    }
    const sets = nodes.flatMap(({ selectionSet }) => selectionSet ?? []);
    if (isObjectType(inner)) {
      return { kind: 'OBJECT', nonNull, type: inner, selection: this.selectionOf(sets, inner) };
    }
    if (isAbstractType(inner)) {
      const selections = new Map(
        this.schema.getPossibleTypes(inner).map((each) => [each, this.selectionOf(sets, each)]),
      );
      const selectionOn = (type: GraphQLObjectType) => selections.get(type) ?? [];
      return { kind: 'ABSTRACT', nonNull, type: inner, selectionOn };
    }
    return { kind: 'LEAF', nonNull, type: inner };
  }
}

function argumentsOf(
  definition: GraphQLField<unknown, unknown>,
  node: FieldNode,
): Arguments | undefined {
  let constant = true;
  visit(node, {
    SelectionSet: () => false,
    Variable: () => {
      constant = false;
      return BREAK;
    },
  });
  return constant ? getArgumentValues(definition, node) : undefined;
}

/** @returns undefined where the document is not one for a plan */
export function planOf(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): OperationPlan | undefined {
  const type = operation.operation === 'query' ? schema.getQueryType() : undefined;
  if (!type || !isPlain(document)) {
    return undefined;
  }
  const planner = new Planner(schema, document, operation);
  const root = planner.selectionOf([operation.selectionSet], type);
  return planner.isTooLarge ? undefined : { schema, operation, root };
}
