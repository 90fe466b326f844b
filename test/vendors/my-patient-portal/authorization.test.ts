import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AccountReference } from '../../../src/domain/vendor.ts';
import { type Portal, startPortal } from './portal.ts';

let portal: Portal;
let ana: AccountReference;
beforeAll(async () => {
  portal = await startPortal();
});
afterAll(() => portal.simulator.close());
beforeEach(async () => {
  portal.reset();
  ana = await portal.connect('ana');
  portal.simulator.clear();
});

const profile = () => portal.door.profile(portal.scope(), ana);
const expireByClock = () => {
  portal.time.now += 7_200_000 - 20_000;
};
const required = { kind: 'AUTHORIZATION_REQUIRED' };

describe('an access token', () => {
  test('goes along as a bearer with every call', async () => {
    const held = portal.vault.entries.get('ana')?.accessToken;
    await profile();
    expect(portal.simulator.calls[0]?.headers.authorization).toBe(`Bearer ${held}`);
  });

  test('that is about to expire is renewed before the call', async () => {
    expireByClock();
    await profile();
    expect(portal.sent().slice(-2)).toEqual(['POST /oauth/token', 'GET /profile']);
  });

  test('that cannot be renewed is used to its end', async () => {
    const tokens = portal.vault.entries.get('ana');
    const expiresAt = new Date(portal.time.now + 20_000);
    if (tokens) {
      portal.vault.entries.set('ana', { ...tokens, refreshToken: null, expiresAt });
    }
    await expect(profile()).resolves.toMatchObject({ firstName: 'Ana' });
    portal.time.now = expiresAt.getTime();
    await expect(profile()).rejects.toMatchObject(required);
    expect(portal.sent()).toEqual(['GET /profile']);
  });

  test('O15: that the portal refuses is renewed once and the call repeated once', async () => {
    portal.simulator.expireAccessTokens();
    await expect(profile()).resolves.toMatchObject({ firstName: 'Ana' });
    expect(portal.sent()).toEqual(['GET /profile', 'POST /oauth/token', 'GET /profile']);
  });

  test('that the portal refuses with an empty body is treated alike', async () => {
    portal.simulator.switches.emptyUnauthorized = true;
    portal.simulator.expireAccessTokens();
    await expect(profile()).resolves.toMatchObject({ firstName: 'Ana' });
  });

  test('that is refused although it is new ends in a wish for a new connection', async () => {
    portal.simulator.fault({ kind: 'status', status: 401, match: /profile/ });
    await expect(profile()).rejects.toMatchObject({ ...required, status: 401 });
    expect(portal.sent()).toEqual(['GET /profile', 'POST /oauth/token', 'GET /profile']);
  });

  test('O15: that is refused does not stop a write: a 401 proves that nothing was done', async () => {
    portal.simulator.expireAccessTokens();
    const [first] = await portal.door.appointments.list(portal.scope(), ana);
    portal.simulator.expireAccessTokens();
    portal.simulator.clear();
    const id = first?.vendorAppointmentId ?? '';
    await portal.door.appointments.cancel(portal.scope(), ana, id);
    expect(portal.sent()).toEqual([
      `POST /appointments/${id}/cancel`,
      'POST /oauth/token',
      `POST /appointments/${id}/cancel`,
    ]);
  });
});

describe('a renewal', () => {
  test('replaces both tokens and keeps the scopes', async () => {
    const before = portal.vault.entries.get('ana');
    expireByClock();
    await profile();
    const after = portal.vault.entries.get('ana');
    expect(after?.accessToken).not.toBe(before?.accessToken);
    expect(after?.refreshToken).not.toBe(before?.refreshToken);
    expect(after?.scopes).toEqual(before?.scopes);
    expect(after?.expiresAt.getTime()).toBe(portal.time.now + 7_200_000);
  });

  test('without rotation keeps the refresh token', async () => {
    portal.simulator.switches.rotateRefresh = false;
    const before = portal.vault.entries.get('ana')?.refreshToken;
    expireByClock();
    await profile();
    expect(portal.vault.entries.get('ana')?.refreshToken).toBe(before);
  });

  test('O12: happens once for twenty calls at once', async () => {
    expireByClock();
    await Promise.all(Array.from({ length: 20 }, profile));
    expect(portal.sent().filter((call) => call.includes('/oauth/token'))).toHaveLength(1);
  });

  test('O13: of a revoked refresh token removes the tokens and asks to connect again, without a loop', async () => {
    portal.simulator.revokeEverything();
    await expect(profile()).rejects.toMatchObject(required);
    expect(portal.sent()).toEqual(['GET /profile', 'POST /oauth/token']);
    expect(portal.vault.entries.size).toBe(0);
    await expect(profile()).rejects.toMatchObject(required);
    expect(portal.sent()).toHaveLength(2);
  });

  test('that does not reach the portal keeps the tokens and the reason', async () => {
    expireByClock();
    portal.simulator.fault({ kind: 'reset', match: /token/ });
    await expect(profile()).rejects.toMatchObject({
      kind: 'CONNECTION_LOST',
      operation: 'oauth/token',
    });
    expect(portal.vault.entries.size).toBe(1);
  });

  test('that fails before a write never makes the write uncertain', async () => {
    expireByClock();
    portal.simulator.fault({ kind: 'hang', act: true, match: /token/ });
    const cancel = portal.door.appointments.cancel(portal.scope(1_500), ana, 'xbCu');
    const error = await cancel.catch((caught: unknown) => caught);
    expect(error).toMatchObject({ kind: 'TIMED_OUT', mayHaveActed: false });
  });

  test('without a refresh token asks to connect again', async () => {
    const tokens = portal.vault.entries.get('ana');
    if (tokens) {
      portal.vault.entries.set('ana', { ...tokens, refreshToken: null });
    }
    portal.simulator.expireAccessTokens();
    await expect(profile()).rejects.toMatchObject(required);
  });

  test('that brings tokens of another subject is not taken', async () => {
    expireByClock();
    const swapped = { ...ana, vendorPatientId: 'somebody-else' };
    await expect(portal.door.profile(portal.scope(), swapped)).rejects.toMatchObject(required);
    expect(portal.vault.entries.size).toBe(0);
  });
});

describe('scopes', () => {
  const grant = (scopes: readonly string[]) => {
    const tokens = portal.vault.entries.get('ana');
    if (tokens) {
      portal.vault.entries.set('ana', { ...tokens, scopes });
    }
  };
  const lacking = { ...required, reason: 'insufficient_scope' };

  test('O10: that the patient did not grant are missed before the portal is asked', async () => {
    portal.simulator.switches.dropScopes = ['appointment_write'];
    const narrow = await portal.connect('ana');
    expect(portal.vault.entries.get('ana')?.scopes).not.toContain('appointment_write');
    portal.simulator.clear();
    await expect(portal.door.appointments.list(portal.scope(), narrow)).resolves.toHaveLength(3);
    const { appointments } = portal.door;
    await expect(appointments.cancel(portal.scope(), narrow, 'a1')).rejects.toMatchObject(lacking);
    await expect(appointments.leaveAsapList(portal.scope(), narrow, 'a1')).rejects.toMatchObject(
      lacking,
    );
    expect(portal.sent()).toEqual(['GET /appointments']);
  });

  test('of the profile go with every call', async () => {
    grant(['openid', 'appointment_read', 'appointment_write']);
    const { appointments, funnel } = portal.door;
    await expect(appointments.list(portal.scope(), ana)).rejects.toMatchObject(lacking);
    await expect(appointments.cancel(portal.scope(), ana, 'a1')).rejects.toMatchObject(lacking);
    await expect(funnel.insurances(portal.scope(), ana)).rejects.toMatchObject(lacking);
    expect(portal.sent()).toEqual([]);
  });

  test('of the other dialect do not count', async () => {
    grant(['profile:read', 'appointments:read', 'appointments:book']);
    await expect(profile()).rejects.toMatchObject(lacking);
  });

  test('that nobody told are left to the portal', async () => {
    grant([]);
    await expect(profile()).resolves.toMatchObject({ firstName: 'Ana' });
  });

  test('that the portal misses ask for a new connection', async () => {
    portal.simulator.switches.dropScopes = ['appointment_read'];
    const narrow = await portal.connect('ana');
    grant([]);
    await expect(portal.door.appointments.list(portal.scope(), narrow)).rejects.toMatchObject({
      ...lacking,
      status: 403,
    });
  });

  test('that the portal misses in its header alone, as its framework does, ask for one, too', async () => {
    const challenge = 'Bearer realm="Doorkeeper", error="insufficient_scope"';
    portal.simulator.fault({
      ...{ kind: 'status', status: 403 },
      headers: { 'www-authenticate': challenge },
    });
    const refused = { ...lacking, status: 403 };
    const { appointments, funnel } = portal.door;
    await expect(appointments.cancel(portal.scope(), ana, 'a1')).rejects.toMatchObject(refused);
    // Of which a bare 403 is taken to speak of the insurance.
    await expect(funnel.categories(portal.scope(), ana, '136')).rejects.toMatchObject(refused);
  });
});
