import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';

/** Stands between the gateway and a simulator and answers in its place while it is told to. */
export interface SpoilingProxy {
  origin: string;
  /** Addresses that were asked, with their queries. */
  asked: string[];
  /** Answers instead of the vendor; undefined passes everything on. */
  spoil: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
  close(): Promise<void>;
}

const ownHeaders = ['host', 'connection', 'content-length', 'accept-encoding', 'transfer-encoding'];

/** @param target origin of the simulator */
export async function startSpoilingProxy(target: string): Promise<SpoilingProxy> {
  async function pass(request: IncomingMessage, response: ServerResponse) {
    const { method = 'GET', url = '/', headers } = request;
    const body = Buffer.concat(await Readable.from(request).toArray());
    const kept = Object.entries(headers).filter(([name]) => !ownHeaders.includes(name));
    const answer = await fetch(target + url, {
      method,
      headers: kept as [string, string][],
      redirect: 'manual',
      ...(body.length > 0 && { body: new Uint8Array(body) }),
    });
    const type = answer.headers.get('content-type');
    response.writeHead(answer.status, { ...(type && { 'content-type': type }) });
    response.end(Buffer.from(await answer.arrayBuffer()));
  }

  const server = createServer((request, response) => {
    response.on('error', () => undefined);
    proxy.asked.push(request.url ?? '');
    if (proxy.spoil) {
      proxy.spoil(request, response);
    } else {
      pass(request, response).catch(() => response.destroy());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const proxy: SpoilingProxy = {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: [],
    spoil: undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return proxy;
}
