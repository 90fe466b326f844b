import { createServer } from 'node:http';
import { Agent, request } from 'undici';
import { overviewOf, visitOf } from './shapes.mjs';

/**
 * The practical limit: a handler written for these two queries alone, with the same vendor calls and the same
 * JSON. No GraphQL, no token, no store, no limits, no log.
 */
process.once('message', ({ setup: { stubOrigin, calls, patient } }) => {
  const dispatcher = new Agent({ connections: 64, pipelining: 1 });
  const ask = async (vendor) => {
    const { url, headers } = calls[vendor];
    const { body } = await request(stubOrigin + url, { dispatcher, headers });
    return body.json();
  };
  const works = {
    '/w1': async () => ({ visit: visitOf(await ask('vsee'), patient) }),
    '/w2': async () => {
      const vendors = ['nimbus', 'vsee', 'portal', 'cerbo', 'mdhq'];
      const answers = await Promise.all(vendors.map(ask));
      return overviewOf(Object.fromEntries(vendors.map((name, i) => [name, answers[i]])), patient);
    },
  };
  const server = createServer((incoming, response) => {
    const chunks = [];
    incoming.on('data', (chunk) => chunks.push(chunk));
    incoming.on('end', async () => {
      // What was asked is read, as by everybody else, although the address says it.
      JSON.parse(Buffer.concat(chunks).toString());
      const text = JSON.stringify({ data: await works[incoming.url]() });
      response
        .writeHead(200, {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(text),
        })
        .end(text);
    });
  });
  server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
});
process.on('disconnect', () => process.exit());
