import { forbidden, invalidInput } from '../domain/errors.ts';
import type { PortalAccess } from '../domain/records.ts';
import { adapterFor } from '../loaders/environment.ts';
import { type ActionEnvironment, accountOf, patientOf } from './environment.ts';

const longestValidity = 720;

/**
 * A new way into the vendor's portal (Nimbus `external-portal-access/enable`); the one before stops
 * working. A PATIENT cannot undo a revocation by STAFF.
 * @throws UserFailure INVALID_INPUT, NOT_FOUND
 * @throws CodedError NOT_LINKED, NOT_CONFIGURED, FORBIDDEN
 */
export async function enablePortalAccess(
  environment: ActionEnvironment,
  input: { patientId: string; validForHours: number },
): Promise<{ portalAccess: PortalAccess }> {
  const { access, store, loaders, vendors, writeScope, trail } = environment;
  const { validForHours } = input;
  const patient = await patientOf(environment, 'enablePortalAccess', input.patientId);
  if (!(validForHours >= 1 && validForHours <= longestValidity)) {
    throw invalidInput(`An access is valid for 1 to ${longestValidity} hours.`, 'validForHours');
  }
  const { id: vendor, portalAccess } = adapterFor(vendors, 'portalAccess', 'Portal access');
  const account = await accountOf(environment, patient, vendor);
  const [latest] = (await loaders.portalAccesses.load(patient.id)).filter(
    (each) => each.vendor === vendor,
  );
  if (latest?.status === 'REVOKED' && !access.isStaff) {
    throw forbidden();
  }
  const issued = await trail.around(
    { patientId: patient.id, vendor, action: 'enablePortalAccess' },
    () => portalAccess.enable(writeScope, account, validForHours),
  );
  const recorded = await store.portalAccess.add({
    patientId: patient.id,
    vendor,
    status: 'ACTIVE',
    expiresAt: issued.expiresAt,
  });
  loaders.portalAccesses.clear(patient.id);
  return { portalAccess: { ...recorded, redirectUrl: issued.redirectUrl } };
}
