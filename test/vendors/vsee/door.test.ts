import { describe, expect, test } from 'vitest';
import { baseUrl } from '../../../src/vendors/vendor-definition.ts';
import { vsee } from '../../../src/vendors/vsee/index.ts';
import {
  appointmentLink,
  dashboardLink,
  inviteLink,
  walkInLink,
} from '../../../src/vendors/vsee/links.ts';
import { ana, errorOf, openClinic } from './clinic.ts';

const portal = new URL('https://clinic.example.com/vc/stable/');
const code = '0123456789abcdef0123456789abcdef';

describe('links into the portal', () => {
  test('lead below the portal’s whole base, with the token encoded', () => {
    expect(dashboardLink(portal, 'a+b&c', 'clinic', false)).toBe(
      'https://clinic.example.com/vc/stable/auth?sso_token=a%2Bb%26c&next=/u/clinic',
    );
    expect(dashboardLink(portal, 't', 'room-2', true)).toBe(
      'https://clinic.example.com/vc/stable/auth?sso_token=t&next=/u/room-2&disable_navigation=1',
    );
    expect(walkInLink(portal, 't', '67001')).toBe(
      'https://clinic.example.com/vc/stable/auth?sso_token=t&next=/visits/start/67001',
    );
  });

  test('to an appointment take the one-time token, which needs no login, or log in', () => {
    expect(appointmentLink(portal, 't', '67001', 'k3v9x2m7qa')).toBe(
      'https://clinic.example.com/vc/stable/members/appointment/67001?token=k3v9x2m7qa',
    );
    expect(appointmentLink(portal, 't', '67001', null)).toBe(
      'https://clinic.example.com/vc/stable/auth?sso_token=t&next=/members/appointment/67001',
    );
  });

  test('for guests are made of a well-formed code only', () => {
    expect(inviteLink(portal, code)).toBe(
      `https://clinic.example.com/vc/stable/visits/join/${code}`,
    );
    expect(inviteLink(portal, `${code}/..`)).toBeNull();
    expect(inviteLink(portal, '12')).toBeNull();
    expect(inviteLink(portal, null)).toBeNull();
  });

  test.each(['../x', 'a/b', 'a?next=//evil.test', '', 'a b', 'a%2f'])(
    'refuse the slug "%s"',
    (slug) => {
      expect(() => dashboardLink(portal, 't', slug, false)).toThrow('room slug');
    },
  );

  test('are made of the session without a call; the configured room is the default', async () => {
    const clinic = await openClinic({ VSEE_ROOM_SLUG: 'lobby' });
    const session = await clinic.visits.signIn(clinic.scope(), ana);
    const link = (roomSlug: string | null) =>
      clinic.visits.portalLink(session, { roomSlug, hideNavigation: false });
    expect(link(null)).toBe(`${clinic.portal}auth?sso_token=${session.token}&next=/u/lobby`);
    expect(link('night')).toMatch(/&next=\/u\/night$/);
    expect(clinic.simulator.calls).toHaveLength(1);
  });
});

describe('the environment', () => {
  const least = {
    VSEE_API_URL: 'https://api.example.com/api_v3',
    VSEE_PORTAL_URL: 'https://clinic.example.com/vc/stable',
    VSEE_ACCOUNT_CODE: 'c',
    VSEE_API_KEY: 'k',
    VSEE_API_SECRET: 's',
  };

  test('needs no admin token, sends JSON and adds missing last slashes', () => {
    const settings = vsee.environment.parse(least);
    expect(settings).toMatchObject({ VSEE_REQUEST_ENCODING: 'json', VSEE_ROOM_SLUG: 'clinic' });
    expect(settings.VSEE_ADMIN_TOKEN).toBeUndefined();
    expect(settings.VSEE_API_URL.href).toBe('https://api.example.com/api_v3/');
    expect(settings.VSEE_PORTAL_URL).toEqual(baseUrl('').parse(least.VSEE_PORTAL_URL));
  });

  test.each([
    ['VSEE_REQUEST_ENCODING', 'xml'],
    ['VSEE_ROOM_SLUG', '../x'],
    ['VSEE_API_URL', 'http://api.example.com/'],
    ['VSEE_API_KEY', 'two\nlines'],
  ])('refuses %s=%s', (name, value) => {
    const parsed = vsee.environment.safeParse({ ...least, [name]: value });
    expect(parsed.error?.issues.map(({ path }) => path)).toEqual([[name]]);
  });

  const timeoutsWith = (changes: object) => {
    const made: unknown[] = [];
    vsee.create({
      id: 'VSEE',
      settings: vsee.environment.parse({ ...least, ...changes }),
      transport: (options) => {
        made.push({ ...options, baseUrl: options.baseUrl.href });
        return {
          call: () => Promise.reject(new Error('not called')),
          fetchFor: () => () => Promise.reject(new Error('not called')),
          health: () => ({ state: 'AVAILABLE', retryAt: undefined }),
          load: () => Promise.reject(new Error('not asked')) as never,
        };
      },
      tokens: {
        read: async () => undefined,
        write: async () => {},
        renew: async () => undefined,
      },
      publicUrl: new URL('http://localhost:4000'),
      clock: Date.now,
    });
    return made;
  };

  test('gives reads 5 s and writes 15 s, sixteen at once, to the API’s host only', () => {
    expect(timeoutsWith({})).toEqual([
      {
        baseUrl: 'https://api.example.com/api_v3/',
        timeouts: { read: 5_000, write: 15_000 },
        concurrency: 16,
      },
    ]);
    expect(timeoutsWith({ VSEE_TIMEOUT_MS: '700', VSEE_CONCURRENCY: '3' })).toMatchObject([
      { timeouts: { read: 700, write: 700 }, concurrency: 3 },
    ]);
  });
});

describe('the door', () => {
  test('offers what its definition says, and no linking by staff', async () => {
    const { adapter } = await openClinic();
    for (const capability of vsee.capabilities) {
      expect(adapter[capability]).toBeDefined();
    }
    expect(adapter.staffLinking).toBeUndefined();
    expect(adapter.health().state).toBe('AVAILABLE');
    expect(typeof (await vsee.sandbox())).toBe('function');
  });

  const place = {
    intakeId: '0b7e4a52-6a54-4f2e-9c0e-2f5a3c1d0a01',
    roomCode: 'clinic',
    providerId: null,
  };
  test.each([
    ['an intake', { ...place, intakeId: '../67001' }],
    ['a room', { ...place, roomCode: 'a/b' }],
    ['a provider', { ...place, providerId: '826x' }],
    ['a provider beyond exact integers', { ...place, providerId: '9007199254740993' }],
  ])('refuses what cannot be the id of %s before any call', async (_case, wrong) => {
    const { visits, scope, simulator } = await openClinic();
    const session = await visits.signIn(scope(), ana);
    const booking = {
      ...wrong,
      start: new Date(1_000_000),
      end: new Date(2_000_000),
      consultationId: null,
      vendorSlotId: null,
      overrideCalendar: false,
    };
    for (const promise of [
      visits.startWalkIn(scope(), session, wrong),
      visits.requestEConsult(scope(), session, wrong),
      visits.schedule(scope(), session, booking),
    ]) {
      expect(await errorOf(promise)).toMatchObject({ code: 'BAD_USER_INPUT' });
    }
    expect(simulator.calls).toHaveLength(1);
  });
});
