import autocannon from 'autocannon';

/** Sends one body again and again over a fixed number of connections; in a process of its own. */

const quantile = (sorted, part) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;

process.on('message', async ({ id, url, headers, body, connections, seconds }) => {
  const times = [];
  const sizes = new Map();
  let bad = 0;
  const run = autocannon({ url, headers, body, connections, method: 'POST', duration: seconds });
  run.on('response', (_client, status, size, time) => {
    times.push(time);
    sizes.set(size, (sizes.get(size) ?? 0) + 1);
    if (status !== 200) {
      bad += 1;
    }
  });
  const { duration, errors, timeouts } = await run;
  times.sort((a, b) => a - b);
  process.send({
    id,
    answers: times.length,
    perSecond: times.length / duration,
    p50: quantile(times, 0.5),
    p95: quantile(times, 0.95),
    p99: quantile(times, 0.99),
    // Headers count as well: dates and ids are as long as each other.
    sizes: sizes.size,
    bad: bad + errors + timeouts,
  });
});
process.on('disconnect', () => process.exit());
process.send({});
