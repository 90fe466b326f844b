import { invalidInput, UserFailure } from '../domain/errors.ts';
import type { Appointment, Availability } from '../domain/records.ts';
import { appointmentOf, changeAppointment } from './appointment-change.ts';
import { availabilityOf } from './book-appointment.ts';
import {
  type ActionEnvironment,
  capabilityOf,
  refusedBecause,
  vendorRecordOf,
} from './environment.ts';

/**
 * Moves an appointment; its id stays (MyPatientPortal `appointments/{id}/reschedule`).
 * @throws UserFailure INVALID_INPUT, NOT_FOUND, AVAILABILITY_GONE, NOT_RESCHEDULABLE, UNSUPPORTED_BY_VENDOR
 * @throws CodedError NOT_LINKED, NOT_CONFIGURED
 */
export async function rescheduleAppointment(
  environment: ActionEnvironment,
  input: { appointmentId: string; availabilityId: string },
): Promise<{ appointment: Appointment }> {
  const { loaders, writeScope } = environment;
  const action = 'rescheduleAppointment';
  const key = vendorRecordOf(
    environment,
    action,
    'Appointment',
    'appointmentId',
    input.appointmentId,
  );
  capabilityOf(environment, key.vendor, 'appointments');
  const availability = availabilityOf(environment, key.patientId, input.availabilityId);
  const { purpose, vendorSlotId, start, end, timeZone } = availability;
  const otherAppointment =
    purpose.kind === 'reschedule' && purpose.vendorAppointmentId !== key.vendorRecordId;
  if (availability.vendor !== key.vendor || otherAppointment || vendorSlotId === null) {
    throw invalidInput('This availability is not one for this appointment.', 'availabilityId');
  }
  const change = await appointmentOf(environment, action, input.appointmentId);
  if (!change.appointment.reschedulable) {
    throw notReschedulable();
  }
  try {
    const appointment = await changeAppointment(
      environment,
      action,
      change,
      (book, account) => book.reschedule(writeScope, account, key.vendorRecordId, vendorSlotId),
      { start, end, timeZone },
    );
    return { appointment };
  } catch (error) {
    if (refusedBecause(error, 'not_reschedulable')) {
      throw notReschedulable();
    }
    if (refusedBecause(error, 'slot_unavailable')) {
      const slots = await loaders.rescheduleSlots
        .load({ ...key, window: { from: null, to: null } })
        // Alternatives are a courtesy: without them the answer is still right.
        .catch(() => []);
      const alternatives = slots.map(
        (slot): Availability => ({
          ...slot,
          vendor: key.vendor,
          patientId: key.patientId,
          purpose: { kind: 'reschedule', vendorAppointmentId: key.vendorRecordId },
        }),
      );
      throw new UserFailure('AVAILABILITY_GONE', 'This time is no longer free.', {
        path: ['input', 'availabilityId'],
        alternatives,
      });
    }
    throw error;
  }
}

const notReschedulable = () =>
  new UserFailure(
    'NOT_RESCHEDULABLE',
    'This appointment can no longer be moved. Call the practice.',
    {
      path: ['input', 'appointmentId'],
    },
  );
