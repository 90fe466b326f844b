import type { FieldPath } from '../../domain/errors.ts';
import type { Refusal } from '../../http/exchange.ts';
import { isRecord } from '../../http/is-record.ts';

/** Nimbus' field names, as its 422 answers carry them, to the names callers know. */
const domainFields: Readonly<Record<string, FieldPath>> = {
  first_name: ['firstName'],
  last_name: ['lastName'],
  email: ['email'],
  phone_number: ['phone'],
  address: ['address', 'street'],
  city: ['address', 'city'],
  state: ['address', 'state'],
  zip_code: ['address', 'postalCode'],
  height_feet: ['heightFeet'],
  height_inches: ['heightInches'],
  weight: ['weightPounds'],
  sex: ['sex'],
  dob: ['birthDate'],
  treatment_type: ['treatmentType'],
  valid_for_hours: ['validForHours'],
  reason: ['reason'],
  followup_date: ['date'],
};

/** The `errors` map of a validation failure: field to texts. */
function refusedFields(body: unknown): Map<string, string> {
  const errors = isRecord(body) ? body.errors : undefined;
  return new Map(
    Object.entries(isRecord(errors) ? errors : {}).map(([field, texts]) => [
      // A nested field arrives as `address.0`.
      field.split('.')[0] ?? field,
      JSON.stringify(texts) ?? '',
    ]),
  );
}

/**
 * A 422 in domain words. Reasons: `email_taken` (the person is a Nimbus patient already) and
 * `pharmacy_refused` (our own configuration). The vendor's texts go no further than here.
 */
function readValidation(body: unknown): Refusal {
  const refused = refusedFields(body);
  if (refused.has('central_pharmacy_id')) {
    // Ours, not the caller's: an operator has to correct NIMBUS_CENTRAL_PHARMACY_ID.
    return { kind: 'CREDENTIAL_REFUSED', reason: 'pharmacy_refused' };
  }
  const fields = [...refused.keys()]
    .map((field) => (Object.hasOwn(domainFields, field) ? domainFields[field] : undefined))
    .filter((field) => field !== undefined);
  const taken = /taken|already|exists|registered|in use|duplicate/i.test(
    refused.get('email') ?? '',
  );
  return { kind: 'REJECTED', fields, ...(taken && { reason: 'email_taken' }) };
}

/** 422 only: the transport's defaults are right for 401, 403 and 404. */
export const readRefusal = (status: number, body: unknown): Refusal | undefined =>
  status === 422 ? readValidation(body) : undefined;

/**
 * The three ids of a follow-up may not fit each other, which is a 404 or a 422 [assumed]. Neither
 * means that the patient is unknown, so both are `follow_up_refused`.
 */
export const readFollowUpRefusal = (status: number, body: unknown): Refusal | undefined =>
  status === 404 || status === 422
    ? { ...readValidation(body), kind: 'REJECTED', reason: 'follow_up_refused' }
    : undefined;

/** Whether a 404 is about what was asked for: a back end of this style names the route where that is it [assumed]. */
function isInOwnWords(body: unknown): boolean {
  const message = isRecord(body) && typeof body.message === 'string' ? body.message.trim() : '';
  return message !== '' && !/^not found\.?$|\broute\b/i.test(message);
}

const readMissing = (reason: string) => (status: number, body: unknown) =>
  status === 404 && isInOwnWords(body)
    ? ({ kind: 'NOT_FOUND', reason } as const)
    : readRefusal(status, body);

/** Of calls about a user: `unknown_patient`. */
export const readUserRefusal = readMissing('unknown_patient');

/** The user or their orders: which of them, only a text tells that may be worded otherwise. */
export const readOrderRefusal = readMissing('no_order');

const isSuccess = (status: unknown) =>
  typeof status === 'string' && status.trim().toLowerCase() === 'success';

/** A `status` other than `success` is a refusal, also in a 200. Most answers may lack it. */
export function readVerdict(body: unknown): Refusal | undefined {
  if (!isRecord(body) || body.status === undefined || isSuccess(body.status)) {
    return undefined;
  }
  return readValidation(body);
}
