import { isCalendarDate } from '../../domain/calendar-date.ts';
import type { PatientFilter } from '../../domain/capabilities/portal-requests.ts';
import { badInput } from '../../domain/errors.ts';
import { toPhoneNumber } from '../../domain/phone-number.ts';
import type {
  Address,
  PortalRequest,
  PortalRequestStatus,
  PortalRequestType,
  Sex,
  VendorProfile,
} from '../../domain/records.ts';
import type { AccountReference, VendorId } from '../../domain/vendor.ts';
import type { EnqueuedPatient, EnqueuedPortalRequest } from './wire.ts';

/** What patient and request ids of both vendors look like. */
export const portalIdPattern = /^[1-9]\d{0,17}$/;

/** @throws CodedError BAD_USER_INPUT for an id that cannot be the vendor's */
export function checkPortalId(id: string): string {
  if (!portalIdPattern.test(id)) {
    throw badInput('Ids of Cerbo and MD HQ consist of digits only.');
  }
  return id;
}

/** The words of section 4.4; nothing official, so anything else is UNKNOWN. */
const requestTypes = new Map<string, PortalRequestType>([
  ['rx', 'PRESCRIPTION'],
  ['rx_refill', 'PRESCRIPTION_REFILL'],
  ['supplement', 'SUPPLEMENT'],
  ['questionnaire', 'QUESTIONNAIRE'],
  ['secure_message', 'SECURE_MESSAGE'],
  ['appointment', 'APPOINTMENT'],
  ['document', 'DOCUMENT'],
  ['demographics', 'DEMOGRAPHICS'],
]);

const requestStatuses = new Map<string, PortalRequestStatus>([
  ['open', 'OPEN'],
  ['dismissed', 'DISMISSED'],
  ['deleted', 'DELETED'],
]);

const word = (text: string | null | undefined) => text?.trim().toLowerCase() || undefined;

/** `request_type` of a request; UNKNOWN for a word that section 4.4 does not have. */
export const toRequestType = (text: string | null | undefined): PortalRequestType =>
  requestTypes.get(word(text) ?? '') ?? 'UNKNOWN';

/**
 * The list is a queue of what waits, so an item without a status is open. One that has been deleted is not, whatever
 * its status still says: deleting hides an item and records when (cerbo.md, 4.2).
 */
export function toRequestStatus(
  text: string | null | undefined,
  deleted: boolean,
): PortalRequestStatus {
  const status = requestStatuses.get(word(text) ?? 'open') ?? 'UNKNOWN';
  return deleted && status === 'OPEN' ? 'DELETED' : status;
}

const timestamp =
  /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2})?(?:\.\d+)?)(Z|[+-]\d{2}:?\d{2})?)?$/i;

/** `YYYY-MM-DD HH:MM:SS` is UTC although it does not say so; ISO 8601 is read too. Else null. */
export function toInstant(text: string | null | undefined): Date | null {
  const [, day, time = '00:00:00', zone = 'Z'] = timestamp.exec(text?.trim() ?? '') ?? [];
  if (day === undefined || !toCalendarDate(day)) {
    return null;
  }
  const instant = new Date(`${day}T${time}${zone.toUpperCase()}`);
  return Number.isNaN(instant.getTime()) ? null : instant;
}

/** A day that exists, as it is: never shifted by a zone. */
export function toCalendarDate(text: string | null | undefined): string | null {
  const day = text?.trim() ?? '';
  return isCalendarDate(day) ? day : null;
}

/** What a database without a time writes for none: `0000-00-00 00:00:00`. */
const zeros = /^[0\s:T.Z-]*$/i;

/** A request of the queue (4.1). Its texts are passed on as they are; the graph sanitizes them. */
export function toPortalRequest(
  vendor: VendorId,
  { patientId }: AccountReference,
  wire: EnqueuedPortalRequest,
): PortalRequest {
  return {
    vendor,
    patientId,
    vendorRequestId: wire.id,
    type: toRequestType(wire.request_type),
    vendorType: wire.request_type ?? null,
    status: toRequestStatus(wire.status, !zeros.test(wire.datedeleted ?? '')),
    title: wire.title ?? null,
    content: wire.content ?? null,
    notes: wire.notes ?? null,
    createdAt: toInstant(wire.created),
  };
}

/** Whether a list goes on after so many entries: as it says itself, else as it counts them (3.1). */
export const goesOn = (
  { has_more, total_count }: { has_more?: boolean | null | undefined; total_count: number | null },
  received: number,
): boolean => has_more ?? (total_count !== null && received < total_count);

/** Anonymised credentials empty most fields: an empty text is no text. */
const toText = (text: string | null | undefined) => text?.trim() || null;

/** `m` and `f`; null where nothing is said, UNKNOWN for any other word. */
export function toSex(text: string | null | undefined): Sex | null {
  const sex = word(text);
  return sex === undefined ? null : sex === 'm' ? 'MALE' : sex === 'f' ? 'FEMALE' : 'UNKNOWN';
}

/** E.164; numbers without a country code are taken as American. Null where that is not possible. */
export function toPhone(text: string | null | undefined): string | null {
  const written = (toPhoneNumber(toText(text)) ?? '').replace(/^00/, '+');
  if (/^\+[1-9]\d{6,14}$/.test(written)) {
    return written;
  }
  const digits = /^1?(\d{10})$/.exec(written)?.[1];
  return digits === undefined ? null : `+1${digits}`;
}

function toAddress(wire: EnqueuedPatient): Address | null {
  const lines = [toText(wire.address1), toText(wire.address2)].filter((line) => line !== null);
  const address = {
    street: lines.join(', ') || null,
    city: toText(wire.city),
    state: toText(wire.state),
    postalCode: toText(wire.zip),
    country: toText(wire.country),
  };
  return Object.values(address).some((value) => value !== null) ? address : null;
}

/** `inactive` and the status are not part of it: they do not survive a round trip at these vendors. */
export function toProfile(vendor: VendorId, wire: EnqueuedPatient): VendorProfile {
  return {
    vendor,
    firstName: toText(wire.first_name),
    lastName: toText(wire.last_name),
    birthDate: toCalendarDate(wire.dob),
    sex: toSex(wire.sex),
    email: toText(wire.email1),
    phone: toPhone(wire.phone_mobile) ?? toPhone(wire.phone_home) ?? toPhone(wire.phone_work),
    address: toAddress(wire),
  };
}

export interface PatientSearchTerms {
  first_name: string | undefined;
  last_name: string | undefined;
  email: string | undefined;
  dob: string | undefined;
}

/**
 * Search terms without wildcards: `%` is live at the vendor, and one would list the whole clinic;
 * `_` is refused in names for the same reason. In an e-mail address `_` is an ordinary character, so
 * it may be searched for, and answers are held against it with `hasEmail`.
 * @throws CodedError BAD_USER_INPUT for a wildcard, and for a filter that narrows nothing
 */
export function toSearchTerms(filter: PatientFilter): PatientSearchTerms {
  const terms = {
    first_name: toText(filter.firstName) ?? undefined,
    last_name: toText(filter.lastName) ?? undefined,
    email: toText(filter.email) ?? undefined,
    dob: toText(filter.birthDate) ?? undefined,
  };
  const names = `${terms.first_name ?? ''}${terms.last_name ?? ''}`;
  if (/[%_]/.test(names) || terms.email?.includes('%')) {
    throw badInput('A patient search takes no wildcards (% and _).');
  }
  if (terms.dob !== undefined && !toCalendarDate(terms.dob)) {
    throw badInput('The birth date of a patient search is a calendar date (YYYY-MM-DD).');
  }
  if (Object.values(terms).every((term) => term === undefined)) {
    throw badInput('A patient search needs a name, an e-mail address or a birth date.');
  }
  return terms;
}

/** Whether this is one of the patient's addresses, to the letter. */
export const hasEmail = (wire: EnqueuedPatient, email: string) =>
  [wire.email1, wire.email2].some((known) => word(known) === word(email));
