import { createServer } from 'node:http';
import { Agent, request } from 'undici';
import { createDuties } from './duties.mjs';
import { overviewOf, visitOf } from './shapes.mjs';

/**
 * The practical limit: a handler written for these two queries alone, with the same vendor calls and the same
 * JSON. No GraphQL, no token, no store, no limits, no log; or, where it is told to have them, with duties
 * written by hand as well.
 */
process.once('message', async ({ setup: { stubOrigin, calls, patient, duties } }) => {
  const owed = duties && (await createDuties(duties));
  const dispatcher = new Agent({ connections: 64, pipelining: 1 });
  const ask = async (vendor) => {
    const { url, headers } = calls[vendor];
    const { body } = await request(stubOrigin + url, { dispatcher, headers });
    return body.json();
  };
  const works = {
    '/w1': {
      vendors: ['vsee'],
      data: ({ vsee }) => ({ visit: visitOf(vsee, patient) }),
    },
    '/w2': {
      vendors: ['nimbus', 'vsee', 'portal', 'cerbo', 'mdhq'],
      data: (answers) => overviewOf(answers, patient),
    },
  };
  const answered = async ({ vendors, data }) => {
    const answers = await Promise.all(vendors.map(ask));
    return data(Object.fromEntries(vendors.map((name, index) => [name, answers[index]])));
  };
  const server = createServer((incoming, response) => {
    const chunks = [];
    incoming.on('data', (chunk) => chunks.push(chunk));
    incoming.on('end', async () => {
      // What was asked is read, as by everybody else, although the address says it.
      JSON.parse(Buffer.concat(chunks).toString());
      const work = works[incoming.url];
      const begun = await owed?.before(incoming.headers);
      const text = JSON.stringify({ data: await answered(work) });
      await owed?.after(begun, work.vendors);
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
