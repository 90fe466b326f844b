import { UserFailure } from '../domain/errors.ts';
import type { Patient } from '../domain/records.ts';
import { type ActionEnvironment, patientOf } from './environment.ts';

/**
 * STAFF: removes the link and the tokens kept here; nothing changes at the vendor.
 * @throws UserFailure INVALID_INPUT, NOT_FOUND, NOT_LINKED
 */
export async function unlinkVendorAccount(
  environment: ActionEnvironment,
  input: { patientId: string; vendor: string },
): Promise<{ patient: Patient }> {
  const { store, loaders, trail } = environment;
  const { vendor } = input;
  const action = 'unlinkVendorAccount';
  const patient = await patientOf(environment, action, input.patientId);
  if (!(await store.accounts.unlink(patient.id, vendor))) {
    throw new UserFailure('NOT_LINKED', 'The patient has no account at this vendor.', {
      path: ['input', 'vendor'],
    });
  }
  trail.record({ patientId: patient.id, vendor, action, outcome: 'ALLOWED' });
  loaders.register.accounts.clear(patient.id);
  return { patient };
}
