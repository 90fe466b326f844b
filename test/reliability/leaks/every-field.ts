import {
  type GraphQLCompositeType,
  type GraphQLObjectType,
  getNamedType,
  isAbstractType,
  isCompositeType,
  isInputObjectType,
  isNonNullType,
  isObjectType,
} from 'graphql';
import { fieldsOf, type Root, schema } from '../../support/printed-schema.ts';

/**
 * Documents that ask for everything, written from the printed schema: whatever is added to it is asked
 * for as well, or `missing` names it.
 */

/** What arguments below the root are given, by `Type.field`. */
export type NestedArguments = Readonly<Record<string, string>>;

export interface Asked {
  /** `Type.field` of all that documents have asked for so far. */
  fields: Set<string>;
  /** A selection of everything below a type; a type on the way to itself is not entered again. */
  selection(type: GraphQLCompositeType, levels: number): string;
}

export function createAsked(nestedArguments: NestedArguments): Asked {
  const fields = new Set<string>();

  function ofObject(type: GraphQLObjectType, levels: number, way: readonly string[]): string {
    const parts = Object.values(type.getFields()).map((field) => {
      const { name, args } = field;
      const at = `${type.name}.${name}`;
      const given = nestedArguments[at];
      if (given === undefined && args.some((each) => isNonNullType(each.type))) {
        throw new Error(`${at} needs arguments: say which.`);
      }
      const inner = getNamedType(field.type);
      // Fields of one name in several types of an interface need names of their own.
      const alias = `${type.name}_${name}`;
      fields.add(at);
      return `${alias}: ${name}${given ?? ''}${isCompositeType(inner) ? below(inner, levels, way) : ''}`;
    });
    return `... on ${type.name} { ${parts.join(' ')} }`;
  }

  function below(type: GraphQLCompositeType, levels: number, way: readonly string[]): string {
    const possible = isAbstractType(type) ? schema.getPossibleTypes(type) : [type];
    const entered = possible.filter(({ name }) => levels > 0 && !way.includes(name));
    return ` { __typename ${entered.map((each) => ofObject(each, levels - 1, [...way, each.name])).join(' ')} }`;
  }

  return { fields, selection: (type, levels) => below(type, levels, []) };
}

/** All that the contract lets a caller ask for. */
export const allFields = (): string[] =>
  Object.values(schema.getTypeMap())
    .filter((type): type is GraphQLObjectType => isObjectType(type) && !type.name.startsWith('__'))
    .filter(({ name }) => !['Query', 'Mutation', 'Subscription'].includes(name))
    .flatMap((type) => Object.keys(type.getFields()).map((field) => `${type.name}.${field}`));

/** A document of one root field with all its arguments as variables. */
export function documentOf(root: Root, name: string, asked: Asked, levels: number) {
  const field = fieldsOf(root).find((each) => each.name === name);
  if (field === undefined) {
    throw new Error(`There is no ${root}.${name}.`);
  }
  const declared = field.args.map((each) => `$${each.name}: ${each.type}`).join(', ');
  const passed = field.args.map((each) => `${each.name}: $${each.name}`).join(', ');
  const head = declared === '' ? '' : `(${declared})`;
  const type = getNamedType(field.type);
  const selection = isCompositeType(type) ? asked.selection(type, levels) : '';
  return `${root.toLowerCase()} Every_${name} ${head} { ${name}${passed === '' ? '' : `(${passed})`}${selection} }`;
}

/** Fields of a mutation's input, as paths below it. */
export function inputPaths(name: string): string[] {
  const walk = (type: unknown, path: string): string[] =>
    isInputObjectType(type)
      ? Object.values(type.getFields()).flatMap((field) =>
          walk(getNamedType(field.type), `${path}.${field.name}`),
        )
      : [path];
  const field = fieldsOf('Mutation').find((each) => each.name === name);
  return walk(getNamedType(field?.args[0]?.type), name);
}

/** The same of what was really given. */
export const givenPaths = (name: string, input: Readonly<Record<string, unknown>>): string[] =>
  inputPaths(name).filter((path) => {
    let at: unknown = input;
    for (const part of path.split('.').slice(1)) {
      at = (at as Record<string, unknown> | undefined)?.[part];
    }
    return at != null;
  });
