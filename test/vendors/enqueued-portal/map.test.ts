import { describe, expect, it } from 'vitest';
import {
  toCalendarDate,
  toInstant,
  toPhone,
  toPortalRequest,
  toProfile,
  toRequestStatus,
  toRequestType,
  toSex,
} from '../../../src/vendors/enqueued-portal/map.ts';
import {
  readInviteVerdict,
  readRefusal,
  readVerdict,
} from '../../../src/vendors/enqueued-portal/refusals.ts';
import {
  enqueuedAcknowledgement,
  enqueuedPatient,
  enqueuedRequests,
} from '../../../src/vendors/enqueued-portal/wire.ts';

describe('words', () => {
  it.each([
    ['rx', 'PRESCRIPTION'],
    ['rx_refill', 'PRESCRIPTION_REFILL'],
    ['supplement', 'SUPPLEMENT'],
    ['questionnaire', 'QUESTIONNAIRE'],
    ['secure_message', 'SECURE_MESSAGE'],
    ['appointment', 'APPOINTMENT'],
    ['document', 'DOCUMENT'],
    ['demographics', 'DEMOGRAPHICS'],
    [' RX ', 'PRESCRIPTION'],
    ['fax', 'UNKNOWN'],
    ['constructor', 'UNKNOWN'],
    ['', 'UNKNOWN'],
    [null, 'UNKNOWN'],
  ])('of a request type: %s is %s', (text, type) => {
    expect(toRequestType(text)).toBe(type);
  });

  it.each([
    ['open', false, 'OPEN'],
    ['dismissed', false, 'DISMISSED'],
    ['deleted', true, 'DELETED'],
    ['archived', false, 'UNKNOWN'],
    [null, false, 'OPEN'],
    [undefined, true, 'DELETED'],
    ['open', true, 'DELETED'],
    ['dismissed', true, 'DISMISSED'],
    ['archived', true, 'UNKNOWN'],
  ])('of a status: %s (deleted: %s) is %s', (text, deleted, status) => {
    expect(toRequestStatus(text, deleted)).toBe(status);
  });

  it.each([
    ['M', 'MALE'],
    ['f', 'FEMALE'],
    ['?', 'UNKNOWN'],
    ['X', 'UNKNOWN'],
    ['', null],
    [null, null],
  ])('of a sex: %s is %s', (text, sex) => {
    expect(toSex(text)).toBe(sex);
  });
});

describe('times', () => {
  it.each([
    ['2026-02-11 17:42:08', '2026-02-11T17:42:08.000Z'],
    ['2026-02-11 17:42', '2026-02-11T17:42:00.000Z'],
    ['2026-02-11', '2026-02-11T00:00:00.000Z'],
    ['2026-02-11T17:42:08', '2026-02-11T17:42:08.000Z'],
    ['2026-02-11T17:42:08.5Z', '2026-02-11T17:42:08.500Z'],
    ['2026-02-11T17:42:08+01:00', '2026-02-11T16:42:08.000Z'],
  ])('V16: %s is %s', (text, instant) => {
    expect(toInstant(text)?.toISOString()).toBe(instant);
  });

  it.each(['0000-00-00 00:00:00', '2026-02-30 10:00:00', '11.02.2026', 'soon', '', null])(
    '%s is no instant',
    (text) => {
      expect(toInstant(text)).toBeNull();
    },
  );

  it('a calendar date is never shifted', () => {
    expect(toCalendarDate('1980-01-31')).toBe('1980-01-31');
    expect(toCalendarDate('0000-00-00')).toBeNull();
    expect(toCalendarDate('1980-02-31')).toBeNull();
  });
});

describe('phone numbers', () => {
  it.each([
    ['(555) 010-4477', '+15550104477'],
    ['1-555-010-4477', '+15550104477'],
    ['+49 30 123456', '+4930123456'],
    ['+49 (0)30 123456', '+4930123456'],
    ['+44 (0)20/7946 0018', '+442079460018'],
    ['0049 30 123456', '+4930123456'],
    ['+49 030 123456', null],
    ['010-4477', null],
    ['555-010-4477 ext. 5', null],
    ['', null],
    [null, null],
  ])('%s is %s', (text, phone) => {
    expect(toPhone(text)).toBe(phone);
  });
});

describe('answers', () => {
  it('need no more of an item than its id', () => {
    const { data } = enqueuedRequests.parse({
      data: [{ id: 27 }, { id: '28', title: 5, content: {}, pt_id: 'x', patient_details: null }],
    });
    const account = { patientId: 'p', vendorPatientId: '1' };
    expect(data.map((item) => toPortalRequest('CERBO', account, item))).toEqual(
      ['27', '28'].map((vendorRequestId) => ({
        vendor: 'CERBO',
        patientId: 'p',
        vendorRequestId,
        type: 'UNKNOWN',
        vendorType: null,
        status: 'OPEN',
        title: null,
        content: null,
        notes: null,
        createdAt: null,
      })),
    );
  });

  it.each(['0000-00-00 00:00:00', '0000-00-00', '0', ' ', null])(
    'that have %j for the time of a deletion tell of none',
    (datedeleted) => {
      const { data } = enqueuedRequests.parse({ data: [{ id: 1, status: 'open', datedeleted }] });
      const account = { patientId: 'p', vendorPatientId: '1' };
      expect(data.map((item) => toPortalRequest('CERBO', account, item).status)).toEqual(['OPEN']);
    },
  );

  it('may have numbers where digits are meant', () => {
    const wire = enqueuedPatient.parse({ id: 1, zip: 90012, phone_home: 5550104477 });
    expect(toProfile('CERBO', wire)).toMatchObject({
      phone: '+15550104477',
      address: { postalCode: '90012' },
    });
  });

  it.each([
    ['an array', [{ id: 1 }, { id: 2 }], ['1', '2']],
    ['one object', { id: 1 }, ['1']],
    ['an object of objects', { a: { id: 1 }, b: { id: 2 } }, ['1', '2']],
    ['an empty object', {}, []],
    ['null', null, []],
  ])('may hold their list as %s', (_what, data, ids) => {
    expect(enqueuedRequests.parse({ data }).data.map(({ id }) => id)).toEqual(ids);
  });

  it.each([{}, { data: 'none' }, { data: [{}] }, { data: [{ id: 'x' }] }, { result: true }])(
    'are no list: %j',
    (body) => {
      expect(enqueuedRequests.safeParse(body).success).toBe(false);
    },
  );

  it('may hold next to nothing of a patient', () => {
    const wire = enqueuedPatient.parse({ id: 1, email1: ' ', address2: 'Suite 5' });
    expect(toProfile('MD_HQ', wire)).toEqual({
      vendor: 'MD_HQ',
      firstName: null,
      lastName: null,
      birthDate: null,
      sex: null,
      email: null,
      phone: null,
      address: { street: 'Suite 5', city: null, state: null, postalCode: null, country: null },
    });
  });

  it('acknowledge with at least one known word', () => {
    expect(enqueuedAcknowledgement.safeParse({ result: true }).success).toBe(true);
    expect(enqueuedAcknowledgement.safeParse({ message: 'done' }).success).toBe(true);
    expect(enqueuedAcknowledgement.safeParse({ unexpected: 1 }).success).toBe(false);
    expect(enqueuedAcknowledgement.safeParse([]).success).toBe(false);
  });
});

describe('refusals', () => {
  it('are read from both error forms', () => {
    const absent = { kind: 'REJECTED', reason: 'route_absent' };
    expect(readRefusal(404, { message: 'Route not found' })).toEqual(absent);
    expect(readRefusal(404, { error: { message: 'This endpoint is not enabled' } })).toEqual(
      absent,
    );
    expect(readRefusal(404, { error: { message: 'Patient not found' } })).toBeUndefined();
    expect(readRefusal(404, undefined)).toBeUndefined();
  });

  it.each([{ result: false }, { result: 'false' }, { result: 0 }, { error: { message: 'no' } }])(
    'may hide in a 200: %j',
    (body) => {
      expect(readVerdict(body)).toEqual({ kind: 'REJECTED' });
      expect(readInviteVerdict(body)).toEqual({ kind: 'REJECTED', reason: 'not_invitable' });
    },
  );

  it.each([
    [{ result: true }],
    [{}],
    [[]],
    [null],
    [{ result: null }],
    [{ result: true, error: {} }],
  ])('are not seen in %j', (body) => {
    expect(readVerdict(body)).toBeUndefined();
  });
});
