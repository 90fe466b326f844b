import { afterAll, beforeAll, expect, it, vi } from 'vitest';
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
