import type { ClinicVisits, Intake } from '../../domain/capabilities/visits.ts';
import { invalidInput } from '../../domain/errors.ts';
import type { Demographics, Patient } from '../../domain/records.ts';
import { checked, providerNumber } from './identifiers.ts';

/** Fields of a request body; undefined ones are left out. */
export type VSeeFields = Readonly<Record<string, unknown>>;

/** `type` of a patient ("member") at VSee. */
const memberType = 200;

/** The stable key of our patient at VSee: no e-mail, nothing that can be guessed, at most 128 characters. */
export const memberCode = (patientId: string): string => `portico-${patientId}`;

/**
 * The e-prescribing group: the vendor wants all of it or none. Undefined unless everything is there
 * in the spelling it takes.
 */
function ePrescribing(person: Demographics): VSeeFields | undefined {
  const { birthDate, sex, phone, address } = person;
  const home = address?.country === null || address?.country === 'US' ? address : null;
  const gender = sex === 'FEMALE' ? 'female' : sex === 'MALE' ? 'male' : undefined;
  const state = home?.state && /^[A-Za-z]{2}$/.test(home.state) ? home.state.toUpperCase() : null;
  if (
    !birthDate ||
    !gender ||
    !phone ||
    !home?.street ||
    !home.city ||
    !home.postalCode ||
    !state
  ) {
    return undefined;
  }
  return {
    gender,
    street_addr: home.street,
    city: home.city,
    state,
    zip: home.postalCode,
    phone,
  };
}

/** Body of `users/sso`. `disable_emails` is only ever switched on. */
export const signInFields = (patient: Patient, disableEmails: boolean): VSeeFields => ({
  first_name: patient.firstName,
  last_name: patient.lastName,
  type: memberType,
  code: memberCode(patient.id),
  dob: patient.birthDate ?? undefined,
  email: patient.email ?? undefined,
  disable_emails: disableEmails ? 1 : undefined,
  ...ePrescribing(patient),
});

/** `type` of an intake. There is none for eConsults, and the vendor does not hold it against the visit. */
const intakeTypes = { WALK_IN: 1, SCHEDULED: 2, E_CONSULT: 1 } as const;

/** What the vendor itself reads or writes in an intake, in any of its spellings; compared in lower case. */
const vendorsOwnFields = new Set([
  'id',
  'code',
  'data',
  'message',
  'room_code',
  'room_id',
  'reason_for_visit',
  'reasonforvisit',
  'type',
  'provider',
  'provider_id',
  'member',
  'member_id',
  'account_code',
  'location',
  'phone',
  'attachments',
  'consultation',
  'consultation_id',
  'visit_id',
  'reset',
  'creator_id',
  'created',
  'modified',
]);

/** @throws UserFailure INVALID_INPUT for a name that is malformed or the vendor's own */
export function checkedCustom(custom: Intake['custom']): VSeeFields {
  for (const key of Object.keys(custom)) {
    if (!/^[A-Za-z][A-Za-z0-9_]{0,63}$/.test(key)) {
      throw invalidInput(
        'Names of custom answers are letters, digits and underscores, begin with a letter and have at most 64 characters.',
        'intake',
        'custom',
      );
    }
    if (vendorsOwnFields.has(key.toLowerCase())) {
      throw invalidInput(
        `A custom answer cannot be named ${key}: the vendor uses that name itself.`,
        'intake',
        'custom',
      );
    }
  }
  return custom;
}

/**
 * Body of `intakes`. `member_id` is left out: it goes with an admin token only.
 * @throws UserFailure INVALID_INPUT for a custom answer that would change the vendor's own fields
 * @throws CodedError BAD_USER_INPUT for an id that cannot be VSee's
 */
export const intakeFields = ({
  roomCode,
  providerId,
  kind,
  intake,
}: Parameters<ClinicVisits['createIntake']>[2]): VSeeFields => ({
  ...checkedCustom(intake.custom),
  room_code: checked('room', roomCode),
  type: intakeTypes[kind],
  reason_for_visit: intake.reasonForVisit ?? undefined,
  provider_id: providerNumber(providerId),
  location: intake.location ?? undefined,
  phone: intake.phone ?? undefined,
});

/**
 * Body of `visits/add_walkin` and `visits/add_econsult`.
 * @throws CodedError BAD_USER_INPUT for an id that cannot be VSee's
 */
export const placeFields = ({
  intakeId,
  roomCode,
  providerId,
}: Parameters<ClinicVisits['startWalkIn']>[2]): VSeeFields => ({
  intake_id: checked('intake', intakeId),
  room_code: checked('room', roomCode),
  provider_id: providerNumber(providerId),
});
