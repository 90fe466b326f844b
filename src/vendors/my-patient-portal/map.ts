import { isCalendarDate } from '../../domain/calendar-date.ts';
import type { DateWindow } from '../../domain/capabilities/appointments.ts';
import { toPhoneNumber } from '../../domain/phone-number.ts';
import type {
  Appointment,
  AppointmentCategory,
  AppointmentType,
  CalendarDate,
  CommentQuestion,
  Insurance,
  Sex,
  Slot,
  VendorProfile,
} from '../../domain/records.ts';
import type { AccountReference, VendorId } from '../../domain/vendor.ts';
import { longestLink, shownLine } from '../../http/vendor-text.ts';
import { isLoopback } from '../vendor-definition.ts';
import type {
  MyPatientPortalAppointment,
  MyPatientPortalAvailability,
  MyPatientPortalCategory,
  MyPatientPortalInsurance,
  MyPatientPortalProfile,
  MyPatientPortalType,
} from './wire.ts';

/** Blank text is no text. */
const filled = (value: unknown) =>
  (typeof value === 'string' && shownLine(value.trim()).trim()) || null;

const sexes: ReadonlyMap<string, Sex> = new Map([
  ['female', 'FEMALE'],
  ['male', 'MALE'],
  ['diverse', 'OTHER'],
]);

/** The vendor's `gender`; what is unmapped is UNKNOWN. */
export function toSex(gender: string | null): Sex | null {
  return gender === null ? null : (sexes.get(gender.toLowerCase()) ?? 'UNKNOWN');
}

const calendarDate = (text: string | null): CalendarDate | null =>
  text !== null && isCalendarDate(text) ? text : null;

/** Null where nothing of it is known. */
function toAddress(parts: {
  street: string | null;
  city: string | null;
  postalCode: string | null;
  country: string | null;
}) {
  const known = Object.values(parts).some((part) => part !== null);
  return known ? { ...parts, state: null } : null;
}

export const toProfile = (vendor: VendorId, wire: MyPatientPortalProfile): VendorProfile => ({
  vendor,
  firstName: filled(wire.first_name),
  lastName: filled(wire.last_name),
  birthDate: calendarDate(wire.born_on),
  sex: toSex(filled(wire.gender)),
  email: filled(wire.email),
  phone: toPhoneNumber(wire.mobile) ?? toPhoneNumber(wire.phone),
  address: toAddress({
    street: filled(wire.street),
    city: filled(wire.city),
    postalCode: filled(wire.zip),
    country: filled(wire.country),
  }),
});

/** Claims of userinfo (2.8), for portals that serve no profile. */
export function claimsToProfile(
  vendor: VendorId,
  claims: Readonly<Record<string, unknown>>,
): VendorProfile {
  const address = (claims.address ?? {}) as Record<string, unknown>;
  return {
    vendor,
    firstName: filled(claims.given_name),
    lastName: filled(claims.family_name),
    birthDate: calendarDate(filled(claims.birthdate)),
    sex: toSex(filled(claims.gender)),
    email: filled(claims.email),
    phone:
      toPhoneNumber(filled(claims.mobile_phone_number)) ??
      toPhoneNumber(filled(claims.phone_number)),
    address: toAddress({
      street: filled(address.street_address),
      city: filled(address.locality),
      postalCode: filled(address.postal_code),
      country: filled(address.country),
    }),
  };
}

export const toInsurance = (wire: MyPatientPortalInsurance): Insurance => ({ ...wire });

/** Names may be null; the photo, possibly protocol-relative, is not passed on. */
export const toCategory = (wire: MyPatientPortalCategory): AppointmentCategory => ({
  id: wire.id,
  name: wire.name ?? wire.subtitle ?? wire.id,
  subtitle: wire.subtitle,
  description: wire.description,
});

/** Minutes, or `HH:MM`; null for anything else. */
export function toMinutes(duration: number | string | null | undefined): number | null {
  const [, hours, minutes] = /^(\d{1,2}):(\d{2})$/.exec(String(duration)) ?? [];
  if (hours !== undefined && minutes !== undefined) {
    return Number(hours) * 60 + Number(minutes);
  }
  const number = /^\d{1,5}$/.test(String(duration)) ? Number(duration) : 0;
  return number > 0 ? number : null;
}

const questionKinds = ['textfield', 'textarea', 'date', 'time', 'duration', 'combo', 'checkbox'];

function toQuestions(form: MyPatientPortalType['comment_form']): CommentQuestion[] | null {
  if (!form) {
    return null;
  }
  return form.map(({ name, required, type, config }) => {
    const values = config?.values ?? null;
    const choices = (typeof values === 'string' ? values.split(/\r?\n/) : (values ?? []))
      .map((choice) => choice.trim())
      .filter((choice) => choice !== '');
    return {
      name,
      kind: questionKinds.find((kind) => kind === type) ?? 'unknown',
      required: required === true || required === 'on',
      choices: choices.length > 0 ? choices : null,
    };
  });
}

export const toType = (wire: MyPatientPortalType): AppointmentType => ({
  id: wire.id,
  name: wire.name ?? wire.id,
  description: wire.description,
  durationMinutes: toMinutes(wire.duration),
  asapNotificationsEnabled: wire.asap_notifications_enabled ?? false,
  isVideoConsultation: wire.is_video_consultation ?? false,
  commentForm: toQuestions(wire.comment_form),
});

/** By zone, of which a configuration names one. A format takes as long to make as hundreds of its answers. */
const dayFormats = new Map<string, Intl.DateTimeFormat>();

/** The day of an instant in a zone. */
export function calendarDay(time: Date, timeZone: string): CalendarDate {
  let format = dayFormats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('sv-SE', { timeZone, dateStyle: 'short' });
    dayFormats.set(timeZone, format);
  }
  return format.format(time);
}

const toSlot = (wire: MyPatientPortalAvailability, timeZone: string): Slot => ({
  vendorSlotId: wire.id,
  start: wire.start,
  end: wire.ends_at,
  timeZone,
  placesLeft: null,
  vendorProviderId: null,
});

/** The slots still ahead and on the asked days, earliest first: the vendor may send whole months (4.5). */
export function toSlots(
  wire: readonly MyPatientPortalAvailability[],
  { from, to }: DateWindow,
  now: number,
  timeZone: string,
): Slot[] {
  return wire
    .map((availability) => toSlot(availability, timeZone))
    .filter(({ start }) => {
      const day = calendarDay(start, timeZone);
      return start.getTime() > now && (from === null || day >= from) && (to === null || day <= to);
    })
    .sort((left, right) => left.start.getTime() - right.start.getTime());
}

/** A link that a browser may be sent to: https, or http on loopback; null for anything else. */
export function toLink(value: unknown): string | null {
  const isUrl = typeof value === 'string' && value.length <= longestLink && URL.canParse(value);
  const url = isUrl ? new URL(value) : undefined;
  const safe = url?.protocol === 'https:' || (url?.protocol === 'http:' && isLoopback(url));
  return url && safe && url.username === '' && url.password === '' ? url.href : null;
}

/** `cancelled_at` is the state, there is no status field; what is over and was not cancelled took place. */
export function toAppointment(
  vendor: VendorId,
  account: AccountReference,
  wire: MyPatientPortalAppointment,
  now: number,
  timeZone: string,
): Appointment {
  const over = (wire.ends_at ?? wire.start).getTime() <= now;
  const open = wire.cancelled_at === null && !over;
  return {
    vendor,
    patientId: account.patientId,
    vendorAppointmentId: wire.id,
    typeId: wire.event_type_id ?? wire.appointment_type_id ?? null,
    title: wire.name,
    practiceName: wire.practice_name,
    status: wire.cancelled_at === null ? (over ? 'COMPLETED' : 'BOOKED') : 'CANCELLED',
    start: wire.start,
    end: wire.ends_at,
    timeZone,
    cancelledAt: wire.cancelled_at,
    cancellable: open && wire.is_cancellable === true,
    // [assumed] field: a portal that does not send it is read by the documented one beside it.
    reschedulable: open && (wire.is_reschedulable ?? wire.is_cancellable) === true,
    isVideoConsultation: wire.is_video_consultation ?? false,
    videoConsultationUrl: toLink(wire.access_video_consultation_link),
    asapListSubscribed: wire.asap_list_subscribed,
  };
}
