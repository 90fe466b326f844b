import { createServer, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Served } from '../support/served.ts';

/**
 * A tiny proxy that hands requests to processes in turn. What a process did not take goes to the next one;
 * what breaks off is broken off for the client, too: whether it was done, nobody here knows.
 */
export async function startBalancer() {
  const processes = new Set<Served>();
  let turn = 0;
  const server = createServer(async (incoming, outgoing) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) {
      chunks.push(chunk);
    }
    const body = Buffer.concat(chunks);
    const tryNext = (left: Served[]) => {
      const [next, ...others] = left;
      if (next === undefined) {
        outgoing.writeHead(503, { 'retry-after': '1' }).end();
        return;
      }
      const { method, headers, url } = incoming;
      const call = send(`${next.origin}${url}`, { method, headers }, (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.on('error', () => outgoing.destroy());
        answer.pipe(outgoing);
      });
      call.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'ECONNREFUSED') {
          tryNext(others);
        } else {
          outgoing.destroy();
        }
      });
      call.end(body);
    };
    turn += 1;
    const all = [...processes];
    tryNext([...all.slice(turn % all.length), ...all.slice(0, turn % all.length)]);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    add: (served: Served) => void processes.add(served),
    remove: (served: Served) => void processes.delete(served),
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
