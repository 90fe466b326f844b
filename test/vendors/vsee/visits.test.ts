import { describe, expect, test } from 'vitest';
import { CodedError } from '../../../src/domain/errors.ts';
import { ana, ben, errorOf, openClinic, wednesday } from './clinic.ts';

describe('a walk-in', () => {
  test('is sign-in, intake, visit: three calls, and a link that logs in', async () => {
    const { visits, scope, begin, paths, lastCall, portal } = await openClinic();
    const { session, place } = await begin(ana, 'clinic');
    const { visit, joinUrl } = await visits.startWalkIn(scope(), session, place);
    expect(paths()).toEqual([
      'POST /api_v3/users/sso',
      'POST /api_v3/intakes',
      'POST /api_v3/visits/add_walkin',
    ]);
    expect(lastCall().body).toEqual({ intake_id: place.intakeId, room_code: 'clinic' });
    expect(lastCall().headers).toEqual({
      'x-accountcode': 'portico-sandbox',
      'x-apitoken': session.token,
    });
    expect(visit).toEqual({
      vendor: 'VSEE',
      patientId: ana.id,
      vendorVisitId: '67001',
      kind: 'WALK_IN',
      medium: 'VIDEO',
      status: 'PENDING',
      reason: null,
      start: new Date(wednesday),
      end: new Date(wednesday + 15 * 60_000),
      actualStart: null,
      actualEnd: null,
      provider: null,
      roomCode: 'clinic',
      inviteUrl: expect.stringMatching(/\/vc\/stable\/visits\/join\/[0-9a-f]{32}$/),
    });
    expect(joinUrl).toBe(
      `${portal}auth?sso_token=${session.token}&next=/visits/start/${visit.vendorVisitId}`,
    );
    expect(new URL(joinUrl ?? '').hostname).toBe('localhost');
  });

  test.each([
    ['a closed room', 'night'],
    ['a room without walk-ins', 'berlin'],
  ])('is refused in %s', async (_case, roomCode) => {
    const { visits, scope, begin } = await openClinic();
    const { session, place } = await begin(ana, roomCode);
    expect(await errorOf(visits.startWalkIn(scope(), session, place))).toMatchObject({
      kind: 'REJECTED',
      status: 400,
      reason: 'room_closed_or_duplicate',
      mayHaveActed: false,
    });
  });

  test('is refused while another is open, and with an intake that was used', async () => {
    const { visits, scope, begin } = await openClinic();
    const first = await begin(ana, 'clinic');
    const { visit } = await visits.startWalkIn(scope(), first.session, first.place);
    const second = await begin(ana, 'clinic');
    const again = visits.startWalkIn(scope(), second.session, second.place);
    expect((await errorOf(again)).reason).toBe('room_closed_or_duplicate');
    await visits.cancel(scope(), first.session, visit.vendorVisitId);
    const used = visits.startWalkIn(scope(), first.session, first.place);
    expect((await errorOf(used)).reason).toBe('room_closed_or_duplicate');
    const third = await visits.startWalkIn(scope(), second.session, second.place);
    expect(third.visit.vendorVisitId).toBe('67002');
  });

  test('is not found with somebody else’s intake', async () => {
    const { visits, scope, begin } = await openClinic();
    const { place } = await begin(ana, 'clinic');
    const session = await visits.signIn(scope(), ben);
    const error = await errorOf(visits.startWalkIn(scope(), session, place));
    expect(error).toMatchObject({ kind: 'NOT_FOUND', status: 404 });
  });

  test('is sent once when the answer is lost, and may have been made', async () => {
    const { visits, scope, begin, simulator, paths } = await openClinic();
    const { session, place } = await begin(ana, 'clinic');
    simulator.fault({ kind: 'status', status: 502, act: true });
    const error = await errorOf(visits.startWalkIn(scope(), session, place));
    expect(error).toMatchObject({ kind: 'SERVER_ERROR', mayHaveActed: true });
    expect(paths().filter((path) => path.endsWith('add_walkin'))).toHaveLength(1);
  });
});

describe('an eConsult', () => {
  test('has no time, no provider until one accepts, and nothing to join', async () => {
    const { visits, scope, begin, lastCall, asProvider } = await openClinic();
    const { session, place } = await begin(ana, 'econsult');
    const { visit, joinUrl } = await visits.requestEConsult(scope(), session, place);
    expect(lastCall()).toMatchObject({
      method: 'POST',
      path: '/api_v3/visits/add_econsult',
      body: { intake_id: place.intakeId, room_code: 'econsult' },
    });
    expect(joinUrl).toBeNull();
    expect(visit).toMatchObject({
      kind: 'E_CONSULT',
      status: 'PENDING',
      start: null,
      end: null,
      provider: null,
    });
    expect(await asProvider(visit.vendorVisitId, 20)).toBe(200);
    expect(await visits.visit(scope(), session, visit.vendorVisitId)).toMatchObject({
      status: 'CONFIRMED',
      provider: { id: '826', firstName: 'Grace', lastName: 'Hill', title: 'Dr.' },
    });
  });

  test('is refused where the room takes none', async () => {
    const { visits, scope, begin } = await openClinic();
    const { session, place } = await begin(ana, 'berlin');
    expect(await errorOf(visits.requestEConsult(scope(), session, place))).toMatchObject({
      kind: 'REJECTED',
      status: 400,
      reason: 'econsult_refused',
    });
  });
});

describe('reading a visit', () => {
  test('follows it to its end, with or without the data wrapper', async () => {
    const { visits, scope, begin, simulator, asProvider, time, lastCall } = await openClinic();
    const { session, place } = await begin(ana, 'clinic');
    const { visit } = await visits.startWalkIn(scope(), session, place);
    const id = visit.vendorVisitId;
    time.now += 60_000;
    await asProvider(id, 25);
    time.now += 60_000;
    await asProvider(id, 30);
    const wrapped = await visits.visit(scope(), session, id);
    expect(lastCall()).toMatchObject({ method: 'GET', path: '/api_v3/visits/67001' });
    expect(wrapped).toMatchObject({
      status: 'COMPLETED',
      actualStart: new Date(wednesday + 60_000),
      actualEnd: new Date(wednesday + 120_000),
    });
    simulator.switches.bareVisit = true;
    expect(await visits.visit(scope(), session, id)).toEqual(wrapped);
  });

  test('is null for an unknown visit and for somebody else’s', async () => {
    const { visits, scope, begin } = await openClinic();
    const { session, place } = await begin(ana, 'clinic');
    const { visit } = await visits.startWalkIn(scope(), session, place);
    const other = await visits.signIn(scope(), ben);
    expect(await visits.visit(scope(), other, visit.vendorVisitId)).toBeNull();
    expect(await visits.visit(scope(), session, '99999')).toBeNull();
  });

  test('is null when the vendor hands out another member’s visit', async () => {
    const { visits, scope, begin } = await openClinic();
    const { session, place } = await begin(ana, 'clinic');
    const { visit } = await visits.startWalkIn(scope(), session, place);
    const mixedUp = { ...session, vendorPatientId: '183999' };
    expect(await visits.visit(scope(), mixedUp, visit.vendorVisitId)).toBeNull();
    expect(await visits.visit(scope(), session, visit.vendorVisitId)).not.toBeNull();
  });

  test.each(['', '-', '67001.json', '../users', '1e3', '67001 '])(
    'refuses the id "%s" before any call',
    async (id) => {
      const { visits, scope, simulator } = await openClinic();
      const session = await visits.signIn(scope(), ana);
      for (const promise of [
        visits.visit(scope(), session, id),
        visits.cancel(scope(), session, id),
      ]) {
        const error = await errorOf(promise);
        expect(error).toBeInstanceOf(CodedError);
        expect(error).toMatchObject({ code: 'BAD_USER_INPUT' });
      }
      expect(simulator.calls).toHaveLength(1);
    },
  );
});

describe('cancelling', () => {
  test('ends the visit with the patient’s reason', async () => {
    const { visits, scope, begin, lastCall, time } = await openClinic();
    const { session, place } = await begin(ana, 'clinic');
    const { visit } = await visits.startWalkIn(scope(), session, place);
    time.now += 5_000;
    expect(await visits.cancel(scope(), session, visit.vendorVisitId)).toMatchObject({
      vendorVisitId: visit.vendorVisitId,
      status: 'CANCELLED',
      actualEnd: new Date(wednesday + 5_000),
    });
    expect(lastCall()).toMatchObject({
      method: 'POST',
      path: '/api_v3/visits/67001/cancel',
      headers: { 'x-apitoken': session.token },
      body: { reason: 'patient_cancel_appointment' },
    });
  });

  test('is refused once the visit has ended', async () => {
    const { visits, scope, begin } = await openClinic();
    const { session, place } = await begin(ana, 'clinic');
    const { visit } = await visits.startWalkIn(scope(), session, place);
    await visits.cancel(scope(), session, visit.vendorVisitId);
    const again = visits.cancel(scope(), session, visit.vendorVisitId);
    expect(await errorOf(again)).toMatchObject({
      kind: 'REJECTED',
      status: 400,
      reason: 'already_ended',
    });
  });

  test('of somebody else’s visit is not found', async () => {
    const { visits, scope, begin } = await openClinic();
    const { session, place } = await begin(ana, 'clinic');
    const { visit } = await visits.startWalkIn(scope(), session, place);
    const other = await visits.signIn(scope(), ben);
    const foreign = visits.cancel(scope(), other, visit.vendorVisitId);
    expect(await errorOf(foreign)).toMatchObject({ kind: 'NOT_FOUND', status: 404 });
  });
});
