import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import {
  type InfiniteData,
  type QueryFunctionContext,
  type SkipToken,
  skipToken,
  type UseInfiniteQueryOptions,
  type UseInfiniteQueryResult,
  type UseMutationOptions,
  type UseMutationResult,
  type UseQueryOptions,
  type UseQueryResult,
  useInfiniteQuery,
  useMutation,
  useQuery,
} from '@tanstack/react-query';
import type { DocumentNode } from 'graphql';
import { createContext, createElement, type ReactNode, useContext } from 'react';
import type { PorticoClient, RequestOptions, Rest } from './portico-client.ts';
import type { PorticoError } from './portico-error.ts';
import type { Variables } from './submissions.ts';

const ClientContext = createContext<PorticoClient | undefined>(undefined);

/** Which gateway the hooks below it ask. Stands inside TanStack's `QueryClientProvider`. */
export const PorticoProvider = (props: { client: PorticoClient; children?: ReactNode }) =>
  createElement(ClientContext.Provider, { value: props.client }, props.children);

/** @throws Error outside a `PorticoProvider` */
export function usePorticoClient(): PorticoClient {
  const client = useContext(ClientContext);
  if (client === undefined) {
    throw new Error('A hook of Portico stands outside <PorticoProvider client={…}>.');
  }
  return client;
}

export type QueryKey = readonly [operation: string, variables?: unknown];

type Options<Data, Selected> = Omit<
  UseQueryOptions<Data, PorticoError, Selected, QueryKey>,
  'queryKey' | 'queryFn'
>;
type InfiniteOptions<Data, Selected> = Omit<
  UseInfiniteQueryOptions<Data, PorticoError, Selected, QueryKey, Page>,
  'queryKey' | 'queryFn' | 'initialPageParam' | 'getNextPageParam'
>;
/** The cursor after which a page begins; null for the first one. */
type Page = string | null;

interface Keyed<Given> {
  /** For `invalidateQueries` and the like; without variables, of all that the hook ever asked. */
  getKey(variables?: Given): QueryKey;
}

export interface QueryHook<Data, Given extends Variables> extends Keyed<Given> {
  /** @param rest variables, or `skipToken` while they are not known yet; then TanStack's options */
  <Selected = Data>(
    ...rest: Rest<Given, Options<Data, Selected>> | Skipped<Options<Data, Selected>>
  ): UseQueryResult<Selected, PorticoError>;
  /** For `prefetchQuery`, `useSuspenseQuery`, a router's loader. */
  options(
    client: PorticoClient,
    ...rest: Rest<Given, never>
  ): {
    queryKey: QueryKey;
    queryFn: (context: Pick<QueryFunctionContext, 'signal'>) => Promise<Data>;
  };
}

export interface InfiniteQueryHook<Data, Given extends Variables> extends Keyed<Given> {
  /** @param rest variables, or `skipToken` while they are not known yet; then TanStack's options */
  <Selected = InfiniteData<Data, Page>>(
    ...rest: Rest<Given, InfiniteOptions<Data, Selected>> | Skipped<InfiniteOptions<Data, Selected>>
  ): UseInfiniteQueryResult<Selected, PorticoError>;
}

export type MutationHook<Data, Given extends Variables> = <Context = unknown>(
  options?: Omit<UseMutationOptions<Data, PorticoError, Given, Context>, 'mutationFn'>,
) => UseMutationResult<Data, PorticoError, Given, Context>;

type Skipped<Rest> = [variables: SkipToken, options?: Rest];

function nameOf({ definitions }: DocumentNode): string {
  const [name = ''] = definitions.flatMap((each) =>
    each.kind === 'OperationDefinition' ? [each.name?.value] : [],
  );
  return name;
}

/** `Rest` cannot be decided of a type parameter, so the client's own signature cannot be met here. */
const send = <Data, Given extends Variables>(
  client: PorticoClient,
  ...request: [
    document: TypedDocumentNode<Data, Given>,
    variables?: Given,
    options?: RequestOptions,
  ]
) => (client.request as (...all: typeof request) => Promise<Data>)(...request);

const keysOf =
  (name: string) =>
  (variables?: unknown): QueryKey =>
    variables === undefined || variables === skipToken ? [name] : [name, variables];

/** Makes the hook of a query; what codegen writes calls it, one line for each document. */
export function createQueryHook<Data, Given extends Variables>(
  document: TypedDocumentNode<Data, Given>,
): QueryHook<Data, Given> {
  const getKey = keysOf(nameOf(document));
  const options = (client: PorticoClient, variables?: Given) => ({
    queryKey: getKey(variables),
    queryFn: ({ signal }: Pick<QueryFunctionContext, 'signal'>) =>
      send(client, document, variables, { signal }),
  });
  const hook = (variables?: Given | SkipToken, given: object = {}) => {
    const client = usePorticoClient();
    const { queryKey, queryFn } = options(client, variables === skipToken ? undefined : variables);
    return useQuery({
      ...given,
      queryKey,
      queryFn: variables === skipToken ? skipToken : queryFn,
    });
  };
  return Object.assign(hook, { getKey, options }) as never;
}

interface Connection {
  pageInfo: { hasNextPage: boolean; endCursor?: string | null };
}

/**
 * Makes the hook of a query that pages through one connection.
 * @param connectionIn where the answer has it; where it has none, there is no next page
 */
export function createInfiniteQueryHook<Data, Given extends Variables>(
  document: TypedDocumentNode<Data, Given>,
  connectionIn: (data: Data) => Connection | null | undefined,
): InfiniteQueryHook<Data, Given> {
  // Another key than the one page's: what is kept under them is of another shape.
  const getKey = keysOf(`${nameOf(document)}.infinite`);
  const hook = (variables?: Given | SkipToken, given: object = {}) => {
    const client = usePorticoClient();
    const page = ({ pageParam, signal }: { pageParam: Page; signal: AbortSignal }) => {
      const first = variables as Given | undefined;
      const asked =
        pageParam === null ? first : ({ ...first, after: pageParam } as unknown as Given);
      return send(client, document, asked, { signal });
    };
    return useInfiniteQuery({
      ...given,
      queryKey: getKey(variables),
      queryFn: variables === skipToken ? skipToken : page,
      initialPageParam: null as Page,
      getNextPageParam: (last) => {
        const { hasNextPage, endCursor } = connectionIn(last)?.pageInfo ?? { hasNextPage: false };
        return hasNextPage ? endCursor : undefined;
      },
    });
  };
  return Object.assign(hook, { getKey }) as never;
}

/** Makes the hook of a mutation; the client adds idempotency keys. */
export function createMutationHook<Data, Given extends Variables>(
  document: TypedDocumentNode<Data, Given>,
): MutationHook<Data, Given> {
  const mutationKey = [nameOf(document)];
  return ((options: object = {}) => {
    const client = usePorticoClient();
    return useMutation({
      mutationKey,
      ...options,
      mutationFn: (variables: Given) => send(client, document, variables),
    });
  }) as never;
}
