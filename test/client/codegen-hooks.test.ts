import { readFileSync } from 'node:fs';
import { buildSchema, parse } from 'graphql';
import { expect, it } from 'vitest';
import { plugin } from '../../src/client/codegen/hooks.ts';
import { projectFolder } from '../support/source-files.ts';

/** Hooks of documents that a frontend team might write. */

const schema = buildSchema(readFileSync(`${projectFolder}schema/schema.graphql`, 'utf8'));

async function hooksOf(text: string): Promise<string[]> {
  const generated = await plugin(schema, [{ document: parse(text) }], {});
  const content = typeof generated === 'string' ? generated : generated.content;
  return [...content.matchAll(/export const (\w+)/g)].map(([, name = '']) => name);
}

const page = 'nodes { id } pageInfo { hasNextPage endCursor }';

it('knows the next page of a connection that is asked for with `after: $after`', async () => {
  const query = `query Own($id: ID!, $after: String) {
    someone: patient(id: $id) { theirs: visits(first: 5, after: $after) { ${page} } }
  }`;
  expect(await hooksOf(query)).toEqual(['useOwnQuery', 'useInfiniteOwnQuery']);
});

it.each([
  ['is in a list', `patients(first: 5) { nodes { visits(after: $after) { ${page} } } }`],
  [
    'is there for some types only',
    `node(id: $id) { ... on Patient { visits(after: $after) { ${page} } } }`,
  ],
  [
    'is asked for without `pageInfo`',
    'patient(id: $id) { visits(after: $after) { nodes { id } } }',
  ],
])(
  'makes no hook of pages that would not compile: where the connection %s',
  async (_why, field) => {
    expect(await hooksOf(`query Own($id: ID!, $after: String) { ${field} }`)).toEqual([
      'useOwnQuery',
    ]);
  },
);
