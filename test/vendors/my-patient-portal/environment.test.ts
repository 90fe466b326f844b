import { describe, expect, test } from 'vitest';
import { myPatientPortal } from '../../../src/vendors/my-patient-portal/index.ts';
import { refusalOf, verdictOf } from '../../../src/vendors/my-patient-portal/refusals.ts';

const complete = {
  MY_PATIENT_PORTAL_ISSUER: 'https://portal.example.test',
  MY_PATIENT_PORTAL_API_URL: 'https://portal.example.test/api/oauth2/v1',
  MY_PATIENT_PORTAL_CLIENT_ID: 'client',
  MY_PATIENT_PORTAL_CLIENT_SECRET: 'secret',
};
const parse = (more: Record<string, string> = {}) =>
  myPatientPortal.environment.safeParse({ ...complete, ...more });

describe('the environment', () => {
  test('keeps the issuer as it is and ends the resource prefix with a slash', () => {
    expect(parse().data).toMatchObject({
      MY_PATIENT_PORTAL_ISSUER: 'https://portal.example.test',
      MY_PATIENT_PORTAL_API_URL: new URL('https://portal.example.test/api/oauth2/v1/'),
      MY_PATIENT_PORTAL_TIME_ZONE: 'Europe/Berlin',
    });
  });

  test.each([
    ['MY_PATIENT_PORTAL_ISSUER', 'http://portal.example.test'],
    ['MY_PATIENT_PORTAL_ISSUER', 'portal.example.test'],
    ['MY_PATIENT_PORTAL_ISSUER', 'https://user:word@portal.example.test'],
    ['MY_PATIENT_PORTAL_TIME_ZONE', 'Europe/Munich'],
    ['MY_PATIENT_PORTAL_TIME_ZONE', ''],
    ['MY_PATIENT_PORTAL_CLIENT_SECRET', ''],
    ['MY_PATIENT_PORTAL_PATHS', 'no json'],
    ['MY_PATIENT_PORTAL_PATHS', '["cancel"]'],
    ['MY_PATIENT_PORTAL_PATHS', '{"cancle":"x/{id}"}'],
    ['MY_PATIENT_PORTAL_PATHS', '{"cancel":"appointments/storno"}'],
    ['MY_PATIENT_PORTAL_PATHS', '{"profile":"../profile"}'],
    ['MY_PATIENT_PORTAL_PATHS', '{"profile":"https://evil.example.test"}'],
    ['MY_PATIENT_PORTAL_PATHS', '{"profile":"profile?admin=true"}'],
  ])('refuses %s=%j', (name, value) => {
    expect(parse({ [name]: value }).success).toBe(false);
  });

  test('replaces single paths of the one route table', () => {
    const paths = '{"cancel":"/appointments/{id}/storno","profile":"me"}';
    expect(parse({ MY_PATIENT_PORTAL_PATHS: paths }).data?.MY_PATIENT_PORTAL_PATHS).toMatchObject({
      cancel: 'appointments/{id}/storno',
      profile: 'me',
      booking: 'booking',
    });
  });
});

describe('a refusal', () => {
  const funnel = refusalOf({ takesSlot: true, namesInsurance: true });

  test.each([
    [
      400,
      { error: 'This event is unavailable.' },
      { kind: 'REJECTED', reason: 'slot_unavailable' },
    ],
    [400, { error: 'Parameter missing' }, { kind: 'REJECTED' }],
    [409, { message: 'slot_unavailable' }, { kind: 'REJECTED', reason: 'slot_unavailable' }],
    [422, { errors: ['not_cancellable'] }, { kind: 'REJECTED', reason: 'not_cancellable' }],
    [
      422,
      { errors: { base: ['The event is unavailable.'] } },
      { kind: 'REJECTED', reason: 'slot_unavailable' },
    ],
    [
      422,
      { errors: [{ code: 'not_reschedulable', message: 'Some text' }] },
      { kind: 'REJECTED', reason: 'not_reschedulable' },
    ],
    [
      409,
      { error: { code: 'slot_unavailable', message: 'Some text' } },
      { kind: 'REJECTED', reason: 'slot_unavailable' },
    ],
    [
      422,
      { error: 'Some text', reason: 'asap_not_enabled' },
      { kind: 'REJECTED', reason: 'asap_not_enabled' },
    ],
    [
      422,
      { reason: 'validation_failed', invalid_fields: { 'Größe (z.B. 170)': 'x' } },
      {
        kind: 'REJECTED',
        reason: 'validation_failed',
        fields: [['commentAnswers', 'Größe (z.B. 170)']],
      },
    ],
    [
      422,
      {
        reason: 'structured_comment_invalid',
        overridable: false,
        invalid_fields: [{ Neupatient: 'x' }, { Vorerkrankungen: 'x' }, { Neupatient: 'y' }],
      },
      {
        kind: 'REJECTED',
        reason: 'validation_failed',
        fields: [
          ['commentAnswers', 'Neupatient'],
          ['commentAnswers', 'Vorerkrankungen'],
        ],
      },
    ],
    [
      422,
      { reason: 'structured_comment_invalid' },
      { kind: 'REJECTED', reason: 'structured_comment_invalid' },
    ],
    [422, undefined, { kind: 'REJECTED' }],
    [422, ['what'], { kind: 'REJECTED' }],
    [
      403,
      { error: 'Versicherung nicht erlaubt' },
      { kind: 'REJECTED', reason: 'insurance_not_allowed' },
    ],
    [
      403,
      { error: 'insufficient_scope' },
      { kind: 'AUTHORIZATION_REQUIRED', reason: 'insufficient_scope' },
    ],
    [401, 'Unauthorized', { kind: 'AUTHORIZATION_REQUIRED' }],
    [404, { error: 'slot_unavailable' }, { kind: 'NOT_FOUND' }],
    [405, { error: 'not_cancellable' }, undefined],
  ])('of %d %j is %j', (status, body, expected) => {
    expect(funnel(status, body)).toEqual(expected);
  });

  test('speaks of a lost slot only where a slot was taken', () => {
    expect(refusalOf()(400, { error: 'unavailable' })).toEqual({ kind: 'REJECTED' });
    expect(refusalOf()(403, undefined)).toEqual({ kind: 'REJECTED' });
  });

  test('names the e-mail of the ASAP list, which has no questions', () => {
    const refusal = refusalOf({ takesEmail: true });
    const refused = { kind: 'REJECTED', reason: 'validation_failed' };
    const body = { error: 'validation_failed', invalid_fields: { email: 'x', other: 'x' } };
    expect(refusal(422, body)).toEqual({ ...refused, fields: [['email']] });
    expect(refusal(422, { ...body, invalid_fields: { other: 'x' } })).toEqual(refused);
  });

  test('bounds the fields that a vendor may name', () => {
    const names = Array.from({ length: 500 }, (_, index) => [`q${index}`, 'x']);
    const fields = { ...Object.fromEntries(names), ['y'.repeat(300)]: 'x' };
    expect(funnel(422, { invalid_fields: fields })?.fields).toHaveLength(50);
  });

  test('may hide in a 2xx', () => {
    expect(verdictOf({ success: false, reason: 'slot_unavailable' })).toEqual({
      kind: 'REJECTED',
      reason: 'slot_unavailable',
    });
    expect(verdictOf({ success: false })).toEqual({ kind: 'REJECTED' });
    expect(verdictOf({ success: true })).toBeUndefined();
    expect(verdictOf([])).toBeUndefined();
  });
});
