import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { type DocumentNode, type OperationDefinitionNode, print, type TypeNode } from 'graphql';
import { answerOf, lost } from './answer.ts';
import { withErrors } from './partial-data.ts';
import { type ErrorReport, PorticoError } from './portico-error.ts';
import { createSubmissions, type Variables } from './submissions.ts';

export interface PorticoClientOptions {
  /** The gateway's `/graphql`. */
  endpoint: string | URL;
  /** The signed-in user's bearer token, or what gets it; asked before every request. */
  token?: string | (() => Token | Promise<Token>);
  /** Sends a document's hash in place of its text, for gateways that know it; default false. */
  persistedDocuments?: boolean;
  /** Default the global one, as it is when a request is made. */
  fetch?: typeof fetch;
}

type Token = string | null | undefined;

export interface RequestOptions {
  /** Ends the request; a write that has begun is finished by the gateway all the same. */
  signal?: AbortSignal | undefined;
}

export interface PorticoClient {
  /**
   * Sends one document. Adds an idempotency key to the input of a mutation that takes one and has none,
   * see `submissions.ts`. Parts of the data can be null because of an error: `errorsOf(data)`.
   * @throws PorticoError where there is no data: the request was refused or lost, or every root field failed
   * @throws the signal's reason where it was aborted
   */
  request<Data, Given extends Variables>(
    document: TypedDocumentNode<Data, Given>,
    ...rest: Rest<NoInfer<Given>, RequestOptions>
  ): Promise<Data>;
}

/** Variables can be left out where none is required. */
export type Rest<Given, Options> =
  Record<string, never> extends Given
    ? [variables?: Given, options?: Options]
    : [variables: Given, options?: Options];

/** What is worth knowing of a document, found once. */
interface Known {
  text: string;
  hash: string | undefined;
  isMutation: boolean;
  /** The type of each variable, where it is no list. */
  types: ReadonlyMap<string, string>;
}

const known = new WeakMap<DocumentNode, Known>();

const typeName = (type: TypeNode): string | undefined =>
  type.kind === 'NonNullType'
    ? typeName(type.type)
    : type.kind === 'NamedType'
      ? type.name.value
      : undefined;

function read(document: DocumentNode): Known {
  const found = known.get(document);
  if (found !== undefined) {
    return found;
  }
  const isOperation = (each: { kind: string }): each is OperationDefinitionNode =>
    each.kind === 'OperationDefinition';
  const operation = document.definitions.find(isOperation);
  const types = (operation?.variableDefinitions ?? []).flatMap(({ variable, type }) => {
    const name = typeName(type);
    return name === undefined ? [] : [[variable.name.value, name] as const];
  });
  const { __meta__: meta } = document as { __meta__?: { hash?: string } };
  const all = {
    text: print(document),
    hash: meta?.hash,
    isMutation: operation?.operation === 'mutation',
    types: new Map(types),
  };
  known.set(document, all);
  return all;
}

/** Faults that pass; after any other, the same would be answered in the same way. */
const passing: ReadonlySet<string> = new Set([
  ...['NETWORK_ERROR', 'VENDOR_UNAVAILABLE', 'VENDOR_TIMED_OUT'],
  ...['VENDOR_RATE_LIMITED', 'RATE_LIMITED'],
]);
const passingStatuses: ReadonlySet<number | undefined> = new Set([429, 502, 503, 504]);

type Data = Readonly<Record<string, unknown>>;

/** Whether nothing arrived: each root field is null because of an error, and not because nothing is there. */
const isLost = (data: Data, reports: readonly ErrorReport[]) =>
  reports.length > 0 &&
  Object.entries(data).every(
    ([name, value]) => value === null && reports.some(({ path }) => path?.[0] === name),
  );

/** Codes of `userErrors` after which the same input, with the same key, may still be done. */
const unsettling: ReadonlySet<unknown> = new Set([
  ...['AUTHORIZATION_REQUIRED', 'OUTCOME_UNKNOWN', 'RATE_LIMITED', 'VENDOR_UNAVAILABLE'],
]);

/**
 * Whether every payload says how its mutation ended. One whose document does not ask for the `code` of its
 * `userErrors` does not: what is taken for settled and is not would be done twice.
 */
const isSettled = (data: Data) =>
  Object.values(data).every((payload) => {
    const { userErrors } = (payload ?? {}) as { userErrors?: readonly { code?: unknown }[] };
    return userErrors?.every(({ code }) => code !== undefined && !unsettling.has(code)) ?? false;
  });

/** Asks a gateway, in whatever framework, or none. */
export function createPorticoClient(options: PorticoClientOptions): PorticoClient {
  const submissions = createSubmissions();

  async function headers(): Promise<Record<string, string>> {
    const { token } = options;
    let bearer: Token;
    try {
      bearer = typeof token === 'function' ? await token() : token;
    } catch (cause) {
      const message = 'There is no token to sign in with.';
      throw new PorticoError({ message, code: 'UNAUTHENTICATED' }, { cause });
    }
    return {
      accept: 'application/graphql-response+json, application/json',
      'content-type': 'application/json',
      ...(bearer ? { authorization: `Bearer ${bearer}` } : {}),
    };
  }

  async function send(document: Known, variables: Variables, signal: AbortSignal | undefined) {
    const { endpoint, persistedDocuments = false } = options;
    const { text, hash } = document;
    const what = persistedDocuments && hash !== undefined ? { documentId: hash } : { query: text };
    const request: RequestInit = {
      method: 'POST',
      headers: await headers(),
      body: JSON.stringify({ ...what, variables }),
      credentials: 'omit',
      // A token must not follow to wherever that leads.
      redirect: 'error',
      ...(signal && { signal }),
    };
    try {
      return await answerOf(await (options.fetch ?? globalThis.fetch)(endpoint, request));
    } catch (cause) {
      signal?.throwIfAborted();
      return lost(cause);
    }
  }

  return {
    async request(document, ...[variables = {}, { signal } = {}]) {
      const about = read(document);
      const submission = submissions.begin(about.isMutation ? about.types : new Map(), variables);
      const repeatable = !about.isMutation || submission.repeatable;
      let settled = false;
      try {
        const { status, data, reports, cause } = await send(about, submission.variables, signal);
        const [first] = reports;
        if (first !== undefined && isLost(data ?? {}, reports)) {
          const passes = passing.has(first.code) || passingStatuses.has(status);
          // What was refused for its rate was not begun.
          const retryable = passes && (repeatable || first.code === 'RATE_LIMITED');
          throw new PorticoError(first, { status, reports, retryable, cause });
        }
        settled = isSettled(data ?? {});
        return withErrors(data ?? {}, reports) as never;
      } finally {
        submission.end(settled);
      }
    },
  };
}
