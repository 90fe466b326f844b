import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { acceptInBulk } from '../../src/accept-in-bulk.ts';
import { listen } from '../../src/listen.ts';
import {
  type StartedGateway,
  startTestGateway,
  type TestGatewayOptions,
  type Who,
} from './gateway.ts';

/** A test gateway behind the very HTTP server that `portico` listens with. */
export interface ListeningGateway extends StartedGateway {
  port: number;
  /** Of the server, with a slash at its end. */
  origin: string;
  /** Over the network, as staff. */
  ask(init: RequestInit, path?: string): Promise<Response>;
  /** A good query; the milliseconds that it took, the least of three where a busy machine delays it. */
  good(as?: Who): Promise<number>;
  /** A connection on which anything can be written. */
  connect(): Promise<Wire>;
}

/** One connection, byte by byte. */
export interface Wire {
  socket: Socket;
  write(text: string | Uint8Array): void;
  /** What has come in so far. */
  received(): string;
  /** Resolves when the answer matches, or the connection is closed. */
  until(pattern: RegExp): Promise<string>;
  /** Resolves with all that came in, once the other side has closed it. */
  closed: Promise<string>;
}

async function connect(port: number): Promise<Wire> {
  const socket = createConnection({ port, host: '127.0.0.1' });
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  // A reset is one way to be closed.
  socket.on('error', () => undefined);
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(text)));
  await once(socket, 'connect');
  return {
    socket,
    closed,
    write: (more) => void socket.write(more),
    received: () => text,
    until: (pattern) =>
      new Promise((resolve) => {
        const look = () => pattern.test(text) && resolve(text);
        socket.on('data', look);
        void closed.then(resolve);
        look();
      }),
  };
}

/** Start it in `beforeAll`; closing it closes every connection. */
export async function startListeningGateway(
  options: TestGatewayOptions = {},
): Promise<ListeningGateway> {
  const gateway = await startTestGateway(options);
  const { server, port, answerWith } = await listen('127.0.0.1', 0);
  // Whoever asks must not notice which of the listeners took them in.
  await acceptInBulk(server, 3);
  answerWith(gateway.listener);
  const origin = `http://127.0.0.1:${port}/`;
  const ask: ListeningGateway['ask'] = async (init, path = 'graphql') =>
    fetch(new URL(path, origin), {
      ...init,
      headers: { authorization: `Bearer ${await gateway.token('staff')}`, ...init.headers },
    });
  const good = async (as: Who) => {
    const authorization = `Bearer ${await gateway.token(as)}`;
    const started = performance.now();
    const answer = await ask({
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify({ query: '{ viewer { subject } }' }),
    });
    const { data } = (await answer.json()) as { data?: { viewer?: { subject: string } } };
    if (!data?.viewer?.subject) {
      throw new Error(`A good query got ${answer.status}.`);
    }
    return performance.now() - started;
  };
  return {
    ...gateway,
    port,
    origin,
    ask,
    connect: () => connect(port),
    good: async (as = 'staff') => {
      let least = Number.POSITIVE_INFINITY;
      for (let tries = 0; tries < 3 && least > 500; tries += 1) {
        least = Math.min(least, await good(as));
      }
      return least;
    },
    close: async () => {
      server.close();
      server.closeAllConnections();
      await gateway.close();
    },
  };
}
