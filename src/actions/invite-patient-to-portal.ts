import { UserFailure } from '../domain/errors.ts';
import type { PortalAccess } from '../domain/records.ts';
import {
  type ActionEnvironment,
  accountOf,
  capabilityOf,
  patientOf,
  refusedBecause,
} from './environment.ts';
import { type Ledgered, ledgered } from './ledgered.ts';

/**
 * STAFF has the vendor mail an invitation (also its password reset) to the patient's primary e-mail
 * (Cerbo and MD HQ `portal/invite`). Only an attempt is promised.
 * @throws UserFailure INVALID_INPUT, NOT_FOUND, UNSUPPORTED_BY_VENDOR, VENDOR_REJECTED
 * @throws CodedError NOT_LINKED, NOT_CONFIGURED
 */
export async function invitePatientToPortal(
  environment: ActionEnvironment,
  input: { patientId: string; vendor: string },
): Promise<{ portalAccess: PortalAccess } & Ledgered> {
  const { store, loaders, writeScope } = environment;
  const { vendor } = input;
  const patient = await patientOf(environment, 'invitePatientToPortal', input.patientId);
  const { invitations } = capabilityOf(environment, vendor, 'invitations');
  const prepare = () => accountOf(environment, patient, vendor);
  const write = { action: 'invitePatientToPortal', input, patient, vendor } as const;
  return ledgered(environment, write, prepare, async (work, account) => {
    try {
      // It sends mail, and the vendor does not say what it has sent.
      await work.once('inviteToPortal', () => invitations.invite(writeScope, account));
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
      id: work.operationId,
      patientId: patient.id,
      vendor,
      status: 'INVITED',
      expiresAt: null,
    });
    loaders.register.portalAccesses.clear(patient.id);
    return { portalAccess };
  });
}
