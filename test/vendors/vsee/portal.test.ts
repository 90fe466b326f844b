import { describe, expect, test } from 'vitest';
import { createTransport } from '../../../src/http/transport.ts';
import { createVSeeClient } from '../../../src/vendors/vsee/client.ts';
import { ana, ask, ben, openClinic, wednesday } from './clinic.ts';

const get = (url: string, cookie = '') => ask(url, 'GET', '', { headers: { cookie } });

/** Follows a login link as a browser does. */
async function enter(link: string) {
  const login = await get(link);
  const location = login.headers.get('location') ?? '';
  const cookie = (login.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  return { login, cookie, page: await get(new URL(location, link).href, cookie) };
}

describe('the sandbox’s portal', () => {
  test('logs a browser in with the token, which is not used up, and shows the room', async () => {
    const { visits, scope } = await openClinic();
    const session = await visits.signIn(scope(), ana);
    const link = visits.portalLink(session, { roomSlug: null, hideNavigation: true });
    await get(link);
    const { login, page } = await enter(link);
    expect(login.status).toBe(302);
    expect(login.headers.get('location')).toBe('/vc/stable/u/clinic?disable_navigation=1');
    expect(login.headers.get('referrer-policy')).toBe('no-referrer');
    expect(page).toMatchObject({ status: 200, text: expect.stringContaining('Welcome, Ana.') });
  });

  test('shows a sign-in page for a dead token and refuses to lead elsewhere', async () => {
    const { visits, scope, time, portal } = await openClinic();
    const session = await visits.signIn(scope(), ana);
    const away = await get(`${portal}auth?sso_token=${session.token}&next=//evil.test/`);
    expect(away.status).toBe(400);
    expect((await get(`${portal}auth?sso_token=wrong&next=/u/clinic`)).status).toBe(401);
    time.now = wednesday + 86_400_000;
    const link = visits.portalLink(session, { roomSlug: 'night', hideNavigation: false });
    expect(await get(link)).toMatchObject({
      status: 401,
      text: expect.stringContaining('expired'),
    });
  });

  test('lets the patient into their walk-in, nobody else, and a guest by the invitation', async () => {
    const { visits, scope, begin } = await openClinic();
    const { session, place } = await begin(ana, 'clinic');
    const { visit, joinUrl } = await visits.startWalkIn(scope(), session, place);
    expect((await enter(joinUrl ?? '')).page.text).toContain('Waiting room');
    const other = await visits.signIn(scope(), ben);
    const stolen = (joinUrl ?? '').replace(session.token, other.token);
    expect((await enter(stolen)).page.status).toBe(401);
    expect((await get(visit.inviteUrl ?? '')).text).toContain('Join as a guest');
    expect((await get(`${visit.inviteUrl}0`)).status).toBe(404);
  });

  test('opens an appointment by its one-time link once, and by login always', async () => {
    const { visits, scope, begin, portal } = await openClinic();
    const { session, place } = await begin(ana, 'clinic');
    const { visit, joinUrl } = await visits.schedule(scope(), session, {
      ...place,
      start: new Date(wednesday + 3_600_000),
      end: new Date(wednesday + 5_400_000),
      consultationId: null,
      vendorSlotId: null,
      overrideCalendar: false,
    });
    expect((await get(joinUrl ?? '')).text).toContain('Your appointment');
    expect((await get(joinUrl ?? '')).status).toBe(401);
    const next = `/members/appointment/${visit.vendorVisitId}`;
    const login = await enter(`${portal}auth?sso_token=${session.token}&next=${next}`);
    expect(login.page.text).toContain('Your appointment');
  });
});

describe('looking for the visit of an intake', () => {
  test('finds it once it was made, so that a lost answer can be settled', async () => {
    const { simulator, visits, scope, begin, api } = await openClinic();
    const transport = createTransport({
      vendor: 'VSEE',
      baseUrl: new URL(api),
      timeouts: { read: 5_000, write: 5_000 },
      concurrency: 2,
    });
    const credentials = { accountCode: 'portico-sandbox', apiKey: '', apiSecret: '' };
    const client = createVSeeClient(transport, credentials, 'json');
    const { session, place } = await begin(ana, 'clinic');
    const look = () =>
      client.intake(scope(), { as: 'patient', token: session.token }, place.intakeId);
    expect((await look()).visit_id).toBeUndefined();
    simulator.fault({ kind: 'reset', act: true, times: 1 });
    await expect(visits.startWalkIn(scope(), session, place)).rejects.toMatchObject({
      mayHaveActed: true,
    });
    expect((await look()).visit_id).toBe('67001');
    await transport.close?.();
  });
});
