import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  basicAuthorization,
  done,
  expectRefusal,
  expectWholeRefusal,
  globalId,
  mutate,
  nimbusOf,
  nobody,
  noPatientIds,
  sent,
  withoutRequestId,
} from '../../support/asked-mutation.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
beforeEach(() => {
  gateway.forget();
  Object.assign(nimbusOf(gateway).switches, {
    enableAnswer: 'flat',
    enableExpiry: false,
    revokeAnswer: 'json',
    portalOrigin: null,
  });
});

const enabling = 'POST /external-portal-access/enable';
const revoking = 'POST /external-portal-access/revoke';
const hour = 3_600_000;
const accesses = async (id: string) =>
  (
    await gateway.query(
      'query ($id: ID!) { patient(id: $id) { portalAccess(vendor: NIMBUS) { id status revokedAt revocationReason redirectUrl } } }',
      { id },
    )
  ).data.patient.portalAccess;
const tokensOf = (userId: number) =>
  [...nimbusOf(gateway).state.tokens.values()].filter((token) => token.userId === userId);
const linked = async (vendorPatientId: string): Promise<string> => {
  const input = { firstName: 'Nils', lastName: `Number ${vendorPatientId}` };
  const { patient } = await done(gateway, 'registerPatient', input);
  await done(gateway, 'linkVendorAccount', {
    patientId: patient.id,
    vendor: 'NIMBUS',
    vendorPatientId,
  });
  return patient.id;
};

describe('enablePortalAccess', () => {
  it('issues a new link with one call and ends the one before', async () => {
    const { Ben } = gateway.ids;
    const [before] = await accesses(Ben);
    const asked = Date.now();
    const { portalAccess, operation: _ } = await done(gateway, 'enablePortalAccess', {
      patientId: Ben,
      validForHours: 2,
    });
    expect(portalAccess).toEqual({
      id: expect.any(String),
      vendor: 'NIMBUS',
      status: 'ACTIVE',
      issuedAt: expect.stringMatching(/Z$/),
      expiresAt: expect.stringMatching(/Z$/),
      revokedAt: null,
      revocationReason: null,
      redirectUrl: expect.stringMatching(/\/telemed\/visit\?token=[A-Za-z0-9]{40}$/),
      patient: { id: Ben },
    });
    const life = Date.parse(portalAccess.expiresAt) - asked;
    expect(life).toBeGreaterThanOrEqual(2 * hour);
    expect(life).toBeLessThan(2 * hour + 60_000);
    expect(gateway.allCalls()).toEqual([`NIMBUS ${enabling}`]);
    const [call] = gateway.calls('NIMBUS');
    expect(call?.body).toEqual({ user_id: 1002, valid_for_hours: 2 });
    expect(call?.headers.authorization).toMatch(basicAuthorization);

    expect((await accesses(Ben)).slice(0, 2)).toEqual([
      {
        id: portalAccess.id,
        status: 'ACTIVE',
        revokedAt: null,
        revocationReason: null,
        redirectUrl: null,
      },
      { ...before, status: 'EXPIRED' },
    ]);
    const [token] = tokensOf(1002).filter(({ state }) => state === 'active');
    expect(portalAccess.redirectUrl).toContain(token?.value);
    expect(gateway.logged()).not.toContain(token?.value);
  });

  it.each([
    ['without hours', {}, 24],
    ['with null', { validForHours: null }, 24],
    ['with the least', { validForHours: 1 }, 1],
    ['with the most', { validForHours: 720 }, 720],
  ])('%s asks for the hours that the contract says', async (_title, input, hours) => {
    await done(gateway, 'enablePortalAccess', { patientId: gateway.ids.Ben, ...input });
    expect(gateway.calls('NIMBUS').map(({ body }) => body)).toEqual([
      { user_id: 1002, valid_for_hours: hours },
    ]);
  });

  it('reads an answer inside `data`, and the vendor’s own expiry', async () => {
    Object.assign(nimbusOf(gateway).switches, {
      enableAnswer: 'in-data',
      enableExpiry: true,
    });
    const { portalAccess } = await done(gateway, 'enablePortalAccess', {
      patientId: gateway.ids.Ben,
      validForHours: 3,
    });
    const token = tokensOf(1002).find(({ state }) => state === 'active');
    expect(portalAccess.redirectUrl).toContain(`token=${token?.value}`);
    expect(Date.parse(portalAccess.expiresAt)).toBe(token?.expiresAt);
  });

  it('lets a PATIENT renew their own access, without ever opening the link', async () => {
    const { portalAccess } = await done(
      gateway,
      'enablePortalAccess',
      { patientId: gateway.ids.Ana },
      'ana',
    );
    expect(portalAccess.patient.id).toBe(gateway.ids.Ana);
    expect(sent(gateway.calls('NIMBUS'))).toEqual([enabling]);
    const token = tokensOf(1001).find(({ state }) => state === 'active');
    expect(portalAccess.redirectUrl).toContain(token?.value);
  });

  it('answers a PATIENT alike for another patient and for nobody', async () => {
    for (const validForHours of [24, 9999]) {
      const [foreign, missing] = await Promise.all(
        [gateway.ids.Ben, nobody()].map((patientId) =>
          mutate(gateway, 'enablePortalAccess', { patientId, validForHours }, 'ana'),
        ),
      );
      expectWholeRefusal(foreign as NonNullable<typeof foreign>, 'FORBIDDEN');
      expect(withoutRequestId(missing as NonNullable<typeof missing>)).toBe(
        withoutRequestId(foreign as NonNullable<typeof foreign>),
      );
    }
    expect(gateway.allCalls()).toEqual([]);
  });

  it('says NOT_LINKED for a patient without an account, without a call', async () => {
    const answer = await mutate(gateway, 'enablePortalAccess', { patientId: gateway.ids.David });
    expectRefusal(answer, 'NOT_LINKED');
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each([0, -1, 721, 2_147_483_647])('refuses %s hours without a call', async (validForHours) => {
    const answer = await mutate(gateway, 'enablePortalAccess', {
      patientId: gateway.ids.Ben,
      validForHours,
    });
    expectRefusal(answer, 'INVALID_INPUT', ['input', 'validForHours']);
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each([1.5, '24', 3_000_000_000])('refuses %j hours as a whole', async (validForHours) => {
    const answer = await mutate(gateway, 'enablePortalAccess', {
      patientId: gateway.ids.Ben,
      validForHours,
    });
    expectWholeRefusal(answer, 'BAD_USER_INPUT');
    expect(gateway.allCalls()).toEqual([]);
  });

  it('does not hand out a link that is not secure', async () => {
    nimbusOf(gateway).switches.portalOrigin = 'http://portal.evil.test';
    const before = await accesses(gateway.ids.Ben);
    const answer = await mutate(gateway, 'enablePortalAccess', { patientId: gateway.ids.Ben });
    expect(answer.payload.portalAccess).toBeNull();
    expect(answer.payload.userErrors).toHaveLength(1);
    expect(answer.text).not.toMatch(/evil|token=/);
    expect(sent(gateway.calls('NIMBUS'))).toEqual([enabling]);
    expect(await accesses(gateway.ids.Ben)).toEqual(before);
  });

  it('says that the vendor does not know the user, and records nothing', async () => {
    const patientId = await linked('4040');
    const answer = await mutate(gateway, 'enablePortalAccess', { patientId });
    expectRefusal(answer, 'NOT_FOUND', ['input', 'patientId']);
    expect(answer.text).not.toContain('User not found');
    expect(sent(gateway.calls('NIMBUS'))).toEqual([enabling]);
    expect(await accesses(patientId)).toEqual([]);
    // Of a route that it does not know nobody has said that.
    gateway.sandbox.simulators.NIMBUS.fault({ kind: 'status', status: 404 });
    expectRefusal(
      await mutate(gateway, 'enablePortalAccess', { patientId: gateway.ids.Ben }),
      'VENDOR_REJECTED',
    );
  });
});

describe('revokePortalAccess', () => {
  it('says that the vendor does not know the user', async () => {
    const patientId = await linked('4041');
    const answer = await mutate(gateway, 'revokePortalAccess', { patientId });
    expectRefusal(answer, 'NOT_FOUND', ['input', 'patientId']);
    expect(sent(gateway.calls('NIMBUS'))).toEqual([revoking]);
    expect(await accesses(patientId)).toEqual([]);
  });

  it('ends all access with one call and shows why', async () => {
    const { Chloe } = gateway.ids;
    const reason = 'Moved away; “secret-reason” 100 %';
    const { portalAccess } = await done(gateway, 'revokePortalAccess', {
      patientId: Chloe,
      reason: ` ${reason} `,
    });
    expect(portalAccess).toMatchObject({
      vendor: 'NIMBUS',
      status: 'REVOKED',
      revokedAt: expect.stringMatching(/Z$/),
      revocationReason: reason,
      redirectUrl: null,
      patient: { id: Chloe },
    });
    expect(gateway.allCalls()).toEqual([`NIMBUS ${revoking}`]);
    const [call] = gateway.calls('NIMBUS');
    expect(call?.body).toEqual({ user_id: 1003, reason });
    expect(call?.headers.authorization).toMatch(basicAuthorization);
    expect((await accesses(Chloe)).map(({ status }: { status: string }) => status)).toEqual([
      'REVOKED',
    ]);
    expect(tokensOf(1003).map(({ state }) => state)).toEqual(['revoked']);
    expect(gateway.logged()).not.toContain('secret-reason');
  });

  it.each([undefined, null, '', ' \n '])('with the reason %j sends none', async (reason) => {
    nimbusOf(gateway).switches.revokeAnswer = 'empty';
    const patientId = gateway.ids.Chloe;
    await done(gateway, 'enablePortalAccess', { patientId });
    gateway.forget();
    const { portalAccess } = await done(gateway, 'revokePortalAccess', {
      patientId,
      ...(reason !== undefined && { reason }),
    });
    expect(portalAccess).toMatchObject({ status: 'REVOKED', revocationReason: null });
    expect(gateway.calls('NIMBUS').map(({ body }) => body)).toEqual([{ user_id: 1003 }]);
  });

  it('can be repeated and keeps the first reason', async () => {
    const patientId = gateway.ids.Chloe;
    await done(gateway, 'enablePortalAccess', { patientId });
    await done(gateway, 'revokePortalAccess', { patientId, reason: 'First' });
    gateway.forget();
    const { portalAccess } = await done(gateway, 'revokePortalAccess', {
      patientId,
      reason: 'Second',
    });
    expect(portalAccess).toMatchObject({ status: 'REVOKED', revocationReason: 'First' });
    expect(sent(gateway.calls('NIMBUS'))).toEqual([revoking]);
  });

  it('cannot be undone by the PATIENT, but by STAFF', async () => {
    const patientId = gateway.ids.Ana;
    await done(gateway, 'enablePortalAccess', { patientId }, 'ana');
    await done(gateway, 'revokePortalAccess', { patientId });
    gateway.forget();
    expectWholeRefusal(
      await mutate(gateway, 'enablePortalAccess', { patientId }, 'ana'),
      'FORBIDDEN',
    );
    expect(gateway.allCalls()).toEqual([]);
    expect(tokensOf(1001).every(({ state }) => state === 'revoked')).toBe(true);

    await done(gateway, 'enablePortalAccess', { patientId });
    await done(gateway, 'enablePortalAccess', { patientId }, 'ana');
    expect(sent(gateway.calls('NIMBUS'))).toEqual([enabling, enabling]);
  });

  it('holds against the PATIENT although no access was issued here before', async () => {
    nimbusOf(gateway).state.users.set(1900, {
      ...(nimbusOf(gateway).state.users.get(1003) as never as object),
      userId: 1900,
    } as never);
    const { data } = await gateway.query('{ viewer { patient { id } } }', {}, 'stranger');
    expect(data.viewer.patient).toBeNull();
    const own = { firstName: 'Stan', lastName: 'Stranger' };
    const { patient } = await done(gateway, 'registerPatient', own, 'stranger');
    const input = { patientId: patient.id, vendor: 'NIMBUS', vendorPatientId: '1900' };
    await done(gateway, 'linkVendorAccount', input);
    const { portalAccess } = await done(gateway, 'revokePortalAccess', {
      patientId: patient.id,
      reason: 'Never again',
    });
    expect(portalAccess).toMatchObject({ status: 'REVOKED', revocationReason: 'Never again' });
    gateway.forget();
    expectWholeRefusal(
      await mutate(gateway, 'enablePortalAccess', { patientId: patient.id }, 'stranger'),
      'FORBIDDEN',
    );
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each([
    ['256 characters', 'secret'.padEnd(256, 'x')],
    ['a NUL', 'secret\u0000'],
    ['an escape sequence', '\u001b[31msecret'],
  ])('refuses a reason with %s without a call', async (_what, reason) => {
    const patientId = gateway.ids.Ben;
    const before = await accesses(patientId);
    const answer = await mutate(gateway, 'revokePortalAccess', { patientId, reason });
    expectRefusal(answer, 'INVALID_INPUT', ['input', 'reason']);
    expect(answer.text).not.toContain('secret');
    expect(gateway.allCalls()).toEqual([]);
    expect(await accesses(patientId)).toEqual(before);
  });

  it('is FORBIDDEN for a PATIENT, also for themselves', async () => {
    for (const patientId of [gateway.ids.Ana, gateway.ids.Ben, nobody(), '']) {
      expectWholeRefusal(
        await mutate(gateway, 'revokePortalAccess', { patientId }, 'ana'),
        'FORBIDDEN',
      );
    }
    expect(gateway.allCalls()).toEqual([]);
  });

  it('says NOT_LINKED for a patient without an account, without a call', async () => {
    const answer = await mutate(gateway, 'revokePortalAccess', { patientId: gateway.ids.Emi });
    expectRefusal(answer, 'NOT_LINKED');
    expect(gateway.allCalls()).toEqual([]);
  });
});

describe('Portal access mutations', () => {
  it.each(['enablePortalAccess', 'revokePortalAccess'] as const)(
    '%s refuses ids of nobody and of anything else',
    async (name) => {
      expectRefusal(await mutate(gateway, name, { patientId: nobody() }), 'NOT_FOUND', [
        'input',
        'patientId',
      ]);
      const [access] = await accesses(gateway.ids.Ben);
      for (const patientId of [...noPatientIds, access.id, globalId('Patient', '%')]) {
        const answer = await mutate(gateway, name, { patientId });
        expectRefusal(answer, 'INVALID_INPUT', ['input', 'patientId']);
      }
      expect(gateway.allCalls()).toEqual([]);
    },
  );
});
