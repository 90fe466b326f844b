import { linkPatientSubject } from '../actions/link-patient-subject.ts';
import { linkVendorAccount } from '../actions/link-vendor-account.ts';
import { onboardPatient } from '../actions/onboard-patient.ts';
import { registerPatient } from '../actions/register-patient.ts';
import { unlinkVendorAccount } from '../actions/unlink-vendor-account.ts';
import type { Address, Demographics } from '../domain/records.ts';
import { AddressInput, Sex } from './demographics.ts';
import { type InputFieldBuilder, mutation } from './mutation.ts';
import { Vendor } from './vendor.ts';

/** The register, and who enters it. */

const patientId = (t: InputFieldBuilder) => t.id({ required: true, description: 'The patient.' });

const demographics = (t: InputFieldBuilder) => ({
  birthDate: t.field({ type: 'Date', description: 'Day of birth.' }),
  sex: t.field({ type: Sex, description: 'Administrative sex.' }),
  email: t.field({ type: 'EmailAddress', description: 'E-mail address.' }),
  phone: t.field({ type: 'PhoneNumber', description: 'Phone number.' }),
  address: t.field({ type: AddressInput, description: 'Postal address.' }),
});

type AddressGiven = { [Part in keyof Address]?: string | null | undefined };

/** What was given, without what was left out. */
function given(
  input: {
    [Field in keyof Demographics]?: Field extends 'address'
      ? AddressGiven | null | undefined
      : Demographics[Field] | null | undefined;
  },
): Partial<Demographics> {
  const { address, ...rest } = input;
  const present = Object.fromEntries(Object.entries(rest).filter(([, value]) => value != null));
  const {
    street = null,
    city = null,
    state = null,
    postalCode = null,
    country = null,
  } = address ?? {};
  return address == null
    ? present
    : { ...present, address: { street, city, state, postalCode, country } };
}

mutation('registerPatient', {
  description:
    'Adds a record to the clinic’s own register: by a PATIENT their own, linked to their subject (a second one is ALREADY_EXISTS), by STAFF a record without a subject. Calls no vendor.',
  vendorCalls: 0,
  input: (t) => ({
    firstName: t.string({ required: true, description: 'Given name.' }),
    lastName: t.string({ required: true, description: 'Family name.' }),
    ...demographics(t),
  }),
  payload: ['patient'],
  run: (context, { firstName, lastName, birthDate, sex, email, phone, address }) =>
    registerPatient(context, {
      firstName,
      lastName,
      ...given({ birthDate, sex, email, phone, address }),
    }),
});

mutation('linkPatientSubject', {
  description: 'STAFF: this subject of the identity provider is this patient.',
  vendorCalls: 0,
  input: (t) => ({
    patientId: patientId(t),
    subject: t.id({ required: true, description: 'The `sub` claim of the person’s tokens.' }),
  }),
  payload: ['patient'],
  run: (context, input) => linkPatientSubject(context, input),
});

mutation('linkVendorAccount', {
  description:
    'STAFF: links a record that exists at the vendor (Nimbus, Cerbo, MD HQ). Where the vendor tells who it is, names and birth date must agree.',
  vendorCalls: 1,
  input: (t) => ({
    patientId: patientId(t),
    vendor: t.field({ type: Vendor, required: true, description: 'The vendor.' }),
    vendorPatientId: t.id({ required: true, description: 'The vendor’s id of the person.' }),
    acceptMismatch: t.boolean({
      defaultValue: false,
      description:
        'Link although names or birth date differ: staff has checked that it is one person.',
    }),
  }),
  payload: ['patient', 'vendorAccount'],
  run: (context, { acceptMismatch, ...input }) =>
    linkVendorAccount(context, { ...input, acceptMismatch: acceptMismatch ?? false }),
});

mutation('unlinkVendorAccount', {
  description: 'STAFF: removes the link and the tokens kept here. Nothing changes at the vendor.',
  vendorCalls: 0,
  input: (t) => ({
    patientId: patientId(t),
    vendor: t.field({ type: Vendor, required: true, description: 'The vendor.' }),
  }),
  payload: ['patient'],
  run: (context, input) => unlinkVendorAccount(context, input),
});

mutation('onboardPatient', {
  description:
    'Creates the patient at the onboarding vendor and issues the first way into its portal. Vendor: Nimbus `external-transfer-onboarding`, which needs name, birth date, sex, e-mail, phone and a US address.',
  writesAtVendor: true,
  vendorCalls: 1,
  input: (t) => ({
    patientId: t.id({
      description:
        'Onboard a patient who is in the register already; the fields below then fill its gaps. Without it, a PATIENT onboards their own record, which is made where there is none, and STAFF somebody new.',
    }),
    firstName: t.string({ description: 'Given name.' }),
    lastName: t.string({ description: 'Family name.' }),
    ...demographics(t),
    heightFeet: t.int({ required: true, description: 'Height: whole feet, 1 to 8.' }),
    heightInches: t.int({
      required: true,
      description: 'Height: inches beyond the feet, 0 to 11.',
    }),
    weightPounds: t.float({ required: true, description: 'Weight in pounds, 1 to 1,500.' }),
    treatmentType: t.string({
      description: 'One of `Query.treatmentTypes`; default the first.',
    }),
  }),
  payload: ['patient', 'portalAccess', 'operation'],
  run: (context, input) => {
    const { firstName, lastName, birthDate, sex, email, phone, address, ...rest } = input;
    return onboardPatient(context, {
      ...rest,
      ...given({ firstName, lastName, birthDate, sex, email, phone, address }),
    });
  },
});
