import {
  type DocumentNode,
  type FragmentDefinitionNode,
  Kind,
  type OperationDefinitionNode,
  type OperationTypeNode,
  type SelectionSetNode,
} from 'graphql';

/** What can be told of an operation without its variables and the schema; fragments are spread. */
export interface Shape {
  /** Fields below one another, the last one included. */
  depth: number;
  aliases: number;
  directives: number;
  rootFields: number;
}

export interface OperationShape extends Shape {
  operation: OperationTypeNode;
}

/**
 * The introspection that every tool sends is 15 levels deep. Where introspection is allowed at all,
 * validation bounds how far it may go around in circles.
 */
const introspectionAllowance = 6;
const isIntrospection = (field: string) => field === '__schema' || field === '__type';

const nothing: Shape = { depth: 0, aliases: 0, directives: 0, rootFields: 0 };

/**
 * The shape of each operation of a document, as large as the executor could find it: `@skip` and
 * `@include` are not believed, a fragment counts each time it is spread. Takes time in the document's
 * length only. A fragment that spreads itself is left to validation.
 */
export function shapesOf({ definitions }: DocumentNode): OperationShape[] {
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) {
      fragments.set(definition.name.value, definition);
    }
  }
  const known = new Map<string, Shape>();

  const ofFragment = (name: string): Shape => {
    const found = known.get(name);
    const fragment = fragments.get(name);
    if (found !== undefined || fragment === undefined) {
      return found ?? nothing;
    }
    // What it is while it is being looked at: a ring ends here.
    known.set(name, nothing);
    const shape = ofSelections(fragment.selectionSet, fragment.directives?.length ?? 0);
    known.set(name, shape);
    return shape;
  };

  /** `rootFields` are those of the level itself. */
  const ofSelections = (set: SelectionSetNode, directives: number): Shape => {
    const sum = { ...nothing, directives };
    for (const selection of set.selections) {
      const own = selection.directives?.length ?? 0;
      if (selection.kind === Kind.FIELD) {
        const below = selection.selectionSet ? ofSelections(selection.selectionSet, 0) : nothing;
        const allowed = isIntrospection(selection.name.value) ? introspectionAllowance : 0;
        sum.depth = Math.max(sum.depth, Math.max(0, below.depth - allowed) + 1);
        sum.aliases += below.aliases + (selection.alias ? 1 : 0);
        sum.directives += below.directives + own;
        sum.rootFields += 1;
      } else {
        const within =
          selection.kind === Kind.FRAGMENT_SPREAD
            ? ofFragment(selection.name.value)
            : ofSelections(selection.selectionSet, 0);
        sum.depth = Math.max(sum.depth, within.depth);
        sum.aliases += within.aliases;
        sum.directives += within.directives + own;
        sum.rootFields += within.rootFields;
      }
    }
    return sum;
  };

  const variableDirectives = ({ variableDefinitions = [] }: OperationDefinitionNode) =>
    variableDefinitions.reduce((sum, each) => sum + (each.directives?.length ?? 0), 0);

  return definitions
    .filter((definition) => definition.kind === Kind.OPERATION_DEFINITION)
    .map((definition) => {
      const own = (definition.directives?.length ?? 0) + variableDirectives(definition);
      const { operation, selectionSet } = definition;
      return { operation, ...ofSelections(selectionSet, own) };
    });
}
