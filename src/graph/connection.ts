import type { ObjectRef } from '@pothos/core';
import { builder } from './builder.ts';
import { type Edge, encodeCursor, type Page } from './page.ts';
import { type Source, SourceStatus } from './sources.ts';

const PageInfo = builder.objectRef<Page<unknown>['pageInfo']>('PageInfo').implement({
  description: 'Where a page lies in its list.',
  fields: (t) => ({
    hasNextPage: t.exposeBoolean('hasNextPage', {
      nullable: false,
      description: 'Whether entries follow this page.',
    }),
    hasPreviousPage: t.exposeBoolean('hasPreviousPage', {
      nullable: false,
      description: 'Whether entries precede this page.',
    }),
    startCursor: t.string({
      description: 'The first entry’s cursor, for `before`; null on an empty page.',
      resolve: ({ startKey }) => startKey && encodeCursor(startKey),
    }),
    endCursor: t.string({
      description: 'The last entry’s cursor, for `after`; null on an empty page.',
      resolve: ({ endKey }) => endKey && encodeCursor(endKey),
    }),
  }),
});

/** The arguments of every connection. */
export const pageArguments = builder.args((t) => ({
  first: t.int({
    description: 'How many entries from the start, 1 to 100; 25 without `first` and `last`.',
  }),
  after: t.string({ description: 'Only entries after this cursor.' }),
  last: t.int({
    description: 'How many entries from the end, 1 to 100; not together with `first`.',
  }),
  before: t.string({ description: 'Only entries before this cursor.' }),
}));

export interface GatheredPage<T> extends Page<T> {
  sources: readonly Source[];
}

type Of<T, Gathered extends boolean> = Gathered extends true ? GatheredPage<T> : Page<T>;

function implementConnection<T, Gathered extends boolean>(
  node: ObjectRef<PothosTypes, T>,
  what: string,
  gathered: Gathered,
) {
  const edge = builder.objectRef<Edge<T>>(`${node.name}Edge`).implement({
    description: `An entry in a list of ${what}.`,
    fields: (t) => ({
      cursor: t.string({
        nullable: false,
        description: 'Its place in the list, opaque.',
        resolve: ({ key }) => encodeCursor(key),
      }),
      node: t.field({
        type: node,
        nullable: false,
        description: 'The entry.',
        resolve: ({ value }) => value as never,
      }),
    }),
  });
  return builder.objectRef<Of<T, Gathered>>(`${node.name}Connection`).implement({
    description: `A page of ${what}.`,
    fields: (t) => ({
      edges: t.field({
        type: [edge],
        nullable: false,
        description: 'The entries with their cursors.',
        resolve: (page) => page.edges,
      }),
      nodes: t.field({
        type: [node],
        nullable: false,
        description: 'The entries.',
        resolve: (page) => page.edges.map(({ value }) => value) as never,
      }),
      pageInfo: t.field({
        type: PageInfo,
        nullable: false,
        description: 'Where the page lies in the list.',
        resolve: (page) => page.pageInfo,
      }),
      totalCount: t.int({
        description: gathered
          ? 'All entries that match; null where a source did not answer.'
          : 'All entries that match.',
        resolve: (page) => page.totalCount,
      }),
      ...(gathered
        ? {
            sources: t.field({
              type: [SourceStatus],
              nullable: false,
              description:
                'How each vendor answered that this list gathers from. Of one that is asked for its entries one by one (VSee), those that it gave are in the list, too.',
              resolve: (page) => (page as unknown as GatheredPage<T>).sources,
            }),
          }
        : {}),
    }),
  });
}

type PothosTypes = typeof builder.$inferSchemaTypes;

/** `XConnection` and `XEdge`. @param what the entries in the plural, for the descriptions */
export const connectionOf = <T>(node: ObjectRef<PothosTypes, T>, what: string) =>
  implementConnection<T, false>(node, what, false);

/** As `connectionOf`, for lists gathered from several vendors. */
export const gatheredConnectionOf = <T>(node: ObjectRef<PothosTypes, T>, what: string) =>
  implementConnection<T, true>(node, what, true);
