import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import { inTime } from '../domain/in-time.ts';
import type { RateLimit } from './rate-limit.ts';
import type { NodeContext } from './remote-address.ts';
import { grace } from './use-deadline.ts';
import type { WorkInHand } from './use-work-in-hand.ts';

/** Where vendors' logins send the browser back to, with the vendor's part of it. */
export const callbackRoute = /^\/oauth\/([a-z-]{1,40})\/callback$/;

export interface ConnectionCallbackOptions {
  /** @returns the address to go on to, or undefined for a callback that belongs to no login */
  receive: (callbackName: string, url: URL, request: Request) => Promise<URL | undefined>;
  /** Counts callbacks by where they come from: each costs a look into the store, whoever made it up. */
  limit: RateLimit;
  /** Undefined for a request that came over no connection. */
  addressKeyOf: (context: NodeContext) => string | undefined;
  /** Milliseconds that a callback may take. */
  requestTimeout: number;
  inHand: WorkInHand;
  onFault: (error: unknown, request: Request) => void;
}

type Answer = [status: number, text: string, headers?: Readonly<Record<string, string>>];

const unknown: Answer = [
  400,
  'This sign-in is unknown, used or too old. Go back to where you came from and start again.',
];
const late: Answer = [504, 'This took too long. Go back to where you came from and start again.'];
const failed: Answer = [
  503,
  'Something went wrong here. Go back to where you came from and start again.',
];

/** Where vendors' logins send the browser back to. It says nothing of what it was asked with. */
export function useConnectionCallback(
  options: ConnectionCallbackOptions,
): Plugin<object, NodeContext> {
  const { receive, limit, addressKeyOf, requestTimeout, inHand, onFault } = options;

  /** What it comes to, or the time that is up; what was begun goes on and is waited for at the end. */
  async function placeOrAnswer(work: Promise<URL | undefined>): Promise<URL | Answer> {
    inHand.add(work);
    return inTime(
      requestTimeout + grace,
      work.then((next) => next ?? unknown),
      () => late,
    );
  }

  async function answer(
    callbackName: string,
    url: URL,
    request: Request,
    context: NodeContext,
  ): Promise<URL | Answer> {
    try {
      const key = addressKeyOf(context);
      if (key !== undefined) {
        await limit.use(key);
      }
      return await placeOrAnswer(receive(callbackName, new URL(url.href), request));
    } catch (error) {
      if (error instanceof GraphQLError) {
        const { status, headers } = error.extensions.http as { status: number; headers: object };
        return [status, error.message, { ...headers }];
      }
      onFault(error, request);
      return failed;
    }
  }

  return {
    async onRequest({ url, request, endResponse, fetchAPI, serverContext }) {
      const callbackName = callbackRoute.exec(url.pathname)?.[1];
      if (callbackName === undefined || request.method !== 'GET') {
        return;
      }
      const next = await answer(callbackName, url, request, serverContext);
      if (next instanceof URL) {
        endResponse(new fetchAPI.Response(null, { status: 303, headers: { location: next.href } }));
        return;
      }
      const [status, text, headers = {}] = next;
      endResponse(
        new fetchAPI.Response(`${text}\n`, {
          status,
          headers: { 'content-type': 'text/plain; charset=utf-8', ...headers },
        }),
      );
    },
  };
}
