import { invalidInput } from '../domain/errors.ts';
import type { Demographics } from '../domain/records.ts';
import { today } from './calendar.ts';
import type { ActionEnvironment } from './environment.ts';

const longestName = 100;
const longestAddressLine = 200;
/** Line breaks, control characters and halves of letters have no place in a name and do harm further on. */
const unprintable = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;

function line(value: string, longest: number, ...path: string[]): string {
  const text = value.trim().normalize('NFC');
  if (text === '') {
    throw invalidInput('This must not be empty.', ...path);
  }
  if (text.length > longest) {
    throw invalidInput(`This must not be longer than ${longest} characters.`, ...path);
  }
  if (unprintable.test(text)) {
    throw invalidInput('This must not hold line breaks or control characters.', ...path);
  }
  return text;
}

/**
 * Checks what is given and leaves the rest out.
 * @throws UserFailure INVALID_INPUT
 */
export function checkGivenDemographics(
  { clock, settings }: ActionEnvironment,
  input: Partial<Demographics>,
): Partial<Demographics> {
  const given: Partial<Demographics> = {};
  if (input.firstName != null) {
    given.firstName = line(input.firstName, longestName, 'firstName');
  }
  if (input.lastName != null) {
    given.lastName = line(input.lastName, longestName, 'lastName');
  }
  if (input.birthDate != null) {
    if (
      input.birthDate > today(clock(), settings.clinicTimeZone).latest ||
      input.birthDate < '1880-01-01'
    ) {
      throw invalidInput('A birth date lies between 1880 and today.', 'birthDate');
    }
    given.birthDate = input.birthDate;
  }
  if (input.sex != null) {
    given.sex = input.sex;
  }
  if (input.email != null) {
    given.email = input.email.trim();
  }
  if (input.phone != null) {
    given.phone = input.phone;
  }
  if (input.address != null) {
    const { street, city, state, postalCode, country } = input.address;
    const part = (value: string | null | undefined, field: string) =>
      value == null ? null : line(value, longestAddressLine, 'address', field);
    given.address = {
      street: part(street, 'street'),
      city: part(city, 'city'),
      state: part(state, 'state'),
      postalCode: part(postalCode, 'postalCode'),
      country: part(country, 'country'),
    };
  }
  return given;
}

/** A whole person; what is not given is null. @throws UserFailure INVALID_INPUT */
export function checkDemographics(
  environment: ActionEnvironment,
  input: { firstName: string; lastName: string } & Partial<Demographics>,
): Demographics {
  const { firstName, lastName, ...rest } = checkGivenDemographics(environment, input);
  return {
    firstName: firstName ?? input.firstName,
    lastName: lastName ?? input.lastName,
    birthDate: null,
    sex: null,
    email: null,
    phone: null,
    address: null,
    ...rest,
  };
}
