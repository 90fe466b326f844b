import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  calendarDay,
  claimsToProfile,
  toAppointment,
  toCategory,
  toLink,
  toMinutes,
  toProfile,
  toSex,
  toSlots,
  toType,
} from '../../../src/vendors/my-patient-portal/map.ts';
import * as wire from '../../../src/vendors/my-patient-portal/wire.ts';

const zone = 'Europe/Berlin';
const now = Date.parse('2026-03-16T12:00:00+01:00');
const account = { patientId: 'p', vendorPatientId: 'sub' };
const appointment = { id: 'xbCu', starts_at: '2026-03-20T10:00:00+01:00' };

describe('times', () => {
  test.each([
    ['2026-03-05T09:05:00+01:00', '2026-03-05T08:05:00.000Z'],
    ['2026-07-05T09:05:00+02:00', '2026-07-05T07:05:00.000Z'],
    ['2026-03-05T09:05+0100', '2026-03-05T08:05:00.000Z'],
    ['2026-03-05T09:05:00.123Z', '2026-03-05T09:05:00.123Z'],
  ])('%s is %s', (text, expected) => {
    expect(wire.instant.parse(text).toISOString()).toBe(expected);
  });

  test.each([
    '2026-03-05T09:05:00',
    '2026-03-05',
    '2026-13-45T09:05:00Z',
    '09:05',
    '',
    'yesterday',
  ])('V16: %j is an error, never a guess', (text) => {
    expect(wire.instant.safeParse(text).success).toBe(false);
    const slot = { id: 'x', starts_at: text };
    expect(wire.availabilities.safeParse({ data: [slot] }).success).toBe(false);
  });

  test('V16: fall on the day of the clinic, also where the offset changes', () => {
    expect(calendarDay(new Date('2026-03-28T23:30:00Z'), zone)).toBe('2026-03-29');
    expect(calendarDay(new Date('2026-03-29T22:30:00Z'), zone)).toBe('2026-03-30');
    expect(calendarDay(new Date('2026-03-29T21:59:00Z'), zone)).toBe('2026-03-29');
  });
});

describe('slots', () => {
  const parse = (...times: string[]) =>
    wire.availabilities.parse(times.map((time, index) => ({ id: `id${index}`, time })));

  test('are filtered by days of the clinic and sorted', () => {
    const found = parse(
      '2026-03-30T00:10:00+02:00',
      '2026-03-29T23:50:00+02:00',
      '2026-03-28T23:59:00+01:00',
      '2026-03-29T00:00:00+01:00',
    );
    const window = { from: '2026-03-29', to: '2026-03-29' };
    expect(toSlots(found, window, now, zone).map(({ vendorSlotId }) => vendorSlotId)).toEqual([
      'id3',
      'id1',
    ]);
  });

  test('of a whole month share what tells their days, which takes long to make', () => {
    let made = 0;
    class Counted extends Intl.DateTimeFormat {
      constructor(...given: ConstructorParameters<typeof Intl.DateTimeFormat>) {
        super(...given);
        made += 1;
      }
    }
    vi.stubGlobal('Intl', Object.create(Intl, { DateTimeFormat: { value: Counted } }));
    onTestFinished(() => void vi.unstubAllGlobals());
    const times = Array.from({ length: 500 }, (_, index) => new Date(now + (index + 1) * 600_000));
    const found = parse(...times.map((time) => time.toISOString()));
    const window = { from: '2026-03-16', to: '2026-04-16' };
    expect(toSlots(found, window, now, 'Europe/Vienna')).toHaveLength(500);
    expect(made).toBe(1);
  });

  test('that began are left out', () => {
    const found = parse('2026-03-16T12:00:00+01:00', '2026-03-16T12:00:01+01:00');
    const open = { from: null, to: null };
    expect(toSlots(found, open, now, zone).map(({ vendorSlotId }) => vendorSlotId)).toEqual([
      'id1',
    ]);
  });

  test('keep an id of 2,048 characters as it is', () => {
    const id = `${'+/=_-'.repeat(409)}===`;
    expect(
      wire.availabilities.parse({ data: [{ id, time: '2026-04-01T08:00:00Z' }] }),
    ).toMatchObject([{ id }]);
    expect(
      wire.availabilities.safeParse([{ id: `${id}x`, time: '2026-04-01T08:00:00Z' }]).success,
    ).toBe(false);
  });

  test.each([
    { time: '2026-04-01T08:00:00Z', starts_at: null },
    { time: null, starts_at: '2026-04-01T08:00:00Z' },
  ])('may have null beside their time: %j', (times) => {
    const start = new Date('2026-04-01T08:00:00Z');
    expect(wire.availabilities.parse([{ id: 'x', ...times }])).toMatchObject([{ start }]);
    expect(wire.appointment.parse({ id: 'x', ...times })).toMatchObject({ start });
    const none = { id: 'x', time: null, starts_at: null };
    expect(wire.availabilities.safeParse([none]).success).toBe(false);
  });
});

describe('envelopes', () => {
  test.each([
    [[appointment]],
    [{ data: [appointment] }],
    [{ appointments: [appointment] }],
    [{ success: true, data: { appointments: [appointment] } }],
  ])('of a list may be %j', (body) => {
    expect(wire.appointments.parse(body)).toHaveLength(1);
  });

  test.each([
    [appointment],
    [{ data: appointment }],
    [{ appointment }],
    [{ data: { appointment } }],
  ])('of a record may be %j', (body) => {
    expect(wire.appointment.parse(body)).toMatchObject({ id: 'xbCu' });
  });

  test.each([null, 'text', 7, {}, { data: null }, { data: 'x' }, { error: 'x' }])(
    '%j is no list and no record',
    (body) => {
      expect(wire.appointments.safeParse(body).success).toBe(false);
      expect(wire.appointment.safeParse(body).success).toBe(false);
      expect(wire.insurances.safeParse(body).success).toBe(false);
    },
  );

  test('of a booking give the id by any of its names, in order', () => {
    expect(wire.bookedId.parse({ data: { id: 'a' }, id: 'b', appointment_id: 'c' })).toBe('a');
    expect(wire.bookedId.parse({ success: true, id: 'b', appointment_id: 'c' })).toBe('b');
    expect(wire.bookedId.parse({ appointment_id: 'c' })).toBe('c');
    expect(wire.bookedId.parse({ success: true, data: { id: 4711 } })).toBe('4711');
    expect(wire.bookedId.parse({ success: true })).toBeNull();
    const others = [null, {}, { success: false }, { success: 1 }, { success: true, id: null }];
    const nulls = [{ data: { id: null } }, { success: true, data: { appointment_id: null } }];
    for (const body of [...others, ...nulls]) {
      expect(wire.bookedId.safeParse(body).success, JSON.stringify(body)).toBe(false);
    }
    expect(wire.bookedId.safeParse({ data: { id: '../x' } }).success).toBe(false);
  });

  test.each([
    { data: { appointment: { id: 'xbCu' }, availability: null } },
    { data: { appointment: { id: 'xbCu' } } },
    { appointment: { id: 'xbCu' } },
    { data: { availability: null } },
  ])('of an earlier time may be none: %j', (body) => {
    expect(wire.earlierAvailability.parse(body).availability ?? null).toBeNull();
  });

  test.each([{}, { data: null }, { data: {} }, { data: { appointment: null } }])(
    'of an earlier time are not %j',
    (body) => {
      expect(wire.earlierAvailability.safeParse(body).success).toBe(false);
    },
  );

  test.each([null, { data: null }, { data: { url: null } }, { link: null }])(
    'of a video consultation may be nothing: %j',
    (body) => {
      const found = wire.videoConsultation.parse(body);
      expect(found?.access_video_consultation_link ?? found?.url ?? found?.link ?? null).toBeNull();
    },
  );

  test.each(['text', {}, { data: {} }, { error: 'x' }])(
    'of a video consultation are not %j',
    (body) => {
      expect(wire.videoConsultation.safeParse(body).success).toBe(false);
    },
  );

  test('of a write name the appointment written to, or say success alone', () => {
    const confirmation = wire.confirmation('xbCu');
    expect(confirmation.safeParse({ data: { id: 'xbCu' } }).success).toBe(true);
    expect(confirmation.safeParse({ success: true }).success).toBe(true);
    expect(confirmation.safeParse({ data: { appointment_id: 'xbCu' } }).success).toBe(true);
    expect(confirmation.safeParse({ data: { id: 'xbcu' } }).success).toBe(false);
    expect(confirmation.safeParse({}).success).toBe(false);
    expect(confirmation.safeParse(null).success).toBe(false);
  });
});

describe('records', () => {
  const read = (more: object) =>
    toAppointment('MPP', account, wire.appointment.parse({ ...appointment, ...more }), now, zone);

  test('bear nulls and missing fields', () => {
    expect(read({ name: null, practice_name: null, event_category_id: null })).toEqual({
      vendor: 'MPP',
      patientId: 'p',
      vendorAppointmentId: 'xbCu',
      title: null,
      practiceName: null,
      status: 'BOOKED',
      start: new Date('2026-03-20T09:00:00Z'),
      end: null,
      timeZone: zone,
      cancelledAt: null,
      cancellable: false,
      reschedulable: false,
      isVideoConsultation: false,
      videoConsultationUrl: null,
      typeId: null,
      asapListSubscribed: null,
    });
  });

  test('without is_reschedulable follow is_cancellable', () => {
    expect(read({ is_cancellable: true })).toMatchObject({ reschedulable: true });
    expect(read({ is_cancellable: true, is_reschedulable: false })).toMatchObject({
      reschedulable: false,
    });
  });

  test.each([
    [true, true],
    ['true', true],
    [1, true],
    ['false', false],
    [0, false],
    ['1', true],
    ['0', false],
    [null, false],
  ])('may spell a flag %j', (flag, isSet) => {
    expect(read({ is_video_consultation: flag })).toMatchObject({ isVideoConsultation: isSet });
  });

  test('that are over by their start alone are completed', () => {
    expect(read({ starts_at: '2026-03-16T11:59:00+01:00' })).toMatchObject({ status: 'COMPLETED' });
  });

  test.each([
    ['https://video.example.test/a', 'https://video.example.test/a'],
    ['http://127.0.0.1:4000/a', 'http://127.0.0.1:4000/a'],
    ['http://video.example.test/a', null],
    ['javascript:alert(1)', null],
    ['//video.example.test/a', null],
    ['https://user:word@video.example.test/', null],
    [{}, null],
    [null, null],
  ])('have the link %j as %j', (link, expected) => {
    expect(toLink(link)).toBe(expected);
  });

  test('of a category fall back from a null name', () => {
    const [category] = wire.categories.parse([{ id: '53', name: null, subtitle: 'Radiologist' }]);
    expect(category && toCategory(category)).toMatchObject({ id: '53', name: 'Radiologist' });
  });

  test.each([
    [20, 20],
    ['20', 20],
    ['01:10', 70],
    ['0:15', 15],
    [0, null],
    [-5, null],
    [1.5, null],
    ['soon', null],
    [null, null],
    [undefined, null],
  ])('of a type last %j as %j minutes', (duration, minutes) => {
    expect(toMinutes(duration)).toBe(minutes);
  });

  test('of a type take the comment form as object, list or questions, and unknown kinds', () => {
    const question = {
      name: 'Frage',
      type: 'slider',
      required: 'on',
      config: { values: '\n A \r\nB' },
    };
    for (const form of [[question], { a: question }, { questions: [question] }]) {
      const [type] = wire.types.parse([{ id: 1, name: 'T', comment_form: form }]);
      expect(type && toType(type).commentForm).toEqual([
        { name: 'Frage', kind: 'unknown', required: true, choices: ['A', 'B'] },
      ]);
    }
  });

  test.each([
    ['female', 'FEMALE'],
    ['Male', 'MALE'],
    ['diverse', 'OTHER'],
    ['x', 'UNKNOWN'],
    ['constructor', 'UNKNOWN'],
    [null, null],
  ])('of a person have the gender %j as %j', (gender, sex) => {
    expect(toSex(gender)).toBe(sex);
  });

  test('of a person may have numbers where digits are meant', () => {
    const read = wire.profile.parse({ first_name: 'Erika', zip: 10115, mobile: 491701234567 });
    expect(toProfile('MPP', read)).toMatchObject({
      firstName: 'Erika',
      phone: '491701234567',
      address: { postalCode: '10115' },
    });
  });

  test('of a person may be all but empty', () => {
    const empty = {
      vendor: 'MPP',
      firstName: null,
      lastName: null,
      birthDate: null,
      sex: null,
      email: null,
      phone: null,
      address: null,
    };
    expect(toProfile('MPP', wire.profile.parse({ user: { id: 7 } }))).toEqual(empty);
    expect(claimsToProfile('MPP', { sub: 'x', address: null, birthdate: 'unknown' })).toEqual(
      empty,
    );
    const noDay = wire.profile.parse({ id: 7, born_on: '0000-00-00' });
    expect(toProfile('MPP', noDay)).toEqual(empty);
    // A year that is not told, OpenID Connect Core 5.1.
    expect(claimsToProfile('MPP', { sub: 'x', birthdate: '0000-04-12' })).toEqual(empty);
    const blank = Object.fromEntries(
      Object.keys(wire.profile.parse({ id: 7 })).map((name) => [name, ' ']),
    );
    expect(toProfile('MPP', wire.profile.parse(blank))).toEqual(empty);
    const phones = wire.profile.parse({ mobile: '', phone: '+49301234567' });
    expect(toProfile('MPP', phones)).toEqual({ ...empty, phone: '+49301234567' });
    const written = wire.profile.parse({ mobile: 'keines', phone: '030 / 12 34-567' });
    expect(toProfile('MPP', written)).toEqual({ ...empty, phone: '0301234567' });
    const claims = { sub: 'x', mobile_phone_number: '(0170) 123.4567', phone_number: '1234567' };
    expect(claimsToProfile('MPP', claims)).toEqual({ ...empty, phone: '01701234567' });
  });
});
