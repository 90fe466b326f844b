import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  type AddressInfo,
  createServer as createTcpServer,
  type Server,
  type Socket,
} from 'node:net';
import { z } from 'zod';
import { VendorError } from '../../../src/domain/errors.ts';
import type { RequestScope, VendorCallRecord } from '../../../src/domain/request.ts';
import type { Exchange, Transport, TransportOptions } from '../../../src/http/exchange.ts';
import { createTransport } from '../../../src/http/transport.ts';

/** A request as the throwaway vendor got it. */
export interface Got {
  method: string;
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
  at: number;
}

export interface Vendor {
  baseUrl: URL;
  got: Got[];
  /** Connections that are open at the moment. */
  open: Set<Socket>;
  /** Connections ever made. */
  connections: () => number;
  close(): Promise<void>;
}

async function listen(server: Server, got: Got[]): Promise<Vendor> {
  const open = new Set<Socket>();
  let connections = 0;
  server.on('connection', (socket) => {
    connections += 1;
    open.add(socket);
    socket.on('close', () => open.delete(socket));
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: new URL(`http://127.0.0.1:${port}/api/v1/`),
    got,
    open,
    connections: () => connections,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of open) {
          socket.destroy();
        }
      }),
  };
}

/** An HTTP vendor that answers as told, with the whole request at hand. */
export function startVendor(
  answer: (got: Got, response: ServerResponse, index: number) => void,
): Promise<Vendor> {
  const got: Got[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('latin1');
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      got.push({ method, url, headers, body, at: performance.now() });
      response.on('error', () => {});
      answer(got[got.length - 1] as Got, response, got.length - 1);
    });
  });
  return listen(server, got);
}

/** A vendor that does what it likes with the connection; `got` stays empty. */
export const startTcpVendor = (behave: (socket: Socket) => void): Promise<Vendor> =>
  listen(createTcpServer(behave), []);

/** A base URL where nobody listens. */
export async function deadBaseUrl(): Promise<URL> {
  const vendor = await startTcpVendor(() => {});
  await vendor.close();
  return vendor.baseUrl;
}

export const json = (response: ServerResponse, status: number, body: unknown, headers = {}) => {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
};

/** A transport with short limits; `random: 0.5` halves each backoff. */
export const transportTo = (
  vendor: { baseUrl: URL },
  options: Partial<TransportOptions> = {},
): Transport =>
  createTransport({
    vendor: 'NIMBUS',
    baseUrl: vendor.baseUrl,
    timeouts: { read: 400, write: 400 },
    concurrency: 8,
    random: () => 0.5,
    ...options,
  });

export type RecordedScope = RequestScope & { records: VendorCallRecord[] };

export function scopeOf(milliseconds = 10_000, more: Partial<RequestScope> = {}): RecordedScope {
  const records: VendorCallRecord[] = [];
  return {
    requestId: 'request-1',
    deadline: Date.now() + milliseconds,
    onVendorCall: (call) => records.push(call),
    records,
    ...more,
  };
}

const answer = z.object({ ok: z.boolean() });
type Answer = z.infer<typeof answer>;

export const reading = (more: Partial<Exchange<Answer>> = {}): Exchange<Answer> => ({
  operation: 'things/read',
  method: 'GET',
  path: 'things',
  class: 'read',
  repeatable: true,
  answer,
  ...more,
});

export const writing = (more: Partial<Exchange<Answer>> = {}): Exchange<Answer> => ({
  operation: 'things/add',
  method: 'POST',
  path: 'things',
  body: { json: { name: 'Ana Silva' } },
  class: 'write',
  repeatable: false,
  answer,
  ...more,
});

/** The vendor error that a call must end with. */
export async function failureOf(call: Promise<unknown>): Promise<VendorError> {
  const error = await call.then(
    (value) => new Error(`answered ${JSON.stringify(value)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof VendorError)) {
    throw error;
  }
  return error;
}
