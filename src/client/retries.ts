import type { DefaultOptions } from '@tanstack/react-query';
import { PorticoError } from './portico-error.ts';

const mostRetries = 3;
/** Milliseconds. */
const firstWait = 500;
const longestWait = 30_000;

/** Milliseconds: until the gateway or the vendor said, otherwise twice as long each time. */
function retryDelay(failures: number, error: unknown): number {
  const until = error instanceof PorticoError ? error.retryAt?.getTime() : undefined;
  return Math.max(until === undefined ? firstWait * 2 ** failures : until - Date.now(), firstWait);
}

/**
 * Only what can help, does nothing twice and is due before a user has gone; TanStack would ask three more times
 * after any error.
 */
const retry = (failures: number, error: unknown) =>
  error instanceof PorticoError &&
  error.retryable &&
  failures < mostRetries &&
  retryDelay(failures, error) <= longestWait;

/**
 * Without a network a request fails and says so. TanStack would let it wait, without a word, and send a
 * booking whenever the network is back.
 */
const networkMode = 'always';

/** `new QueryClient({ defaultOptions })`: when to ask again, of queries and of mutations. */
export const defaultOptions: DefaultOptions = {
  queries: { retry, retryDelay, networkMode, refetchOnReconnect: true },
  mutations: { retry, retryDelay, networkMode },
};
