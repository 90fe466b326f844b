import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from 'vitest';
import { listen } from '../../src/listen.ts';
import { type ListeningGateway, startListeningGateway } from '../support/listening-gateway.ts';
import { portalOf } from '../support/simulators.ts';

let gateway: ListeningGateway;
beforeAll(async () => {
  gateway = await startListeningGateway();
});
afterAll(() => gateway.close());

/** openid-client ties the request's signal to its own. */
it('a client that leaves is noticed also after a call of openid-client', async () => {
  portalOf(gateway).switches.profileWrapper = null;
  gateway.sandbox.simulators.NIMBUS.latency = 3_000;
  const before = gateway.logged().length;
  const client = new AbortController();
  const left = gateway
    .ask({
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        query:
          'query ($id: ID!) { patient(id: $id) { latestOrder { id } vendorAccounts { profile { phone } } } }',
        variables: { id: gateway.ids.Ana },
      }),
      signal: client.signal,
    })
    .catch((error: Error) => error.name);
  const since = () => gateway.logged().slice(before);
  await vi.waitFor(() => expect(since()).toContain('"oauth/userinfo"'), { timeout: 2_500 });
  expect(gateway.calls('NIMBUS')).toHaveLength(1);
  client.abort();
  expect(await left).toBe('AbortError');
  await vi.waitFor(() => expect(since()).toContain('"CANCELLED"'));
});

/** Its token is checked first, for which keys may have to be fetched. */
it('a client that left before its request was read is not waited for', async () => {
  const { server, port, answerWith } = await listen('127.0.0.1', 0);
  onTestFinished(() => void server.close());
  const left = new Promise<void>((resolve) => {
    answerWith((request, response) => {
      request.once('close', () => {
        gateway.listener(request, response);
        resolve();
      });
    });
  });
  const { identityProvider } = gateway.sandbox;
  const unknown = await identityProvider.token({ subject: 'somebody-new', roles: ['STAFF'] });
  const client = new AbortController();
  const asking = fetch(`http://127.0.0.1:${port}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${unknown}` },
    body: JSON.stringify({ query: '{ viewer { subject } }' }),
    signal: client.signal,
  }).catch((error: Error) => error.name);
  await delay(100);
  client.abort();
  expect(await asking).toBe('AbortError');
  await left;
  const late = delay(3_000, 'STILL_WAITING', { ref: false });
  expect(await Promise.race([gateway.idle(), late])).toBeUndefined();
});
