import { createHash } from 'node:crypto';
import fc from 'fast-check';
import {
  type ExecutionResult,
  execute as executeInGraphql,
  GraphQLEnumType,
  GraphQLError,
  type GraphQLFieldConfigMap,
  GraphQLID,
  GraphQLInt,
  GraphQLInterfaceType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  GraphQLScalarType,
  GraphQLSchema,
  GraphQLString,
  GraphQLUnionType,
  getOperationAST,
  parse,
  validate,
} from 'graphql';
import { beforeEach, describe, expect, it } from 'vitest';
import { createPlannedExecution } from '../../src/execution/planned-execution.ts';

/** Queries are executed by plans as the server's own executor executes them: each is given to both. */

interface Source {
  id: string;
  type: 'Thing' | 'Other';
}

/** What each value turns out to be; equal for both executors, whatever the order in which they ask. */
let seed = '';
const dice = (what: string, sides: number) =>
  createHash('sha256').update(`${seed} ${what}`).digest().readUInt32BE() % sides;
/** How many in twenty values are something else than they are meant to be. */
let trouble = 0;
/**
 * Whether what goes wrong does so in a moment only: where an entry that must not be null fails at once beside one
 * that fails later, GraphQL.js and the server leave the rejection of the latter to nobody.
 */
let late = false;

const asked: string[] = [];

/** A value as it is meant to be, or in one of the ways in which values go wrong; now, or in a moment. */
function perhaps(what: string, value: unknown): unknown {
  const wrong = dice(`${what} wrong`, 20) < trouble;
  const ways = [
    () => null,
    () => undefined,
    () => new Error(`${what} is an error`),
    () => new GraphQLError(`${what} is GraphQL's`),
    () => {
      throw new Error(`${what} failed`);
    },
  ];
  const way = wrong ? ways[dice(`${what} way`, ways.length)] : () => value;
  return dice(`${what} later`, 2) === 0 && !(wrong && late) ? way?.() : (async () => way?.())();
}

const make = (id: string): Source => ({ id, type: dice(`${id} type`, 2) ? 'Thing' : 'Other' });
/** What fails does so in its own place. */
const some = (id: string, of: (id: string) => unknown) =>
  Array.from({ length: dice(`${id} length`, 4) }, (_, index) => {
    try {
      const item = perhaps(`${id}.${index}`, of(`${id}.${index}`));
      // The list may never be asked for it.
      Promise.resolve(item).catch(() => undefined);
      return item;
    } catch (error) {
      return error;
    }
  });

const Kind = new GraphQLEnumType({
  name: 'Kind',
  values: { ODD: { value: 1 }, EVEN: { value: 2 } },
});
const Small = new GraphQLScalarType<number, number>({
  name: 'Small',
  serialize(value) {
    if (typeof value !== 'number' || value > 5) {
      throw new GraphQLError('That is not small.');
    }
    return value;
  },
});
const nonNull = (type: GraphQLOutputType) =>
  new GraphQLNonNull(type as typeof GraphQLString) as GraphQLOutputType;

const field = (type: GraphQLOutputType, of: (id: string) => unknown) => ({
  type,
  resolve: (
    { id }: Source = make('root'),
    _args: unknown,
    _context: unknown,
    info: { fieldName: string },
  ) => {
    const what = `${id}.${info.fieldName}`;
    asked.push(what);
    return perhaps(what, of(what));
  },
});

const fields = (): GraphQLFieldConfigMap<Source, unknown> => ({
  // Without a resolver.
  id: { type: GraphQLID },
  name: field(GraphQLString, (id) => id),
  must: field(nonNull(GraphQLString), (id) => id),
  kind: field(Kind, (id) => 1 + dice(id, 3)),
  small: field(Small, (id) => dice(id, 8)),
  numbers: field(new GraphQLList(new GraphQLList(GraphQLInt)), numbers),
  strictNumbers: field(new GraphQLList(new GraphQLList(nonNull(GraphQLInt))), numbers),
  child: field(Thing, thing),
  required: field(nonNull(Thing), thing),
  children: field(new GraphQLList(Thing), (id) => some(id, thing)),
  strict: field(nonNull(new GraphQLList(nonNull(Thing))), (id) => new Set(some(id, thing))),
  any: field(Any, make),
  named: field(nonNull(new GraphQLList(nonNull(Named))), (id) => some(id, make)),
  names: field(new GraphQLList(Named), (id) => some(id, make)),
  none: field(new GraphQLList(GraphQLInt), () => 7),
  echo: {
    type: GraphQLString,
    args: {
      text: { type: GraphQLString, defaultValue: 'said' },
      times: { type: new GraphQLNonNull(GraphQLInt), defaultValue: 1 },
      kinds: { type: new GraphQLList(Kind) },
    },
    resolve: (_source, args) => JSON.stringify(args),
  },
});
const numbers = (id: string) => some(id, (row) => some(row, (item) => dice(item, 9)));
const thing = (id: string): Source => ({ id, type: 'Thing' });

const Named = new GraphQLInterfaceType({
  name: 'Named',
  fields: { id: { type: GraphQLID }, name: { type: GraphQLString } },
  resolveType: ({ id, type }: Source) =>
    perhaps(
      `${id} resolved`,
      !late && dice(`${id} type`, 20) < trouble ? 'Nobody' : type,
    ) as string,
});
const Thing: GraphQLObjectType<Source> = new GraphQLObjectType({
  name: 'Thing',
  interfaces: [Named],
  fields,
  // As the wall before each patient's data is: by the context, now or later, by false or by an error.
  isTypeOf: ({ id }, context) =>
    perhaps(`${id} of type`, (context as { sees: boolean }).sees) as boolean,
});
const Other = new GraphQLObjectType<Source>({
  name: 'Other',
  interfaces: [Named],
  fields: () => ({ id: { type: GraphQLID }, name: field(GraphQLString, (id) => `other ${id}`) }),
});
const Any = new GraphQLUnionType({
  name: 'Any',
  types: [Thing, Other],
  resolveType: ({ type }: Source) => type,
});
const schema = new GraphQLSchema({
  query: new GraphQLObjectType<Source>({ name: 'Query', fields }),
  mutation: new GraphQLObjectType({ name: 'Mutation', fields: { id: { type: GraphQLID } } }),
  types: [Thing, Other],
});

beforeEach(() => {
  [seed, trouble, late] = ['', 0, false];
});

async function both(
  query: string,
  variables: Record<string, unknown> = {},
  { sees = true, operationName }: { sees?: boolean; operationName?: string } = {},
) {
  const document = parse(query);
  expect(validate(schema, document)).toEqual([]);
  const definition = getOperationAST(document, operationName);
  if (!definition) {
    throw new Error('No operation.');
  }
  const contextValue = { sees };
  const ask = async (execute: () => unknown) => {
    asked.length = 0;
    const { data, errors } = ((await execute()) ?? {}) as ExecutionResult;
    return { data, errors: errors?.map((error) => error), asked: [...asked].sort() };
  };
  const execute = createPlannedExecution(schema);
  const planned = () => execute({ document, definition, variables, contextValue });
  const server = () =>
    executeInGraphql({
      schema,
      document,
      operationName: operationName ?? null,
      variableValues: variables,
      contextValue,
    });
  return { planned: await ask(planned), server: await ask(server) };
}

/** All of a document's errors, in no order: who fails first is a matter of turns. */
const told = (errors: readonly GraphQLError[] | undefined) =>
  errors
    ?.map(({ message, path, locations, extensions }) =>
      JSON.stringify({ message, path, locations, extensions }),
    )
    .sort();

const everything = `{
  id name kind small numbers __typename
  again: name child { id name child { ...Both } children { id } }
  children { id ... on Thing { kind numbers } ... on Named { name __typename } ...Both }
  any { __typename ... on Thing { id small child { name } } ... on Other { id name } }
  names { id name __typename ...Both } none
  echo second: echo(text: "x\\u2028\\"", kinds: [ODD, EVEN]) third: echo(text: null, times: 3)
}
fragment Both on Thing { id kind again: id any { ... on Named { id } } child { small } }`;

describe('a query is executed as the server executes it', () => {
  it('where all is well', async () => {
    for (seed of ['a', 'b', 'c', 'd', 'e']) {
      const { planned, server } = await both(everything);
      expect(JSON.stringify(planned.data)).toBe(JSON.stringify(server.data));
      expect(planned.asked).toEqual(server.asked);
      expect(told(planned.errors)).toEqual(told(server.errors));
      expect(planned.data).toMatchObject({ echo: '{"text":"said","times":1}' });
    }
  });

  it('where anything goes wrong that may be null', { timeout: 60_000 }, async () => {
    trouble = 5;
    await fc.assert(
      fc.asyncProperty(fc.string(), async (given) => {
        seed = given;
        const { planned, server } = await both(everything);
        expect(JSON.stringify(planned.data)).toBe(JSON.stringify(server.data));
        expect(planned.asked).toEqual(server.asked);
        const words = (errors: typeof planned.errors) =>
          errors?.map(({ message, path, locations }) => {
            // What went wrong with a value itself is the program's fault, which each words for itself.
            const said = / is an error$| failed$| GraphQL's$/.test(message) ? message : 'a fault';
            return JSON.stringify([said, path, locations]);
          });
        expect(words(planned.errors)?.sort()).toEqual(words(server.errors)?.sort());
      }),
      { numRuns: 300 },
    );
  });

  it('where something goes wrong that must not be null', { timeout: 60_000 }, async () => {
    trouble = 2;
    late = true;
    const query = `{
      must name strictNumbers required { id must strict { id must name } } strict { id required { kind must } }
      child { must children { id strict { must } } required { id } } named { id name __typename }
    }`;
    await fc.assert(
      fc.asyncProperty(fc.string(), async (given) => {
        seed = given;
        const { planned, server } = await both(query);
        expect(JSON.stringify(planned.data)).toBe(JSON.stringify(server.data));
        expect(planned.errors === undefined).toBe(server.errors === undefined);
      }),
      { numRuns: 300 },
    );
  });

  it('where no object may be seen', async () => {
    const { planned, server } = await both(everything, {}, { sees: false });
    expect(planned.data).toEqual(server.data);
    expect(planned.data).toMatchObject({ child: null });
    expect(planned.errors?.map(({ path }) => path)).toEqual(server.errors?.map(({ path }) => path));
  });

  it.each<[string, Record<string, unknown>]>([
    ['all given', { text: 'x', times: 2, kinds: ['ODD'], kind: 'EVEN' }],
    ['none given', {}],
    ['one for a list, nulls', { text: null, kinds: 'ODD', kind: 'ODD' }],
    ['a null for a default', { times: null, kind: 'ODD' }],
    ['others beside them', { kind: 'ODD', other: 1, __proto__: 7 }],
  ])('with variables: %s', async (_what, variables) => {
    const query = `query ($text: String, $times: Int = 4, $kinds: [Kind], $kind: Kind = EVEN) {
      echo(text: $text, times: $times, kinds: $kinds)
      in: echo(kinds: [ODD, $kind]) child { echo(times: $times) }
    }`;
    const { planned, server } = await both(query, variables);
    expect(planned.data).toEqual(server.data);
    expect(told(planned.errors)).toEqual(told(server.errors));
  });

  it('of several operations, that one', async () => {
    const query = 'query One { name } query Two { kind ...More } fragment More on Query { id }';
    const { planned, server } = await both(query, {}, { operationName: 'Two' });
    expect(planned.data).toEqual({ ...(server.data as object) });
    expect(Object.keys(planned.data ?? {})).toEqual(['kind', 'id']);
  });
});

describe('to the server is left', () => {
  it.each([
    ['a directive', '{ name @include(if: true) }'],
    ['one on a fragment', '{ ...A @skip(if: false) } fragment A on Query { name }'],
    ['introspection', '{ __schema { queryType { name } } }'],
    ['introspection of a type', '{ name __type(name: "Thing") { name } }'],
    ['a name of JavaScript’s own', '{ __proto__: name }'],
    ['one further in', '{ child { ... on Named { __proto__: id } } }'],
    ['a mutation', 'mutation { id }'],
  ])('%s', async (_what, query) => {
    const { planned, server } = await both(query);
    expect(planned).toEqual({ data: undefined, errors: undefined, asked: [] });
    expect(server.errors).toBeUndefined();
  });

  it.each([[{ times: 'many' }], [{ times: 1.5 }], [{}]])(
    'variables that are refused: %o',
    async (variables) => {
      const { planned, server } = await both(
        'query ($times: Int!) { echo(times: $times) }',
        variables,
      );
      expect(planned).toEqual({ data: undefined, errors: undefined, asked: [] });
      expect(server.errors).toHaveLength(1);
    },
  );
});
