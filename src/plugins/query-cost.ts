import {
  type ArgumentNode,
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLSchema,
  GraphQLSkipDirective,
  getArgumentValues,
  getDirectiveValues,
  getNamedType,
  getNullableType,
  getOperationAST,
  getVariableValues,
  isAbstractType,
  isCompositeType,
  isListType,
  Kind,
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionSetNode,
  TypeMetaFieldDef,
  TypeNameMetaFieldDef,
  type ValueNode,
} from 'graphql';
import { isOwnRecordId } from '../domain/ids.ts';
import { costOf } from '../graph/field-cost.ts';
import { largestPage, usualPage } from '../graph/page.ts';

/** What an operation may cost, before it is executed. */
export interface QueryCost {
  /** Calls at vendors. */
  vendorCalls: number;
  /** Fields that the answer may hold. */
  fields: number;
}

/** Entries of a list that says nothing about itself. */
const usualList = 10;
/** Entries of a list of the introspection. */
const introspectionList = 4;

/** Where in the answer a selection stands. */
interface Place {
  /** How often the answer may hold it. */
  times: number;
  /** How many different records that may be: vendor calls about one and the same are made once. */
  records: number;
  /** The same of the patient that it belongs to. */
  patients: number | undefined;
  /** Entries of the page that it is part of. */
  page: number | undefined;
}

type Arguments = Readonly<Record<string, unknown>>;
type Field = GraphQLField<unknown, unknown>;
/** A field of the answer: what the executor would merge into one. */
interface Merged {
  field: Field;
  nodes: FieldNode[];
}

const metaFields: Readonly<Record<string, Field>> = {
  __schema: SchemaMetaFieldDef,
  __type: TypeMetaFieldDef,
  __typename: TypeNameMetaFieldDef,
};

/** A page's size as asked for; what is out of bounds is refused later, without a vendor call. */
function pageSize({ first, last }: Arguments): number {
  const size = first ?? last ?? usualPage;
  return typeof size === 'number' ? Math.min(Math.max(size, 0), largestPage) : usualPage;
}

interface Keys {
  entries: number;
  /** Different ones. */
  records: number;
  /** Of those, the ones that a vendor has to be asked for. */
  atVendors: number;
}

/** The records that a field is asked for by their keys. */
function keysIn({ ids, representations }: Arguments): Keys | undefined {
  const keys = ids ?? representations;
  if (!Array.isArray(keys)) {
    return undefined;
  }
  // What is no text is no key, and may not even be made one: it is refused in its place.
  const texts = keys.map((key) => key?.id ?? key).filter((key) => typeof key === 'string');
  const distinct = [...new Set<string>(texts)];
  const atVendors = distinct.filter((id) => !isOwnRecordId(id)).length;
  return { entries: keys.length, records: distinct.length, atVendors };
}

/** Costs of operations whose variables change nothing about them. */
const fixedCosts = new WeakMap<OperationDefinitionNode, QueryCost>();

/** Arguments that say how many there will be. */
const countingArguments = ['first', 'last', 'ids', 'representations'];

const holdsVariable = (value: ValueNode): boolean =>
  value.kind === Kind.VARIABLE ||
  (value.kind === Kind.LIST && value.values.some(holdsVariable)) ||
  (value.kind === Kind.OBJECT && value.fields.some((field) => holdsVariable(field.value)));

const dependsOnVariables = (
  node: { arguments?: readonly ArgumentNode[] | undefined },
  names: readonly string[],
) =>
  node.arguments?.some(({ name, value }) => names.includes(name.value) && holdsVariable(value)) ??
  false;

/**
 * Adds up what fields declare (`graph/field-cost.ts`), lists multiplied by `first`, `last` or the number
 * of different keys. An upper bound, apart from lists that only their vendor knows the length of. Counts no
 * further than `most`, so that it takes time in proportion to that at most; and once only where variables
 * do not count.
 */
export function costOfQuery(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
  variables: Readonly<Record<string, unknown>>,
  most: QueryCost,
): QueryCost {
  const sum: QueryCost = { vendorCalls: 0, fields: 0 };
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  const fixed = operation && fixedCosts.get(operation);
  if (fixed || !operation || !root) {
    return fixed ?? sum;
  }
  let isFixed = true;
  const definitions = operation.variableDefinitions ?? [];
  const { coerced } = getVariableValues(schema, definitions, variables, { maxErrors: 1 });
  if (coerced === undefined) {
    // It will not be executed.
    return sum;
  }
  const fragments = new Map<string, FragmentDefinitionNode>(
    document.definitions.flatMap((each) =>
      each.kind === Kind.FRAGMENT_DEFINITION ? [[each.name.value, each] as const] : [],
    ),
  );
  let parts = 0;
  const isOver = () => sum.vendorCalls > most.vendorCalls || sum.fields > most.fields;

  function isSkipped(node: Parameters<typeof getDirectiveValues>[1]): boolean {
    if (node.directives?.some((directive) => dependsOnVariables(directive, ['if']))) {
      isFixed = false;
    }
    try {
      return (
        getDirectiveValues(GraphQLSkipDirective, node, coerced)?.if === true ||
        getDirectiveValues(GraphQLIncludeDirective, node, coerced)?.if === false
      );
    } catch {
      // Null in place of a default: the executor says so, where it stands.
      return false;
    }
  }

  const fieldOf = (type: GraphQLCompositeType, name: string): Field | undefined =>
    metaFields[name] ?? ('getFields' in type ? type.getFields()[name] : undefined);

  /** The fields of a level; what stands under a type condition counts beside the others. */
  function collect(
    type: GraphQLCompositeType,
    set: SelectionSetNode,
    into: Map<string, Merged>,
    seen: Set<string>,
    part = '',
  ): void {
    for (const selection of set.selections) {
      if (isSkipped(selection)) {
        continue;
      }
      if (selection.kind === Kind.FIELD) {
        const field = fieldOf(type, selection.name.value);
        const key = `${part}${type.name}.${selection.alias?.value ?? selection.name.value}`;
        const merged = into.get(key);
        if (merged !== undefined) {
          merged.nodes.push(selection);
        } else if (field !== undefined) {
          into.set(key, { field, nodes: [selection] });
        }
        continue;
      }
      const fragment =
        selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
      if (fragment === undefined) {
        continue;
      }
      const condition = fragment.typeCondition && schema.getType(fragment.typeCondition.name.value);
      // An interface's own fields are those of the type that implements it: they merge.
      const narrower = isCompositeType(condition) && !isAbstractType(condition) ? condition : type;
      if (selection.directives?.some((each) => each.name.value === 'defer')) {
        // A part of its own: the answer holds its fields once more, also those of a fragment seen before.
        parts += 1;
        collect(narrower, fragment.selectionSet, into, new Set(), `${parts}/`);
        continue;
      }
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        const name = `${type.name}.${selection.name.value}`;
        if (seen.has(name)) {
          continue;
        }
        seen.add(name);
      }
      collect(narrower, fragment.selectionSet, into, seen, part);
    }
  }

  function argumentsOf(field: Field, node: FieldNode): Arguments | undefined {
    if (dependsOnVariables(node, countingArguments)) {
      isFixed = false;
    }
    try {
      return getArgumentValues(field, node, coerced);
    } catch {
      // The field will be refused instead of being resolved: with these variables.
      isFixed = false;
      return undefined;
    }
  }

  function countField({ field, nodes }: Merged, at: Place): void {
    const [node] = nodes;
    const args = node && argumentsOf(field, node);
    if (args === undefined || isOver()) {
      return;
    }
    const declared = costOf(field.extensions);
    const isPaged = field.args.some(({ name }) => name === 'first');
    const keys = keysIn(args);
    const entries = isPaged ? pageSize(args) : keys?.entries;
    const perEntry = (declared.vendorCallsPerEntry ?? 0) * (keys?.atVendors ?? entries ?? 0);
    sum.vendorCalls += at.records * ((declared.vendorCalls ?? 0) + perEntry);
    sum.fields += at.times;

    const type = getNamedType(field.type);
    if (!isCompositeType(type)) {
      return;
    }
    const isList = isListType(getNullableType(field.type));
    const usual = type.name.startsWith('__') ? introspectionList : usualList;
    const size = isList ? (entries ?? at.page ?? declared.listSize ?? usual) : 1;
    const known = declared.samePatient ? at.patients : undefined;
    const records = known ?? at.records * (keys?.records ?? size);
    const below: Place = {
      times: at.times * size,
      records,
      patients: type.name === 'Patient' ? records : at.patients,
      page: isPaged && !isList ? entries : undefined,
    };
    countLevel(
      type,
      nodes.flatMap(({ selectionSet }) => selectionSet ?? []),
      below,
    );
  }

  function countLevel(
    type: GraphQLCompositeType,
    sets: readonly SelectionSetNode[],
    at: Place,
  ): void {
    const level = new Map<string, Merged>();
    const seen = new Set<string>();
    for (const set of sets) {
      collect(type, set, level, seen);
    }
    for (const merged of level.values()) {
      countField(merged, at);
    }
  }

  countLevel(root, [operation.selectionSet], {
    times: 1,
    records: 1,
    patients: undefined,
    page: undefined,
  });
  if (isFixed && !isOver()) {
    fixedCosts.set(operation, sum);
  }
  return sum;
}
