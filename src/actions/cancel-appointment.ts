import { UserFailure } from '../domain/errors.ts';
import type { Appointment } from '../domain/records.ts';
import { appointmentOfVisit } from '../loaders/appointments.ts';
import type { Work } from '../operations/work.ts';
import {
  type AppointmentChange,
  appointmentKeyOf,
  appointmentOf,
  changedAppointment,
  changeOf,
} from './appointment-change.ts';
import { type ActionEnvironment, capabilityOf, refusedBecause } from './environment.ts';
import { type Ledgered, ledgered } from './ledgered.ts';
import { liveSession } from './visit-flow.ts';

const notCancellable = (isCancelled = false) =>
  new UserFailure(
    'NOT_CANCELLABLE',
    isCancelled
      ? 'This appointment is cancelled already.'
      : 'This appointment can no longer be cancelled here. Call the practice.',
    { path: ['input', 'appointmentId'] },
  );

/** At a vendor that keeps an appointment book (MyPatientPortal `appointments/{id}/cancel`). */
async function cancelInBook(
  environment: ActionEnvironment,
  work: Work,
  change: AppointmentChange,
): Promise<Appointment> {
  const { writeScope, clock } = environment;
  const { key, account } = change;
  const { appointments } = capabilityOf(environment, key.vendor, 'appointments');
  await work.once(
    'cancel',
    () => appointments.cancel(writeScope, account, key.vendorRecordId),
    async () => {
      const found = await appointments.get(writeScope, account, key.vendorRecordId);
      // It was there before our own attempt: a portal may show no longer what was cancelled.
      const isGone = found === null || found.status === 'CANCELLED';
      return isGone ? { done: true, result: undefined } : { done: false };
    },
  );
  return changedAppointment(environment, change, {
    status: 'CANCELLED',
    cancelledAt: new Date(clock()),
    cancellable: false,
    reschedulable: false,
  });
}

/** A scheduled visit is cancelled with the patient's session (VSee `visits/:id/cancel`). */
async function cancelVisit(
  environment: ActionEnvironment,
  work: Work,
  { key, appointment }: AppointmentChange,
): Promise<Appointment> {
  const { loaders, writeScope, clock } = environment;
  const adapter = capabilityOf(environment, key.vendor, 'visits');
  const { visits } = adapter;
  const patient = await loaders.register.knownPatient(key.patientId);
  const withSession = await liveSession(environment, work, adapter, patient);
  const cancelled = await withSession((session) =>
    work.once(
      'visits/:id/cancel',
      () => visits.cancel(writeScope, session, key.vendorRecordId),
      async () => {
        const found = await visits.visit(writeScope, session, key.vendorRecordId);
        if (found === null) {
          return 'CANNOT_TELL';
        }
        return found.status === 'CANCELLED' ? { done: true, result: found } : { done: false };
      },
    ),
  );
  loaders.visits.visit.clear(key).prime(key, cancelled);
  loaders.appointments.appointment.clear(key);
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
): Promise<{ appointment: Appointment } & Ledgered> {
  const action = 'cancelAppointment';
  const key = appointmentKeyOf(environment, action, input.appointmentId);
  const prepare = async () => {
    const change = await appointmentOf(environment, key);
    if (!(await environment.loaders.appointments.isCancellable(change.appointment))) {
      throw notCancellable(change.appointment.status === 'CANCELLED');
    }
    return change;
  };
  const write = { action, input, ...changeOf(key, input.appointmentId) } as const;
  return ledgered(environment, write, prepare, async (work, change) => {
    const inBook = environment.vendors.offering('appointments').includes(key.vendor);
    const cancel = inBook ? cancelInBook : cancelVisit;
    try {
      return { appointment: await cancel(environment, work, change) };
    } catch (error) {
      if (refusedBecause(error, 'not_cancellable', 'already_ended')) {
        throw notCancellable();
      }
      throw error;
    }
  });
}
