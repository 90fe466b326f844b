import { builder } from './builder.ts';

/**
 * An enum with the values of a domain type, each described; a value that is missing or unknown does
 * not compile.
 */
export const enumType =
  <Value extends string>() =>
  (name: string, description: string, values: Record<Value, string>) =>
    builder.enumType(name, {
      description,
      values: Object.fromEntries(
        Object.entries<string>(values).map(([value, text]) => [
          value,
          { value: value as Value, description: text },
        ]),
      ) as Record<Value, { value: Value; description: string }>,
    });
