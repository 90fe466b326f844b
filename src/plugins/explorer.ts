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

/** As a script may hold it. */
const literal = (value: unknown) => JSON.stringify(value).replaceAll('<', '\\u003c');

/**
 * GraphiQL lets tabs be dragged, and where they do not all fit, the first that is pressed jumps away from
 * under the pointer: the click is lost.
 */
const stillTabs = '<style>.graphiql-tab { transform: none !important }</style>';

/**
 * The page. A browser keeps its tabs over restarts; in a sandbox the ids in them are then of patients
 * who are gone, so a new process begins with new tabs. What GraphiQL shows at first, and the variables
 * with it, it takes from where it keeps them; where that is no tab's it would add an empty one.
 */
export function explorerPage({ variables }: Explorer): (options: GraphiQLOptions) => string {
  const process = randomUUID();
  return (options) => {
    const page = renderGraphiQL(options);
    const withBefore = (before: string) =>
      page.replace('<div id="root">', (root) => stillTabs + before + root);
    if (variables === undefined) {
      return withBefore('');
    }
    const [first] = options.defaultTabs ?? [];
    const beginning = `<script>
      const before = localStorage.getItem('portico:process');
      if (before !== ${literal(process)}) {
        for (const name of ['tabState', 'query', 'variables', 'headers']) {
          localStorage.removeItem('graphiql:' + name);
        }
        if (before !== null) {
          history.replaceState({}, '', location.pathname);
        }
        if (!new URLSearchParams(location.search).has('query')) {
          localStorage.setItem('graphiql:query', ${literal(first?.query)});
          localStorage.setItem('graphiql:variables', ${literal(first?.variables)});
        }
        localStorage.setItem('portico:process', ${literal(process)});
      }
    </script>`;
    return withBefore(beginning);
  };
}
