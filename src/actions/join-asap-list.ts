import { UserFailure } from '../domain/errors.ts';
import type { Appointment } from '../domain/records.ts';
import { appointmentOf, changeAppointment } from './appointment-change.ts';
import {
  type ActionEnvironment,
  capabilityOf,
  refusedBecause,
  vendorRecordOf,
} from './environment.ts';

/**
 * Has the vendor mail this address when an earlier time opens up (MyPatientPortal
 * `appointments/{id}/asap_list`).
 * @throws UserFailure INVALID_INPUT, NOT_FOUND, ASAP_NOT_ENABLED, UNSUPPORTED_BY_VENDOR
 * @throws CodedError NOT_LINKED, NOT_CONFIGURED
 */
export async function joinAsapList(
  environment: ActionEnvironment,
  input: { appointmentId: string; email: string },
): Promise<{ appointment: Appointment }> {
  const action = 'joinAsapList';
  const key = vendorRecordOf(
    environment,
    action,
    'Appointment',
    'appointmentId',
    input.appointmentId,
  );
  capabilityOf(environment, key.vendor, 'appointments');
  const change = await appointmentOf(environment, action, input.appointmentId);
  try {
    const appointment = await changeAppointment(
      environment,
      action,
      change,
      (book, account) =>
        book.joinAsapList(environment.writeScope, account, key.vendorRecordId, input.email),
      { asapListSubscribed: true },
    );
    return { appointment };
  } catch (error) {
    if (refusedBecause(error, 'asap_not_enabled')) {
      throw new UserFailure(
        'ASAP_NOT_ENABLED',
        'The practice offers no ASAP list for this type of appointment.',
        { path: ['input', 'appointmentId'] },
      );
    }
    throw error;
  }
}
