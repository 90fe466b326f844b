import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** What the operator can mend without reading code. */
export class StartError extends Error {
  override readonly name = 'StartError';
}

/** Bounds of what a client may send, and how slowly. Times in milliseconds. */
const bounds = {
  /** For a whole head, and for the first byte of one: a socket that says nothing is closed as well. */
  headersTimeout: 7_000,
  /** For head and body. */
  requestTimeout: 20_000,
  /** How often both are looked at; Node's own 30 s would add to them. */
  connectionsCheckingInterval: 500,
  /** Longer than proxies keep one (60 s, mostly): were it us who close it, requests on their way would be lost. */
  keepAliveTimeout: 65_000,
  /** Bytes of a head, the address included; a token may take half of it. */
  maxHeaderSize: 16 * 1024,
  insecureHTTPParser: false,
  requireHostHeader: true,
} satisfies ServerOptions;

const usualConnections = 4_000;
/** Milliseconds that a client may go on sending what was answered already. */
const lingering = 1_000;

const nameOrAddress = /^([\w.-]+|\[[\da-f:.]+\])(:\d{1,5})?$/i;

/**
 * Whether a host can be the beginning of the request's URL. One that is none would be a fault of ours, and with a
 * slash in it the request would be for another path than the one that it came by.
 */
const isHost = (text: string) =>
  text === '' || (nameOrAddress.test(text) && URL.canParse(`http://${text}`));

/** The same of many requests, most of which name the same one as the last. */
function createHostCheck(): (text: string | undefined) => boolean {
  let last = '';
  return (text = '') => {
    const isSound = text === last || isHost(text);
    last = isSound ? text : last;
    return isSound;
  };
}

const notReady: RequestListener = (_request, response) => {
  response.writeHead(503, { 'retry-after': '1' }).end('starting\n');
};

/** Responses that are not sent yet, of connections that had a request. */
const unsent = new WeakMap<Socket, Set<ServerResponse>>();

/**
 * Node before 24 tells only the response whose turn it is that the connection is gone; those of requests that
 * were sent behind it would hold what they hold for ever.
 */
function closeWithConnection({ socket }: IncomingMessage, response: ServerResponse): void {
  const known = unsent.get(socket);
  const responses = known ?? new Set();
  if (known === undefined) {
    unsent.set(socket, responses);
    // By then Node has told those that it tells.
    const closeTheRest = () => {
      for (const each of responses) {
        each.destroy().emit('close');
      }
    };
    socket.once('close', () => setImmediate(closeTheRest));
  }
  responses.add(response);
  const forget = () => responses.delete(response);
  response.once('finish', forget).once('close', forget);
}

function problemOf({ code }: NodeJS.ErrnoException, host: string, port: number, variable: string) {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} is in use. Choose another one with ${variable}=...`;
    case 'EACCES':
      return `Port ${port} is not for this user to listen on (${code}). Choose one above 1023 with ${variable}=...`;
    default:
      return `Cannot listen on port ${port} of ${host} (${code}). ${variable.replace('PORT', 'HOST')} has to be an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all that it has.`;
  }
}

export type Listening = Awaited<ReturnType<typeof listen>>;

/**
 * The HTTP server, bounded. Takes the port first: a port in use must not cost anybody a start of
 * everything else. Answers 503 until it is told what to answer with.
 * @param mostConnections further ones are closed as they come
 * @param variable that the port comes from
 * @throws StartError where it cannot have the port
 */
export async function listen(
  host: string,
  port: number,
  mostConnections = usualConnections,
  variable = 'PORT',
) {
  let answer: RequestListener = notReady;
  const isSoundHost = createHostCheck();
  const server = createServer(bounds, (request, response) => {
    if (!isSoundHost(request.headers.host)) {
      // As Node itself answers where there is none.
      response.writeHead(400, { connection: 'close' }).end();
      return;
    }
    closeWithConnection(request, response);
    response.once('finish', () => {
      // A body that nobody wants is not awaited, but its sender may read the answer first.
      if (!request.complete) {
        setTimeout(() => request.complete || request.destroy(), lingering).unref();
      }
    });
    answer(request, response);
  });
  server.maxConnections = mostConnections;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      reject(new StartError(problemOf(error, host, port, variable))),
    );
    server.listen(port, host, resolve);
  });
  return {
    server,
    port: (server.address() as AddressInfo).port,
    answerWith: (listener: RequestListener) => {
      answer = listener;
    },
  };
}
