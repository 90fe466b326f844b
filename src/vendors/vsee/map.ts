import { isCalendarDate } from '../../domain/calendar-date.ts';
import { toPhoneNumber } from '../../domain/phone-number.ts';
import type {
  ClinicRoom,
  Provider,
  Sex,
  VendorProfile,
  Visit,
  VisitKind,
  VisitMedium,
  VisitStatus,
} from '../../domain/records.ts';
import { toTimeZone } from '../../domain/time-zone.ts';
import type { VendorId } from '../../domain/vendor.ts';
import { usable } from './identifiers.ts';
import { inviteLink } from './links.ts';
import type { VSeeProvider, VSeeRoom, VSeeUser, VSeeVisit } from './wire.ts';

type TextOrNumber = string | number | null | undefined;

/** 10, "10" and " 10 " are the same; anything else is no number. */
const numberOf = (value: TextOrNumber): number | undefined => {
  const found = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof found === 'number' && Number.isFinite(found) ? found : undefined;
};

/** Unix seconds as text or number; null for nothing, zero, and what is no time. */
export function instantOf(value: TextOrNumber): Date | null {
  const seconds = numberOf(value);
  const instant = seconds !== undefined && seconds > 0 ? new Date(seconds * 1000) : undefined;
  return instant && !Number.isNaN(instant.getTime()) ? instant : null;
}

/** The contract has whole minutes in 32 bits; what is no duration, or longer than a year, is none. */
function minutesOf(value: TextOrNumber): number | null {
  const minutes = Math.round(numberOf(value) ?? 0);
  return minutes > 0 && minutes <= 366 * 24 * 60 ? minutes : null;
}

const kinds = new Map<number, VisitKind>([
  [1, 'WALK_IN'],
  [2, 'SCHEDULED'],
  [3, 'E_CONSULT'],
  [10, 'GUEST'],
]);

/** `type` of a visit. */
export const kindOf = (type: TextOrNumber): VisitKind =>
  kinds.get(numberOf(type) ?? Number.NaN) ?? 'UNKNOWN';

const media = new Map<number, VisitMedium>([
  [1, 'IN_PERSON'],
  [2, 'PHONE'],
  [3, 'VIDEO'],
]);

/** `subtype` of a visit. */
export const mediumOf = (subtype: TextOrNumber): VisitMedium =>
  media.get(numberOf(subtype) ?? Number.NaN) ?? 'UNKNOWN';

const statuses = new Map<number | string, VisitStatus>([
  [10, 'PENDING'],
  [20, 'CONFIRMED'],
  [25, 'IN_PROGRESS'],
  [30, 'COMPLETED'],
  [40, 'CANCELLED'],
  [50, 'REFUNDED'],
  // The second version of the webhooks, and whoever copies it, writes words.
  ['pending', 'PENDING'],
  ['confirmed', 'CONFIRMED'],
  ['inprogress', 'IN_PROGRESS'],
  ['completed', 'COMPLETED'],
  ['cancelled', 'CANCELLED'],
  ['refunded', 'REFUNDED'],
]);

/** `status` of a visit, as text, number or word. */
export const statusOf = (status: TextOrNumber): VisitStatus =>
  statuses.get(
    numberOf(status) ??
      String(status ?? '')
        .toLowerCase()
        .replace(/[\s_-]/g, ''),
  ) ?? 'UNKNOWN';

const filled = (value: string | null | undefined): string | null => value?.trim() || null;

const toProvider = (id: string, wire: VSeeProvider | null | undefined): Provider => ({
  id,
  firstName: filled(wire?.first_name),
  lastName: filled(wire?.last_name),
  title: filled(wire?.title),
});

function providerOf({ provider, provider_id }: VSeeVisit): Provider | null {
  const id = provider?.id ?? provider_id;
  return id ? toProvider(id, provider) : null;
}

/** Those who can be asked for: an id that could not be sent back names nobody. */
export const toProviders = (wire: readonly VSeeProvider[]): Provider[] =>
  wire.flatMap((each) => {
    const id = usable('provider', each.id);
    return id === null ? [] : [toProvider(id, each)];
  });

/** Whose visit it becomes here, and where its invitation leads. */
export interface VisitOwner {
  vendor: VendorId;
  patientId: string;
  portal: URL;
}

export const toVisit = ({ vendor, patientId, portal }: VisitOwner, visit: VSeeVisit): Visit => ({
  vendor,
  patientId,
  vendorVisitId: visit.id,
  kind: kindOf(visit.type),
  medium: mediumOf(visit.subtype),
  status: statusOf(visit.status),
  reason: filled(visit.intake?.reason_for_visit),
  start: instantOf(visit.start),
  end: instantOf(visit.end),
  actualStart: instantOf(visit.actual_start),
  actualEnd: instantOf(visit.actual_end),
  provider: providerOf(visit),
  roomCode: filled(visit.room_code),
  inviteUrl: inviteLink(portal, visit.code),
});

const knownTimeZone = (zone: string | null | undefined) => (zone && toTimeZone(zone)) || null;

/** A room (`rooms/:code`); consultations that patients are not shown are left out. */
export function toRoom(vendor: VendorId, room: VSeeRoom): ClinicRoom {
  const consultations = room.payment?.consultations ?? [];
  return {
    vendor,
    code: room.code,
    slug: usable('room slug', room.slug),
    name: filled(room.name),
    timeZone: knownTimeZone(room.operation_settings?.default_timezone),
    open: room.active !== false && room.operation_settings?.is_closed !== true,
    walkInEnabled: room.visits?.walkin?.enabled ?? false,
    appointmentsEnabled: room.visits?.appointment?.enabled ?? false,
    eConsultEnabled: room.visits?.econsult?.enabled ?? false,
    patientsMayCancel: room.visits?.appointment?.users?.patient?.allow_cancel ?? true,
    consultations: consultations
      .filter((consultation) => consultation.visible_to_patient !== false)
      .map((consultation) => ({
        // An odd one would be refused with the booking only, after the intake was made.
        id: usable('consultation', filled(consultation.id)),
        description: filled(consultation.description),
        durationMinutes: minutesOf(consultation.duration),
        charged: (numberOf(consultation.amount) ?? 0) > 0 ? consultation.raw : null,
      })),
  };
}

/** Those that can be asked for: a code that could not be sent back leads nowhere. */
export const toRooms = (vendor: VendorId, wire: readonly VSeeRoom[]): ClinicRoom[] =>
  wire.filter(({ code }) => usable('room', code) !== null).map((room) => toRoom(vendor, room));

const sexes = new Map<string, Sex>([
  ['1', 'MALE'],
  ['2', 'FEMALE'],
  ['male', 'MALE'],
  ['female', 'FEMALE'],
]);

const digitsOf = (value: TextOrNumber) => filled(value == null ? null : String(value));

/** The patient's demographics (`users/-`). VSee has no country. */
export function toProfile(vendor: VendorId, user: VSeeUser): VendorProfile {
  const address = {
    street: filled(user.street_addr),
    city: filled(user.city),
    state: filled(user.state),
    postalCode: digitsOf(user.zip),
    country: null,
  };
  const gender = user.gender === null || user.gender === undefined ? '' : String(user.gender);
  return {
    vendor,
    firstName: filled(user.first_name),
    lastName: filled(user.last_name),
    birthDate: user.dob && isCalendarDate(user.dob) ? user.dob : null,
    sex: gender === '' ? null : (sexes.get(gender.toLowerCase()) ?? 'UNKNOWN'),
    email: filled(user.email),
    phone: toPhoneNumber(digitsOf(user.phone)),
    address: Object.values(address).some((part) => part !== null) ? address : null,
  };
}
