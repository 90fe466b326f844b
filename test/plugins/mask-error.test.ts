import { normalizedExecutor } from '@graphql-tools/executor';
import {
  type ExecutionResult,
  GraphQLInterfaceType,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  parse,
} from 'graphql';
import { expect, it } from 'vitest';
import { maskError } from '../../src/plugins/mask-error.ts';

/** What a resolver gives is somebody's record: the executor's words for what cannot be quote it. */

const canary = 'canary-Tuberkulose-7f3a91';
const fields = { name: { type: GraphQLString } };
const Patient = new GraphQLObjectType({ name: 'Patient', fields, isTypeOf: () => false });
const Person = new GraphQLInterfaceType({ name: 'Person', fields, resolveType: () => 7 as never });
const record = (type: typeof Patient | typeof Person) => ({
  type,
  resolve: () => ({ name: canary }),
});
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({
    name: 'Query',
    fields: {
      patient: record(Patient),
      person: record(Person),
    },
  }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: { name: { type: GraphQLString, subscribe: () => ({ name: canary }) } },
  }),
});

it.each([
  ['{ patient { name } }', 'Expected value of type "Patient".'],
  [
    '{ person { name } }',
    'Abstract type "Person" must resolve to an Object type at runtime for field "Query.person".',
  ],
  ['subscription { name }', 'Subscription field must return Async Iterable.'],
])('%s that gives what cannot be says what, without it', async (text, expected) => {
  const { errors } = (await normalizedExecutor({
    schema,
    document: parse(text),
  })) as ExecutionResult;
  const [error] = errors ?? [];
  expect(error?.message).toContain(canary);
  const masked = error && maskError(error, { requestId: 'one', onFault: () => undefined });
  expect(masked?.message).toBe(expected);
});
