import { addAbortListener } from 'node:events';
import { type ExecutionResult, GraphQLError, getOperationAST } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { Logger } from 'pino';
import { unauthenticated } from '../auth/token-verifier.ts';
import { CodedError } from '../domain/errors.ts';
import type { GraphContext } from '../graph/builder.ts';
import { accepts } from './accepted-types.ts';
import { interruptible } from './interruptible.ts';
import { refusal } from './refusal.ts';
import { requestState } from './request-state.ts';
import type { Streams } from './streams.ts';
import { writeTrail } from './use-access-trail.ts';
import type { WorkInHand } from './use-work-in-hand.ts';

export interface SubscriptionOptions {
  streams: Streams;
  logger: Logger;
  inHand: WorkInHand;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

const eventStream = 'text/event-stream';
const longestTimer = 2 ** 31 - 1;

const parting = {
  expired: unauthenticated,
  ending: () =>
    new CodedError(
      'INTERNAL_SERVER_ERROR',
      'The gateway is ending or restarting. Subscribe again in a moment, with `after`.',
    ),
} as const;
type Why = keyof typeof parting | 'left' | 'complete' | 'failed';

/** What a stream says last. */
const lastWord = (error: Error): ExecutionResult => ({
  // What the source threw was wrapped by the executor already.
  errors: [
    error instanceof GraphQLError
      ? error
      : new GraphQLError(error.message, { originalError: error }),
  ],
});

interface Lasting {
  /** Of the token. */
  expiresAt: number;
  clock: () => number;
  /** When somebody has to have begun to take it, in milliseconds of `performance.now()`. */
  answerBy: number;
  /** Aborts when the client is gone. */
  gone: AbortSignal;
  /** Aborts when the process is about to end. */
  ending: AbortSignal;
  /** Before each event leaves. */
  write: () => Promise<void>;
  onEnd: (why: Why, events: number) => void;
}

/** A stream as long as its caller may have it, also where nobody takes what it gives. */
function lasting(events: AsyncIterable<ExecutionResult>, options: Lasting) {
  const { expiresAt, clock, answerBy, gone, ending, write, onEnd } = options;
  const source = events[Symbol.asyncIterator]();
  const stream = interruptible(source);
  let count = 0;
  let over = false;
  const finish = (why: Why) => {
    if (!over) {
      over = true;
      clearTimeout(expiry);
      clearTimeout(untaken);
      for (const each of listening) {
        each[Symbol.dispose]();
      }
      stream.end(...(why === 'expired' || why === 'ending' ? [lastWord(parting[why]())] : []));
      void source.return?.();
      onEnd(why, count);
    }
  };
  const expiry = setTimeout(finish, Math.min(expiresAt - clock(), longestTimer), 'expired');
  // The client was told that it is too late, or is gone and nobody said so.
  const untaken = setTimeout(finish, answerBy - performance.now(), 'left');
  const listening = [
    addAbortListener(gone, () => finish('left')),
    addAbortListener(ending, () => finish('ending')),
  ];
  const iterator: AsyncIterableIterator<ExecutionResult> = {
    [Symbol.asyncIterator]: () => iterator,
    async next() {
      clearTimeout(untaken);
      try {
        const next = await stream.next();
        if (next.done) {
          finish('complete');
        } else {
          await write();
          count += 1;
        }
        return next;
      } catch (error) {
        finish('failed');
        return { done: false, value: lastWord(error as Error) };
      }
    },
    async return() {
      finish('left');
      return { done: true, value: undefined };
    },
  };
  return { iterator, finish };
}

/**
 * Subscriptions as event streams: so many for each caller, each as long as its token is good, its trail
 * written before each event leaves, ended with a word when the process ends. The server below sends
 * comments in between, so that nobody takes the silence for a broken connection.
 */
export const useSubscriptions = (options: SubscriptionOptions): Plugin<GraphContext> => ({
  onSubscribe({ args, subscribeFn, setSubscribeFn }) {
    const { streams, logger, inHand, clock } = options;
    const { request } = args.contextValue;
    const { requestId, caller, isBatch, answerBy } = requestState(request);
    if (!accepts(request, eventStream)) {
      throw refusal(
        'BAD_USER_INPUT',
        406,
        `A subscription is answered as an event stream: send \`accept: ${eventStream}\`.`,
      );
    }
    if (isBatch) {
      throw refusal('BAD_USER_INPUT', 400, 'A subscription is sent by itself, in no batch.');
    }
    const name = getOperationAST(args.document, args.operationName)?.name?.value;
    setSubscribeFn(async (given) => {
      const subject = caller?.subject ?? '';
      if (!streams.open(subject)) {
        throw refusal('RATE_LIMITED', 429, 'Too many subscriptions at once. End one first.', {
          'retry-after': '10',
        });
      }
      const started = performance.now();
      let stream: ReturnType<typeof lasting> | undefined;
      try {
        const events = await subscribeFn(given);
        const write = () => writeTrail(args.contextValue, inHand);
        if (isAsyncIterable(events)) {
          stream = lasting(events as AsyncIterable<ExecutionResult>, {
            ...{ clock, answerBy, write, gone: request.signal, ending: streams.signal },
            expiresAt: caller?.expiresAt ?? 0,
            onEnd(why, count) {
              streams.closed(subject);
              const duration = Math.round(performance.now() - started);
              logger.info({ requestId, name, why, events: count, duration }, 'subscription');
            },
          });
        }
        await write();
        return stream?.iterator ?? events;
      } catch (error) {
        stream?.finish('failed');
        throw error;
      } finally {
        if (stream === undefined) {
          streams.closed(subject);
        }
      }
    });
  },
});
