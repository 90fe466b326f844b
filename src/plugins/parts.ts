import type { ExecutionResult } from 'graphql';
import { isAsyncIterable, mapAsyncIterator } from 'graphql-yoga';

/** Results of operations, and of those that are answered in parts. */

/** A whole result, or a part of one: the first, or one that brings more of it. */
export interface Part extends ExecutionResult {
  /** In a part: whether another one follows. */
  hasNext?: boolean;
  incremental?: readonly ExecutionResult[];
}

type Parts = AsyncIterable<Part>;
/** What was executed: whole, in parts, or a batch of whole ones. */
export type Executed = Part | Parts | readonly Part[];

/** The results that a part brings. */
export const resultsIn = (part: Part): ExecutionResult[] => [part, ...(part.incremental ?? [])];

export const errorsIn = (part: Part) =>
  resultsIn(part).reduce((sum, { errors }) => sum + (errors?.length ?? 0), 0);

/**
 * Looks at what leaves, before it does.
 * @param seen gets a whole result, or each part as it comes
 * @param ended after the last part, or the whole
 */
export async function* watched(
  parts: Parts,
  seen: (part: Part) => Promise<void> | void,
  ended: () => Promise<void> | void = () => undefined,
): AsyncGenerator<Part> {
  for await (const part of parts) {
    await seen(part);
    yield part;
  }
  await ended();
}

/** Changes a result, each of a batch, or each part. */
export const withEach = (result: Executed, change: (part: Part) => Part): Executed => {
  if (isAsyncIterable(result)) {
    return mapAsyncIterator(result as AsyncIterableIterator<Part>, change);
  }
  return Array.isArray(result) ? result.map(change) : change(result as Part);
};
