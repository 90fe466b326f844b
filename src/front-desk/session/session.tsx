import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { createPorticoClient } from '../../client/client.ts';
import { defaultOptions, PorticoProvider } from '../../client/react.ts';
import { settings } from '../settings.ts';
import type { Person } from './people.ts';
import { createSignIn } from './sign-in.ts';

/** Gives the hooks below it a client that asks as this person. */
export function Session({ person, children }: { person: Person; children: ReactNode }) {
  const [client] = useState(() =>
    createPorticoClient({
      endpoint: new URL('/graphql', location.href),
      ...createSignIn(person),
    }),
  );
  const [queryClient] = useState(
    () =>
      new QueryClient({
        defaultOptions: {
          ...defaultOptions,
          queries: { ...defaultOptions.queries, staleTime: settings.freshFor },
        },
      }),
  );
  return (
    <QueryClientProvider client={queryClient}>
      <PorticoProvider client={client}>{children}</PorticoProvider>
    </QueryClientProvider>
  );
}
