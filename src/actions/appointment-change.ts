import { UserFailure } from '../domain/errors.ts';
import type { VendorRecordKey } from '../domain/ids.ts';
import type { Appointment, VendorAccount } from '../domain/records.ts';
import { refreshedAppointment } from './appointment-refresh.ts';
import { type ActionEnvironment, accountOf, vendorRecordOf } from './environment.ts';

/** What the mutations on one existing appointment share: plain data, kept by the ledger. */
export interface AppointmentChange {
  key: VendorRecordKey;
  appointment: Appointment;
  account: VendorAccount;
}

/**
 * The appointment that an input names, as the vendor has it now.
 * @throws UserFailure NOT_FOUND
 * @throws CodedError NOT_LINKED, NOT_CONFIGURED
 */
export async function appointmentOf(
  environment: ActionEnvironment,
  key: VendorRecordKey,
): Promise<AppointmentChange> {
  const appointment = await environment.loaders.appointments.appointment.load(key);
  if (appointment === null) {
    throw new UserFailure('NOT_FOUND', 'There is no such appointment.', {
      path: ['input', 'appointmentId'],
    });
  }
  const account = await accountOf(environment, { id: key.patientId }, key.vendor);
  // The ledger keeps no bearer secret.
  return { key, appointment: { ...appointment, videoConsultationUrl: null }, account };
}

/**
 * The appointment's key from an input.
 * @throws UserFailure INVALID_INPUT
 * @throws CodedError FORBIDDEN
 */
export const appointmentKeyOf = (
  environment: ActionEnvironment,
  action: string,
  appointmentId: string,
): VendorRecordKey =>
  vendorRecordOf(environment, action, 'Appointment', 'appointmentId', appointmentId);

/** What the ledger is told of a change of one appointment. */
export const changeOf = ({ patientId, vendor }: VendorRecordKey, appointmentId: string) => ({
  patient: { id: patientId },
  vendor,
  record: appointmentId,
});

/** The practice has no ASAP list for this type of appointment. */
export const asapNotEnabled = (field: string) =>
  new UserFailure(
    'ASAP_NOT_ENABLED',
    'The practice offers no ASAP list for this type of appointment.',
    { path: ['input', field] },
  );

/** The appointment as it stands after a change at a vendor that keeps an appointment book. */
export const changedAppointment = (
  environment: ActionEnvironment,
  { key, appointment }: AppointmentChange,
  expected: Partial<Appointment>,
): Promise<Appointment> =>
  refreshedAppointment(
    environment,
    { vendor: key.vendor, patientId: key.patientId, vendorAppointmentId: key.vendorRecordId },
    { ...appointment, ...expected },
  );
