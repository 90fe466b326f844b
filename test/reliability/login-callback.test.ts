import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type FaultyDatabase, startFaultyDatabase } from '../support/faulty-database.ts';
import { type ListeningGateway, startListeningGateway } from '../support/listening-gateway.ts';
import { beginLogin, comeBack, returnTo, walkLogin } from '../support/mutations.ts';
import { type RunningPostgres, startPostgres } from '../support/postgres.ts';

/** The one route that anybody may call without a token and that looks into the store: how often, how long. */

const requestTimeout = 3_000;
let postgres: RunningPostgres;
let database: FaultyDatabase;
let gateway: ListeningGateway;
beforeAll(async () => {
  postgres = await startPostgres();
  database = await startFaultyDatabase(postgres.url);
  // Ten from one address in ten seconds.
  gateway = await startListeningGateway({
    environment: {
      DATABASE_URL: database.url,
      REQUEST_TIMEOUT_MS: String(requestTimeout),
      AUTH_FAILURES_PER_MINUTE: '60',
      TRUSTED_PROXIES: '127.0.0.1/32',
    },
  });
}, 120_000);
afterAll(async () => {
  await gateway?.close();
  await database?.close();
  await postgres?.stop();
});
beforeEach(() => gateway.forget());

const share = 10;
/** Each from an address of its own. */
let visits = 1;
const canary = 'canary-7f3a91';
const made = (at = 0) => `oauth/my-patient-portal/callback?code=${canary}&state=${canary}-${at}`;
const visit = (path: string, from: string) =>
  fetch(new URL(path, gateway.origin), {
    redirect: 'manual',
    headers: { 'x-forwarded-for': from },
  });

describe('callbacks of logins from one address', () => {
  it('are throttled with 429 once there were too many, whatever vendor they name', async () => {
    const begun = performance.now();
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_, at) =>
        visit(
          at % 2 === 0 ? made(at) : made(at).replace('my-patient-portal', 'nobody'),
          '192.0.2.1',
        ),
      ),
    );
    const windows = Math.ceil((performance.now() - begun) / 10_000) + 1;
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([400, 429]));
    const served = answers.filter(({ status }) => status === 400);
    expect(served.length).toBeLessThanOrEqual(windows * share);
    const throttled = answers.find(({ status }) => status === 429);
    expect(Number(throttled?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(throttled?.headers.get('cache-control')).toBe('no-store');
    expect(await throttled?.text()).toMatch(/^Too many requests\. Try again in \d+ s\.\n$/);
    expect(gateway.allCalls()).toEqual([]);
    expect(await gateway.good()).toBeLessThan(1_000);
  });

  it('count as wrong tokens do', async () => {
    const wrong = () =>
      fetch(new URL('graphql', gateway.origin), {
        method: 'POST',
        headers: {
          ...{ 'content-type': 'application/json', 'x-forwarded-for': '192.0.2.2' },
          authorization: 'Bearer wrong',
        },
        body: '{"query":"{ viewer { subject } }"}',
      });
    const answers = await Promise.all(Array.from({ length: 30 }, wrong));
    expect(answers.some(({ status }) => status === 429)).toBe(true);
    expect((await visit(made(), '192.0.2.2')).status).toBe(429);
  });

  it('do not keep anybody at another address from signing in, and a refused one can be sent again', async () => {
    const callback = new URL(
      await walkLogin(await beginLogin(gateway, gateway.ids.Chloe), 'chloe'),
    );
    const path = callback.pathname.slice(1) + callback.search;
    await Promise.all(Array.from({ length: 2 * share }, (_, at) => visit(made(at), '192.0.2.3')));
    const refused = await visit(path, '192.0.2.3');
    expect(refused.status).toBe(429);
    const welcome = await visit(path, '192.0.2.4');
    expect(welcome.status).toBe(303);
    expect(welcome.headers.get('location')).toMatch(/\?portal_connection=[\w-]{43}$/);
  });
});

describe('a callback', () => {
  it.each([
    ...['', '?', '?state', '?state=', '?state=%00', '?state=%ff%fe', '?state=%', '?state[]=a'],
    ...['?state=a&state=b', '?code=%0d%0ax:y&state=a', '?state=a#state=b', '?state=\u00e4'],
    ...[`?state=${'a'.repeat(12_000)}`, `?${'state=a&'.repeat(1_500)}`, `?${'x&'.repeat(6_000)}`],
    ...['?state=a&iss=%00', '?state=a&error=%ff', '?state=__proto__', '?__proto__=a&state=b'],
  ])('that is asked with %j is a 400, whatever it says', async (query) => {
    const from = `198.51.100.${visits++}`;
    const response = await visit(`oauth/my-patient-portal/callback${query}`, from);
    expect(response.status).toBe(400);
    expect(await response.text()).toMatch(/^This sign-in is unknown, used or too old\./);
    for (const method of ['POST', 'HEAD', 'PUT', 'DELETE']) {
      const other = await fetch(
        new URL(`oauth/my-patient-portal/callback${query}`, gateway.origin),
        { method, redirect: 'manual', headers: { 'x-forwarded-for': from } },
      );
      expect([400, 404, 405]).toContain(other.status);
    }
    expect(gateway.allCalls()).toEqual([]);
    expect(await gateway.good()).toBeLessThan(1_000);
  });

  it('is answered within the deadline where the vendor is silent', async () => {
    const callback = await walkLogin(await beginLogin(gateway, gateway.ids.Chloe), 'chloe');
    gateway.sandbox.simulators.MY_PATIENT_PORTAL.fault({ kind: 'hang', match: /oauth\/token/ });
    const begun = performance.now();
    const back = await comeBack(gateway, callback);
    expect(back.href).toBe(`${returnTo}?portal_error=vendor_unavailable`);
    expect(performance.now() - begun).toBeLessThan(requestTimeout + 2_000);
    gateway.forget();
    expect(await gateway.good()).toBeLessThan(1_000);
  });

  it('is answered within the deadline where the store is silent, without a word of it', async () => {
    database.fallSilent();
    const begun = performance.now();
    const response = await gateway.fetch(made());
    const took = performance.now() - begun;
    database.speakAgain();
    expect(response.status).toBe(504);
    expect(await response.text()).toMatch(/^This took too long\./);
    expect(took).toBeGreaterThan(requestTimeout);
    expect(took).toBeLessThan(requestTimeout + 3_000);
    expect(gateway.logged()).not.toContain(canary);
  }, 30_000);

  it('is a 503 where the store is away, with the place in the log and nothing else', async () => {
    await postgres.pause();
    const response = await gateway.fetch(made());
    await postgres.resume();
    expect(response.status).toBe(503);
    expect(await response.text()).toMatch(/^Something went wrong here\./);
    const requestId = response.headers.get('x-request-id') ?? '';
    expect(requestId).toMatch(/^[0-9a-f-]{36}$/);
    const line = gateway
      .logged()
      .split('\n')
      .find((each) => each.includes(requestId));
    expect(JSON.parse(line ?? '{}')).toMatchObject({
      msg: 'unexpected error',
      fault: { name: 'StoreError' },
    });
    expect(gateway.logged()).not.toContain(canary);
  }, 60_000);
});
