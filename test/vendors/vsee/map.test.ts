import { describe, expect, test } from 'vitest';
import { toSlots, vseeSlot } from '../../../src/vendors/vsee/assumed.ts';
import {
  instantOf,
  kindOf,
  mediumOf,
  statusOf,
  toProfile,
  toProviders,
  toRoom,
  toRooms,
  toVisit,
} from '../../../src/vendors/vsee/map.ts';
import {
  memberOf,
  vseeProviders,
  vseeRoom,
  vseeRoomPage,
  vseeSignInOf,
  vseeUserOf,
  vseeVisit,
  vseeVisitOf,
} from '../../../src/vendors/vsee/wire.ts';

const owner = { vendor: 'VSEE', patientId: 'p', portal: new URL('https://clinic.example.com/') };
const visitFrom = (wire: object) => toVisit(owner, vseeVisit.parse({ id: '67001', ...wire }));

describe('a visit’s numbers', () => {
  test.each([
    ['10', 'PENDING'],
    [20, 'CONFIRMED'],
    ['25', 'IN_PROGRESS'],
    [30, 'COMPLETED'],
    ['40', 'CANCELLED'],
    [50, 'REFUNDED'],
    ['pending', 'PENDING'],
    ['confirmed', 'CONFIRMED'],
    ['inprogress', 'IN_PROGRESS'],
    ['In Progress', 'IN_PROGRESS'],
    ['completed', 'COMPLETED'],
    ['cancelled', 'CANCELLED'],
    ['refunded', 'REFUNDED'],
    ['15', 'UNKNOWN'],
    [99, 'UNKNOWN'],
    ['no_show', 'UNKNOWN'],
    ['', 'UNKNOWN'],
    [null, 'UNKNOWN'],
    [undefined, 'UNKNOWN'],
  ])('status %j is %s', (status, expected) => {
    expect(statusOf(status)).toBe(expected);
  });

  test.each([
    ['1', 'WALK_IN'],
    [2, 'SCHEDULED'],
    ['3', 'E_CONSULT'],
    [10, 'GUEST'],
    [4, 'UNKNOWN'],
    ['walkin', 'UNKNOWN'],
    [null, 'UNKNOWN'],
  ])('type %j is %s', (type, expected) => {
    expect(kindOf(type)).toBe(expected);
  });

  test.each([
    ['1', 'IN_PERSON'],
    [2, 'PHONE'],
    ['3', 'VIDEO'],
    [4, 'UNKNOWN'],
    ['', 'UNKNOWN'],
    [null, 'UNKNOWN'],
    [undefined, 'UNKNOWN'],
  ])('subtype %j is %s', (subtype, expected) => {
    expect(mediumOf(subtype)).toBe(expected);
  });

  test.each([
    ['1767225600', '2026-01-01T00:00:00.000Z'],
    [1767225600, '2026-01-01T00:00:00.000Z'],
    ['0', null],
    [0, null],
    ['', null],
    ['soon', null],
    ['99999999999999', null],
    [null, null],
    [undefined, null],
  ])('time %j is %s', (value, expected) => {
    expect(instantOf(value)?.toJSON() ?? null).toBe(expected);
  });
});

describe('a visit', () => {
  test('of a list, with integers, maps as the one that was created, with text', () => {
    const times = { start: 1767225600, end: 1767226500, actual_start: null };
    const text = { start: '1767225600', end: '1767226500', actual_start: null };
    const list = visitFrom({ type: 2, status: 20, member_id: 183201, ...times });
    expect(list).toEqual(visitFrom({ type: '2', status: '20', member_id: '183201', ...text }));
    expect(list.end).toEqual(new Date('2026-01-01T00:15:00Z'));
  });

  test('with nothing but an id is unknown in kind and status, and has no invitation', () => {
    expect(visitFrom({})).toEqual({
      vendor: 'VSEE',
      patientId: 'p',
      vendorVisitId: '67001',
      kind: 'UNKNOWN',
      medium: 'UNKNOWN',
      status: 'UNKNOWN',
      reason: null,
      start: null,
      end: null,
      actualStart: null,
      actualEnd: null,
      provider: null,
      roomCode: null,
      inviteUrl: null,
    });
  });

  test('drops unknown fields and malformed ones that are only shown', () => {
    const visit = visitFrom({
      status: { word: 'pending' },
      provider: 'Dr. Hill',
      intake: [],
      room_code: 5,
      meeting: { conference_pin: 1234 },
      code: '../../evil',
    });
    expect(visit).toMatchObject({ status: 'UNKNOWN', provider: null, inviteUrl: null });
    expect(JSON.stringify(visit)).not.toContain('1234');
  });

  test('knows the provider by id where the object is missing', () => {
    expect(visitFrom({ provider_id: 826, provider: null }).provider).toEqual({
      id: '826',
      firstName: null,
      lastName: null,
      title: null,
    });
  });

  test('takes the reason from its intake', () => {
    expect(visitFrom({ intake: { reason_for_visit: ' cough ' } }).reason).toBe('cough');
  });

  test('without an id is no visit, and of another member is not taken for an answer', () => {
    expect(vseeVisit.safeParse({ status: '10' }).success).toBe(false);
    expect(vseeVisitOf('1').safeParse({ id: '5', member_id: '2' }).success).toBe(false);
    expect(vseeVisitOf('1').safeParse({ id: '5', member: { id: 2 } }).success).toBe(false);
    expect(vseeVisitOf('1').safeParse({ id: '5' }).success).toBe(true);
    expect(memberOf(vseeVisit.parse({ id: 5, member: { id: 2 } }))).toBe('2');
  });
});

describe('a sign-in answer', () => {
  const answer = {
    id: '183201',
    code: 'portico-1',
    token: { user_id: '183201', token: 'abc', expiry: '1767312000' },
  };

  test('takes an expiry as text too', () => {
    expect(vseeSignInOf('portico-1').parse(answer).token.expiry).toBe(1767312000);
  });

  test.each([
    ['of another code', { code: 'portico-2' }],
    ['with another user’s token', { token: { ...answer.token, user_id: '183202' } }],
    ['without a token', { token: {} }],
    ['with a token that would break a header', { token: { ...answer.token, token: 'a\r\nb' } }],
    ['without an expiry', { token: { ...answer.token, expiry: null } }],
    ['with an id that is no number', { id: 'ana' }],
  ])('%s is no answer', (_case, change) => {
    expect(vseeSignInOf('portico-1').safeParse({ ...answer, ...change }).success).toBe(false);
  });
});

describe('a profile', () => {
  const profileFrom = (wire: object) =>
    toProfile('VSEE', vseeUserOf('1').parse({ id: '1', ...wire }));

  test.each([
    [1, 'MALE'],
    ['2', 'FEMALE'],
    ['female', 'FEMALE'],
    [3, 'UNKNOWN'],
    [null, null],
  ])('gender %j is %s', (gender, sex) => {
    expect(profileFrom({ gender }).sex).toBe(sex);
  });

  test.each([
    ['+1 (555) 010-4477', '+15550104477'],
    [15550104477, '15550104477'],
    ['ask my wife', null],
  ])('has the phone number %j as %j', (phone, number) => {
    expect(profileFrom({ phone }).phone).toBe(number);
  });

  test('takes a birth date only where it is a day, and an address where there is some', () => {
    expect(profileFrom({ dob: '1988-02-31' }).birthDate).toBeNull();
    expect(profileFrom({ dob: '02/11/1988' }).birthDate).toBeNull();
    expect(profileFrom({ dob: '1988-02-11', city: 'Los Angeles', zip: 90012 })).toMatchObject({
      birthDate: '1988-02-11',
      address: { street: null, city: 'Los Angeles', postalCode: '90012' },
    });
    expect(profileFrom({ city: '' }).address).toBeNull();
  });

  test('of another member is no answer', () => {
    expect(vseeUserOf('1').safeParse({ id: '2' }).success).toBe(false);
  });
});

describe('a room', () => {
  const roomFrom = (wire: object) => toRoom('VSEE', vseeRoom.parse({ code: 'abcde', ...wire }));

  test('with its code only is open and offers nothing', () => {
    expect(roomFrom({})).toMatchObject({
      open: true,
      walkInEnabled: false,
      appointmentsEnabled: false,
      eConsultEnabled: false,
      timeZone: null,
      consultations: [],
    });
  });

  test('that is inactive or closed is not open, however the flag is spelled', () => {
    expect(roomFrom({ active: false }).open).toBe(false);
    expect(roomFrom({ operation_settings: { is_closed: '1' } }).open).toBe(false);
    expect(roomFrom({ operation_settings: { is_closed: 0 } }).open).toBe(true);
  });

  test('never guesses a time zone', () => {
    const zoneOf = (zone: string) =>
      roomFrom({ operation_settings: { default_timezone: zone } }).timeZone;
    expect(zoneOf('Mars/Olympus')).toBeNull();
    expect(zoneOf('Europe/Berlin')).toBe('Europe/Berlin');
  });

  test.each([
    [undefined, true],
    [{ patient: {} }, true],
    [{ patient: { allow_cancel: true } }, true],
    [{ patient: { allow_cancel: false } }, false],
    [{ patient: { allow_cancel: '0' } }, false],
  ])('whose appointments are of the users %j lets patients cancel: %s', (users, expected) => {
    const visits = { appointment: { enabled: true, users } };
    expect(roomFrom({ visits })).toMatchObject({
      appointmentsEnabled: true,
      patientsMayCancel: expected,
    });
  });

  test('of the older kind has consultations without ids, or with some that are none', () => {
    const consultation = { description: 'Visit', duration: '15', amount: 5 };
    const consultations = [consultation, { ...consultation, id: 'visit 15' }];
    const visit = { id: null, description: 'Visit', durationMinutes: 15 };
    expect(roomFrom({ payment: { consultations } }).consultations).toMatchObject([visit, visit]);
  });
});

describe('a consultation', () => {
  test.each([
    [20, 20],
    ['45', 45],
    [1, 1],
    [20.5, 21],
    [527_040, 527_040],
    [527_041, null],
    ['7.2', 7],
    [0, null],
    [-15, null],
    [3_000_000_000, null],
    ['1e12', null],
    ['soon', null],
    [null, null],
  ])('of %j takes %j whole minutes, as the contract has them', (duration, expected) => {
    const payment = { consultations: [{ duration }] };
    const room = toRoom('VSEE', vseeRoom.parse({ code: 'abcde', payment }));
    expect(room.consultations[0]?.durationMinutes).toBe(expected);
  });

  const chargedOf = (consultation: object) =>
    toRoom('VSEE', vseeRoom.parse({ code: 'abcde', payment: { consultations: [consultation] } }))
      .consultations[0]?.charged;

  test.each([45, '45.00', 0.5])('that costs %j is kept as it came', (amount) => {
    const charged = { amount, group: '', duration: '15', visible_to_patient: 1, odd: { a: [1] } };
    expect(chargedOf(charged)).toEqual(charged);
  });

  test.each([0, '0.00', '', null, undefined, 'free', -1])('that costs %j is free', (amount) => {
    expect(chargedOf({ amount, charge: true })).toBeNull();
  });
});

test('of listed rooms those are kept that can be asked for', () => {
  const data = [{ code: 'abcde', name: 'One' }, { code: 'a b' }];
  const page = vseeRoomPage.parse({ data, total: '2' });
  expect(toRooms('VSEE', page.data)).toMatchObject([{ code: 'abcde', name: 'One', open: true }]);
});

test('the providers of a room are those who can be asked for, as number or text, named or not', () => {
  const wire = [
    { id: 826, first_name: ' Grace ', last_name: 'Hill', title: 'Dr.', photo: null, status: 20 },
    { id: '827', first_name: '', title: 5 },
    { id: 'dr-hill', first_name: 'Nobody' },
    { id: '1'.repeat(16) },
  ];
  expect(toProviders(vseeProviders.parse(wire))).toEqual([
    { id: '826', firstName: 'Grace', lastName: 'Hill', title: 'Dr.' },
    { id: '827', firstName: null, lastName: null, title: null },
  ]);
});

describe('slots', () => {
  test.each(['', 'two words', 's'.repeat(129), 'tab\t', null])(
    'whose handle is %j are booked by their time alone',
    (handle) => {
      const slot = vseeSlot.parse({ slot_id: handle, slot_start: 100, slot_end: 200 });
      expect(toSlots([slot])).toMatchObject([
        { vendorSlotId: null, start: new Date(100_000), end: new Date(200_000) },
      ]);
    },
  );

  test.each([
    ['826', '826'],
    ['dr-hill', null],
    ['', null],
  ] as const)('of the one provider %j are booked with %j', (id, provider) => {
    const slot = vseeSlot.parse({ slot_id: 's1', slot_start: 100, provider_ids: [id] });
    expect(toSlots([slot])).toMatchObject([{ vendorProviderId: provider }]);
  });

  test.each([3_000_000_000, '3000000000', 1.5, 'many'])(
    'with %j places left can be booked, and say nothing of them',
    (places) => {
      const slot = vseeSlot.parse({ slot_start: 100, slot_available: places });
      expect(toSlots([slot])).toMatchObject([{ placesLeft: null }]);
    },
  );

  test('without places left are no availability; the others come in order', () => {
    const wire = [
      { slot_id: 's3', slot_start: 300, slot_end: 400, slot_available: 2, provider_ids: [1, 2] },
      { slot_id: 's1', slot_start: '100', slot_end: '200', slot_booked: 1, slot_available: 0 },
      { slot_start: '200', slot_end: null, provider_ids: [826] },
    ].map((slot) => vseeSlot.parse(slot));
    expect(toSlots(wire)).toEqual([
      {
        vendorSlotId: null,
        start: new Date(200_000),
        end: null,
        timeZone: null,
        placesLeft: null,
        vendorProviderId: '826',
      },
      {
        vendorSlotId: 's3',
        start: new Date(300_000),
        end: new Date(400_000),
        timeZone: null,
        placesLeft: 2,
        vendorProviderId: null,
      },
    ]);
  });
});
