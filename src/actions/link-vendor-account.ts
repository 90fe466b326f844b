import { invalidInput, UserFailure } from '../domain/errors.ts';
import { areSameNames } from '../domain/name-folding.ts';
import type { Patient, VendorAccount, VendorProfile } from '../domain/records.ts';
import { type ActionEnvironment, capabilityOf, patientOf } from './environment.ts';

/** Whether a vendor's record may be this person: what both sides know must agree. */
export function sameIdentity(patient: Patient, profile: VendorProfile): boolean {
  const agree = (ours: string | null, theirs: string | null) =>
    !ours?.trim() || !theirs?.trim() || areSameNames([ours], [theirs]);
  return (
    agree(patient.lastName, profile.lastName) &&
    agree(patient.firstName, profile.firstName) &&
    (!patient.birthDate || !profile.birthDate || patient.birthDate === profile.birthDate)
  );
}

/**
 * STAFF links a record that exists at the vendor. Where the vendor can be asked who it is, names and
 * birth date must agree unless the mismatch is accepted.
 * @throws UserFailure INVALID_INPUT, NOT_FOUND, ALREADY_LINKED, IDENTITY_MISMATCH, UNSUPPORTED_BY_VENDOR
 */
export async function linkVendorAccount(
  environment: ActionEnvironment,
  input: { patientId: string; vendor: string; vendorPatientId: string; acceptMismatch: boolean },
): Promise<{ patient: Patient; vendorAccount: VendorAccount }> {
  const { store, loaders, writeScope, trail } = environment;
  const action = 'linkVendorAccount';
  const patient = await patientOf(environment, action, input.patientId);
  const { vendor, vendorPatientId } = input;
  const adapter = capabilityOf(environment, vendor, 'staffLinking');
  if (!adapter.staffLinking.idPattern.test(vendorPatientId)) {
    throw invalidInput('This cannot be a patient id of that vendor.', 'vendorPatientId');
  }
  const { profile: readProfile } = adapter;
  let profile: VendorProfile | null | undefined;
  if (readProfile !== undefined) {
    profile = await trail.around({ patientId: patient.id, vendor, action }, () =>
      readProfile(writeScope, { patientId: patient.id, vendorPatientId }),
    );
    if (profile === null) {
      throw new UserFailure('NOT_FOUND', 'The vendor has no patient of this id.', {
        path: ['input', 'vendorPatientId'],
      });
    }
    if (!input.acceptMismatch && !sameIdentity(patient, profile)) {
      throw new UserFailure(
        'IDENTITY_MISMATCH',
        'Name or birth date differ between the two records. Check that they are one person; then repeat with acceptMismatch.',
        { path: ['input', 'vendorPatientId'] },
      );
    }
  }
  const account = await store.accounts.link({
    patientId: patient.id,
    vendor,
    vendorPatientId,
    linkMethod: 'STAFF',
  });
  if (account === 'TAKEN') {
    throw new UserFailure(
      'ALREADY_LINKED',
      'That record is linked to another patient, or this patient to another record of the vendor.',
      { path: ['input', 'vendorPatientId'] },
    );
  }
  trail.record({ patientId: patient.id, vendor, action, outcome: 'ALLOWED' });
  loaders.register.accounts.clear(patient.id);
  if (profile !== undefined) {
    const key = { patientId: patient.id, vendor: adapter.id };
    loaders.profiles.profile.clear(key).prime(key, profile);
  }
  return { patient, vendorAccount: account };
}
