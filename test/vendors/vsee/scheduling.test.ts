import { describe, expect, test } from 'vitest';
import { CodedError } from '../../../src/domain/errors.ts';
import { ana, ben, errorOf, openClinic, seconds, wednesday } from './clinic.ts';

const hour = 3_600_000;
const shortVisit = '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a1501';
const longVisit = '6a1d0f52-3f0a-4c55-9a57-0d9f6d8a3002';

const search = {
  roomCode: 'clinic',
  consultationId: longVisit,
  durationMinutes: 30,
  providerId: null,
  from: new Date(wednesday),
  to: new Date(wednesday + 24 * hour),
};

const booking = {
  providerId: null,
  consultationId: longVisit,
  vendorSlotId: null,
  overrideCalendar: false,
};
/** 09:00 in Los Angeles. */
const nine = { start: new Date(wednesday + hour), end: new Date(wednesday + 1.5 * hour) };

describe('a room', () => {
  test('is public: the account code is all that is sent', async () => {
    const { visits, scope, lastCall } = await openClinic();
    expect(await visits.room(scope(), 'clinic')).toEqual({
      vendor: 'VSEE',
      code: 'clinic',
      slug: 'clinic',
      name: 'Main clinic',
      timeZone: 'America/Los_Angeles',
      open: true,
      walkInEnabled: true,
      appointmentsEnabled: true,
      eConsultEnabled: true,
      patientsMayCancel: true,
      consultations: [
        { id: shortVisit, description: 'Short visit', durationMinutes: 15, charged: null },
        { id: longVisit, description: 'Long visit', durationMinutes: 30, charged: null },
      ],
    });
    expect(lastCall()).toMatchObject({ method: 'GET', path: '/api_v3/rooms/clinic' });
    expect(lastCall().headers).toEqual({ 'x-accountcode': 'portico-sandbox' });
  });

  test.each([
    ['night', { open: false, walkInEnabled: true, appointmentsEnabled: false }],
    ['econsult', { open: true, walkInEnabled: false, eConsultEnabled: true }],
    ['berlin', { appointmentsEnabled: true, eConsultEnabled: false, timeZone: 'Europe/Berlin' }],
  ])('%s says what it offers; what is absent is off', async (code, expected) => {
    const { visits, scope } = await openClinic();
    expect(await visits.room(scope(), code)).toMatchObject(expected);
  });

  test('is null where there is none, and refused where it cannot be one', async () => {
    const { visits, scope, simulator } = await openClinic();
    expect(await visits.room(scope(), 'nowhere')).toBeNull();
    expect(await errorOf(visits.room(scope(), 'a/b'))).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(simulator.calls).toHaveLength(1);
  });
});

describe('availability', () => {
  test('asks with unix seconds and minutes, and gets the slots of working hours', async () => {
    const { visits, scope, lastCall } = await openClinic();
    const session = await visits.signIn(scope(), ana);
    const slots = await visits.availabilities(scope(), session, search);
    expect(lastCall()).toMatchObject({
      method: 'GET',
      path: '/api_v3/availability',
      query: {
        member_id: session.vendorPatientId,
        start: String(seconds(wednesday)),
        end: String(seconds(wednesday + 24 * hour)),
        duration: '30',
        consultation_id: longVisit,
        room_code: 'clinic',
      },
      headers: { 'x-apitoken': session.token },
    });
    expect(lastCall().query).not.toHaveProperty('provider_id');
    expect(slots).toHaveLength(16);
    expect(slots[0]).toEqual({
      vendorSlotId: `clinic-${seconds(nine.start)}-30`,
      ...nine,
      timeZone: null,
      placesLeft: 1,
      vendorProviderId: null,
    });
    expect(slots.at(-1)?.end).toEqual(new Date(wednesday + 9 * hour));
  });

  test('knows the one provider where one was asked for', async () => {
    const { visits, scope, lastCall } = await openClinic();
    const session = await visits.signIn(scope(), ana);
    const [slot] = await visits.availabilities(scope(), session, { ...search, providerId: '827' });
    expect(lastCall().query).toMatchObject({ provider_id: '827' });
    expect(slot?.vendorProviderId).toBe('827');
  });

  test('is empty at the weekend, where the room takes no appointments, and beyond thirty days', async () => {
    const { visits, scope } = await openClinic();
    const session = await visits.signIn(scope(), ana);
    const saturday = { from: new Date(wednesday + 72 * hour), to: new Date(wednesday + 95 * hour) };
    const later = {
      from: new Date(wednesday + 31 * 24 * hour),
      to: new Date(wednesday + 40 * 24 * hour),
    };
    const econsult = { roomCode: 'econsult', consultationId: null };
    for (const change of [saturday, later, econsult]) {
      expect(await visits.availabilities(scope(), session, { ...search, ...change })).toEqual([]);
    }
  });

  test('V16: follows the room’s own zone over a change of clocks', async () => {
    const { visits, scope } = await openClinic();
    const session = await visits.signIn(scope(), ana);
    const slots = await visits.availabilities(scope(), session, {
      ...search,
      roomCode: 'berlin',
      consultationId: null,
      from: new Date('2026-10-23T00:00:00+02:00'),
      to: new Date('2026-10-27T00:00:00+01:00'),
    });
    // Friday in summer time, Monday in winter time.
    expect(slots).toHaveLength(32);
    expect(slots[0]?.start).toEqual(new Date('2026-10-23T09:00:00+02:00'));
    expect(slots[16]?.start).toEqual(new Date('2026-10-26T09:00:00+01:00'));
  });

  test('refuses a window without length before any call', async () => {
    const { visits, scope, simulator } = await openClinic();
    const session = await visits.signIn(scope(), ana);
    const error = await errorOf(
      visits.availabilities(scope(), session, { ...search, to: search.from }),
    );
    expect(error).toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(simulator.calls).toHaveLength(1);
  });
});

describe('an appointment', () => {
  test('takes a slot, sends the member, and comes with the one-time link', async () => {
    const { visits, scope, begin, lastCall, portal } = await openClinic();
    const { session, place } = await begin(ana, 'clinic', '826');
    const [slot] = await visits.availabilities(scope(), session, search);
    const { visit, joinUrl } = await visits.schedule(scope(), session, {
      ...booking,
      ...place,
      ...nine,
      vendorSlotId: slot?.vendorSlotId ?? null,
    });
    expect(lastCall()).toMatchObject({
      method: 'POST',
      path: '/api_v3/visits',
      headers: { 'x-accountcode': 'portico-sandbox', 'x-apitoken': session.token },
      body: {
        intake_id: place.intakeId,
        room_code: 'clinic',
        provider_id: 826,
        member_id: session.vendorPatientId,
        start: seconds(nine.start),
        end: seconds(nine.end),
        consultation_id: longVisit,
        slot_id: slot?.vendorSlotId,
      },
    });
    expect(visit).toMatchObject({ kind: 'SCHEDULED', status: 'CONFIRMED', ...nine });
    expect(visit.provider?.lastName).toBe('Hill');
    expect(joinUrl).toMatch(
      new RegExp(`^${portal}members/appointment/${visit.vendorVisitId}\\?token=[a-z0-9]{10}$`),
    );
    expect(joinUrl).not.toContain(session.token);
  });

  test('is joined through a login where the clinic has no one-time links', async () => {
    const { visits, scope, begin, portal } = await openClinic();
    const { session, place } = await begin(ana, 'berlin');
    const { visit, joinUrl } = await visits.schedule(scope(), session, {
      ...booking,
      ...place,
      consultationId: null,
      start: new Date('2026-10-15T09:00:00+02:00'),
      end: new Date('2026-10-15T09:30:00+02:00'),
    });
    expect(visit.status).toBe('PENDING');
    expect(joinUrl).toBe(
      `${portal}auth?sso_token=${session.token}&next=/members/appointment/${visit.vendorVisitId}`,
    );
  });

  test('uses up its slot and all that overlap; cancelling gives them back', async () => {
    const { visits, scope, begin } = await openClinic();
    const { session, place } = await begin(ana, 'clinic');
    const { visit } = await visits.schedule(scope(), session, { ...booking, ...place, ...nine });
    const short = { ...search, consultationId: shortVisit, durationMinutes: 15 };
    expect(await visits.availabilities(scope(), session, search)).toHaveLength(15);
    expect(await visits.availabilities(scope(), session, short)).toHaveLength(30);
    const late = await begin(ben, 'clinic');
    const taken = visits.schedule(scope(), late.session, { ...booking, ...late.place, ...nine });
    expect(await errorOf(taken)).toMatchObject({
      kind: 'REJECTED',
      status: 400,
      reason: 'slot_unavailable',
      mayHaveActed: false,
    });
    await visits.cancel(scope(), session, visit.vendorVisitId);
    expect(await visits.availabilities(scope(), session, search)).toHaveLength(16);
  });

  test('cannot be cancelled where the room keeps its patients from it', async () => {
    const { visits, scope, begin, simulator } = await openClinic();
    simulator.switches.roomsWithoutCancel.push('clinic');
    const { session, place } = await begin(ana, 'clinic');
    const { visit } = await visits.schedule(scope(), session, { ...booking, ...place, ...nine });
    expect(await errorOf(visits.cancel(scope(), session, visit.vendorVisitId))).toMatchObject({
      kind: 'REJECTED',
      status: 403,
      reason: 'not_cancellable',
    });
  });
});

describe('booking against the calendar', () => {
  const night = { start: new Date(wednesday + 12 * hour), end: new Date(wednesday + 12.5 * hour) };

  test('is the admin token with the member, and only where it is asked for', async () => {
    const { visits, scope, begin, lastCall } = await openClinic();
    const { session, place } = await begin(ana, 'clinic');
    const patients = visits.schedule(scope(), session, { ...booking, ...place, ...night });
    expect((await errorOf(patients)).reason).toBe('slot_unavailable');
    expect(lastCall().headers['x-apitoken']).toBe(session.token);
    const forced = await visits.schedule(scope(), session, {
      ...booking,
      ...place,
      ...night,
      overrideCalendar: true,
    });
    expect(lastCall().headers).toEqual({
      'x-accountcode': 'portico-sandbox',
      'x-apitoken': 'sandbox-admin-token',
    });
    expect(lastCall().body).toMatchObject({ member_id: session.vendorPatientId });
    expect(forced.visit).toMatchObject({ kind: 'SCHEDULED', patientId: ana.id, ...night });
  });

  test('is not configured without an admin token, and nothing is sent', async () => {
    const { visits, scope, begin, simulator } = await openClinic({ VSEE_ADMIN_TOKEN: undefined });
    expect(visits.canOverrideCalendar).toBe(false);
    const { session, place } = await begin(ana, 'clinic');
    const error = await errorOf(
      visits.schedule(scope(), session, { ...booking, ...place, ...nine, overrideCalendar: true }),
    );
    expect(error).toBeInstanceOf(CodedError);
    expect(error).toMatchObject({ code: 'NOT_CONFIGURED' });
    expect(simulator.calls).toHaveLength(2);
  });

  test('is a refused credential with a wrong admin token; the patient’s token stays', async () => {
    const { visits, scope, begin, vault } = await openClinic({ VSEE_ADMIN_TOKEN: 'wrong' });
    expect(visits.canOverrideCalendar).toBe(true);
    const { session, place } = await begin(ana, 'clinic');
    const error = await errorOf(
      visits.schedule(scope(), session, { ...booking, ...place, ...nine, overrideCalendar: true }),
    );
    expect(error).toMatchObject({ kind: 'CREDENTIAL_REFUSED', status: 401 });
    expect(vault.kept.size).toBe(1);
  });
});
