import { UserFailure } from '../domain/errors.ts';
import type { PortalAccess } from '../domain/records.ts';
import {
  type ActionEnvironment,
  accountOf,
  capabilityOf,
  patientOf,
  refusedBecause,
} from './environment.ts';

/**
 * STAFF has the vendor mail an invitation (also its password reset) to the patient's primary e-mail
 * (Cerbo and MD HQ `portal/invite`). Only an attempt is promised.
 * @throws UserFailure INVALID_INPUT, NOT_FOUND, UNSUPPORTED_BY_VENDOR, VENDOR_REJECTED
 * @throws CodedError NOT_LINKED, NOT_CONFIGURED
 */
export async function invitePatientToPortal(
  environment: ActionEnvironment,
  input: { patientId: string; vendor: string },
): Promise<{ portalAccess: PortalAccess }> {
  const { store, loaders, writeScope, trail } = environment;
  const { vendor } = input;
  const patient = await patientOf(environment, 'invitePatientToPortal', input.patientId);
  const { invitations } = capabilityOf(environment, vendor, 'invitations');
  const account = await accountOf(environment, patient, vendor);
  try {
    await trail.around({ patientId: patient.id, vendor, action: 'invitePatientToPortal' }, () =>
      invitations.invite(writeScope, account),
    );
  } catch (error) {
    if (refusedBecause(error, 'not_invitable')) {
      throw new UserFailure(
        'VENDOR_REJECTED',
        'The vendor cannot invite this patient: there is no e-mail on file, or the record is inactive.',
        { path: ['input', 'patientId'] },
      );
    }
    throw error;
  }
  const portalAccess = await store.portalAccess.add({
    patientId: patient.id,
    vendor,
    status: 'INVITED',
    expiresAt: null,
  });
  loaders.portalAccesses.clear(patient.id);
  return { portalAccess };
}
