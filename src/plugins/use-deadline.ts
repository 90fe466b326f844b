import { GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { ErrorCode } from '../domain/errors.ts';
import { requestState } from './request-state.ts';
import type { WorkInHand } from './use-work-in-hand.ts';

/** Milliseconds after the deadline in which what is known by then is still put into words. */
export const grace = 450;

const code: ErrorCode = 'INTERNAL_SERVER_ERROR';
const message =
  'This took longer than a request may take. A write may still be under way: send it again with the same idempotency key to learn what it came to.';

/** What is said in place of an answer, or of the rest of one. */
export const lateError = (requestId: string) =>
  new GraphQLError(message, { extensions: { code, requestId } });

/**
 * Answers when a request has used up its time, whatever holds it up: vendor calls keep the deadline by
 * themselves, but the store may be slow. What was begun goes on and is recorded, for whoever asks again.
 * @param requestTimeout milliseconds, from the moment at which the request is read
 */
export function useDeadline(requestTimeout: number, inHand: WorkInHand): Plugin {
  const starts = new WeakMap<Request, () => void>();
  return {
    onRequest({ requestHandler, setRequestHandler, fetchAPI }) {
      setRequestHandler(async (request, context) => {
        let timer: NodeJS.Timeout | undefined;
        const late = new Promise<Response>((resolve) => {
          starts.set(request, () => {
            requestState(request).answerBy = performance.now() + requestTimeout + grace;
            timer ??= setTimeout(() => {
              const state = requestState(request);
              // They are not in this answer: the ledger keeps them for the next one.
              state.secretsOf = [];
              const errors = [lateError(state.requestId)];
              resolve(fetchAPI.Response.json({ errors }, { status: 504 }));
            }, requestTimeout + grace);
          });
        });
        const answer = Promise.resolve(requestHandler(request, context));
        inHand.add(answer);
        try {
          return await Promise.race([answer, late]);
        } finally {
          clearTimeout(timer);
        }
      });
    },
    onParams({ request }) {
      starts.get(request)?.();
    },
  };
}
