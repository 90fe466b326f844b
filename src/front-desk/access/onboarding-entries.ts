import type { OnboardPatientInput, Sex } from '../../client/client.ts';
import { entryIn } from '../actions/entries.ts';
import type { PatientRecord } from '../patient/patient-record.ts';

/** What Nimbus needs to know of a person. */
const personFields = [
  ...(['firstName', 'lastName', 'birthDate', 'sex', 'email', 'phone', 'address'] as const),
];
export type PersonField = (typeof personFields)[number];

const addressFields = ['street', 'city', 'state', 'postalCode'] as const;

const isWhole = (address: PatientRecord['address']) =>
  address !== null && addressFields.every((field) => address[field]);

/** What has to be asked: all of somebody new, what is missing of a patient of the register. */
export const gapsOf = (patient: PatientRecord | undefined): readonly PersonField[] =>
  personFields.filter((field) =>
    field === 'address' ? !isWhole(patient?.address ?? null) : !patient?.[field],
  );

/** What was entered, as the mutation takes it. */
export function onboardingFrom(form: FormData): OnboardPatientInput {
  const [street, city, state, postalCode] = addressFields.map((field) => entryIn(form, field));
  const entered = Object.fromEntries(
    ['firstName', 'lastName', 'birthDate', 'email', 'phone', 'treatmentType'].flatMap((field) => {
      const entry = entryIn(form, field);
      return entry === undefined ? [] : [[field, entry]];
    }),
  );
  const sex = entryIn(form, 'sex') as Sex | undefined;
  return {
    ...entered,
    ...(sex && { sex }),
    ...(street && city && state && postalCode
      ? { address: { street, city, state, postalCode, country: 'US' } }
      : {}),
    heightFeet: Number(form.get('heightFeet')),
    heightInches: Number(form.get('heightInches')),
    weightPounds: Number(form.get('weightPounds')),
  };
}
