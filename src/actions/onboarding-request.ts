import type { OnboardingRequest } from '../domain/capabilities/portal-access.ts';
import { invalidInput } from '../domain/errors.ts';
import type { Demographics } from '../domain/records.ts';

type Measures = Pick<
  OnboardingRequest,
  'heightFeet' | 'heightInches' | 'weightPounds' | 'treatmentType'
>;

/**
 * The vendor's request, with nothing missing that it requires.
 * @throws UserFailure INVALID_INPUT, naming the field
 */
export const completeRequest = (
  person: Partial<Demographics>,
  measures: Measures,
): OnboardingRequest => {
  const missing = (field: string) =>
    invalidInput('The vendor needs this to onboard a patient; give it here.', ...field.split('.'));
  const need = <T>(value: T | null | undefined, field: string): T => {
    if (value == null) {
      throw missing(field);
    }
    return value;
  };
  const { sex } = person;
  if (sex !== 'FEMALE' && sex !== 'MALE') {
    throw sex == null
      ? missing('sex')
      : invalidInput('The vendor takes FEMALE or MALE only.', 'sex');
  }
  return {
    person: {
      firstName: need(person.firstName, 'firstName'),
      lastName: need(person.lastName, 'lastName'),
      birthDate: need(person.birthDate, 'birthDate'),
      sex,
      email: need(person.email, 'email'),
      phone: need(person.phone, 'phone'),
      address: person.address ?? null,
    },
    address: {
      street: need(person.address?.street, 'address.street'),
      city: need(person.address?.city, 'address.city'),
      state: need(person.address?.state, 'address.state'),
      postalCode: need(person.address?.postalCode, 'address.postalCode'),
    },
    ...measures,
  };
};

/** @throws UserFailure INVALID_INPUT */
export function checkMeasures(
  input: Pick<Measures, 'heightFeet' | 'heightInches' | 'weightPounds'> & {
    treatmentType?: string | null | undefined;
  },
  treatmentTypes: readonly string[],
): Measures {
  const within = (value: number, low: number, high: number, field: string) => {
    if (!(value >= low && value <= high)) {
      throw invalidInput(`This must be between ${low} and ${high}.`, field);
    }
    return value;
  };
  const treatmentType = input.treatmentType ?? treatmentTypes[0];
  if (treatmentType === undefined || !treatmentTypes.includes(treatmentType)) {
    throw invalidInput('This is none of the configured treatment types.', 'treatmentType');
  }
  return {
    heightFeet: within(input.heightFeet, 1, 8, 'heightFeet'),
    heightInches: within(input.heightInches, 0, 11, 'heightInches'),
    weightPounds: within(input.weightPounds, 1, 1500, 'weightPounds'),
    treatmentType,
  };
}
