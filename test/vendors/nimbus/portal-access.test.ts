import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type OpenNimbus, openNimbus } from './open-nimbus.ts';

let nimbus: OpenNimbus;
beforeAll(async () => {
  nimbus = await openNimbus();
});
afterAll(() => nimbus.close());
beforeEach(() => {
  nimbus.simulator.clear();
  Object.assign(nimbus.simulator.switches, {
    enableAnswer: 'flat',
    enableExpiry: false,
    revokeAnswer: 'json',
    noOrder: 'not-found',
    followUpStatus: 201,
  });
});

const enable = (id: string, hours = 24) =>
  nimbus.portalAccess.enable(nimbus.scope(), nimbus.account(id), hours);
const revoke = (id: string, reason: string | null = null) =>
  nimbus.portalAccess.revoke(nimbus.scope(), nimbus.account(id), reason);
const latestOrder = (id: string) => nimbus.orders.latestOrder(nimbus.scope(), nimbus.account(id));

describe('enable', () => {
  it('sends integers and takes the link as it comes, with an approximate expiry', async () => {
    const access = await enable('1001', 48);
    expect(nimbus.simulator.calls).toMatchObject([
      {
        method: 'POST',
        path: '/external-portal-access/enable',
        body: { user_id: 1001, valid_for_hours: 48 },
      },
    ]);
    const token = nimbus.simulator.state.tokens.get(
      new URL(access.redirectUrl).searchParams.get('token') ?? '',
    );
    expect(token).toMatchObject({ userId: 1001, state: 'active' });
    expect(access).toEqual({
      vendorPatientId: '1001',
      redirectUrl: `${nimbus.simulator.origin}/telemed/visit?token=${token?.value}`,
      expiresAt: new Date(nimbus.time.now + 48 * 3_600_000),
    });
  });

  it('reads the answer under data and an expiry that the vendor says', async () => {
    nimbus.simulator.switches.enableAnswer = 'in-data';
    nimbus.simulator.switches.enableExpiry = true;
    nimbus.time.now += 500;
    const access = await enable('1002', 2);
    expect(access.redirectUrl).toContain('/telemed/visit?token=');
    expect(access.expiresAt).toEqual(new Date(nimbus.time.now + 2 * 3_600_000));
  });

  it.each([0, 721, 1.5])('refuses %d hours before any call', async (hours) => {
    await expect(enable('1001', hours)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { path: ['input', 'validForHours'] },
    });
    expect(nimbus.simulator.calls).toHaveLength(0);
  });

  it('does not repeat itself: each call would kill the link before', async () => {
    nimbus.simulator.fault({ kind: 'reset', act: true, times: 1 });
    await expect(enable('1001')).rejects.toMatchObject({ mayHaveActed: true });
    expect(nimbus.simulator.calls).toHaveLength(1);
  });

  it('reports an unknown user as not found', async () => {
    await expect(enable('4711')).rejects.toMatchObject({ kind: 'NOT_FOUND', mayHaveActed: false });
  });
});

describe('revoke', () => {
  it('sends the reason, and no reason where there is none', async () => {
    await revoke('1001', '  moved away ');
    await revoke('1001');
    expect(nimbus.simulator.calls.map(({ body }) => body)).toEqual([
      { user_id: 1001, reason: 'moved away' },
      { user_id: 1001 },
    ]);
  });

  it('takes a 2xx without a body', async () => {
    nimbus.simulator.switches.revokeAnswer = 'empty';
    await expect(revoke('1001')).resolves.toBeUndefined();
    expect(nimbus.simulator.calls[0]?.status).toBe(204);
  });

  it('is sent again after a lost answer', async () => {
    nimbus.simulator.fault({ kind: 'reset', act: true, times: 1 });
    await expect(revoke('1002')).resolves.toBeUndefined();
    expect(nimbus.simulator.calls).toHaveLength(2);
  });

  it('refuses more than 255 characters before any call', async () => {
    await expect(revoke('1001', 'x'.repeat(256))).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { path: ['input', 'reason'] },
    });
    expect(nimbus.simulator.calls).toHaveLength(0);
  });
});

describe('orders', () => {
  it('reads the latest order, integers as strings', async () => {
    await expect(latestOrder('1001')).resolves.toEqual({
      vendor: 'NIMBUS',
      id: '9001',
      tenantDomain: 'portal.sandbox-clinic.test',
      vendorPatientKey: '5001',
    });
    expect(nimbus.simulator.calls).toMatchObject([
      {
        method: 'GET',
        path: '/external-portal-access/latest-order',
        query: { user_id: '1001' },
        body: undefined,
      },
    ]);
  });

  it.each(['not-found', 'null-data'] as const)('is null without an order (%s)', async (noOrder) => {
    nimbus.simulator.switches.noOrder = noOrder;
    await expect(latestOrder('1003')).resolves.toBeNull();
  });

  it('is null for an unknown user, who cannot be told apart', async () => {
    await expect(latestOrder('4711')).resolves.toBeNull();
  });

  it('is asked again after a fault', async () => {
    nimbus.simulator.fault({ kind: 'html', status: 502, times: 1 });
    await expect(latestOrder('1001')).resolves.toMatchObject({ id: '9001' });
    expect(nimbus.simulator.calls).toHaveLength(2);
  });

  it.each(['abc', '', '1001 ', '-1', '1.5', '99999999999999999999'])(
    'refuses the id "%s" before any call',
    async (id) => {
      for (const attempt of [latestOrder(id), enable(id), revoke(id)]) {
        await expect(attempt).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
      }
      expect(nimbus.simulator.calls).toHaveLength(0);
      expect(nimbus.door.staffLinking?.idPattern.test(id)).toBe(false);
    },
  );
});

describe('follow-ups', () => {
  const order = {
    vendor: 'NIMBUS',
    id: '9001',
    tenantDomain: 'portal.sandbox-clinic.test',
    vendorPatientKey: '5001',
  };
  const create = (changes: Partial<typeof order> = {}, user = '1001', date = '2026-04-05') =>
    nimbus.orders.createFollowUp(
      nimbus.scope(),
      nimbus.account(user),
      { ...order, ...changes },
      date,
    );

  it.each([200, 201] as const)('are made with a %d and without the order id', async (status) => {
    nimbus.simulator.switches.followUpStatus = status;
    const made = await create();
    expect(nimbus.simulator.calls).toMatchObject([
      { method: 'POST', path: '/external-portal-access/create-followup', status },
    ]);
    expect(nimbus.simulator.calls[0]?.body).toEqual({
      followup_date: '2026-04-05',
      patient_id: 5001,
      user_id: 1001,
      tenant_domain: 'portal.sandbox-clinic.test',
    });
    expect(made).toEqual({ vendorFollowUpId: expect.stringMatching(/^\d+$/), date: '2026-04-05' });
    const listed = await fetch(`${nimbus.simulator.origin}/debug/follow-ups`);
    expect(await listed.json()).toContainEqual(
      expect.objectContaining({ followup_id: Number(made.vendorFollowUpId), user_id: 1001 }),
    );
  });

  it.each([
    ['another patient', { vendorPatientKey: '5002' }, '1001', 422],
    ['another tenant', { tenantDomain: 'other.test' }, '1001', 404],
    ['a user without orders', {}, '1003', 404],
  ] as const)('are refused with a reason for %s', async (_what, changes, user, status) => {
    await expect(create(changes, user)).rejects.toMatchObject({
      kind: 'REJECTED',
      reason: 'follow_up_refused',
      status,
    });
  });

  it('are not made twice after a lost answer', async () => {
    const before = nimbus.simulator.state.followUps.length;
    nimbus.simulator.fault({ kind: 'reset', act: true });
    await expect(create()).rejects.toMatchObject({ mayHaveActed: true });
    expect(nimbus.simulator.state.followUps).toHaveLength(before + 1);
  });

  it('are refused before any call for a day that does not exist', async () => {
    await expect(create({}, '1001', '2026-02-29')).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      details: { path: ['input', 'date'] },
    });
    expect(nimbus.simulator.calls).toHaveLength(0);
  });
});
