import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What one call brought back from the vendor, as bytes on the wire. */
export interface Passed {
  method: string;
  path: string;
  sent: string;
  answered: string;
}

/** Stands between the gateway and a simulator and keeps both bodies, which a simulator does not. */
export async function startRecordingProxy() {
  const passed: Passed[] = [];
  let target = '';
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', async () => {
      const sent = Buffer.concat(chunks).toString('utf8');
      const { method = 'GET', url = '/' } = request;
      const answer = await fetch(target + url, {
        method,
        headers: {
          authorization: request.headers.authorization ?? '',
          'content-type': request.headers['content-type'] ?? 'application/json',
        },
        ...(sent !== '' && { body: sent }),
      });
      const answered = await answer.text();
      passed.push({ method, path: url.split('?')[0] ?? '', sent, answered });
      response.writeHead(answer.status, { 'content-type': 'application/json' });
      response.end(answered);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed,
    /** The origin that calls go on to; to be set before the first one. */
    leadTo: (origin: string) => {
      target = origin;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
