import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { createPorticoClient } from '../../client/client.ts';
import { defaultOptions, PorticoProvider } from '../../client/react.ts';
import { settings } from '../settings.ts';
import type { Person } from './people.ts';
import { tokenOf } from './token.ts';

/**
 * Without a network a request fails and says so. TanStack would let it wait, without a word, and send a
 * booking whenever the network is back.
 */
const withoutNetwork = { networkMode: 'always' } as const;

/** Gives the hooks below it a client that asks as this person. */
export function Session({ person, children }: { person: Person; children: ReactNode }) {
  const [client] = useState(() =>
    createPorticoClient({
      endpoint: new URL('/graphql', location.href),
      token: tokenOf(person),
    }),
  );
  const [queryClient] = useState(
    () =>
      new QueryClient({
        defaultOptions: {
          queries: {
            ...{ ...defaultOptions.queries, ...withoutNetwork, staleTime: settings.freshFor },
            refetchOnReconnect: true,
          },
          mutations: { ...defaultOptions.mutations, ...withoutNetwork },
        },
      }),
  );
  return (
    <QueryClientProvider client={queryClient}>
      <PorticoProvider client={client}>{children}</PorticoProvider>
    </QueryClientProvider>
  );
}
