import { invalidInput, UserFailure } from '../domain/errors.ts';
import type { VendorRecordKey } from '../domain/ids.ts';
import type { Appointment, Availability } from '../domain/records.ts';
import {
  appointmentKeyOf,
  appointmentOf,
  changedAppointment,
  changeOf,
} from './appointment-change.ts';
import { availabilityOf, checkFresh } from './availability-input.ts';
import { type ActionEnvironment, capabilityOf, refusedBecause } from './environment.ts';
import { type Ledgered, ledgered } from './ledgered.ts';

const notReschedulable = (isCancelled = false) =>
  new UserFailure(
    'NOT_RESCHEDULABLE',
    isCancelled
      ? 'This appointment is cancelled. Book a new one.'
      : 'This appointment can no longer be moved. Call the practice.',
    { path: ['input', 'appointmentId'] },
  );

/** @throws UserFailure INVALID_INPUT */
function checkPurpose(
  { purpose, vendor, vendorSlotId }: Availability,
  key: VendorRecordKey,
): string {
  const otherAppointment =
    purpose.kind === 'reschedule' && purpose.vendorAppointmentId !== key.vendorRecordId;
  if (vendor !== key.vendor || otherAppointment || vendorSlotId === null) {
    throw invalidInput('This availability is not one for this appointment.', 'availabilityId');
  }
  return vendorSlotId;
}

/**
 * Moves an appointment; its id stays (MyPatientPortal `appointments/{id}/reschedule`).
 * @throws UserFailure INVALID_INPUT, NOT_FOUND, AVAILABILITY_GONE, NOT_RESCHEDULABLE, UNSUPPORTED_BY_VENDOR
 * @throws CodedError NOT_LINKED, NOT_CONFIGURED
 */
export async function rescheduleAppointment(
  environment: ActionEnvironment,
  input: { appointmentId: string; availabilityId: string },
): Promise<{ appointment: Appointment } & Ledgered> {
  const { writeScope, loaders } = environment;
  const action = 'rescheduleAppointment';
  const key = appointmentKeyOf(environment, action, input.appointmentId);
  const { appointments } = capabilityOf(environment, key.vendor, 'appointments');
  const availability = availabilityOf(environment, key.patientId, input.availabilityId);
  const vendorSlotId = checkPurpose(availability, key);
  const { start, end, timeZone } = availability;
  const prepare = async () => {
    checkFresh(availability);
    const change = await appointmentOf(environment, key);
    if (!change.appointment.reschedulable) {
      throw notReschedulable(change.appointment.status === 'CANCELLED');
    }
    return change;
  };
  const write = { action, input, ...changeOf(key, input.appointmentId) } as const;
  return ledgered(environment, write, prepare, async (work, change) => {
    const { account } = change;
    const id = key.vendorRecordId;
    try {
      await work.once(
        'reschedule',
        () => appointments.reschedule(writeScope, account, id, vendorSlotId),
        async () => {
          const found = await appointments.get(writeScope, account, id);
          // Moved to the same time, with somebody else say, it looks as it did before.
          const looksTheSame = change.appointment.start.getTime() === start.getTime();
          if (found === null || looksTheSame) {
            return 'CANNOT_TELL';
          }
          return found.start.getTime() === start.getTime()
            ? { done: true, result: undefined }
            : { done: false };
        },
      );
    } catch (error) {
      if (refusedBecause(error, 'not_reschedulable')) {
        throw notReschedulable();
      }
      if (refusedBecause(error, 'slot_unavailable')) {
        throw new UserFailure('AVAILABILITY_GONE', 'This time is no longer free.', {
          path: ['input', 'availabilityId'],
          alternatives: await loaders.appointments.rescheduleOptions
            .load({ ...key, window: { from: null, to: null } })
            // Alternatives are a courtesy: without them the answer is still right.
            .catch(() => []),
        });
      }
      throw error;
    }
    const appointment = await changedAppointment(environment, change, { start, end, timeZone });
    return { appointment };
  });
}
