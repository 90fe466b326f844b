import { UserFailure } from '../domain/errors.ts';
import type { Appointment } from '../domain/records.ts';
import { appointmentOfVisit } from '../loaders/appointments.ts';
import { type AppointmentChange, appointmentOf, changeAppointment } from './appointment-change.ts';
import { type ActionEnvironment, capabilityOf, refusedBecause } from './environment.ts';

const notCancellable = () =>
  new UserFailure(
    'NOT_CANCELLABLE',
    'This appointment can no longer be cancelled here. Call the practice.',
    { path: ['input', 'appointmentId'] },
  );

/** A scheduled visit is cancelled with the patient's session (VSee `visits/:id/cancel`). */
async function cancelVisit(
  environment: ActionEnvironment,
  { key, appointment }: AppointmentChange,
): Promise<Appointment> {
  const { loaders, writeScope, trail, clock } = environment;
  const { vendor, patientId, vendorRecordId } = key;
  const { visits } = capabilityOf(environment, vendor, 'visits');
  const cancelled = await trail.around({ patientId, vendor, action: 'cancelAppointment' }, () =>
    loaders.withVisitSession(key, (session) => visits.cancel(writeScope, session, vendorRecordId)),
  );
  loaders.visit.clear(key).prime(key, cancelled);
  loaders.appointment.clear(key);
  return (
    appointmentOfVisit(cancelled, clock()) ?? {
      ...appointment,
      status: 'CANCELLED',
      cancellable: false,
    }
  );
}

/**
 * Cancels an appointment (MyPatientPortal `appointments/{id}/cancel`) or a scheduled visit (VSee).
 * @throws UserFailure INVALID_INPUT, NOT_FOUND, NOT_CANCELLABLE
 * @throws CodedError NOT_LINKED, NOT_CONFIGURED
 */
export async function cancelAppointment(
  environment: ActionEnvironment,
  input: { appointmentId: string },
): Promise<{ appointment: Appointment }> {
  const { vendors, writeScope, clock } = environment;
  const action = 'cancelAppointment';
  const change = await appointmentOf(environment, action, input.appointmentId);
  const { key, appointment } = change;
  if (!appointment.cancellable) {
    throw notCancellable();
  }
  try {
    return {
      appointment: vendors.offering('appointments').includes(key.vendor)
        ? await changeAppointment(
            environment,
            action,
            change,
            (book, account) => book.cancel(writeScope, account, key.vendorRecordId),
            {
              status: 'CANCELLED',
              cancelledAt: new Date(clock()),
              cancellable: false,
              reschedulable: false,
            },
          )
        : await cancelVisit(environment, change),
    };
  } catch (error) {
    if (refusedBecause(error, 'not_cancellable', 'already_ended')) {
      throw notCancellable();
    }
    throw error;
  }
}
