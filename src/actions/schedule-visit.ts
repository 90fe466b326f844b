import { CodedError, forbidden, invalidInput, UserFailure } from '../domain/errors.ts';
import type { Appointment, Availability, ClinicRoom, Patient } from '../domain/records.ts';
import type { VendorWith } from '../domain/vendor.ts';
import { appointmentOfVisit } from '../loaders/appointments.ts';
import { type ActionEnvironment, patientOf, refusedBecause } from './environment.ts';
import type { VisitInput } from './start-walk-in-visit.ts';
import {
  checkIntake,
  checkProviderId,
  makeVisit,
  roomFor,
  type VisitResult,
  visitVendor,
} from './visit-flow.ts';

const day = 24 * 60 * 60 * 1000;
/** How far around a lost slot other times are looked for, as the vendor's demo does. */
const searchWindow = 7 * day;

export interface ScheduleVisitInput extends VisitInput {
  start: Date;
  end: Date;
  consultationId?: string | null | undefined;
  overrideCalendar: boolean;
}

export interface ScheduledVisit extends VisitResult {
  appointment: Appointment | null;
}

function checkTimes({ start, end }: { start: Date; end: Date }, now: number): void {
  if (!(start.getTime() > now)) {
    throw invalidInput('A visit is scheduled for a time to come.', 'start');
  }
  const duration = end.getTime() - start.getTime();
  if (!(duration > 0 && duration <= day)) {
    throw invalidInput('The end lies after the start, by one day at most.', 'end');
  }
}

const checkConsultation = (room: ClinicRoom, consultationId: string | null | undefined) => {
  const known = room.consultations.some(({ id }) => id !== null && id === consultationId);
  if (consultationId != null && !known) {
    throw invalidInput('The room offers no such consultation.', 'consultationId');
  }
  return consultationId ?? null;
};

interface RoomTime {
  roomCode: string;
  start: Date;
  end: Date;
  providerId: string | null;
  consultationId: string | null;
  vendorSlotId: string | null;
}

/** Other open times in the room around a time that was lost. */
async function alternatives(
  { loaders, clock }: ActionEnvironment,
  patient: Patient,
  vendor: string,
  room: ClinicRoom,
  time: RoomTime,
): Promise<Availability[]> {
  const { roomCode, start, providerId, consultationId } = time;
  const consultation = room.consultations.find(({ id }) => id === consultationId);
  const slots = await loaders.roomSlots
    .load({
      patientId: patient.id,
      roomCode,
      consultationId,
      durationMinutes: consultation?.durationMinutes ?? null,
      providerId,
      from: new Date(Math.max(clock(), start.getTime() - searchWindow)),
      to: new Date(start.getTime() + searchWindow),
    })
    // Alternatives are a courtesy: without them the answer is still right.
    .catch(() => []);
  return slots.map((slot) => ({
    ...slot,
    vendor,
    patientId: patient.id,
    purpose: { kind: 'room', roomCode, consultationId, providerId },
  }));
}

/** Books a time of a room; shared by `scheduleVisit` and by `bookAppointment` for a room's slot. */
export async function scheduleInRoom(
  environment: ActionEnvironment,
  action: string,
  patient: Patient,
  time: RoomTime,
  options: { intake: VisitInput['intake']; overrideCalendar: boolean; timeField: string },
): Promise<ScheduledVisit> {
  const adapter: VendorWith<'visits'> = visitVendor(environment);
  const intake = checkIntake(options.intake);
  const room = await roomFor(environment, time.roomCode, 'appointmentsEnabled');
  checkConsultation(room, time.consultationId);
  const { overrideCalendar } = options;
  try {
    const made = await makeVisit(environment, adapter, patient, action, {
      kind: 'SCHEDULED',
      roomCode: time.roomCode,
      providerId: time.providerId,
      intake,
      make: (session, intakeId) =>
        adapter.visits.schedule(environment.writeScope, session, {
          ...time,
          intakeId,
          overrideCalendar,
        }),
    });
    return { ...made, appointment: appointmentOfVisit(made.visit, environment.clock()) };
  } catch (error) {
    if (refusedBecause(error, 'slot_unavailable')) {
      throw new UserFailure('AVAILABILITY_GONE', 'This time is not, or no longer, free.', {
        path: ['input', options.timeField],
        alternatives: await alternatives(environment, patient, adapter.id, room, time),
      });
    }
    throw error;
  }
}

/**
 * A visit at a set time (VSee use case 3: `users/sso`, `intakes`, `visits`).
 * @throws UserFailure INVALID_INPUT, NOT_FOUND, AVAILABILITY_GONE
 * @throws CodedError FORBIDDEN, NOT_CONFIGURED
 */
export async function scheduleVisit(
  environment: ActionEnvironment,
  input: ScheduleVisitInput,
): Promise<ScheduledVisit> {
  const { access, clock } = environment;
  const patient = await patientOf(environment, 'scheduleVisit', input.patientId);
  const { start, end, roomCode, overrideCalendar } = input;
  checkTimes(input, clock());
  const providerId = checkProviderId(input.providerId);
  if (overrideCalendar) {
    if (!access.isStaff) {
      throw forbidden();
    }
    const { id, visits } = visitVendor(environment);
    if (!visits.canOverrideCalendar) {
      throw new CodedError(
        'NOT_CONFIGURED',
        'Booking past the calendar needs the vendor’s admin token, which is not configured.',
        id,
      );
    }
  }
  const consultationId = input.consultationId ?? null;
  const time = { roomCode, start, end, providerId, consultationId, vendorSlotId: null };
  return scheduleInRoom(environment, 'scheduleVisit', patient, time, {
    intake: input.intake,
    overrideCalendar,
    timeField: 'start',
  });
}
