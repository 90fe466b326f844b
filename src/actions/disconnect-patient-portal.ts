import type { Patient } from '../domain/records.ts';
import { adapterFor } from '../loaders/environment.ts';
import { type ActionEnvironment, accountOf, patientOf } from './environment.ts';
import { type Ledgered, ledgered } from './ledgered.ts';

/**
 * Withdraws the gateway's authorization at the booking portal (`oauth/revoke`), then removes tokens
 * and link here. Where the portal cannot be reached nothing changes, so that it can be tried again.
 * @throws UserFailure INVALID_INPUT, NOT_FOUND
 * @throws CodedError NOT_LINKED, NOT_CONFIGURED
 */
export async function disconnectPatientPortal(
  environment: ActionEnvironment,
  input: { patientId: string },
): Promise<{ patient: Patient } & Ledgered> {
  const { store, loaders, vendors, writeScope } = environment;
  const patient = await patientOf(environment, 'disconnectPatientPortal', input.patientId);
  const { id: vendor, connection } = adapterFor(
    vendors,
    'connection',
    'Connecting a patient portal',
  );
  const prepare = () => accountOf(environment, patient, vendor);
  const action = 'disconnectPatientPortal';
  const write = { action, input, patient, vendor, unlinks: true } as const;
  return ledgered(environment, write, prepare, async (work, account) => {
    await work.repeatable('oauth/revoke', () => connection.revoke(writeScope, account));
    await store.accounts.unlink(patient.id, vendor);
    loaders.register.accounts.clear(patient.id);
    return { patient };
  });
}
