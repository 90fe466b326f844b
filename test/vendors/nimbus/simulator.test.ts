import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { newcomer, type OpenNimbus, openNimbus } from './open-nimbus.ts';

let nimbus: OpenNimbus;
beforeEach(async () => {
  nimbus = await openNimbus();
});
afterEach(() => nimbus.close());

const basic = `Basic ${Buffer.from('clinic-sandbox:nimbus-sandbox-password').toString('base64')}`;
const send = (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) =>
  fetch(new URL(path, nimbus.simulator.origin), {
    method,
    redirect: 'manual',
    headers: {
      authorization: basic,
      accept: 'application/json',
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
const enable = (id = '1003', hours = 24) =>
  nimbus.portalAccess.enable(nimbus.scope(), nimbus.account(id), hours);
const tokenOf = (link: string) =>
  nimbus.simulator.state.tokens.get(new URL(link).searchParams.get('token') ?? '')?.state;

describe('the simulator', () => {
  it('answers 401 to a wrong account', async () => {
    const answer = await send(
      'POST',
      '/external-portal-access/enable',
      { user_id: 1001 },
      {
        authorization: 'Basic d3Jvbmc6d3Jvbmc=',
      },
    );
    expect(answer.status).toBe(401);
    expect(answer.headers.get('www-authenticate')).toBe('Basic');
    expect(await answer.json()).toEqual({ message: 'Unauthorized' });
  });

  it('redirects to HTML where JSON is not asked for', async () => {
    const answer = await send(
      'GET',
      '/external-portal-access/latest-order?user_id=1001',
      undefined,
      {
        accept: '*/*',
      },
    );
    expect(answer.status).toBe(302);
    expect(answer.headers.get('content-type')).toMatch(/^text\/html/);
  });

  it('lists every missing field of onboarding, and refuses numbers for measures', async () => {
    const empty = await send('POST', '/external-transfer-onboarding', {});
    expect(empty.status).toBe(422);
    const { errors } = (await empty.json()) as { errors: Record<string, string[]> };
    expect(Object.keys(errors)).toHaveLength(15);

    const wrong = await send('POST', '/external-transfer-onboarding', {
      ...nimbus.simulator.state.users.get(1001)?.person,
      height_feet: 5,
      height_inches: '7',
      weight: 170,
      sex: 'FEMALE',
      phone_number: '+15550104477',
      treatment_type: 'Weight-loss',
      central_pharmacy_id: 'pharm123',
    });
    const refused = (await wrong.json()) as { errors: Record<string, string[]> };
    expect(Object.keys(refused.errors).sort()).toEqual([
      'height_feet',
      'phone_number',
      'sex',
      'weight',
    ]);
  });

  it('takes user ids as JSON integers only', async () => {
    for (const call of ['revoke', 'enable']) {
      const answer = await send('POST', `/external-portal-access/${call}`, { user_id: '1001' });
      expect(answer.status).toBe(422);
    }
  });

  it('throttles above 60 calls a minute when told to', async () => {
    nimbus.simulator.switches.throttle = true;
    const path = '/external-portal-access/latest-order?user_id=1001';
    const statuses = new Set<number>();
    for (let call = 0; call < 60; call++) {
      statuses.add((await send('GET', path)).status);
    }
    expect([...statuses]).toEqual([200]);
    const refused = await send('GET', path);
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('60');
    expect(refused.headers.get('x-ratelimit-limit')).toBe('60');
    await expect(enable()).rejects.toMatchObject({ kind: 'RATE_LIMITED', mayHaveActed: false });
    nimbus.time.now += 60_001;
    expect((await send('GET', path)).status).toBe(200);
  });

  it('takes switches over HTTP', async () => {
    await send('PUT', '/debug/switches', { duplicateEmail: 'reissue' });
    expect(nimbus.simulator.switches.duplicateEmail).toBe('reissue');
  });
});

describe('a portal link', () => {
  it('burns at the first look, and the posted questionnaire makes an order', async () => {
    const { vendorPatientId, redirectUrl: link } = await nimbus.onboarding.onboard(
      nimbus.scope(),
      newcomer(),
    );
    const redirectUrl = link ?? '';
    const account = nimbus.account(vendorPatientId);
    await expect(nimbus.orders.latestOrder(nimbus.scope(), account)).resolves.toBeNull();

    const page = await fetch(redirectUrl);
    expect(page.status).toBe(200);
    expect(page.headers.get('cache-control')).toBe('no-store');
    const html = await page.text();
    expect(html).toContain('Pia');
    expect(tokenOf(redirectUrl)).toBe('used');
    expect((await fetch(redirectUrl)).status).toBe(403);

    const session = /name="session" value="(\w+)"/.exec(html)?.[1] ?? '';
    const post = () =>
      fetch(new URL('/telemed/visit', redirectUrl), {
        method: 'POST',
        body: new URLSearchParams({ session, reason: 'Weight' }),
      });
    expect((await post()).status).toBe(200);
    expect((await post()).status).toBe(403);
    await expect(nimbus.orders.latestOrder(nimbus.scope(), account)).resolves.toMatchObject({
      id: '9003',
    });
  });

  it('expires by the clock', async () => {
    const { redirectUrl } = await enable('1003', 1);
    nimbus.time.now += 3_600_000;
    expect((await fetch(redirectUrl)).status).toBe(403);
    expect(tokenOf(redirectUrl)).toBe('expired');
  });

  it('is revoked, and enabled again by a new one', async () => {
    const first = await enable();
    await nimbus.portalAccess.revoke(nimbus.scope(), nimbus.account('1003'), null);
    expect((await fetch(first.redirectUrl)).status).toBe(403);
    expect(tokenOf(first.redirectUrl)).toBe('revoked');
    const second = await enable();
    expect((await fetch(second.redirectUrl)).status).toBe(200);
  });

  it('stops working when another one is issued', async () => {
    const first = await enable();
    const second = await enable();
    expect(tokenOf(first.redirectUrl)).toBe('revoked');
    expect(tokenOf(second.redirectUrl)).toBe('active');
  });

  it('that was opened loses its session when access is revoked', async () => {
    const { redirectUrl } = await enable();
    const html = await (await fetch(redirectUrl)).text();
    await nimbus.portalAccess.revoke(nimbus.scope(), nimbus.account('1003'), null);
    const answer = await fetch(new URL('/telemed/visit', redirectUrl), {
      method: 'POST',
      body: new URLSearchParams({ session: /value="(\w+)"/.exec(html)?.[1] ?? '' }),
    });
    expect(answer.status).toBe(403);
  });
});

describe('the door', () => {
  it('uses no answer that is about somebody else', async () => {
    const { users } = nimbus.simulator.state;
    const ben = users.get(1002);
    if (ben) {
      users.set(1001, ben);
    }
    await expect(enable('1001')).rejects.toMatchObject({
      kind: 'UNEXPECTED_SHAPE',
      reason: 'other_user',
      mayHaveActed: true,
    });
    await expect(
      nimbus.orders.latestOrder(nimbus.scope(), nimbus.account('1001')),
    ).rejects.toMatchObject({ reason: 'other_user', mayHaveActed: false });
  });

  it('never quotes a link, a credential or a vendor text in an error', async () => {
    nimbus.simulator.switches.portalOrigin = 'http://canary-host.test';
    const error = (await enable().catch((reason: unknown) => reason)) as Error;
    expect(error).toMatchObject({ name: 'VendorError', kind: 'UNEXPECTED_SHAPE' });
    expect(`${JSON.stringify(error)} ${error.stack} ${String(error.cause)}`).not.toMatch(
      /canary-host|token=|nimbus-sandbox-password|Basic/,
    );
  });
});
