import { setMaxListeners } from 'node:events';

/**
 * A signal of Node's own that follows the server's. That one falls silent for everybody who listened to it,
 * and never says `aborted`, from the moment that somebody hands it to `AbortSignal.any` (whatwg-node 0.10).
 */
export function plainSignal(signal: AbortSignal): AbortSignal {
  const controller = new AbortController();
  // Every vendor call of a request listens to it: many listeners are no leak.
  setMaxListeners(0, controller.signal);
  const follow = () => controller.abort(signal.reason);
  if (signal.aborted) {
    follow();
  } else {
    signal.addEventListener('abort', follow, { once: true });
  }
  return controller.signal;
}
