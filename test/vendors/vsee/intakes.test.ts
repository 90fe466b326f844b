import { describe, expect, test } from 'vitest';
import type { Intake } from '../../../src/domain/capabilities/visits.ts';
import { UserFailure } from '../../../src/domain/errors.ts';
import { ana, emptyIntake, errorOf, openClinic } from './clinic.ts';

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const full: Intake = {
  reasonForVisit: 'Sore throat + cough',
  location: 'CA',
  phone: '5550104477',
  custom: { custom_smoker: false, custom_answers: { days: 3 }, allergies: 'none' },
};

describe('an intake', () => {
  test('carries the vendor’s names, an integer provider and the clinic’s own answers, with the patient’s token only', async () => {
    const { visits, scope, lastCall } = await openClinic();
    const session = await visits.signIn(scope(), ana);
    const id = await visits.createIntake(scope(), session, {
      roomCode: 'clinic',
      providerId: '826',
      kind: 'SCHEDULED',
      intake: full,
    });
    expect(id).toMatch(uuid);
    expect(lastCall()).toMatchObject({
      method: 'POST',
      path: '/api_v3/intakes',
      body: {
        room_code: 'clinic',
        type: 2,
        provider_id: 826,
        reason_for_visit: 'Sore throat + cough',
        location: 'CA',
        phone: '5550104477',
        custom_smoker: false,
        custom_answers: { days: 3 },
        allergies: 'none',
      },
    });
    expect(lastCall().body).not.toHaveProperty('member_id');
    expect(lastCall().headers).toEqual({
      'x-accountcode': 'portico-sandbox',
      'x-apitoken': session.token,
    });
  });

  test.each([
    ['WALK_IN', 1],
    ['SCHEDULED', 2],
    ['E_CONSULT', 1],
  ] as const)('for %s is of type %i and leaves out what is not given', async (kind, type) => {
    const { visits, scope, lastCall } = await openClinic();
    const session = await visits.signIn(scope(), ana);
    const request = { roomCode: 'clinic', providerId: null, kind, intake: emptyIntake };
    await visits.createIntake(scope(), session, request);
    expect(lastCall().body).toEqual({ room_code: 'clinic', type });
  });

  test.each([
    'room_code',
    'type',
    'provider_id',
    'member_id',
    'attachments',
    'consultation',
    'reason_for_visit',
    'reasonforvisit',
    'location',
    'phone',
    'id',
    'visit_id',
    'Member_ID',
    '__proto__',
    'custom-answer',
    '9lives',
    '',
    'a'.repeat(65),
  ])('refuses a custom answer named "%s" before any call', async (name) => {
    const { visits, scope, simulator } = await openClinic();
    const session = await visits.signIn(scope(), ana);
    const error = await errorOf(
      visits.createIntake(scope(), session, {
        roomCode: 'clinic',
        providerId: null,
        kind: 'WALK_IN',
        intake: { ...emptyIntake, custom: JSON.parse(`{${JSON.stringify(name)}: "x"}`) },
      }),
    );
    expect(error).toBeInstanceOf(UserFailure);
    expect(error).toMatchObject({
      code: 'INVALID_INPUT',
      details: { path: ['input', 'intake', 'custom'] },
    });
    expect(simulator.calls).toHaveLength(1);
  });

  test('of an unknown room is not found', async () => {
    const { visits, scope } = await openClinic();
    const session = await visits.signIn(scope(), ana);
    const request = { roomCode: 'nowhere', providerId: null, kind: 'WALK_IN' } as const;
    const error = await errorOf(
      visits.createIntake(scope(), session, { ...request, intake: emptyIntake }),
    );
    expect(error).toMatchObject({ kind: 'NOT_FOUND', status: 404, mayHaveActed: false });
  });

  test('is not sent again when its answer is lost', async () => {
    const { visits, scope, simulator } = await openClinic();
    const session = await visits.signIn(scope(), ana);
    simulator.fault({ kind: 'reset', act: true });
    const request = { roomCode: 'clinic', providerId: null, kind: 'WALK_IN' } as const;
    const error = await errorOf(
      visits.createIntake(scope(), session, { ...request, intake: emptyIntake }),
    );
    expect(error).toMatchObject({ kind: 'CONNECTION_LOST', mayHaveActed: true });
    expect(simulator.calls).toHaveLength(2);
  });
});

test.each(['json', 'form', 'multipart'])(
  'a consultation that is charged for is booked once the intake holds it, sent as %s',
  async (encoding) => {
    const { visits, scope, begin, lastCall } = await openClinic({
      VSEE_REQUEST_ENCODING: encoding,
    });
    const { session, place } = await begin(ana, 'berlin');
    const { consultations } = (await visits.room(scope(), 'berlin')) ?? {};
    const { id = null, charged = null } = consultations?.[1] ?? {};
    const booking = {
      ...place,
      start: new Date('2026-10-15T09:00:00+02:00'),
      end: new Date('2026-10-15T09:30:00+02:00'),
      ...{ consultationId: id, vendorSlotId: null, overrideCalendar: false },
    };
    const early = await errorOf(visits.schedule(scope(), session, booking));
    expect(early).toMatchObject({ kind: 'REJECTED', status: 400 });
    await visits.chargeIntake(scope(), session, place.intakeId, charged ?? {});
    expect(lastCall()).toMatchObject({
      method: 'POST',
      path: `/api_v3/intakes/${place.intakeId}`,
      headers: { 'x-accountcode': 'portico-sandbox', 'x-apitoken': session.token },
    });
    const { visit } = await visits.schedule(scope(), session, booking);
    expect(visit.start).toEqual(booking.start);
  },
);

describe('the request encoding', () => {
  test.each([
    ['form', /^application\/x-www-form-urlencoded/],
    ['multipart', /^multipart\/form-data; boundary=/],
  ])('%s is taken by the clinic just as JSON is', async (encoding, contentType) => {
    const { visits, scope, begin, lastCall, simulator } = await openClinic({
      VSEE_REQUEST_ENCODING: encoding,
    });
    const { session, place } = await begin(ana, 'clinic', '826');
    const { visit } = await visits.startWalkIn(scope(), session, place);
    expect(visit).toMatchObject({ kind: 'WALK_IN', provider: { id: '826', firstName: 'Grace' } });
    expect(lastCall().body).toEqual({
      intake_id: place.intakeId,
      room_code: 'clinic',
      provider_id: '826',
    });
    expect(simulator.calls.map(({ headers }) => headers['content-type'])).toEqual([
      expect.stringMatching(contentType),
      expect.stringMatching(contentType),
      expect.stringMatching(contentType),
    ]);
  });

  test('form sends structured answers as JSON inside their field', async () => {
    const { visits, scope, lastCall } = await openClinic({ VSEE_REQUEST_ENCODING: 'form' });
    const session = await visits.signIn(scope(), ana);
    const request = { roomCode: 'clinic', providerId: null, kind: 'WALK_IN' } as const;
    await visits.createIntake(scope(), session, { ...request, intake: full });
    expect(lastCall().body).toMatchObject({
      custom_answers: '{"days":3}',
      custom_smoker: 'false',
      reason_for_visit: 'Sore throat + cough',
    });
  });
});
