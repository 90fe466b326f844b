import { UserFailure } from '../domain/errors.ts';
import type { Patient, VendorAccount } from '../domain/records.ts';
import type { ActionEnvironment } from './environment.ts';

/**
 * Links the account of a finished login. Single use, ten minutes, and only for the subject who began:
 * a login that somebody else was lured into never lands on the attacker's patient. Where the store fails,
 * nothing is used up and it can be sent again.
 * @throws UserFailure INVALID_INPUT, ALREADY_LINKED
 * @throws CodedError FORBIDDEN where the caller may no longer act for the patient
 */
export async function completePatientPortalConnection(
  environment: ActionEnvironment,
  input: { connection: string },
): Promise<{ patient: Patient; vendorAccount: VendorAccount }> {
  const { access, store, loaders, trail } = environment;
  const action = 'completePatientPortalConnection';
  const unknown = new UserFailure(
    'INVALID_INPUT',
    'This connection is unknown, used, expired or not yours. Start again with connectPatientPortal.',
    { path: ['input', 'connection'] },
  );
  const grant = await store.connections.findGrant(input.connection, access.caller.subject);
  if (grant === undefined) {
    throw unknown;
  }
  const { vendor, patientId } = grant;
  access.requireRecord(patientId, action);
  const patient = await loaders.register.patients.load(patientId);
  const account = await store.connections.linkGrant(input.connection);
  if (patient === undefined || account === undefined) {
    throw unknown;
  }
  if (account === 'TAKEN') {
    trail.record({ patientId, vendor, action, outcome: 'DENIED' });
    throw new UserFailure(
      'ALREADY_LINKED',
      'That portal account is linked to another patient, or this patient to another portal account.',
      { path: ['input', 'connection'] },
    );
  }
  trail.record({ patientId, vendor, action, outcome: 'ALLOWED' });
  loaders.register.accounts.clear(patientId);
  return { patient, vendorAccount: account };
}
