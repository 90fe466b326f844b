import { clinic } from './fixtures.ts';

/** Field to texts, as a Laravel-like back end lists them. */
export type SandboxErrors = Record<string, string[]>;

type Check = (value: unknown) => boolean;

const text: Check = (value) => typeof value === 'string' && value.trim() !== '';
const like =
  (pattern: RegExp): Check =>
  (value) =>
    typeof value === 'string' && pattern.test(value);
const integer: Check = (value) => Number.isInteger(value);
const day: Check = (value) =>
  typeof value === 'string' &&
  /^\d{4}-\d{2}-\d{2}$/.test(value) &&
  new Date(`${value}T00:00:00Z`).toString() !== 'Invalid Date' &&
  new Date(`${value}T00:00:00Z`).toISOString().startsWith(value);
const optional =
  (check: Check): Check =>
  (value) =>
    value === undefined || value === null || check(value);

/** All fields of the guide are required. A pharmacy of someone else is a 403 of its own. */
const onboarding: Record<string, Check> = {
  first_name: text,
  last_name: text,
  email: like(/^[^\s@]+@[^\s@]+\.[^\s@]+$/),
  phone_number: like(/^\d{10}$/),
  address: text,
  city: text,
  state: like(/^[A-Z]{2}$/),
  zip_code: like(/^\d{5}$/),
  // Measures are strings; a JSON number is refused.
  height_feet: like(/^\d$/),
  height_inches: like(/^(\d|1[01])$/),
  weight: like(/^\d{1,4}(\.\d+)?$/),
  sex: like(/^(Male|Female)$/),
  dob: day,
  treatment_type: (value) => clinic.treatmentTypes.includes(String(value)),
  central_pharmacy_id: text,
};
const revoke: Record<string, Check> = {
  user_id: integer,
  reason: optional((value) => typeof value === 'string' && value.length <= 255),
};
const enable: Record<string, Check> = {
  user_id: integer,
  valid_for_hours: optional(
    (value) => integer(value) && Number(value) >= 1 && Number(value) <= 720,
  ),
};
const followUp: Record<string, Check> = {
  followup_date: day,
  patient_id: integer,
  user_id: integer,
  tenant_domain: text,
};

export const rules = { onboarding, revoke, enable, followUp };

/** The errors map, or undefined where all is well. Unknown fields are ignored. */
export function validate(
  rule: Record<string, Check>,
  body: Record<string, unknown>,
): SandboxErrors | undefined {
  const errors: SandboxErrors = {};
  for (const [field, check] of Object.entries(rule)) {
    if (!check(body[field])) {
      const name = field.replaceAll('_', ' ');
      errors[field] = [
        body[field] === undefined
          ? `The ${name} field is required.`
          : `The ${name} field is invalid.`,
      ];
    }
  }
  return Object.keys(errors).length > 0 ? errors : undefined;
}
