import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ofPatient } from '../support/documents.ts';
import type { Who } from '../support/gateway.ts';
import { type ListeningGateway, startListeningGateway } from '../support/listening-gateway.ts';

/** reliability.md, section 4: Q13 and A10. Limits are small here; windows are ten seconds long. */

let gateway: ListeningGateway;
beforeAll(async () => {
  // A share of 100 in ten seconds; 10 refused tokens in ten seconds.
  gateway = await startListeningGateway({
    environment: {
      RATE_LIMIT_PER_MINUTE: '600',
      AUTH_FAILURES_PER_MINUTE: '60',
      TRUSTED_PROXIES: '127.0.0.1/32',
    },
  });
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const share = 100;
/** Counts windows of ten seconds from now on, those included that are cut at both ends. */
const counting = () => {
  const started = performance.now();
  return () => Math.ceil((performance.now() - started) / 10_000) + 1;
};
const body = JSON.stringify({ query: '{ viewer { subject } }' });
const ask = async (as: Who, text = body) => {
  const answer = await gateway.ask({
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${await gateway.token(as)}`,
    },
    body: text,
  });
  return { answer, body: (await answer.json()) as { errors?: { extensions: { code: string } }[] } };
};
const fail = async (token: string, from?: string) =>
  gateway.ask({
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${token}`,
      ...(from && { 'x-forwarded-for': from }),
    },
    body,
  });

describe('Q13: a caller at twenty times their share', () => {
  it('Q13: gets 429 with Retry-After for the rest, and nobody else notices', {
    timeout: 60_000,
  }, async () => {
    const others: number[] = [];
    const windows = counting();
    // Forty at a time: sent at once, they would wait for one another in this very process.
    const flood = Promise.all(
      Array.from({ length: 40 }, async () => {
        const answered: Awaited<ReturnType<typeof ask>>[] = [];
        for (let count = 0; count < share / 2; count += 1) {
          answered.push(await ask('ben'));
        }
        return answered;
      }),
    );
    for (let count = 0; count < 10; count += 1) {
      others.push(await gateway.good('ana'));
    }
    const answers = (await flood).flat();
    const served = answers.filter(({ answer }) => answer.status === 200);
    const refused = answers.filter(({ answer }) => answer.status === 429);
    expect(served.length + refused.length).toBe(20 * share);
    expect(served.length).toBeGreaterThanOrEqual(share);
    expect(served.length).toBeLessThanOrEqual(windows() * share);
    expect(refused.length).toBeGreaterThan(0);
    for (const { answer, body: refusal } of refused) {
      const wait = Number(answer.headers.get('retry-after'));
      expect(wait).toBeGreaterThanOrEqual(1);
      expect(wait).toBeLessThanOrEqual(10);
      expect(refusal.errors?.map(({ extensions }) => extensions.code)).toEqual(['RATE_LIMITED']);
    }
    // Others share two cores with both ends of the flood, but no queue.
    others.sort((a, b) => a - b);
    expect(others[Math.floor(others.length / 2)]).toBeLessThan(2_000);
    expect(gateway.allCalls()).toEqual([]);
  });

  it('Q13: is served again after the time that Retry-After told', { timeout: 30_000 }, async () => {
    let { answer } = await ask('stranger', '{');
    // What is not understood counts as well.
    for (let count = 0; answer.status !== 429 && count < 3 * share; count += 1) {
      ({ answer } = await ask('stranger', '{'));
    }
    expect(answer.status).toBe(429);
    const wait = Number(answer.headers.get('retry-after'));
    await new Promise((resolve) => setTimeout(resolve, wait * 1000 + 200));
    expect((await ask('stranger')).answer.status).toBe(200);
  });

  it('Q13: pays for the vendor calls, too', { timeout: 60_000 }, async () => {
    const costly = JSON.stringify({
      query: ofPatient('latestOrder { id } portalRequests { nodes { id } } insurances { id }'),
      variables: { id: gateway.ids.Ana },
    });
    const statuses: number[] = [];
    for (let count = 0; count < 2 * share && !statuses.includes(429); count += 1) {
      statuses.push((await ask('admin', costly)).answer.status);
    }
    // Five units each: one for the request, four for its calls; a window may have passed by.
    expect(statuses.at(-1)).toBe(429);
    expect(statuses.length).toBeLessThanOrEqual(2 * (share / 5) + 1);
  });
});

describe('A10: wrong tokens from one address', () => {
  it('A10: are throttled with 429, whatever they are; a valid one from there passes, and others do not notice', async () => {
    const windows = counting();
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, at) => fail(`wrong.token.${at}`, '192.0.2.7')),
    );
    const statuses = answers.map(({ status }) => status);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
    const served = statuses.filter((status) => status === 401);
    expect(served.length).toBeLessThanOrEqual(windows() * 10);
    const throttled = answers.find(({ status }) => status === 429);
    expect(Number(throttled?.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect(await throttled?.json()).toMatchObject({
      errors: [{ extensions: { code: 'RATE_LIMITED' } }],
    });

    // The same address with a valid token, another address with a wrong one.
    expect((await fail(await gateway.token('ana'), '192.0.2.7')).status).toBe(200);
    expect((await fail('wrong', '192.0.2.8')).status).toBe(401);
    expect(await gateway.good('ana')).toBeLessThan(1_000);
    expect(gateway.allCalls()).toEqual([]);
  });

  it('A10: cannot pretend to come from elsewhere: a proxy’s own word is the last one', async () => {
    const windows = counting();
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, at) => fail('wrong', `203.0.113.${at}, 198.51.100.4`)),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(60 - windows() * 10);
    expect(refused.length).toBeGreaterThan(0);
  });

  it('A10: of one IPv6 network count as one', async () => {
    const windows = counting();
    const answers = await Promise.all(
      Array.from({ length: 60 }, (_, at) => fail('wrong', `2001:db8:0:7::${at + 1}`)),
    );
    const refused = answers.filter(({ status }) => status === 429);
    expect(refused.length).toBeGreaterThanOrEqual(60 - windows() * 10);
    expect(refused.length).toBeGreaterThan(0);
    expect((await fail('wrong', '2001:db8:0:8::1')).status).toBe(401);
  });
});
