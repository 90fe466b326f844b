import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Booking } from '../../../src/domain/capabilities/appointments.ts';
import type { AccountReference } from '../../../src/domain/vendor.ts';
import { calendarDay } from '../../../src/vendors/my-patient-portal/map.ts';
import { type Portal, startPortal } from './portal.ts';

let portal: Portal;
let ana: AccountReference;
beforeAll(async () => {
  portal = await startPortal();
});
afterAll(() => portal.simulator.close());
beforeEach(async () => {
  portal.reset();
  ana = await portal.connect('ana');
  portal.simulator.clear();
});

const consultation = { insuranceId: '136', categoryId: '53', typeId: '198' };
const scan = { insuranceId: '136', categoryId: '53', typeId: '200' };
const anyTime = { from: null, to: null };
const funnel = () => portal.door.funnel;
const slots = (at = consultation, window: { from: string | null; to: string | null } = anyTime) =>
  funnel().availabilities(portal.scope(), ana, at, window);

async function booking(at = consultation, rest: Partial<Booking> = {}): Promise<Booking> {
  const [slot] = await slots(at);
  return {
    ...at,
    vendorSlotId: slot?.vendorSlotId ?? '',
    asapListOptIn: false,
    comments: null,
    commentAnswers: null,
    emailNotifications: null,
    smsNotifications: null,
    ...rest,
  };
}
const book = (wanted: Booking) => funnel().book(portal.scope(), ana, wanted);
const bookingCall = () => portal.simulator.calls.find(({ path }) => path === '/booking');

describe('the walkthrough', () => {
  test('lists insurances with ids as text', async () => {
    expect(await funnel().insurances(portal.scope(), ana)).toEqual([
      { id: '136', name: 'Techniker Krankenkasse', type: 'public' },
      { id: '137', name: 'Sandkasten Privatversicherung', type: 'private' },
      { id: '138', name: 'Selbstzahler', type: 'self_payer' },
    ]);
  });

  test('lists the categories of an insurance, HTML as it came, without photos', async () => {
    const forPublic = await funnel().categories(portal.scope(), ana, '136');
    expect(forPublic).toEqual([
      {
        id: '53',
        name: 'Radiology',
        subtitle: 'Radiologist',
        description: expect.stringContaining('<script>'),
      },
    ]);
    const forPrivate = await funnel().categories(portal.scope(), ana, '137');
    expect(forPrivate.map(({ id }) => id)).toEqual(['53', '54']);
    expect(portal.simulator.calls[0]).toMatchObject({
      path: '/appointment_categories',
      query: { insurance_id: '136' },
    });
  });

  test('lists types with duration, ASAP list, video and questions', async () => {
    const types = await funnel().types(portal.scope(), ana, consultation);
    expect(types.map(({ id, durationMinutes }) => [id, durationMinutes])).toEqual([
      ['198', 20],
      ['199', 15],
      ['200', 70],
    ]);
    expect(types[0]).toMatchObject({ asapNotificationsEnabled: true, commentForm: null });
    expect(types[1]).toMatchObject({ isVideoConsultation: true });
    expect(types[2]?.commentForm).toEqual([
      { name: 'Größe in cm', kind: 'textfield', required: true, choices: null },
      {
        name: 'Herzschrittmacher',
        kind: 'combo',
        required: true,
        choices: ['Ja', 'Nein', 'Unbekannt'],
      },
      { name: 'Letzte Untersuchung', kind: 'date', required: false, choices: null },
      { name: 'Allergien', kind: 'checkbox', required: false, choices: ['Jod', 'Latex'] },
      { name: 'Bemerkung', kind: 'textarea', required: false, choices: null },
    ]);
    expect(portal.simulator.calls[0]?.query).toEqual({
      insurance_id: '136',
      appointment_category_id: '53',
    });
  });

  test('says that an insurance is not accepted', async () => {
    const at = { insuranceId: '136', categoryId: '54' };
    await expect(funnel().types(portal.scope(), ana, at)).rejects.toMatchObject({
      kind: 'REJECTED',
      status: 403,
      reason: 'insurance_not_allowed',
    });
  });

  test('does not know other categories', async () => {
    const at = { insuranceId: '136', categoryId: '99' };
    await expect(funnel().types(portal.scope(), ana, at)).rejects.toMatchObject({
      kind: 'NOT_FOUND',
    });
  });

  test.each(['', '1 ', '../53', '53?x=1', '5.3', '1'.repeat(16)])(
    'refuses %j as an id before any call',
    async (id) => {
      const scope = portal.scope();
      const code = { code: 'BAD_USER_INPUT' };
      await expect(funnel().categories(scope, ana, id)).rejects.toMatchObject(code);
      const at = { ...consultation, categoryId: id };
      await expect(funnel().types(scope, ana, at)).rejects.toMatchObject(code);
      await expect(slots({ ...consultation, typeId: id })).rejects.toMatchObject(code);
      expect(portal.sent()).toEqual([]);
    },
  );
});

describe('availabilities', () => {
  test('have opaque ids of 228 characters that differ from call to call', async () => {
    const [one, other] = [await slots(), await slots()];
    expect(one[0]?.vendorSlotId).toMatch(/^[\w+]{184}--[\w+]{16}--[\w+]{22}==$/);
    expect(one[0]?.start).toEqual(other[0]?.start);
    expect(one[0]?.vendorSlotId).not.toBe(other[0]?.vendorSlotId);
  });

  test('are ahead, in order, and carry the zone of the clinic', async () => {
    const found = await slots();
    expect(found.length).toBeGreaterThan(20);
    const starts = found.map(({ start }) => start.getTime());
    expect(starts).toEqual([...starts].sort((left, right) => left - right));
    expect(Math.min(...starts)).toBeGreaterThan(portal.time.now);
    expect(found[0]).toMatchObject({ timeZone: 'Europe/Berlin', placesLeft: null });
    expect(found[0]?.end?.getTime()).toBe((starts[0] ?? 0) + 20 * 60_000);
  });

  test('outside the asked days are left out, although the portal sends whole months', async () => {
    portal.simulator.switches.wholeMonths = true;
    portal.simulator.switches.timeKey = 'time';
    const day = calendarDay(new Date(portal.time.now + 7 * 86_400_000), 'Europe/Berlin');
    const found = await slots(consultation, { from: day, to: day });
    expect(portal.simulator.calls[0]?.query).toEqual({
      insurance_id: '136',
      appointment_category_id: '53',
      appointment_type_id: '198',
      from: day,
      to: day,
    });
    const days = new Set(found.map(({ start }) => calendarDay(start, 'Europe/Berlin')));
    expect([...days]).toEqual([day]);
  });

  test('of a window that ends before it begins are refused before any call', async () => {
    await expect(
      slots(consultation, { from: '2026-04-02', to: '2026-04-01' }),
    ).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
    expect(portal.sent()).toEqual([]);
  });

  test('labelled as text are read all the same', async () => {
    portal.simulator.switches.plainTextJson = true;
    expect((await slots()).length).toBeGreaterThan(0);
  });
});

describe('booking', () => {
  test('sends the id byte by byte, numbers as numbers, and nothing that was not said', async () => {
    const wanted = await booking();
    const id = await book(wanted);
    expect(id).toMatch(/^[A-Za-z0-9]{28}$/);
    expect(bookingCall()).toMatchObject({ method: 'POST', status: 201 });
    expect(bookingCall()?.headers['content-type']).toBe('application/json');
    expect(bookingCall()?.body).toEqual({
      availability_id: wanted.vendorSlotId,
      insurance_id: 136,
      appointment_category_id: 53,
      appointment_type_id: 198,
    });
    expect((await slots()).map(({ start }) => start)).not.toContainEqual(
      portal.simulator.appointments.find((one) => one.id === id)?.start,
    );
  });

  test('passes on opt-in, comment, answers and notifications', async () => {
    const id = await book(
      await booking(consultation, {
        asapListOptIn: true,
        comments: 'Bitte läuten',
        emailNotifications: true,
        smsNotifications: false,
      }),
    );
    expect(portal.simulator.appointments.find((one) => one.id === id)).toMatchObject({
      asapEmail: 'ana.silva@example.com',
      comments: 'Bitte läuten',
      notifications: { email: true, sms: false },
    });
    const answers = { 'Größe in cm': '170', Herzschrittmacher: 'Nein' };
    const second = await book(await booking(scan, { commentAnswers: answers }));
    expect(portal.simulator.appointments.find((one) => one.id === second)).toMatchObject({
      structuredComment: answers,
    });
  });

  test.each([false, true])(
    'of a taken slot says so (as the sibling: %s)',
    async (lostSlotAs400) => {
      portal.simulator.switches.lostSlotAs400 = lostSlotAs400;
      const wanted = await booking();
      await book(wanted);
      await expect(book(wanted)).rejects.toMatchObject({
        kind: 'REJECTED',
        status: lostSlotAs400 ? 400 : 422,
        reason: 'slot_unavailable',
        mayHaveActed: false,
      });
    },
  );

  test('that the portal says is done, without the id, is not answered with one', async () => {
    portal.simulator.switches.successAlone = true;
    const error = { kind: 'UNEXPECTED_SHAPE', reason: 'success_alone', mayHaveActed: true };
    await expect(book(await booking())).rejects.toMatchObject(error);
  });

  test('with an id that was altered says that the slot is gone', async () => {
    const wanted = await booking();
    const altered = wanted.vendorSlotId.replace(/^./, (sign) => (sign === 'A' ? 'B' : 'A'));
    await expect(book({ ...wanted, vendorSlotId: altered })).rejects.toMatchObject({
      reason: 'slot_unavailable',
    });
  });

  test('names refused answers by their questions, without the texts', async () => {
    const answers = { Herzschrittmacher: 'Vielleicht' };
    const error = await book(await booking(scan, { commentAnswers: answers })).catch(
      (caught: unknown) => caught,
    );
    expect(error).toMatchObject({
      kind: 'REJECTED',
      status: 422,
      reason: 'validation_failed',
      fields: [
        ['commentAnswers', 'Größe in cm'],
        ['commentAnswers', 'Herzschrittmacher'],
      ],
    });
    expect(JSON.stringify(error)).not.toMatch(/Vielleicht|blank/);
  });

  test('tells a blocked patient, an insurance and a missing ASAP list apart', async () => {
    portal.simulator.switches.blockedPatient = true;
    await expect(book(await booking())).rejects.toMatchObject({ reason: 'attendant_blocked' });
    portal.simulator.switches.blockedPatient = false;
    await expect(book({ ...(await booking()), insuranceId: '137' })).rejects.toMatchObject({
      reason: 'insurance_not_allowed',
    });
    const video = { ...consultation, typeId: '199' };
    await expect(book(await booking(video, { asapListOptIn: true }))).rejects.toMatchObject({
      reason: 'asap_not_enabled',
    });
  });

  test.each(['', 'a b', 'ü', 'x'.repeat(2049)])(
    'refuses %j as a slot before any call',
    async (id) => {
      const wanted = { ...consultation, ...(await booking()), vendorSlotId: id };
      portal.simulator.clear();
      await expect(book(wanted)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
      expect(portal.sent()).toEqual([]);
    },
  );

  test.each([
    { kind: 'reset', act: true, expected: 'CONNECTION_LOST' },
    { kind: 'status', status: 502, act: true, expected: 'SERVER_ERROR' },
    { kind: 'html', status: 200, act: true, expected: 'NOT_JSON' },
    { kind: 'empty', act: true, expected: 'EMPTY_BODY' },
    { kind: 'wrong-shape', act: true, expected: 'UNEXPECTED_SHAPE' },
  ] as const)('is sent once when its answer is lost: $kind', async ({ expected, ...fault }) => {
    const wanted = await booking();
    portal.simulator.clear();
    portal.simulator.fault({ ...fault, match: /booking/ });
    await expect(book(wanted)).rejects.toMatchObject({ kind: expected, mayHaveActed: true });
    expect(portal.sent()).toEqual(['POST /booking']);
  });
});
