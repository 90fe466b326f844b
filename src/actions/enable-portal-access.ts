import { forbidden, invalidInput } from '../domain/errors.ts';
import type { PortalAccess } from '../domain/records.ts';
import { adapterFor } from '../loaders/environment.ts';
import { type ActionEnvironment, accountOf, patientOf } from './environment.ts';
import { type Ledgered, ledgered } from './ledgered.ts';

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
): Promise<{ portalAccess: PortalAccess } & Ledgered> {
  const { access, store, loaders, vendors, writeScope } = environment;
  const { validForHours } = input;
  const patient = await patientOf(environment, 'enablePortalAccess', input.patientId);
  if (!(validForHours >= 1 && validForHours <= longestValidity)) {
    throw invalidInput(`An access is valid for 1 to ${longestValidity} hours.`, 'validForHours');
  }
  const { id: vendor, portalAccess } = adapterFor(vendors, 'portalAccess', 'Portal access');
  const prepare = async () => {
    const account = await accountOf(environment, patient, vendor);
    const [latest] = (await loaders.register.portalAccesses.load(patient.id)).filter(
      (each) => each.vendor === vendor,
    );
    if (latest?.status === 'REVOKED' && !access.isStaff) {
      throw forbidden();
    }
    return account;
  };
  const record = `PortalAccess/${vendor}/${patient.id}`;
  const action = 'enablePortalAccess';
  const write = { action, input, patient, vendor, record, preparesAgain: true } as const;
  return ledgered(environment, write, prepare, async (work, account) => {
    // Each call issues another link and kills the one before: made again, the last one counts.
    const issued = await work.repeatable('external-portal-access/enable', () =>
      portalAccess.enable(writeScope, account, validForHours),
    );
    const recorded = await store.portalAccess.add({
      id: work.operationId,
      patientId: patient.id,
      vendor,
      status: 'ACTIVE',
      expiresAt: issued.expiresAt,
    });
    loaders.register.portalAccesses.clear(patient.id);
    return { portalAccess: { ...recorded, redirectUrl: issued.redirectUrl } };
  });
}
