import { readFileSync } from 'node:fs';
import {
  buildSchema,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedInputType,
  type GraphQLObjectType,
  getNamedType,
  getNullableType,
  isInputObjectType,
  isListType,
  isObjectType,
} from 'graphql';

/** The contract as it is printed, for tests that must not forget a field which is added to it. */

export const schema = buildSchema(
  readFileSync(new URL('../../schema/schema.graphql', import.meta.url), 'utf8'),
);

export type Root = 'Query' | 'Mutation' | 'Subscription';
export type Field = GraphQLField<unknown, unknown>;

function rootType(root: Root): GraphQLObjectType {
  const type = schema.getType(root);
  if (!isObjectType(type)) {
    throw new Error(`The schema has no ${root}.`);
  }
  return type;
}

export const fieldsOf = (root: Root): Field[] => Object.values(rootType(root).getFields());

/** A place where a caller writes a value: an argument, or a field somewhere within one. */
export interface InputLeaf {
  /** From the argument's name downwards. */
  path: readonly string[];
  type: GraphQLNamedInputType;
  isList: boolean;
}

/** All that can be written below an argument or input field; no input of the contract holds itself. */
export function inputLeaves(name: string, type: GraphQLInputType): InputLeaf[] {
  const named = getNamedType(type);
  return isInputObjectType(named)
    ? Object.values(named.getFields()).flatMap((field) =>
        inputLeaves(field.name, field.type).map((leaf) => ({
          ...leaf,
          path: [name, ...leaf.path],
        })),
      )
    : [{ path: [name], type: named, isList: isListType(getNullableType(type)) }];
}
