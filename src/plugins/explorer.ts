import { randomUUID } from 'node:crypto';
import type { GraphiQLOptions } from 'graphql-yoga';
import { exampleOperations } from './example-operations.ts';

/** What a page is made of is asked for with each page; one is good for some minutes. */
export interface Explorer {
  /** What it is signed in with. */
  headers?: () => Promise<Record<string, string>>;
  /** Variables of the examples, by operation; without them where they cannot be had. */
  variables?: () => Promise<Readonly<Record<string, unknown>>>;
}

type Page = Uint8Array<ArrayBuffer>;

/** Milliseconds that a page is kept: a login that its variables end is good for ten minutes. */
const pageKept = 5 * 60 * 1000;

/** The examples as tabs, signed in. */
async function optionsOf({ headers }: Explorer, given: Readonly<Record<string, unknown>>) {
  return {
    title: 'Portico',
    // With every request, and fresh with every page: what a tab keeps would be of another sandbox.
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
function pageOf({ variables }: Explorer): (options: GraphiQLOptions) => Promise<string> {
  const process = randomUUID();
  return async (options) => {
    // All of GraphiQL as text, in several forms: thirty megabytes where nobody may open it.
    const { renderGraphiQL } = await import('@graphql-yoga/render-graphiql');
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

/**
 * The explorer. Its variables take dozens of requests and its page is nine megabytes, so a page is kept for
 * whoever opens it next; one that had to do without variables is not.
 * @param clock milliseconds since the epoch
 */
export function createExplorer(explorer: Explorer, clock: () => number) {
  const render = pageOf(explorer);
  let kept: { options: Promise<GraphiQLOptions>; until: number } | undefined;
  let page: { tabs: GraphiQLOptions['defaultTabs']; body: Promise<Page> } | undefined;

  async function newOptions(): Promise<GraphiQLOptions> {
    const given = await explorer.variables?.().catch(() => {
      kept = undefined;
    });
    return optionsOf(explorer, given ?? {});
  }

  return {
    options(): Promise<GraphiQLOptions> {
      if (kept === undefined || kept.until <= clock()) {
        kept = { options: newOptions(), until: clock() + pageKept };
        kept.options.catch(() => {
          kept = undefined;
        });
      }
      return kept.options;
    },
    /** @param options as they were given, or a copy of them */
    page(options: GraphiQLOptions): Promise<Page> {
      if (page === undefined || page.tabs !== options.defaultTabs) {
        const body = render(options).then((text) => new TextEncoder().encode(text));
        page = { tabs: options.defaultTabs, body };
        // One that could not be made is made anew for whoever comes next.
        body.catch(() => {
          page = page?.body === body ? undefined : page;
        });
      }
      return page.body;
    },
  };
}
