import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { fileURLToPath } from 'node:url';

/** A server's place in the kernel: not in Node's types, although `listen` and `send` take it. */
type Handle = Server;
const handleOf = (server: Server) => (server as unknown as { _handle: Handle | null })._handle;

/** Beside the server itself. Each costs 5 us where a single connection comes, and nothing where none does. */
const usualListeners = 63;
/** Milliseconds that the helper may take; it needs a tenth of a second. */
const longest = 10_000;

/** Has a helper send a handle back so many times, or as often as it can: whatever fails it ends nothing else. */
async function sendBack(handle: Handle, count: number, take: (copy: Handle) => void) {
  try {
    // Nothing of the environment: it holds secrets, which are no business of the helper's.
    const helper = fork(fileURLToPath(new URL('send-back.mjs', import.meta.url)), {
      ...{ env: {}, execArgv: [], stdio: 'ignore', timeout: longest },
    });
    helper.on('error', () => undefined);
    helper.on('message', (_message, copy) => {
      if (copy) {
        take(copy as Handle);
      }
    });
    helper.send(count, handle, { keepOpen: true }, () => undefined);
    await once(helper, 'exit');
  } catch {
    // No process to be had, or none that could be talked to: the caller counts what came.
  }
}

/**
 * Lets a server take in many new connections at each turn of the event loop. Node takes one (libuv, since
 * 1.45): under load, where a turn takes 50 ms, that is 20 a second, and whoever comes through a proxy that
 * opens a connection for each request (nginx by default) waits for half a minute while the gateway has time
 * to spare, and is never told to come back later. `npm run load` measures it.
 *
 * So several listeners share the port, each with one connection a turn. The descriptors for them come from a
 * helper process, which is sent the server's and sends it back so many times: Node 20 has no other way to
 * have two in one process (from 22.12 on, `reusePort` has).
 * @param server that listens; its `maxConnections` holds for all of them, and its `close` closes them
 * @returns how many there are, the server among them: 1 where the helper could not help
 */
export async function acceptInBulk(server: Server, more = usualListeners): Promise<number> {
  const handle = handleOf(server);
  if (handle === null) {
    return 1;
  }
  const listeners: Server[] = [];
  const { maxConnections: most } = server;
  let elsewhere = 0;
  let closed = false;

  const count = (change: number) => {
    elsewhere += change;
    server.maxConnections = most - elsewhere;
  };
  const listenAt = (copy: Handle): Server => {
    // As an HTTP server sets it for those that it takes in itself.
    const listener = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
      server.getConnections((_error, own) => {
        // One place is left to the server itself: a limit of 0 would mean that it has none.
        if (elsewhere + Math.max(own, 1) >= most) {
          socket.destroy();
          return;
        }
        count(1);
        socket.once('close', () => count(-1));
        server.emit('connection', socket);
      });
    });
    return listener.on('error', () => listener.close()).listen(copy);
  };

  const close = server.close.bind(server);
  server.close = (callback) => {
    closed = true;
    for (const listener of listeners) {
      listener.close();
    }
    return close(callback);
  };

  await sendBack(handle, more, (copy) => {
    const listener = listenAt(copy);
    if (closed) {
      listener.close();
    } else {
      listeners.push(listener);
    }
  });
  return listeners.length + 1;
}
