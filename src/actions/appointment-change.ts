import type { AppointmentBook } from '../domain/capabilities/appointments.ts';
import { UserFailure } from '../domain/errors.ts';
import type { VendorRecordKey } from '../domain/ids.ts';
import type { Appointment, VendorAccount } from '../domain/records.ts';
import { refreshedAppointment } from './appointment-refresh.ts';
import { type ActionEnvironment, accountOf, capabilityOf, vendorRecordOf } from './environment.ts';

/** What the mutations on one existing appointment share. */
export interface AppointmentChange {
  key: VendorRecordKey;
  appointment: Appointment;
}

/**
 * The appointment that an input names, as the vendor has it now.
 * @throws UserFailure INVALID_INPUT, NOT_FOUND
 * @throws CodedError FORBIDDEN, NOT_LINKED, NOT_CONFIGURED
 */
export async function appointmentOf(
  environment: ActionEnvironment,
  action: string,
  globalId: string,
): Promise<AppointmentChange> {
  const key = vendorRecordOf(environment, action, 'Appointment', 'appointmentId', globalId);
  const appointment = await environment.loaders.appointment.load(key);
  if (appointment === null) {
    throw new UserFailure('NOT_FOUND', 'There is no such appointment.', {
      path: ['input', 'appointmentId'],
    });
  }
  return { key, appointment };
}

/**
 * Changes an appointment at a vendor that keeps an appointment book, and reads it again.
 * @throws UserFailure UNSUPPORTED_BY_VENDOR
 */
export async function changeAppointment(
  environment: ActionEnvironment,
  action: string,
  { key, appointment }: AppointmentChange,
  change: (book: AppointmentBook, account: VendorAccount) => Promise<void>,
  expected: Partial<Appointment>,
): Promise<Appointment> {
  const { vendor, patientId, vendorRecordId } = key;
  const { appointments } = capabilityOf(environment, vendor, 'appointments');
  const account = await accountOf(environment, { id: patientId }, vendor);
  await environment.trail.around({ patientId, vendor, action }, () =>
    change(appointments, account),
  );
  return refreshedAppointment(
    environment,
    { vendor, patientId, vendorAppointmentId: vendorRecordId },
    { ...appointment, ...expected },
  );
}
