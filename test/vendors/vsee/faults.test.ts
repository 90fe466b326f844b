import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { VisitSession } from '../../../src/domain/capabilities/visits.ts';
import { ana, emptyIntake, errorOf, openClinic, wednesday } from './clinic.ts';

/** A vendor that answers every call alike. */
async function vendorThatSays(status: number, body: string, contentType = 'application/json') {
  const calls: string[] = [];
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    calls.push(`${request.method} ${request.url}`);
    response.writeHead(status, { 'content-type': contentType });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const clinic = await openClinic({ VSEE_API_URL: `http://127.0.0.1:${port}/api_v3/` });
  const session: VisitSession = {
    patientId: ana.id,
    vendorPatientId: '183201',
    token: 'canary-token',
    expiresAt: new Date(clinic.time.now + 3_600_000),
  };
  const place = { intakeId: ana.id, roomCode: 'clinic', providerId: null };
  return {
    calls,
    read: () => clinic.visits.visit(clinic.scope(), session, '67001'),
    slots: (providerId: string | null) =>
      clinic.visits.availabilities(clinic.scope(), session, {
        ...{ roomCode: 'clinic', consultationId: null, durationMinutes: null, providerId },
        from: new Date(clinic.time.now - 7_200_000),
        to: new Date(clinic.time.now + 7_200_000),
      }),
    room: () => clinic.visits.room(clinic.scope(), 'clinic'),
    signIn: () => clinic.visits.signIn(clinic.scope(), ana),
    walkIn: () => clinic.visits.startWalkIn(clinic.scope(), session, place),
    intake: () =>
      clinic.visits.createIntake(clinic.scope(), session, {
        roomCode: 'clinic',
        providerId: null,
        kind: 'WALK_IN',
        intake: emptyIntake,
      }),
  };
}

describe('a success that is none', () => {
  test('V15: is an upstream fault of unknown outcome where its body is an error', async () => {
    const vendor = await vendorThatSays(200, '{"code":400,"message":"Ana Silva exists"}');
    expect(await errorOf(vendor.walkIn())).toMatchObject({
      kind: 'SERVER_ERROR',
      reason: 'error_inside_success',
      mayHaveActed: true,
    });
    expect(vendor.calls).toEqual(['POST /api_v3/visits/add_walkin']);
    expect((await errorOf(vendor.read())).kind).toBe('SERVER_ERROR');
  });

  test.each([
    ['HTML', '<html>maintenance</html>', 'text/html', 'NOT_JSON'],
    ['empty', '', 'application/json', 'EMPTY_BODY'],
    ['without data', '{"ok":true}', 'application/json', 'UNEXPECTED_SHAPE'],
    ['of another member', '{"data":{"id":"1","member_id":"9"}}', 'text/plain', 'UNEXPECTED_SHAPE'],
  ])(
    'V06: is typed where it is %s, and a visit may have been made',
    async (_case, body, type, kind) => {
      const vendor = await vendorThatSays(200, body, type);
      expect(await errorOf(vendor.walkIn())).toMatchObject({ kind, mayHaveActed: true });
      expect(vendor.calls).toHaveLength(1);
    },
  );

  test('a bare visit whose code is of digits only is a visit', async () => {
    const code = '4'.repeat(32);
    const bare = JSON.stringify({ id: '67001', code, member_id: '183201', status: 10 });
    const vendor = await vendorThatSays(200, bare);
    expect((await vendor.read())?.inviteUrl).toMatch(new RegExp(`/${code}$`));
  });

  test('a visit in its wrapper is a visit, whatever code stands beside it', async () => {
    const body = '{"code":400,"data":{"id":"67001","member_id":"183201","status":"10"}}';
    const vendor = await vendorThatSays(200, body);
    expect((await vendor.walkIn()).visit.status).toBe('PENDING');
  });

  test('a visit under another id than the one asked for is not shown', async () => {
    const vendor = await vendorThatSays(200, '{"data":{"id":"67002","member_id":"183201"}}');
    expect(await vendor.read()).toBeNull();
  });

  test('a sign-in as somebody else is refused', async () => {
    const token = { user_id: '5', token: 'abc', expiry: 1900000000 };
    const body = JSON.stringify({ data: { id: '5', code: 'portico-other', token } });
    const vendor = await vendorThatSays(200, body);
    expect((await errorOf(vendor.signIn())).kind).toBe('UNEXPECTED_SHAPE');
  });
});

describe('open times', () => {
  test('are those that were asked for, also where the vendor heeds no more than the room', async () => {
    const at = (hours: number, provider_ids: unknown) => ({
      slot_start: wednesday / 1000 + hours * 3_600,
      provider_ids,
    });
    const data = [
      at(-1, ['826']),
      at(0, ['826']),
      at(1, ['826', '827']),
      at(1.5, [827]),
      at(3, []),
    ];
    const vendor = await vendorThatSays(200, JSON.stringify({ data: [...data, at(1.75, null)] }));
    const hours = async (provider: string | null) =>
      (await vendor.slots(provider)).map(({ start }) => (start.getTime() - wednesday) / 3_600_000);
    expect(await hours(null)).toEqual([1, 1.5, 1.75]);
    // One that names no provider may be theirs.
    expect(await hours('826')).toEqual([1, 1.75]);
  });
});

describe('a refusal', () => {
  test('is judged by the HTTP status, not by the code inside, and quotes nothing', async () => {
    const vendor = await vendorThatSays(400, '{"code":404,"message":"canary Ana Silva"}');
    const error = await errorOf(vendor.read());
    expect(error).toMatchObject({ kind: 'REJECTED', status: 400 });
    const text = `${error.stack} ${JSON.stringify(error)}`;
    expect(text).not.toMatch(/canary|Silva|127\.0\.0\.1:|67001/);
  });

  test.each([
    [403, 'REJECTED', 'forbidden'],
    [404, 'NOT_FOUND', undefined],
    [400, 'REJECTED', 'intake_refused'],
    [429, 'RATE_LIMITED', undefined],
    [401, 'AUTHORIZATION_REQUIRED', undefined],
  ])('%i on a patient’s write is %s, and nothing was done', async (status, kind, reason) => {
    const vendor = await vendorThatSays(status, '{}');
    expect(await errorOf(vendor.intake())).toMatchObject({
      kind,
      status,
      reason,
      mayHaveActed: false,
    });
    expect(vendor.calls).toHaveLength(1);
  });

  test('of a public room is about the clinic’s own account', async () => {
    const vendor = await vendorThatSays(403, '{}');
    expect((await errorOf(vendor.room())).kind).toBe('CREDENTIAL_REFUSED');
  });

  test('in HTML from a gateway in between is a server error, retried for reads only', async () => {
    const vendor = await vendorThatSays(502, '<html>bad gateway</html>', 'text/html');
    expect((await errorOf(vendor.read())).kind).toBe('SERVER_ERROR');
    expect(vendor.calls).toHaveLength(3);
    expect(await errorOf(vendor.intake())).toMatchObject({
      kind: 'SERVER_ERROR',
      mayHaveActed: true,
    });
    expect(vendor.calls).toHaveLength(4);
  });
});

describe('time', () => {
  test('that runs out on a write leaves the outcome unknown; the write is not repeated', async () => {
    const clinic = await openClinic({ VSEE_TIMEOUT_MS: '300' });
    const { session, place } = await clinic.begin(ana, 'clinic');
    clinic.simulator.fault({ kind: 'hang', act: true });
    const error = await errorOf(clinic.visits.startWalkIn(clinic.scope(), session, place));
    expect(error).toMatchObject({ kind: 'TIMED_OUT', mayHaveActed: true });
    expect(clinic.paths().filter((path) => path.endsWith('add_walkin'))).toHaveLength(1);
  });

  test('a client that hangs up ends a read, but not a write', async () => {
    const clinic = await openClinic();
    const { session, place } = await clinic.begin(ana, 'clinic');
    const gone = { ...clinic.scope(), signal: AbortSignal.abort() };
    expect((await errorOf(clinic.visits.visit(gone, session, '67001'))).kind).toBe('CANCELLED');
    const { visit } = await clinic.visits.startWalkIn(gone, session, place);
    expect(visit.kind).toBe('WALK_IN');
  });

  test('V09: a redirect to another host is not followed with the patient’s token', async () => {
    const clinic = await openClinic();
    const session = await clinic.visits.signIn(clinic.scope(), ana);
    const other = await openClinic();
    clinic.simulator.fault({ kind: 'redirect', location: other.api });
    const error = await errorOf(clinic.visits.visit(clinic.scope(), session, '67001'));
    expect(error.kind).toBe('REDIRECTED');
    expect(other.simulator.calls).toHaveLength(0);
  });
});
