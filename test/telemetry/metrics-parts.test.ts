import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createSchema, createYoga } from 'graphql-yoga';
import { expect, it, onTestFinished } from 'vitest';
import type { VendorTokens } from '../../src/domain/capabilities/appointments.ts';
import type { UnsettledOperations } from '../../src/domain/operations.ts';
import type { TokenVault } from '../../src/domain/store.ts';
import { useMetricsRoute } from '../../src/plugins/use-metrics-route.ts';
import { createLedgerReader } from '../../src/telemetry/ledger-reader.ts';
import { metricsListener } from '../../src/telemetry/metrics-listener.ts';
import { createOperationNames } from '../../src/telemetry/operation-names.ts';
import { countRenewals } from '../../src/telemetry/token-renewals.ts';

const none: UnsettledOperations = {
  IN_PROGRESS: { count: 0, oldest: null },
  OUTCOME_UNKNOWN: { count: 3, oldest: new Date(0) },
};

it('the ledger is read once for scrapes that come together, and not again so soon', async () => {
  let asked = 0;
  const read = createLedgerReader({
    unsettled: async () => {
      asked += 1;
      return none;
    },
  });
  expect(await Promise.all([read(), read()])).toEqual([none, none]);
  expect(await read()).toEqual(none);
  expect(asked).toBe(1);
});

it('a ledger that cannot be read leaves its gauges out, and is asked again', async () => {
  let away = true;
  const read = createLedgerReader({
    unsettled: async () => {
      if (away) {
        throw new Error('away');
      }
      return none;
    },
  });
  expect(await read()).toBeUndefined();
  away = false;
  expect(await read()).toEqual(none);
});

it('a ledger that is silent does not hold a scrape up', async () => {
  const read = createLedgerReader({ unsettled: () => new Promise(() => undefined) });
  const began = performance.now();
  expect(await read()).toBeUndefined();
  expect(performance.now() - began).toBeLessThan(8_000);
});

it('names of persisted documents are told apart, however many others there are', () => {
  const nameOf = createOperationNames(['query Kept { a } query AlsoKept { a }', '{ a }'], 2);
  expect(['One', 'Two', 'Three', 'One', 'Kept', 'AlsoKept', undefined].map(nameOf)).toEqual([
    ...['One', 'Two', 'other', 'One', 'Kept', 'AlsoKept', 'anonymous'],
  ]);
});

it('a renewal is counted by what came of it, and only where the vendor was asked', async () => {
  const counted: string[] = [];
  const tokens: VendorTokens = {
    ...{ accessToken: 'a', refreshToken: 'r', scopes: [], expiresAt: new Date() },
  };
  const vault = {
    renew: async (_vendor, _patient, seen, _until, renew) =>
      seen === 'stale' ? renew(tokens) : tokens,
  } as TokenVault;
  const counting = countRenewals(vault, (vendor, outcome) => counted.push(`${vendor} ${outcome}`));
  const renewed = (seen: string, renew: () => Promise<VendorTokens | undefined>) =>
    counting.renew('PORTAL', 'patient', seen, 0, renew);
  expect(await renewed('stale', async () => tokens)).toBe(tokens);
  expect(await renewed('stale', async () => undefined)).toBeUndefined();
  await expect(renewed('stale', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await renewed('fresh', () => Promise.reject(new Error('not asked')))).toBe(tokens);
  expect(counted).toEqual(['PORTAL RENEWED', 'PORTAL LOST', 'PORTAL FAILED']);
});

it.each([
  [undefined, {}, '/metrics', 200],
  [undefined, {}, '/graphql', 404],
  ['scrapers-only-0123456789', {}, '/metrics', 401],
  ['scrapers-only-0123456789', { authorization: 'Bearer wrong' }, '/metrics', 401],
  [
    'scrapers-only-0123456789',
    { authorization: 'Bearer scrapers-only-0123456789' },
    '/metrics?x=1',
    200,
  ],
])(
  'a port of its own with token %s answers %o at %s with %i',
  async (token, headers, path, status) => {
    const page = {
      text: async () => 'up 1\n',
      contentType: 'text/plain; version=0.0.4; charset=utf-8',
    };
    const server = createServer(metricsListener(page as never, token)).listen(0, '127.0.0.1');
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
    expect(response.status).toBe(status);
    expect((await response.text()) === 'up 1\n').toBe(status === 200);
  },
);

it('a page that cannot be made is not available, on either port, and nobody is told why', async () => {
  const page = {
    text: () => Promise.reject(new Error('canary-of-metrics')),
    contentType: 'text/plain; version=0.0.4; charset=utf-8' as const,
  };
  const yoga = createYoga({
    schema: createSchema({ typeDefs: 'type Query { up: Boolean }' }),
    plugins: [useMetricsRoute({ page, token: 'let-me-in' })],
    logging: false,
  });
  const request = { headers: { authorization: 'Bearer let-me-in' } };
  for (const listener of [yoga, metricsListener(page, 'let-me-in')]) {
    const server = createServer(listener).listen(0, '127.0.0.1');
    onTestFinished(() => {
      server.close();
      server.closeAllConnections();
    });
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const response = await fetch(`http://127.0.0.1:${port}/metrics`, request);
    expect([response.status, await response.text()]).toEqual([500, 'not available\n']);
  }
});
