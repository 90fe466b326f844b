import { isCalendarDate } from '../../domain/calendar-date.ts';
import type { OnboardingRequest } from '../../domain/capabilities/portal-access.ts';
import { badInput, invalidInput } from '../../domain/errors.ts';
import type { CalendarDate, Order } from '../../domain/records.ts';
import type { VendorId } from '../../domain/vendor.ts';
import type { NimbusPatient } from './client.ts';
import { type NimbusFollowUp, type NimbusOrder, nimbusIdPattern } from './wire.ts';

const hour = 3_600_000;
/** How long an onboarding link lives [assumed: nothing is documented]; approximate. */
const onboardingLinkLife = 24 * hour;
const longestReason = 255;
const mostHours = 720;

/** @throws CodedError BAD_USER_INPUT for an id that cannot be one of Nimbus' */
export function toIntegerId(id: string): number {
  if (!nimbusIdPattern.test(id)) {
    throw badInput('Nimbus patient ids consist of digits only.');
  }
  return Number(id);
}

function filled(text: string, ...path: string[]): string {
  const trimmed = text.trim();
  if (trimmed === '') {
    throw invalidInput('Nimbus requires this to be filled in.', ...path);
  }
  return trimmed;
}

/** Ten digits without country code, from E.164 or from a number as Americans write it. */
function toTenDigits(phone: string): string {
  const written = phone.trim();
  const digits = written.replace(/[\s().-]/g, '').replace(/^\+?1(?=\d{10}$)/, '');
  if (!/^\d{10}$/.test(digits)) {
    throw invalidInput('Nimbus takes US phone numbers only: ten digits, or +1 and ten.', 'phone');
  }
  return digits;
}

function toState(state: string): string {
  const code = state.trim().toUpperCase();
  if (!/^[A-Z]{2}$/.test(code)) {
    throw invalidInput('Nimbus takes the two-letter code of a US state.', 'address', 'state');
  }
  return code;
}

/** Five digits; the last four of a ZIP+4 are cut. */
function toZip(postalCode: string): string {
  const zip = /^(\d{5})(?:-?\d{4})?$/.exec(postalCode.trim())?.[1];
  if (zip === undefined) {
    throw invalidInput('Nimbus takes US ZIP codes of five digits.', 'address', 'postalCode');
  }
  return zip;
}

/** `YYYY-MM-DD`, and a day that exists. */
function toDay(date: CalendarDate, ...path: string[]): string {
  if (!isCalendarDate(date)) {
    throw invalidInput('This is not a calendar date (YYYY-MM-DD).', ...path);
  }
  return date;
}

function toSex(sex: string): 'Male' | 'Female' {
  if (sex !== 'MALE' && sex !== 'FEMALE') {
    throw invalidInput('Nimbus takes FEMALE or MALE only.', 'sex');
  }
  return sex === 'MALE' ? 'Male' : 'Female';
}

/** Body measures go out as strings. */
function toMeasure(value: number, least: number, most: number, name: string): string {
  if (!(value >= least && value <= most)) {
    throw invalidInput(`This must be a number from ${least} to ${most}.`, name);
  }
  return String(Math.round(value * 100) / 100);
}

function toWholeMeasure(value: number, most: number, name: string): string {
  if (!Number.isInteger(value)) {
    throw invalidInput('This must be a whole number.', name);
  }
  return toMeasure(value, 0, most, name);
}

/** What is fixed per clinic: the caller chooses among the treatment types, never the pharmacy. */
export interface NimbusClinic {
  treatmentTypes: readonly string[];
  centralPharmacyId: string;
}

/** @throws UserFailure INVALID_INPUT for what Nimbus would not take, before any call */
export function toNimbusPatient(request: OnboardingRequest, clinic: NimbusClinic): NimbusPatient {
  const { person, address } = request;
  if (!clinic.treatmentTypes.includes(request.treatmentType)) {
    throw invalidInput(
      `The treatment type must be one of: ${clinic.treatmentTypes.join(', ')}.`,
      'treatmentType',
    );
  }
  return {
    first_name: filled(person.firstName, 'firstName'),
    last_name: filled(person.lastName, 'lastName'),
    email: filled(person.email, 'email'),
    phone_number: toTenDigits(person.phone),
    address: filled(address.street, 'address', 'street'),
    city: filled(address.city, 'address', 'city'),
    state: toState(address.state),
    zip_code: toZip(address.postalCode),
    height_feet: toWholeMeasure(request.heightFeet, 9, 'heightFeet'),
    height_inches: toWholeMeasure(request.heightInches, 11, 'heightInches'),
    weight: toMeasure(request.weightPounds, 1, 2000, 'weightPounds'),
    sex: toSex(person.sex),
    dob: toDay(person.birthDate, 'birthDate'),
    treatment_type: request.treatmentType,
    central_pharmacy_id: clinic.centralPharmacyId,
  };
}

/** @throws UserFailure INVALID_INPUT unless 1 to 720 whole hours */
export function toHours(validForHours: number): number {
  if (!Number.isInteger(validForHours) || validForHours < 1 || validForHours > mostHours) {
    throw invalidInput(`This must be a whole number from 1 to ${mostHours}.`, 'validForHours');
  }
  return validForHours;
}

/** @throws UserFailure INVALID_INPUT for more than 255 characters */
export function toReason(reason: string | null): { reason?: string } {
  const text = reason?.trim() ?? '';
  if (text.length > longestReason) {
    throw invalidInput(`A reason has at most ${longestReason} characters.`, 'reason');
  }
  return text === '' ? {} : { reason: text };
}

export const toFollowUpDate = (date: CalendarDate) => toDay(date, 'date');

/** An instant with or without a zone mark (then UTC); null where there is none to read. */
function toInstant(text: string | null | undefined): Date | null {
  const iso = text?.trim().replace(' ', 'T');
  if (!iso || !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(iso)) {
    return null;
  }
  const instant = new Date(/(Z|[+-]\d{2}:?\d{2})$/i.test(iso) ? iso : `${iso}Z`);
  return Number.isNaN(instant.getTime()) ? null : instant;
}

/**
 * The link unchanged: it is never rebuilt from the token, because the tenant's host varies. Nimbus
 * says no expiry in its samples, so ours is approximate unless `expires_at` came.
 * @param hours life that was asked for; without it the life of an onboarding link
 */
export function toIssuedAccess<Link extends string | null>(
  vendorPatientId: string,
  redirectUrl: Link,
  wire: { expires_at?: string | null | undefined },
  now: number,
  hours?: number,
) {
  const life = hours === undefined ? onboardingLinkLife : hours * hour;
  return {
    vendorPatientId,
    redirectUrl,
    expiresAt: toInstant(wire.expires_at) ?? new Date(now + life),
  };
}

/** `tenant_domain` is data to send back verbatim; nothing here may ever call it. */
export const toOrder = (vendor: VendorId, wire: NimbusOrder): Order => ({
  vendor,
  id: wire.order_id,
  tenantDomain: wire.tenant_domain,
  vendorPatientKey: wire.patient_id,
});

/** The day as the vendor repeats it; as it was asked for where that is no day. */
export const toFollowUp = (
  { followup_id, followup_date }: NimbusFollowUp,
  asked: CalendarDate,
) => ({
  vendorFollowUpId: followup_id,
  date: followup_date && isCalendarDate(followup_date) ? followup_date : asked,
});
