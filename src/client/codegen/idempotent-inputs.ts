import type { PluginFunction } from '@graphql-codegen/plugin-helpers';
import { isInputObjectType } from 'graphql';

/** Plugin of GraphQL code generator: which inputs take an idempotency key, since only the schema knows. */
export const plugin: PluginFunction = (schema) => {
  const names = Object.values(schema.getTypeMap())
    .filter((type) => isInputObjectType(type) && type.getFields().idempotencyKey !== undefined)
    .map(({ name }) => name)
    .sort();
  return `export const inputsWithIdempotencyKey: ReadonlySet<string> = new Set(${JSON.stringify(names, null, 2)});\n`;
};
