import { invalidInput } from '../domain/errors.ts';
import type { PortalAccess } from '../domain/records.ts';
import { adapterFor } from '../loaders/environment.ts';
import { type ActionEnvironment, accountOf, patientOf } from './environment.ts';
import { type Ledgered, ledgered } from './ledgered.ts';

/** Characters that the vendor keeps. */
const longestReason = 255;
/** Line breaks are part of a text; a NUL, which no database stores, and its like are not. */
const controlCharacters = /(?![\t\n\r])\p{Cc}/u;

/**
 * STAFF ends all of a patient's access to the vendor's portal (Nimbus `external-portal-access/revoke`).
 * @throws UserFailure INVALID_INPUT, NOT_FOUND
 * @throws CodedError NOT_LINKED, NOT_CONFIGURED
 */
export async function revokePortalAccess(
  environment: ActionEnvironment,
  input: { patientId: string; reason?: string | null | undefined },
): Promise<{ portalAccess: PortalAccess } & Ledgered> {
  const { store, loaders, vendors, writeScope } = environment;
  const patient = await patientOf(environment, 'revokePortalAccess', input.patientId);
  const reason = input.reason?.trim() || null;
  if (reason !== null && reason.length > longestReason) {
    throw invalidInput(`A reason has at most ${longestReason} characters.`, 'reason');
  }
  if (reason !== null && controlCharacters.test(reason)) {
    throw invalidInput('A reason must not hold control characters.', 'reason');
  }
  const { id: vendor, portalAccess } = adapterFor(vendors, 'portalAccess', 'Portal access');
  const prepare = () => accountOf(environment, patient, vendor);
  const record = `PortalAccess/${vendor}/${patient.id}`;
  const write = { action: 'revokePortalAccess', input, patient, vendor, record } as const;
  return ledgered(environment, write, prepare, async (work, account) => {
    await work.repeatable('external-portal-access/revoke', () =>
      portalAccess.revoke(writeScope, account, reason),
    );
    // Recorded also where nothing was issued here: the PATIENT must not undo it.
    const revoked =
      (await store.portalAccess.revoke(patient.id, vendor, reason)) ??
      (await store.portalAccess.add({
        id: work.operationId,
        patientId: patient.id,
        vendor,
        status: 'REVOKED',
        expiresAt: null,
        revocationReason: reason,
      }));
    loaders.register.portalAccesses.clear(patient.id);
    return { portalAccess: revoked };
  });
}
