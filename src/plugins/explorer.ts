import { randomUUID } from 'node:crypto';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import type { GraphiQLOptions } from 'graphql-yoga';
import { exampleOperations } from './example-operations.ts';

export interface Explorer {
  /** What it is signed in with; asked at each opening. */
  headers?: () => Promise<Record<string, string>>;
  /** Variables of the examples, by operation; asked at each opening. */
  variables?: () => Promise<Readonly<Record<string, unknown>>>;
}

/** The examples as tabs, signed in. */
export async function explorerOptions({ headers, variables }: Explorer): Promise<GraphiQLOptions> {
  const given = (await variables?.()) ?? {};
  return {
    title: 'Portico',
    // With every request, and fresh with every opening: what a tab keeps would be of another sandbox.
    additionalHeaders: (await headers?.()) ?? {},
    shouldPersistHeaders: false,
    defaultTabs: exampleOperations().map(({ name, text }) => ({
      query: text,
      variables: name in given ? JSON.stringify(given[name], null, 2) : '',
    })),
  };
}

/**
 * The page. A browser keeps its tabs over restarts; in a sandbox the ids in them are then of patients
 * who are gone, so a new process begins with new tabs.
 */
export function explorerPage({ variables }: Explorer): (options: GraphiQLOptions) => string {
  const run = randomUUID();
  const forgetting = `<script>
      if (localStorage.getItem('portico:process') !== '${run}') {
        const kept = Object.keys(localStorage).filter((name) => name.startsWith('graphiql:'));
        for (const name of kept.filter((name) => name !== 'graphiql:theme')) {
          localStorage.removeItem(name);
        }
        localStorage.setItem('portico:process', '${run}');
      }
    </script>`;
  return (options) => {
    const page = renderGraphiQL(options);
    return variables === undefined
      ? page
      : page.replace('<div id="root">', (root) => forgetting + root);
  };
}
