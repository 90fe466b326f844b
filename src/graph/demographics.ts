import type {
  Address as AddressRecord,
  VendorProfile as Profile,
  Sex as SexValue,
} from '../domain/records.ts';
import { builder } from './builder.ts';
import { toEmailAddress } from './email-address.ts';
import { enumType } from './enum-type.ts';
import { Vendor } from './vendor.ts';

/** What a person tells about themselves: shared by patients, vendors' profiles and inputs. */

export const Sex = enumType<SexValue>()('Sex', 'Administrative sex, as in FHIR.', {
  FEMALE: 'Female.',
  MALE: 'Male.',
  OTHER: 'Neither, for example German “divers”.',
  UNKNOWN: 'Not known, or a word of a vendor that is not known here.',
});

export const Address = builder.objectRef<AddressRecord>('Address').implement({
  description: 'A postal address.',
  fields: (t) => ({
    street: t.exposeString('street', { description: 'Street and number.' }),
    city: t.exposeString('city', { description: 'City.' }),
    state: t.exposeString('state', { description: 'State; two letters in the US.' }),
    postalCode: t.exposeString('postalCode', {
      description: 'Postal code; five digits in the US.',
    }),
    country: t.exposeString('country', { description: 'Country, as it was given.' }),
  }),
});

export const AddressInput = builder.inputType('AddressInput', {
  description: 'A postal address.',
  fields: (t) => ({
    street: t.string({ required: true, description: 'Street and number.' }),
    city: t.string({ required: true, description: 'City.' }),
    state: t.string({ required: true, description: 'State; two letters in the US.' }),
    postalCode: t.string({ required: true, description: 'Postal code; five digits in the US.' }),
    country: t.string({ description: 'Country, best as two letters.' }),
  }),
});

export const VendorProfile = builder.objectRef<Profile>('VendorProfile').implement({
  description: 'Demographics as a vendor holds them; anything may be missing.',
  fields: (t) => ({
    vendor: t.expose('vendor', { type: Vendor, nullable: false, description: 'The vendor.' }),
    firstName: t.exposeString('firstName', { description: 'Given name.' }),
    lastName: t.exposeString('lastName', { description: 'Family name.' }),
    birthDate: t.expose('birthDate', { type: 'Date', description: 'Day of birth.' }),
    sex: t.expose('sex', { type: Sex, description: 'Administrative sex.' }),
    email: t.field({
      type: 'EmailAddress',
      description: 'Primary e-mail address.',
      resolve: ({ email }) => toEmailAddress(email),
    }),
    phone: t.expose('phone', { type: 'PhoneNumber', description: 'Phone number.' }),
    address: t.expose('address', { type: Address, description: 'Postal address.' }),
  }),
});
