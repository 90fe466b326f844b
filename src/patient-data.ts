import { randomUUID } from 'node:crypto';
import { userInfo } from 'node:os';
import type { Environment } from './config.ts';
import { withConfiguredStore } from './configured-store.ts';
import { encodeOwnId } from './domain/ids.ts';
import type { VendorAccount } from './domain/records.ts';
import type { Store } from './domain/store.ts';

/** What an operator does with one patient's data as a whole; see `PatientData` in `domain/keeping.ts`. */

type Say = (line: string) => void;

/** Who is at the command line, in the log of access. */
function operator(): string {
  try {
    return `operator ${userInfo().username}`;
  } catch {
    // A container may run under an id that has no name.
    return `operator uid ${process.getuid?.()}`;
  }
}

const unknown = (patientId: string) => `There is no patient ${patientId} in the register.`;

/**
 * Prints all that is held of a patient, as JSON, and puts that down in the log of access.
 * @returns whether there is such a patient
 * @throws ConfigurationError, StoreError
 */
export const exportPatient = (
  environment: Environment,
  patientId: string,
  say: Say,
  print: Say,
): Promise<boolean> =>
  withConfiguredStore(environment, 'CHANGE', say, async ({ patientData, accessLog }) => {
    const held = await patientData.export(patientId);
    if (held === undefined) {
      say(unknown(patientId));
      return false;
    }
    await accessLog.record([
      {
        ...{ id: randomUUID(), patientId, actor: operator(), actorRoles: [] },
        ...{ action: 'export', vendor: null, outcome: 'ALLOWED' },
      },
    ]);
    print(JSON.stringify({ exportedAt: new Date(), ...held }, undefined, 2));
    return true;
  });

const atVendors = (accounts: readonly Pick<VendorAccount, 'vendor' | 'vendorPatientId'>[]) =>
  accounts.map(
    ({ vendor, vendorPatientId }) =>
      `${vendor} still has what it holds of its patient ${vendorPatientId}: ask the vendor to delete it.`,
  );

const refusal = (unsettled: readonly string[]) =>
  `${unsettled.length} of the patient's writes are not settled. Settle them with reconcileOperation first: ${unsettled.map((id) => encodeOwnId('Operation', id)).join(', ')}`;

/** Says what would be deleted. @returns whether it could be */
async function tellWhatIsHeld(
  { patientData, accounts }: Store,
  patientId: string,
  say: Say,
  print: Say,
): Promise<boolean> {
  const held = await patientData.export(patientId);
  if (held === undefined) {
    say(unknown(patientId));
    return false;
  }
  const { patient: _, ...lists } = held;
  for (const [name, list] of Object.entries(lists)) {
    print(`${list.length} ${name}${name === 'accessEvents' ? ', which are kept' : ''}`);
  }
  atVendors(await accounts.findByPatients([patientId])).map(print);
  const unsettled = held.operations.filter(
    ({ status }) => status === 'IN_PROGRESS' || status === 'OUTCOME_UNKNOWN',
  );
  if (unsettled.length > 0) {
    say(`Nothing would be deleted: ${refusal(unsettled.map(({ id }) => id))}`);
    return false;
  }
  print('Nothing was deleted. There is no way back: add --yes to delete it.');
  return true;
}

/** @returns whether it was deleted */
async function erase(
  { patientData }: Store,
  patientId: string,
  say: Say,
  print: Say,
): Promise<boolean> {
  const erasure = await patientData.erase(patientId, operator());
  if (erasure === undefined) {
    say(unknown(patientId));
    return false;
  }
  if ('unsettled' in erasure) {
    say(`Nothing was deleted: ${refusal(erasure.unsettled)}`);
    return false;
  }
  const counts = Object.entries(erasure.erased).map(([name, count]) => `${name} ${count}`);
  print(`Deleted: ${counts.join(', ')}. The log of access is kept until its time is over.`);
  atVendors(erasure.vendorAccounts).map(print);
  print('Portal requests that were dismissed are only marked as deleted at Cerbo and MD HQ.');
  return true;
}

/**
 * Deletes all that is held of a patient, or says what would be deleted.
 * @param confirmed whether to do it
 * @returns whether it was done, or could be
 * @throws ConfigurationError, StoreError
 */
export const erasePatient = (
  environment: Environment,
  patientId: string,
  confirmed: boolean,
  say: Say,
  print: Say,
): Promise<boolean> =>
  withConfiguredStore(environment, confirmed ? 'CHANGE' : 'READ', say, (store) =>
    (confirmed ? erase : tellWhatIsHeld)(store, patientId, say, print),
  );
