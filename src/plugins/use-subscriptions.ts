import { type ExecutionResult, GraphQLError, getOperationAST } from 'graphql';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { Logger } from 'pino';
import { unauthenticated } from '../auth/token-verifier.ts';
import { CodedError } from '../domain/errors.ts';
import type { GraphContext } from '../graph/builder.ts';
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

const takesEvents = ({ headers }: Request) =>
  (headers.get('accept') ?? '').split(',').some((type) => type.trim().startsWith(eventStream));

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
  /** Aborts when the client is gone. */
  gone: AbortSignal;
  /** Aborts when the process is about to end. */
  ending: AbortSignal;
  /** Before each event leaves. */
  write: () => Promise<void>;
  onEnd: (why: Why, events: number) => void;
}

/** A stream as long as its caller may have it. */
function lasting(events: AsyncIterable<ExecutionResult>, options: Lasting) {
  const { expiresAt, clock, gone, ending, write, onEnd } = options;
  const source = events[Symbol.asyncIterator]();
  let count = 0;
  let over = false;
  let stop: (why: Why) => void = () => undefined;
  const stopped = new Promise<Why>((resolve) => {
    stop = resolve;
  });
  const timer = setTimeout(() => stop('expired'), Math.min(expiresAt - clock(), longestTimer));
  const left = () => {
    stop('left');
    finish('left');
  };
  const end = () => stop('ending');
  const finish = (why: Why) => {
    if (!over) {
      over = true;
      clearTimeout(timer);
      gone.removeEventListener('abort', left);
      ending.removeEventListener('abort', end);
      void source.return?.();
      onEnd(why, count);
    }
  };
  gone.addEventListener('abort', left);
  ending.addEventListener('abort', end);
  const done: IteratorResult<ExecutionResult> = { done: true, value: undefined };
  const iterator: AsyncIterableIterator<ExecutionResult> = {
    [Symbol.asyncIterator]: () => iterator,
    async next() {
      if (over) {
        return done;
      }
      try {
        const next = await Promise.race([source.next(), stopped]);
        if (typeof next === 'string') {
          finish(next);
          return next === 'expired' || next === 'ending'
            ? { done: false, value: lastWord(parting[next]()) }
            : done;
        }
        if (next.done) {
          finish('complete');
          return done;
        }
        await write();
        count += 1;
        return next;
      } catch (error) {
        finish('failed');
        return { done: false, value: lastWord(error as Error) };
      }
    },
    async return() {
      left();
      return done;
    },
  };
  return iterator;
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
    const { requestId, caller, isBatch } = requestState(request);
    if (!takesEvents(request)) {
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
      let open = false;
      try {
        const events = await subscribeFn(given);
        const write = () => writeTrail(args.contextValue, inHand);
        await write();
        if (!isAsyncIterable(events)) {
          return events;
        }
        open = true;
        return lasting(events as AsyncIterable<ExecutionResult>, {
          ...{ clock, write, gone: request.signal, ending: streams.signal },
          expiresAt: caller?.expiresAt ?? 0,
          onEnd(why, count) {
            streams.closed(subject);
            const duration = Math.round(performance.now() - started);
            logger.info({ requestId, name, why, events: count, duration }, 'subscription');
          },
        });
      } finally {
        if (!open) {
          streams.closed(subject);
        }
      }
    });
  },
});
