import { readFileSync } from 'node:fs';
import {
  type BreakingChange,
  buildSchema,
  findBreakingChanges,
  findDangerousChanges,
  type GraphQLField,
  type GraphQLNamedType,
  type GraphQLType,
  getNamedType,
  getNullableType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isListType,
  isNonNullType,
  isObjectType,
  isSpecifiedDirective,
  isSpecifiedScalarType,
} from 'graphql';
import { describe, expect, it } from 'vitest';
import { printedSchema, printedSubgraph } from '../../src/graph/print-schema.ts';
import { schemaOver } from '../../src/graph/schema.ts';
import { registry, vendorDescriptions } from '../../src/vendors/registry.ts';

const read = (name: string) =>
  readFileSync(new URL(`../../schema/${name}.graphql`, import.meta.url), 'utf8');

const text = printedSchema(schemaOver(vendorDescriptions));
// Built from the text: what is not printed is promised to nobody.
const schema = buildSchema(text);
const contract = buildSchema(read('contract'));

const ours = Object.values(schema.getTypeMap()).filter(
  (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
);
const objects = ours.filter(isObjectType);
const inputs = ours.filter(isInputObjectType);
const enums = ours.filter(isEnumType);
const withFields = ours.filter((type) => isObjectType(type) || isInterfaceType(type));
const namesOf = (types: readonly GraphQLNamedType[]) => types.map(({ name }) => name);

const mutations = Object.values(schema.getMutationType()?.getFields() ?? {});
const queries = Object.values(schema.getQueryType()?.getFields() ?? {});
const capitalised = (name: string) => `${name.charAt(0).toUpperCase()}${name.slice(1)}`;
const typesOf = (fields: Record<string, { type: GraphQLType }>) =>
  Object.fromEntries(Object.entries(fields).map(([name, { type }]) => [name, String(type)]));

describe('the committed schema', () => {
  it('is what the code prints', () => {
    expect(read('schema') === text, 'run `npm run schema`').toBe(true);
    const subgraph = printedSubgraph(schemaOver(vendorDescriptions));
    expect(read('subgraph') === subgraph, 'run `npm run schema`').toBe(true);
  });

  it('has a value of Vendor for each line of the registry, and no other', () => {
    const vendor = enums.find(({ name }) => name === 'Vendor');
    expect(
      vendor
        ?.getValues()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(Object.keys(registry).sort());
  });
});

describe('the public contract', () => {
  const described = (changes: readonly { type: string; description: string }[]) =>
    changes.map(({ type, description }) => `${type}: ${description}`);

  it('is kept whole: types, fields, arguments, enum values and nullability', () => {
    expect(described(findBreakingChanges(contract, schema))).toEqual([]);
  });

  it('is kept in its default values, also of input fields', () => {
    const dangerous = findDangerousChanges(contract, schema).filter(
      ({ type }) => type === 'ARG_DEFAULT_VALUE_CHANGE',
    );
    expect(described(dangerous)).toEqual([]);
    const defaults = (from: typeof schema) =>
      Object.values(contract.getTypeMap())
        .filter(isInputObjectType)
        .flatMap(({ name }) => {
          const fields = Object.keys(
            (contract.getType(name) as (typeof inputs)[number]).getFields(),
          );
          const type = from.getType(name);
          return isInputObjectType(type)
            ? fields.map((field) => [`${name}.${field}`, type.getFields()[field]?.defaultValue])
            : [];
        });
    expect(defaults(contract).length).toBeGreaterThan(80);
    expect(defaults(schema)).toEqual(defaults(contract));
  });

  it('is kept where it takes exactly one of several inputs', () => {
    const oneOf = Object.values(contract.getTypeMap()).filter(
      (type) => isInputObjectType(type) && type.isOneOf,
    );
    expect(namesOf(oneOf)).toEqual(['AvailabilitySearch']);
    expect(namesOf(inputs.filter(({ isOneOf }) => isOneOf))).toEqual(['AvailabilitySearch']);
  });

  it('would be noticed to lack a field', () => {
    const less = buildSchema(text.replace(/^ {2}latestOrder: Order$/m, '  lastOrder: Order'));
    const changes: BreakingChange[] = findBreakingChanges(contract, less);
    expect(described(changes)).toEqual(['FIELD_REMOVED: Patient.latestOrder was removed.']);
  });
});

describe('every description', () => {
  /** Coordinates of what has none, or one that does not end in a full stop. */
  const lacking = (entries: readonly [string, string | null | undefined][]) =>
    entries
      .filter(([, description]) => !/^\S(.*\S)?\.$/s.test(description ?? ''))
      .map(([coordinate, description]) => `${coordinate}: ${description ?? 'none'}`);

  const fieldsOf = withFields.flatMap((type) =>
    Object.values(type.getFields()).map(
      (field) => [`${type.name}.${field.name}`, field as GraphQLField<unknown, unknown>] as const,
    ),
  );

  it('of a type is a sentence', () => {
    expect(ours.length).toBeGreaterThan(100);
    expect(lacking(ours.map((type) => [type.name, type.description]))).toEqual([]);
  });

  it('of a field is a sentence', () => {
    expect(fieldsOf.length).toBeGreaterThan(200);
    expect(lacking(fieldsOf.map(([name, { description }]) => [name, description]))).toEqual([]);
  });

  it('of an argument is a sentence', () => {
    const entries = fieldsOf.flatMap(([name, { args }]) =>
      args.map((argument) => [`${name}(${argument.name})`, argument.description] as const),
    );
    expect(entries.length).toBeGreaterThan(50);
    expect(lacking(entries.map(([name, description]) => [name, description]))).toEqual([]);
  });

  it('of an input field is a sentence', () => {
    const entries = inputs.flatMap((type) =>
      Object.values(type.getFields()).map((field): [string, string | null | undefined] => [
        `${type.name}.${field.name}`,
        field.description,
      ]),
    );
    expect(entries.length).toBeGreaterThan(80);
    expect(lacking(entries)).toEqual([]);
  });

  it('of an enum value is a sentence', () => {
    const entries = enums.flatMap((type) =>
      type
        .getValues()
        .map((value): [string, string | null | undefined] => [
          `${type.name}.${value.name}`,
          value.description,
        ]),
    );
    expect(entries.length).toBeGreaterThan(60);
    expect(lacking(entries)).toEqual([]);
  });

  it('of a directive of ours, and of its arguments, is a sentence', () => {
    const directives = schema.getDirectives().filter((each) => !isSpecifiedDirective(each));
    const entries = directives.flatMap(({ name, description, args }) => [
      [`@${name}`, description] as [string, string | null | undefined],
      ...args.map((argument): [string, string | null | undefined] => [
        `@${name}(${argument.name})`,
        argument.description,
      ]),
    ]);
    expect(lacking(entries)).toEqual([]);
  });

  it('of a deprecation says what to use instead', () => {
    const reasons = fieldsOf.flatMap(([name, { deprecationReason }]) =>
      deprecationReason == null ? [] : [[name, deprecationReason] as [string, string]],
    );
    expect(lacking(reasons)).toEqual([]);
  });
});

describe('a mutation', () => {
  it.each(mutations.map((mutation) => [mutation.name, mutation] as const))(
    '%s takes one required input and returns a payload, both of its own',
    (name, { args, type }) => {
      expect(name).toMatch(/^[a-z]+[A-Z][A-Za-z]+$/);
      expect(args.map((argument) => `${argument.name}: ${argument.type}`)).toEqual([
        `input: ${capitalised(name)}Input!`,
      ]);
      expect(String(type)).toBe(`${capitalised(name)}Payload!`);
    },
  );

  it.each(mutations.map((mutation) => [mutation.name, mutation] as const))(
    '%s reports refusals as userErrors; all else in its payload is nullable',
    (_name, { type }) => {
      const payload = getNamedType(type);
      const { userErrors, ...others } = isObjectType(payload) ? typesOf(payload.getFields()) : {};
      expect(userErrors).toBe('[UserError!]!');
      expect(Object.keys(others)).not.toEqual([]);
      expect(Object.entries(others).filter(([, each]) => each.endsWith('!'))).toEqual([]);
    },
  );

  it('that takes an idempotency key gives its operation, and the other way round', () => {
    const answers = mutations.map(({ name, args, type }) => {
      const input = getNamedType(args[0]?.type ?? type);
      const payload = getNamedType(type);
      const keyed = isInputObjectType(input) && 'idempotencyKey' in input.getFields();
      const operation = isObjectType(payload) && 'operation' in payload.getFields();
      return { name, keyed, operation };
    });
    const odd = answers.filter(({ keyed, operation }) => keyed !== operation);
    // It settles an operation instead of making one.
    expect(odd.map(({ name }) => name)).toEqual(['reconcileOperation']);
    expect(answers.filter(({ keyed }) => keyed).length).toBeGreaterThan(15);
  });

  it('leaves no input or payload without its mutation', () => {
    const named = (ending: string) => mutations.map(({ name }) => `${capitalised(name)}${ending}`);
    const payloads = objects.filter(({ name }) => name.endsWith('Payload'));
    expect(namesOf(payloads).sort()).toEqual(named('Payload').sort());
    const nested = ['AddressInput', 'IntakeInput'];
    const own = namesOf(inputs).filter((name) => name.endsWith('Input') && !nested.includes(name));
    expect(own.sort()).toEqual(named('Input').sort());
  });
});

describe('a list that pages', () => {
  const connections = objects.filter(({ name }) => name.endsWith('Connection'));
  const arrays = { first: 'Int', after: 'String', last: 'Int', before: 'String' };

  it.each(connections.map((type) => [type.name, type] as const))(
    '%s has edges, nodes, pageInfo and a nullable totalCount',
    (name, type) => {
      const of = name.replace(/Connection$/, '');
      const { sources, ...fields } = typesOf(type.getFields());
      expect(fields).toEqual({
        edges: `[${of}Edge!]!`,
        nodes: `[${of}!]!`,
        pageInfo: 'PageInfo!',
        totalCount: 'Int',
      });
      expect([undefined, '[SourceStatus!]!']).toContain(sources);
      const edge = schema.getType(`${of}Edge`);
      expect(isObjectType(edge) && typesOf(edge.getFields())).toEqual({
        cursor: 'String!',
        node: `${of}!`,
      });
    },
  );

  it('takes first, after, last and before wherever it is a field', () => {
    const fields = withFields
      .flatMap((type) => Object.values(type.getFields()))
      .filter(({ type }) => getNamedType(type).name.endsWith('Connection'));
    expect(fields.length).toBeGreaterThanOrEqual(connections.length);
    for (const { name, type, args } of fields) {
      const pages = Object.fromEntries(
        args.filter((each) => each.name in arrays).map((each) => [each.name, String(each.type)]),
      );
      expect([name, pages]).toEqual([name, arrays]);
      expect(isNonNullType(type)).toBe(true);
    }
  });

  it('says how each vendor answered where it gathers from several', () => {
    const gathered = connections.filter((type) => 'sources' in type.getFields());
    expect(namesOf(gathered).sort()).toEqual([
      'AppointmentConnection',
      'PortalRequestConnection',
      'VisitConnection',
    ]);
  });
});

describe('a name', () => {
  it('of a type is PascalCase, of a field or argument camelCase, of an enum value UPPER_CASE', () => {
    const camel = /^[a-z][A-Za-z0-9]*$/;
    expect(namesOf(ours).filter((name) => !/^[A-Z][A-Za-z0-9]*$/.test(name))).toEqual([]);
    const fields = withFields
      .flatMap((type) => Object.values(type.getFields()))
      .flatMap(({ name, args }) => [name, ...args.map((argument) => argument.name)]);
    const inputFields = inputs.flatMap((type) => Object.keys(type.getFields()));
    expect([...fields, ...inputFields].filter((name) => !camel.test(name))).toEqual([]);
    const values = enums.flatMap((type) => type.getValues().map(({ name }) => name));
    expect(values.filter((name) => !/^[A-Z][A-Z0-9_]*$/.test(name))).toEqual([]);
  });

  it('of a query is a noun, without get, list or find', () => {
    const verbs = /^(get|list|find|fetch|load|search)([A-Z]|$)/;
    expect(queries.map(({ name }) => name).filter((name) => verbs.test(name))).toEqual([]);
  });

  it('ends in Input only for an input, in Payload only for an answer', () => {
    expect(namesOf(ours.filter((type) => !isInputObjectType(type))).join(' ')).not.toMatch(
      /Input\b/,
    );
    expect(namesOf(inputs).join(' ')).not.toMatch(/Payload\b/);
  });
});

describe('nullability', () => {
  it('keeps the items of a list, except where a node may not exist', () => {
    const loose = withFields.flatMap((type) =>
      Object.values(type.getFields())
        .filter((field) => {
          const list = getNullableType(field.type);
          return isListType(list) && !isNonNullType(list.ofType);
        })
        .map((field) => `${type.name}.${field.name}`),
    );
    expect(loose).toEqual(['Query.nodes']);
  });

  it('makes an id always there on what is a Node', () => {
    const nodes = objects.filter((type) =>
      type.getInterfaces().some((each) => each.name === 'Node'),
    );
    expect(nodes.length).toBeGreaterThan(5);
    expect(nodes.filter((type) => String(type.getFields().id?.type) !== 'ID!')).toEqual([]);
  });

  it('keeps a query nullable that a vendor or a wall may refuse', () => {
    const required = queries.filter(({ type }) => isNonNullType(type)).map(({ name }) => name);
    expect(required.sort()).toEqual([
      'availabilities',
      'nodes',
      'patients',
      'vendorPatients',
      'vendors',
      'viewer',
    ]);
  });
});
