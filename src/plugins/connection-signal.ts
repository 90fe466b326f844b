import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';

const signals = new WeakMap<Socket, AbortSignal>();

/**
 * Aborts when a connection is gone: until then, whoever sends requests over it waits for their answers. One for
 * all of its requests, since to make one takes a fortieth of what it takes to answer a request.
 */
export function connectionSignal(socket: Socket): AbortSignal {
  const known = signals.get(socket);
  if (known !== undefined) {
    return known;
  }
  const controller = new AbortController();
  const gone = () => controller.abort();
  // Every vendor call of a request listens to it: many listeners are no leak.
  setMaxListeners(0, controller.signal);
  signals.set(socket, controller.signal);
  if (socket.destroyed) {
    gone();
  } else {
    socket.once('close', gone);
  }
  return controller.signal;
}
