import {
  buildSchema,
  findBreakingChanges,
  findDangerousChanges,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
} from 'graphql';
import { z } from 'zod';

/** A breaking change that is meant. */
const record = z.strictObject({
  /** As the check words it. */
  change: z.string().min(1),
  date: z.iso.date(),
  reason: z.string().trim().min(10),
});

const records = z.array(record);

export interface SchemaComparison {
  /** SDL. */
  released: string;
  current: string;
  /** JSON of the changes that are meant: what, when, why. */
  recorded: string;
}

export interface SchemaVerdict {
  /** What must not be released like this. */
  problems: string[];
  /** What clients may stumble over although it breaks no document of theirs. */
  notes: string[];
}

interface Deprecated {
  place: string;
  reason: string;
  /** Names beside it, of its own kind. */
  siblings: readonly string[];
}

/** Everything that is deprecated: fields, arguments, input fields, values. */
function deprecatedIn(schema: GraphQLSchema): Deprecated[] {
  const found: Deprecated[] = [];
  type Entry = { name: string; deprecationReason?: string | null | undefined };
  const look = (entries: readonly Entry[], placeOf: (name: string) => string) => {
    const siblings = entries.map(({ name }) => name);
    for (const { name, deprecationReason } of entries) {
      if (deprecationReason) {
        found.push({ place: placeOf(name), reason: deprecationReason, siblings });
      }
    }
  };
  for (const type of Object.values(schema.getTypeMap())) {
    if (isEnumType(type)) {
      look(type.getValues(), (name) => `${type.name}.${name}`);
    } else if (isInputObjectType(type)) {
      look(Object.values(type.getFields()), (name) => `${type.name}.${name}`);
    } else if (isObjectType(type) || isInterfaceType(type)) {
      const fields = Object.values(type.getFields());
      look(fields, (name) => `${type.name}.${name}`);
      for (const field of fields) {
        look(field.args, (name) => `${type.name}.${field.name}(${name}:)`);
      }
    }
  }
  return found;
}

/** Whether `name`, `Type` or `Type.name` is there. */
function exists(schema: GraphQLSchema, name: string, siblings: readonly string[]): boolean {
  const [typeName = '', member] = name.split('.');
  const type = schema.getType(typeName);
  if (member === undefined) {
    return siblings.includes(name) || type !== undefined;
  }
  if (isEnumType(type)) {
    return type.getValue(member) !== undefined;
  }
  return type !== undefined && 'getFields' in type && member in type.getFields();
}

/** A client has to read what to use instead, and until when it may wait. */
function deprecationProblems(schema: GraphQLSchema): string[] {
  return deprecatedIn(schema).flatMap(({ place, reason, siblings }) => {
    const replacement = /^Use `([A-Za-z_.]+)`/.exec(reason)?.[1];
    const removal = /\bRemoved on (\d{4}-\d{2}-\d{2})\.$/.exec(reason)?.[1];
    const dated = removal !== undefined && z.iso.date().safeParse(removal).success;
    const form = 'Use `other`: why. Removed on 2027-06-30.';
    if (replacement === undefined || !dated) {
      return [`${place} is deprecated without replacement or date. Say it like this: "${form}"`];
    }
    return exists(schema, replacement, siblings)
      ? []
      : [`${place} is deprecated in favour of ${replacement}, which does not exist.`];
  });
}

function readRecords(text: string): z.output<typeof records> | undefined {
  try {
    return records.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function readSchema(text: string): GraphQLSchema | undefined {
  try {
    return buildSchema(text);
  } catch {
    return undefined;
  }
}

/** Nothing can be compared before this is mended, and nothing else is worth telling. */
const unusable = (problem: string): SchemaVerdict => ({ problems: [problem], notes: [] });

/** Holds the schema against the one that clients were built on. */
export function compareSchemas(comparison: SchemaComparison): SchemaVerdict {
  const released = readSchema(comparison.released);
  if (released === undefined) {
    return unusable(
      'The released schema is no schema in GraphQL: name the one that clients were built on.',
    );
  }
  const meant = readRecords(comparison.recorded);
  if (meant === undefined) {
    return unusable('The record of breaking changes is no list of { change, date, reason }.');
  }
  const current = buildSchema(comparison.current);
  const breaking = findBreakingChanges(released, current).map(({ description }) => description);
  const unmeant = breaking.filter((change) => !meant.some((each) => each.change === change));
  const stale = meant.filter(({ change }) => !breaking.includes(change));
  return {
    problems: [
      ...unmeant.map((change) => `Breaking and not recorded: ${change}`),
      ...stale.map(({ change }) => `Recorded, but no breaking change of this schema: ${change}`),
      ...deprecationProblems(current),
    ],
    notes: findDangerousChanges(released, current).map(({ description }) => description),
  };
}
