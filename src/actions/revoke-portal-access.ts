import { invalidInput } from '../domain/errors.ts';
import type { PortalAccess } from '../domain/records.ts';
import { adapterFor } from '../loaders/environment.ts';
import { type ActionEnvironment, accountOf, patientOf } from './environment.ts';

/** Characters that the vendor keeps. */
const longestReason = 255;

/**
 * STAFF ends all of a patient's access to the vendor's portal (Nimbus `external-portal-access/revoke`).
 * @throws UserFailure INVALID_INPUT, NOT_FOUND
 * @throws CodedError NOT_LINKED, NOT_CONFIGURED
 */
export async function revokePortalAccess(
  environment: ActionEnvironment,
  input: { patientId: string; reason?: string | null | undefined },
): Promise<{ portalAccess: PortalAccess | null }> {
  const { store, loaders, vendors, writeScope, trail } = environment;
  const patient = await patientOf(environment, 'revokePortalAccess', input.patientId);
  const reason = input.reason?.trim() || null;
  if (reason !== null && reason.length > longestReason) {
    throw invalidInput(`A reason has at most ${longestReason} characters.`, 'reason');
  }
  const { id: vendor, portalAccess } = adapterFor(vendors, 'portalAccess', 'Portal access');
  const account = await accountOf(environment, patient, vendor);
  await trail.around({ patientId: patient.id, vendor, action: 'revokePortalAccess' }, () =>
    portalAccess.revoke(writeScope, account, reason),
  );
  const revoked = await store.portalAccess.revoke(patient.id, vendor, reason);
  loaders.portalAccesses.clear(patient.id);
  return { portalAccess: revoked ?? null };
}
