import { setTimeout as delay } from 'node:timers/promises';
import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { GraphContext } from '../graph/builder.ts';
import { type Part, watched } from './parts.ts';
import type { WorkInHand } from './use-work-in-hand.ts';

/** Milliseconds between tries to write a trail, and after which they end. */
const shortestPause = 500;
const longestPause = 30_000;
const longestTry = 10 * 60_000;

/** Resolves when it is written, or when it has been tried for long enough. */
async function insist(write: () => Promise<void>): Promise<void> {
  const end = performance.now() + longestTry;
  for (let pause = shortestPause; performance.now() < end; pause *= 2) {
    await delay(Math.min(longestPause, pause), undefined, { ref: false });
    try {
      return await write();
    } catch {
      // The store is still away.
    }
  }
}

/** Writes down what was touched so far, or goes on trying to. @throws where it could not be written now */
export async function writeTrail(
  { trail, store, access, onAnswerLost }: GraphContext,
  inHand: WorkInHand,
): Promise<void> {
  const write = () => trail.flush(store, access.caller);
  try {
    await write();
  } catch (error) {
    onAnswerLost();
    inHand.add(insist(write));
    throw error;
  }
}

/**
 * Writes who touched whose data before the answer leaves, or each of its parts. If that cannot be written, there is no
 * answer; but what was done was done, so it is written as soon as the store is back.
 */
export const useAccessTrail = (inHand: WorkInHand): Plugin<GraphContext> => ({
  onExecute: ({ args }) => ({
    async onExecuteDone({ result, setResult }) {
      const write = () => writeTrail(args.contextValue, inHand);
      if (isAsyncIterable(result)) {
        setResult(watched(result as AsyncIterable<Part>, write, write) as never);
      } else {
        await write();
      }
    },
  }),
});
