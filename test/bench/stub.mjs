import { createServer, request } from 'node:http';

/**
 * All five vendors in one fast process: each answer is learned from the simulator behind it when it is first
 * asked for, and given from memory from then on. The first part of a path says whose it is.
 */

/** Origins of the simulators by vendor, told at the start. */
let origins = {};
/** Milliseconds by vendor. */
let latency = {};
/** Part of the answers that are a 500. */
let errors = 0;
/** Vendors that never answer. */
let hanging = [];
const known = new Map();
let calls = {};
/** The calls themselves, while they are to be told. */
let told;
/** Calls in each second, by vendor, whose rate is looked at. */
let seconds = {};

const learned = (vendor, method, path, headers, body) =>
  new Promise((resolve, reject) => {
    const target = new URL(path, origins[vendor]);
    const sent = request(
      target,
      { method, headers: { ...headers, host: target.host } },
      (answer) => {
        const chunks = [];
        answer.on('data', (chunk) => chunks.push(chunk));
        answer.on('end', () =>
          resolve({
            status: answer.statusCode,
            headers: { 'content-type': answer.headers['content-type'] ?? 'application/json' },
            body: Buffer.concat(chunks),
          }),
        );
      },
    );
    sent.on('error', reject).end(body);
  });

function count(vendor) {
  calls[vendor] = (calls[vendor] ?? 0) + 1;
  const second = Math.floor(Date.now() / 1000);
  seconds[vendor] = seconds[vendor] ?? {};
  seconds[vendor][second] = (seconds[vendor][second] ?? 0) + 1;
}

async function answer(vendor, incoming, response, body) {
  const { method, url, headers } = incoming;
  const path = url.slice(vendor.length + 1);
  const key = `${method} ${url} ${headers.authorization ?? ''} ${body}`;
  // What has an effect is for the simulator; what is read is always the same.
  const answer = known.get(key) ?? (await learned(vendor, method, path, headers, body));
  if (method === 'GET' && answer.status === 200) {
    known.set(key, answer);
  }
  const failed = errors > 0 && Math.random() < errors;
  response.writeHead(failed ? 500 : answer.status, {
    ...answer.headers,
    'content-length': failed ? 2 : answer.body.length,
  });
  response.end(failed ? '{}' : answer.body);
}

const server = createServer((incoming, response) => {
  const vendor = incoming.url.slice(1, incoming.url.indexOf('/', 1));
  count(vendor);
  told?.push({ vendor, method: incoming.method, url: incoming.url, headers: incoming.headers });
  if (hanging.includes(vendor)) {
    return;
  }
  const chunks = [];
  incoming.on('data', (chunk) => chunks.push(chunk));
  incoming.on('end', () => {
    const give = () =>
      answer(vendor, incoming, response, Buffer.concat(chunks).toString()).catch(() =>
        response.destroy(),
      );
    const wait = latency[vendor] ?? 0;
    if (wait > 0) {
      setTimeout(give, wait);
    } else {
      give();
    }
  });
});
server.keepAliveTimeout = 60_000;

process.on('message', ({ id, ...order }) => {
  if (order.origins) {
    origins = order.origins;
  }
  if (order.set) {
    latency = order.set.latency ?? {};
    errors = order.set.errors ?? 0;
    hanging = order.set.hanging ?? [];
  }
  const busiest = Object.fromEntries(
    Object.entries(seconds).map(([vendor, all]) => [vendor, Math.max(...Object.values(all))]),
  );
  process.send({
    id,
    calls,
    busiest,
    told,
    answers: told?.map(({ method, url, headers }) =>
      known.get(`${method} ${url} ${headers.authorization ?? ''} `)?.body.toString(),
    ),
  });
  told = order.tell ? [] : undefined;
  if (order.forget) {
    calls = {};
    seconds = {};
  }
});
process.on('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () => process.send({ port: server.address().port }));
