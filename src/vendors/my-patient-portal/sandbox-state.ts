import { randomBytes } from 'node:crypto';
import {
  address,
  categories,
  type PortalCategory,
  type PortalPerson,
  type PortalType,
  people,
  practice,
  seeds,
  types,
} from './fixtures.ts';
import {
  addDays,
  atLocal,
  createSlotIds,
  gridOf,
  minutesOf,
  nextWeekday,
  toDay,
  toIso,
} from './sandbox-slots.ts';

/** Milliseconds before its start until which an appointment can be moved or cancelled. */
const deadline = 2 * 60 * 60 * 1000;
/** Milliseconds around its start within which a video consultation can be joined. */
const joinWindow = 15 * 60 * 1000;

export interface PortalAppointment {
  id: string;
  accountId: string;
  typeId: number;
  insuranceId: number;
  start: number;
  cancelledAt: number | null;
  asapEmail: string | null;
  /** As the booking brought them. */
  comments: unknown;
  structuredComment: unknown;
  notifications: unknown;
}

/** Ways in which portals may differ, for tests. */
export interface PortalSwitches {
  /** A lost slot as the sibling says it: 400 and a sentence instead of 422 and a code. */
  lostSlotAs400: boolean;
  /** Rows 12 and 19 answer. */
  videoRoute: boolean;
  /** Key around the list of appointments. */
  listWrapper: 'data' | 'appointments' | 'none';
  /** Key around the profile; null: there is no profile route, only userinfo. */
  profileWrapper: 'user' | 'data' | 'none' | null;
  /** Key of a slot's time. */
  timeKey: 'time' | 'starts_at';
  /** Availabilities come in whole months, whatever was asked. */
  wholeMonths: boolean;
  /** JSON is labelled as text. */
  plainTextJson: boolean;
  /** 401 without a body. */
  emptyUnauthorized: boolean;
  /** The patient may not book: 400 with `attendant_blocked`. */
  blockedPatient: boolean;
  /** A booking is answered as in the sibling's public sample (4.6), without the id. */
  successAlone: boolean;
  /** A refresh brings a new refresh token and ends the old one. */
  rotateRefresh: boolean;
  /** Scopes that an approval leaves out. */
  dropScopes: readonly string[];
  /** False: no discovery document. */
  discovery: boolean;
  /** Client authentication that the token endpoint advertises. */
  clientAuthentication: readonly string[];
}

export const usualSwitches: PortalSwitches = {
  lostSlotAs400: false,
  videoRoute: false,
  listWrapper: 'data',
  profileWrapper: 'user',
  timeKey: 'starts_at',
  wholeMonths: false,
  plainTextJson: false,
  emptyUnauthorized: false,
  blockedPatient: false,
  successAlone: false,
  rotateRefresh: true,
  dropScopes: [],
  discovery: true,
  clientAuthentication: ['client_secret_basic', 'client_secret_post'],
};

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
const newId = () => [...randomBytes(28)].map((byte) => letters[byte % letters.length]).join('');

export const typeOf = (id: number): PortalType | undefined => types.find((type) => type.id === id);
export const categoryOf = (id: number): PortalCategory | undefined =>
  categories.find((category) => category.id === id);
export const isAllowed = (category: PortalCategory, insuranceId: number) =>
  category.insurances?.includes(insuranceId) ?? true;

/** The portal's data: everything in memory, slots reckoned from the clock. */
export class PortalState {
  readonly appointments: PortalAppointment[] = [];
  readonly slotIds = createSlotIds();
  readonly switches: PortalSwitches = { ...usualSwitches };

  constructor(readonly clock: () => number) {
    const today = toDay(clock());
    for (const seed of seeds) {
      const person = people.find(({ username }) => username === seed.username);
      this.appointments.push({
        id: seed.id,
        accountId: person?.accountId ?? '',
        typeId: seed.typeId,
        insuranceId: person?.insurance_id ?? 138,
        start: atLocal(nextWeekday(addDays(today, seed.days)), seed.time),
        cancelledAt: 'cancelled' in seed ? clock() - deadline : null,
        asapEmail: 'asapEmail' in seed ? seed.asapEmail : null,
        comments: undefined,
        structuredComment: undefined,
        notifications: undefined,
      });
    }
  }

  person(accountId: string): PortalPerson | undefined {
    return people.find((person) => person.accountId === accountId);
  }

  /** Undefined also for another person's: the portal does not reveal which. */
  find(accountId: string, id: string | undefined): PortalAppointment | undefined {
    return this.appointments.find((one) => one.id === id && one.accountId === accountId);
  }

  isFree(typeId: number, start: number): boolean {
    const type = typeOf(typeId);
    return (
      type !== undefined &&
      start > this.clock() &&
      gridOf(type, toDay(start), toDay(start)).includes(start) &&
      !this.appointments.some(
        (one) => one.typeId === typeId && one.start === start && one.cancelledAt === null,
      )
    );
  }

  /** Free times of a type between two days. */
  freeStarts(type: PortalType, from: string, to: string): number[] {
    return gridOf(type, from, to).filter((start) => this.isFree(type.id, start));
  }

  add(appointment: Omit<PortalAppointment, 'id' | 'cancelledAt'>): PortalAppointment {
    const added = { ...appointment, id: newId(), cancelledAt: null };
    this.appointments.push(added);
    return added;
  }

  isOpen(appointment: PortalAppointment): boolean {
    return appointment.cancelledAt === null && this.clock() < appointment.start - deadline;
  }

  videoLink(appointment: PortalAppointment): string | null {
    const video = typeOf(appointment.typeId)?.video === true && appointment.cancelledAt === null;
    const near = Math.abs(this.clock() - appointment.start) <= joinWindow;
    return video && near ? `https://video.portal.example.test/join/${appointment.id}` : null;
  }
}

export const profileOf = (person: PortalPerson) => ({
  id: person.accountId,
  first_name: person.first_name,
  last_name: person.last_name,
  full_name: `${person.first_name} ${person.last_name}`,
  email: person.email,
  born_on: person.born_on,
  gender: person.gender,
  phone: null,
  mobile: person.mobile,
  ...address,
  insurance_id: person.insurance_id,
  insurance_number: null,
});

/** Userinfo claims of section 2.8. */
export const claimsOf = (person: PortalPerson) => ({
  name: `${person.first_name} ${person.last_name}`,
  given_name: person.first_name,
  family_name: person.last_name,
  email: person.email,
  gender: person.gender,
  birthdate: person.born_on,
  phone_number: null,
  mobile_phone_number: person.mobile,
  address: {
    street_address: address.street,
    postal_code: address.zip,
    locality: address.city,
    country: address.country,
  },
  insurance_company_id: person.insurance_id,
  insurance_number: null,
});

/** The appointment object of 4.7. */
export function appointmentOf(state: PortalState, appointment: PortalAppointment) {
  const type = typeOf(appointment.typeId);
  const open = state.isOpen(appointment);
  return {
    id: appointment.id,
    name: type?.name ?? null,
    practice_id: practice.id,
    practice_name: practice.name,
    event_category_id: type?.categoryId ?? null,
    event_type_id: appointment.typeId,
    starts_at: toIso(appointment.start),
    ends_at: type ? toIso(appointment.start + minutesOf(type) * 60_000) : null,
    cancelled_at: appointment.cancelledAt === null ? null : toIso(appointment.cancelledAt),
    is_cancellable: open,
    is_reschedulable: open,
    is_video_consultation: type?.video ?? false,
    cancellation_link: null,
    access_video_consultation_link: state.videoLink(appointment),
    asap_list_subscribed: appointment.asapEmail !== null,
  };
}
