import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import {
  globalIdOf,
  keyIn,
  mutate,
  portalTimes,
  roomTimes,
  sent,
} from '../../support/mutations.ts';

let gateway: TestGateway;
let shift = 0;
beforeAll(async () => {
  gateway = await startTestGateway({ clock: () => Date.now() + shift });
});
afterAll(() => gateway.close());
beforeEach(() => {
  shift = 0;
  gateway.forget();
});

const hour = 60 * 60 * 1000;
const path = ['input', 'availabilityId'];
const notOurs = [{ __typename: 'GeneralUserError', code: 'INVALID_INPUT', path }];
const anasAppointment = 'xbCuVVTNU6rT6E5m8p6Y8h7opzAb';
const otherAppointment = 'xbCuVVTNU6rT6E5m8p6Y8h7opzAa';

const book = (availabilityId: string, name: 'Ana' | 'Ben' = 'Ana', as: 'staff' | 'ana' = 'staff') =>
  mutate(
    gateway,
    'bookAppointment',
    { patientId: gateway.ids[name], availabilityId },
    'appointment { id } operation { id }',
    as,
  );

const appointmentId = (vendorId: string) =>
  globalIdOf('Appointment', 'MY_PATIENT_PORTAL', keyIn(gateway.ids.Ana), vendorId);

const move = (vendorId: string, availabilityId: string) =>
  mutate(
    gateway,
    'rescheduleAppointment',
    { appointmentId: appointmentId(vendorId), availabilityId },
    'appointment { id } operation { id }',
  );

async function optionOf(vendorId: string): Promise<string> {
  const { data } = await gateway.query(
    'query ($id: ID!) { appointment(id: $id) { rescheduleOptions { id } } }',
    { id: appointmentId(vendorId) },
  );
  return data.appointment.rescheduleOptions.at(-1).id;
}

const last = <Item>(items: Item[]): Item => {
  const item = items.at(-1);
  if (item === undefined) {
    throw new Error('Nothing there.');
  }
  return item;
};

async function idOf(kind: 'portal' | 'room', name: 'Ana' | 'Ben' = 'Ana'): Promise<string> {
  const patientId = gateway.ids[name];
  const insurance = name === 'Ana' ? '136' : '137';
  const times =
    kind === 'portal'
      ? await portalTimes(gateway, patientId, { insurance })
      : await roomTimes(gateway, patientId);
  gateway.forget();
  return last(times).id;
}

/** The same text with another letter at one place, given as a part of its length. */
function flipped(text: string, part: number): string {
  const place = Math.min(text.length - 1, Math.floor(text.length * part));
  const letter = text[place] === 'A' ? 'B' : 'A';
  return text.slice(0, place) + letter + text.slice(place + 1);
}

describe('Availability.id in bookAppointment', () => {
  it.each(['portal', 'room'] as const)(
    'refuses a changed id of a %s time without a call',
    async (kind) => {
      const id = await idOf(kind);
      const changed = [
        ...[0, 0.02, 0.1, 0.25, 0.5, 0.75, 0.9, 0.98, 1].map((part) => flipped(id, part)),
        id.slice(0, -1),
        id.slice(1),
        `${id}A`,
        `${id}=`,
        ` ${id}`,
        id.replace(/^./, (letter) => letter.toLowerCase()).slice(0, -4),
        id + id,
      ];
      for (const each of changed) {
        const { payload } = await book(each);
        expect(payload).toEqual({
          appointment: null,
          operation: null,
          userErrors: [expect.objectContaining(notOurs[0] as object)],
        });
      }
      expect(gateway.allCalls()).toEqual([]);
    },
  );

  it.each([
    ['the empty text', ''],
    ['any text', 'tomorrow at nine'],
    ['a very long text', 'A'.repeat(5000)],
    ['the vendor’s own id', `${'A'.repeat(184)}--${'B'.repeat(16)}--${'C'.repeat(22)}==`],
    ['the vendor’s slot', 'clinic-1893517200-15'],
  ])('refuses %s without a call', async (_what, id) => {
    const { payload } = await book(id);
    expect(payload.appointment).toBeNull();
    expect(payload.userErrors).toMatchObject(notOurs);
    expect(gateway.allCalls()).toEqual([]);
  });

  it('shows nothing of what it holds', async () => {
    const decoded = Buffer.from(await idOf('room'), 'base64url').toString('latin1');
    expect(decoded).not.toMatch(/clinic|VSEE|room/);
  });

  it.each(['portal', 'room'] as const)(
    'refuses another patient’s id of a %s time without a call',
    async (kind) => {
      const bens = await idOf(kind, 'Ben');
      for (const as of ['staff', 'ana'] as const) {
        const { payload } = await book(bens, 'Ana', as);
        expect(payload.userErrors).toMatchObject(notOurs);
      }
      expect(gateway.allCalls()).toEqual([]);
    },
  );

  it('refuses an id for moving an appointment without a call', async () => {
    const option = await optionOf(anasAppointment);
    gateway.forget();
    const { payload } = await book(option);
    expect(payload.userErrors).toMatchObject(notOurs);
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each(['portal', 'room'] as const)(
    'refuses a %s time whose id is an hour old without a call',
    async (kind) => {
      const id = await idOf(kind);
      shift = hour;
      const { payload } = await book(id);
      expect(payload.appointment).toBeNull();
      expect(payload.userErrors).toMatchObject([
        { __typename: 'AvailabilityGoneError', code: 'AVAILABILITY_GONE', path, alternatives: [] },
      ]);
      expect(gateway.allCalls()).toEqual([]);
    },
  );

  it('takes an id that is just not an hour old', async () => {
    const id = await idOf('portal');
    shift = hour - 60_000;
    const { payload } = await book(id);
    expect(payload.userErrors).toEqual([]);
    expect(sent(gateway.calls('MY_PATIENT_PORTAL'))[0]).toBe('POST /booking');
  });

  it('differs on every query', async () => {
    expect(await idOf('room')).not.toBe(await idOf('room'));
  });
});

describe('Availability.id in rescheduleAppointment', () => {
  it('refuses a changed id without a call', async () => {
    const option = await optionOf(anasAppointment);
    gateway.forget();
    for (const part of [0, 0.1, 0.5, 0.9, 1]) {
      const { payload } = await move(anasAppointment, flipped(option, part));
      expect(payload.userErrors).toMatchObject(notOurs);
    }
    expect(gateway.allCalls()).toEqual([]);
  });

  it('refuses the id of another appointment, of a room, and another patient’s without a call', async () => {
    const foreign = [
      await optionOf(otherAppointment),
      await idOf('room'),
      await idOf('portal', 'Ben'),
    ];
    gateway.forget();
    for (const id of foreign) {
      const { payload } = await move(anasAppointment, id);
      expect(payload.appointment).toBeNull();
      expect(payload.userErrors).toMatchObject(notOurs);
    }
    expect(gateway.allCalls()).toEqual([]);
  });

  it('refuses an id that is an hour old without a call', async () => {
    const option = await optionOf(anasAppointment);
    gateway.forget();
    shift = hour;
    const { payload } = await move(anasAppointment, option);
    expect(payload.userErrors).toMatchObject([{ code: 'AVAILABILITY_GONE', path }]);
    expect(gateway.allCalls()).toEqual([]);
  });
});
