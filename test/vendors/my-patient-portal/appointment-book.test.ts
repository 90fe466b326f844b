import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { AccountReference } from '../../../src/domain/vendor.ts';
import { seeds } from '../../../src/vendors/my-patient-portal/fixtures.ts';
import { type Portal, startPortal } from './portal.ts';

const [video, consultation, cancelled, bens] = seeds.map(({ id }) => id) as [
  string,
  string,
  string,
  string,
];
const anyTime = { from: null, to: null };

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

const book = () => portal.door.appointments;
const get = (id: string) => book().get(portal.scope(), ana, id);

describe('reading', () => {
  test.each(['data', 'appointments', 'none'] as const)(
    'lists the patient’s own appointments, wrapped in %s',
    async (wrapper) => {
      portal.simulator.switches.listWrapper = wrapper;
      const found = await book().list(portal.scope(), ana);
      expect(found.map(({ vendorAppointmentId }) => vendorAppointmentId)).toEqual([
        video,
        consultation,
        cancelled,
      ]);
    },
  );

  test('takes the state from cancelled_at and the clock', async () => {
    expect(await get(cancelled)).toMatchObject({
      status: 'CANCELLED',
      cancellable: false,
      reschedulable: false,
      cancelledAt: expect.any(Date),
    });
    const open = await get(video);
    expect(open).toMatchObject({ status: 'BOOKED', cancellable: true, isVideoConsultation: true });
    portal.time.now = (open?.end?.getTime() ?? 0) - 1;
    await portal.connect('ana');
    expect(await get(video)).toMatchObject({ status: 'BOOKED', cancellable: false });
    portal.time.now += 1;
    expect(await get(video)).toMatchObject({ status: 'COMPLETED', cancellable: false });
  });

  test('knows neither an unknown appointment nor another person’s', async () => {
    expect(await get('nothing')).toBeNull();
    expect(await get(bens)).toBeNull();
    expect(await get(consultation)).toMatchObject({ title: 'Sprechstunde', patientId: 'ana' });
  });

  test.each(['', 'a/b', '..', 'a b', 'a?b', 'ä', 'x'.repeat(65)])(
    'refuses %j as an id before any call',
    async (id) => {
      const scope = portal.scope();
      const attempts = [
        book().get(scope, ana, id),
        book().rescheduleSlots(scope, ana, id, anyTime),
        book().reschedule(scope, ana, id, 'slot'),
        book().cancel(scope, ana, id),
        book().joinAsapList(scope, ana, id, 'a@example.com'),
        book().leaveAsapList(scope, ana, id),
        book().earlierAvailability(scope, ana, id),
        book().videoConsultationUrl(scope, ana, id),
      ];
      for (const attempt of attempts) {
        await expect(attempt).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
      }
      expect(portal.sent()).toEqual([]);
    },
  );
});

describe('moving', () => {
  test('keeps the id, and the subscription, and changes the time', async () => {
    const slots = await book().rescheduleSlots(portal.scope(), ana, consultation, anyTime);
    const slot = slots.at(-1);
    await book().reschedule(portal.scope(), ana, consultation, slot?.vendorSlotId ?? '');
    expect(portal.simulator.calls.at(-1)).toMatchObject({
      method: 'POST',
      path: `/appointments/${consultation}/reschedule`,
      body: { availability_id: slot?.vendorSlotId },
    });
    expect(await get(consultation)).toMatchObject({
      start: slot?.start,
      typeId: '198',
      asapListSubscribed: true,
    });
  });

  test.each([false, true])('to a lost slot says so (as the sibling: %s)', async (lostSlotAs400) => {
    portal.simulator.switches.lostSlotAs400 = lostSlotAs400;
    const [slot] = await book().rescheduleSlots(portal.scope(), ana, consultation, anyTime);
    const id = slot?.vendorSlotId ?? '';
    await book().reschedule(portal.scope(), ana, consultation, id);
    await expect(book().reschedule(portal.scope(), ana, consultation, id)).rejects.toMatchObject({
      reason: 'slot_unavailable',
    });
  });

  test('of a cancelled appointment is refused', async () => {
    const refused = { kind: 'REJECTED', reason: 'not_reschedulable' };
    await expect(
      book().rescheduleSlots(portal.scope(), ana, cancelled, anyTime),
    ).rejects.toMatchObject(refused);
    await expect(book().reschedule(portal.scope(), ana, cancelled, 'x')).rejects.toMatchObject(
      refused,
    );
  });

  test('narrows the window at the portal and after it', async () => {
    const window = { from: '2026-01-01', to: '2026-01-02' };
    expect(await book().rescheduleSlots(portal.scope(), ana, consultation, window)).toEqual([]);
    expect(portal.simulator.calls[0]?.query).toEqual(window);
  });
});

describe('the ASAP list', () => {
  test('is joined with the e-mail given, twice without harm, and left twice', async () => {
    const scope = portal.scope();
    for (const email of ['other@example.com', 'ana@example.com']) {
      await book().joinAsapList(scope, ana, consultation, email);
      expect(portal.simulator.calls.at(-1)).toMatchObject({ method: 'PUT', body: { email } });
    }
    expect(await get(consultation)).toMatchObject({ asapListSubscribed: true });
    await book().leaveAsapList(scope, ana, consultation);
    await book().leaveAsapList(scope, ana, consultation);
    expect(portal.simulator.calls.at(-1)).toMatchObject({ method: 'DELETE', status: 422 });
    expect(await get(consultation)).toMatchObject({ asapListSubscribed: false });
  });

  test('counts as left where the portal answers 404', async () => {
    await expect(book().leaveAsapList(portal.scope(), ana, 'gone')).resolves.toBeUndefined();
  });

  test('takes an answer without a body for done', async () => {
    portal.simulator.fault({ kind: 'empty', act: true, match: /asap_list/ });
    const scope = portal.scope();
    await book().joinAsapList(scope, ana, consultation, 'ana@example.com');
    expect(await get(consultation)).toMatchObject({ asapListSubscribed: true });
    await book().leaveAsapList(scope, ana, consultation);
    expect(await get(consultation)).toMatchObject({ asapListSubscribed: false });
  });

  test('names the e-mail that is refused', async () => {
    await expect(
      book().joinAsapList(portal.scope(), ana, consultation, 'nobody'),
    ).rejects.toMatchObject({ reason: 'validation_failed', fields: [['email']] });
  });

  test('cannot be joined where the type has none', async () => {
    await expect(
      book().joinAsapList(portal.scope(), ana, video, 'ana@example.com'),
    ).rejects.toMatchObject({ reason: 'asap_not_enabled' });
  });

  test('tells of an earlier time only to those on it', async () => {
    const scope = portal.scope();
    expect(await book().earlierAvailability(scope, ana, consultation)).toBeNull();
    await book().joinAsapList(scope, ana, consultation, 'ana@example.com');
    const earlier = await book().earlierAvailability(scope, ana, consultation);
    const start = (await get(consultation))?.start.getTime() ?? 0;
    expect(earlier?.start.getTime()).toBeLessThan(start);
    await book().reschedule(scope, ana, consultation, earlier?.vendorSlotId ?? '');
    expect(await get(consultation)).toMatchObject({
      start: earlier?.start,
      asapListSubscribed: true,
    });
    expect(await book().earlierAvailability(scope, ana, consultation)).toBeNull();
    expect(await book().earlierAvailability(scope, ana, 'gone')).toBeNull();
  });
});

describe('video consultations', () => {
  test('have no link where the portal does not offer the call', async () => {
    expect(await book().videoConsultationUrl(portal.scope(), ana, video)).toBeNull();
    expect(portal.simulator.calls[0]).toMatchObject({
      path: `/appointments/${video}/video_consultation`,
      status: 404,
    });
  });

  test('have a link within the join window', async () => {
    portal.simulator.switches.videoRoute = true;
    expect(await book().videoConsultationUrl(portal.scope(), ana, video)).toBeNull();
    portal.time.now = (await get(video))?.start.getTime() ?? 0;
    await portal.connect('ana');
    const link = `https://video.portal.example.test/join/${video}`;
    expect(await book().videoConsultationUrl(portal.scope(), ana, video)).toBe(link);
    expect(await get(video)).toMatchObject({ videoConsultationUrl: link });
  });
});

describe('cancelling', () => {
  test('is soft: the appointment stays readable', async () => {
    await book().cancel(portal.scope(), ana, consultation);
    expect(portal.simulator.calls.at(-1)).toMatchObject({
      method: 'POST',
      path: `/appointments/${consultation}/cancel`,
      body: undefined,
    });
    expect(await get(consultation)).toMatchObject({ status: 'CANCELLED', cancellable: false });
  });

  test('twice is refused, and another person’s is not found', async () => {
    await expect(book().cancel(portal.scope(), ana, cancelled)).rejects.toMatchObject({
      reason: 'not_cancellable',
    });
    await expect(book().cancel(portal.scope(), ana, bens)).rejects.toMatchObject({
      kind: 'NOT_FOUND',
    });
  });

  test('past the deadline is refused', async () => {
    portal.time.now = ((await get(video))?.start.getTime() ?? 0) - 60_000;
    await portal.connect('ana');
    await expect(book().cancel(portal.scope(), ana, video)).rejects.toMatchObject({
      reason: 'not_cancellable',
    });
  });

  test.each(['cancel', 'reschedule'] as const)(
    'a lost answer to %s is not repeated',
    async (what) => {
      portal.simulator.fault({ kind: 'reset', act: true, match: new RegExp(what) });
      const attempt =
        what === 'cancel'
          ? book().cancel(portal.scope(), ana, video)
          : book().reschedule(portal.scope(), ana, video, 'slot');
      await expect(attempt).rejects.toMatchObject({ kind: 'CONNECTION_LOST', mayHaveActed: true });
      expect(portal.sent()).toHaveLength(1);
    },
  );

  test.each(['PUT', 'DELETE'] as const)(
    'a lost answer to %s of the list is repeated',
    async (method) => {
      portal.simulator.fault({
        kind: 'reset',
        act: true,
        match: new RegExp(`^${method}`),
        times: 1,
      });
      const attempt =
        method === 'PUT'
          ? book().joinAsapList(portal.scope(), ana, 'gone', 'a@example.com')
          : book().leaveAsapList(portal.scope(), ana, 'gone');
      await attempt.catch((error: unknown) => expect(error).toMatchObject({ kind: 'NOT_FOUND' }));
      expect(portal.sent()).toHaveLength(2);
    },
  );
});

describe('the profile', () => {
  const profile = () => portal.door.profile(portal.scope(), ana);
  const person = {
    vendor: 'MY_PATIENT_PORTAL',
    firstName: 'Ana',
    lastName: 'Silva',
    birthDate: '1988-02-11',
    sex: 'FEMALE',
    email: 'ana.silva@example.com',
    phone: '+15550104477',
    address: {
      street: '1 Sandbox Street',
      city: 'Los Angeles',
      state: null,
      postalCode: '90012',
      country: 'US',
    },
  };

  test.each(['user', 'data', 'none'] as const)('is read wrapped in %s', async (wrapper) => {
    portal.simulator.switches.profileWrapper = wrapper;
    expect(await profile()).toEqual(person);
  });

  test('comes from userinfo where the portal serves none', async () => {
    portal.simulator.switches.profileWrapper = null;
    expect(await profile()).toEqual(person);
    expect(portal.sent()).toEqual(['GET /profile', 'GET /oauth/userinfo']);
  });

  test('O07: of userinfo about another subject is refused', async () => {
    portal.simulator.switches.profileWrapper = null;
    const swapped = { ...ana, vendorPatientId: 'somebody-else' };
    await expect(portal.door.profile(portal.scope(), swapped)).rejects.toMatchObject({
      kind: 'UNEXPECTED_SHAPE',
      operation: 'oauth/userinfo',
    });
  });
});
