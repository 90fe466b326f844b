import type { Appointment } from '../domain/records.ts';
import {
  appointmentKeyOf,
  appointmentOf,
  changedAppointment,
  changeOf,
} from './appointment-change.ts';
import { type ActionEnvironment, capabilityOf } from './environment.ts';
import { type Ledgered, ledgered } from './ledgered.ts';

/**
 * Ends the ASAP list subscription of an appointment; not being subscribed is success.
 * @throws UserFailure INVALID_INPUT, NOT_FOUND, UNSUPPORTED_BY_VENDOR
 * @throws CodedError NOT_LINKED, NOT_CONFIGURED
 */
export async function leaveAsapList(
  environment: ActionEnvironment,
  input: { appointmentId: string },
): Promise<{ appointment: Appointment } & Ledgered> {
  const action = 'leaveAsapList';
  const key = appointmentKeyOf(environment, action, input.appointmentId);
  const { appointments } = capabilityOf(environment, key.vendor, 'appointments');
  const write = { action, input, ...changeOf(key, input.appointmentId) } as const;
  const prepare = () => appointmentOf(environment, key);
  return ledgered(environment, write, prepare, async (work, change) => {
    await work.repeatable('asap_list/unsubscribe', () =>
      appointments.leaveAsapList(environment.writeScope, change.account, key.vendorRecordId),
    );
    const appointment = await changedAppointment(environment, change, {
      asapListSubscribed: false,
    });
    return { appointment };
  });
}
