import type { Appointment } from '../domain/records.ts';
import { appointmentOf, changeAppointment } from './appointment-change.ts';
import { type ActionEnvironment, capabilityOf, vendorRecordOf } from './environment.ts';

/**
 * Ends the ASAP list subscription of an appointment; not being subscribed is success.
 * @throws UserFailure INVALID_INPUT, NOT_FOUND, UNSUPPORTED_BY_VENDOR
 * @throws CodedError NOT_LINKED, NOT_CONFIGURED
 */
export async function leaveAsapList(
  environment: ActionEnvironment,
  input: { appointmentId: string },
): Promise<{ appointment: Appointment }> {
  const action = 'leaveAsapList';
  const key = vendorRecordOf(
    environment,
    action,
    'Appointment',
    'appointmentId',
    input.appointmentId,
  );
  capabilityOf(environment, key.vendor, 'appointments');
  const change = await appointmentOf(environment, action, input.appointmentId);
  const appointment = await changeAppointment(
    environment,
    action,
    change,
    (book, account) => book.leaveAsapList(environment.writeScope, account, key.vendorRecordId),
    { asapListSubscribed: false },
  );
  return { appointment };
}
