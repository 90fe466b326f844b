import { UserFailure } from '../domain/errors.ts';
import type { Appointment, Availability, ClinicRoom, Patient } from '../domain/records.ts';
import { appointmentOfVisit } from '../loaders/appointments.ts';
import type { Work } from '../operations/work.ts';
import { type ActionEnvironment, refusedBecause } from './environment.ts';
import {
  chargedIn,
  checkIntake,
  chosenConsultation,
  type IntakeInput,
  makeVisit,
  roomFor,
  type VisitResult,
  visitVendor,
} from './visit-flow.ts';

/** Booking a time of a room: `scheduleVisit`, and `bookAppointment` for a room's availability. */

/** How far around a lost slot other times are looked for, as the vendor's demo does; milliseconds. */
const searchWindow = 7 * 24 * 60 * 60 * 1000;

export interface RoomTime {
  roomCode: string;
  start: Date;
  end: Date;
  providerId: string | null;
  consultationId: string | null;
  vendorSlotId: string | null;
}

export interface ScheduledVisit extends VisitResult {
  appointment: Appointment | null;
}

/**
 * What booking needs to know beforehand.
 * @throws UserFailure INVALID_INPUT, NOT_FOUND
 */
export async function prepareRoomBooking(
  environment: ActionEnvironment,
  time: RoomTime,
  intake: IntakeInput | null | undefined,
) {
  const checkedIntake = checkIntake(visitVendor(environment), intake);
  const room = await roomFor(environment, time.roomCode, 'appointmentsEnabled');
  return { time, room, intake: checkedIntake, charged: chargedIn(room, time.consultationId) };
}

export type RoomBooking = Awaited<ReturnType<typeof prepareRoomBooking>>;

/** Other open times in the room around a time that was lost. */
const alternatives = (
  { loaders, clock }: ActionEnvironment,
  patient: Patient,
  room: ClinicRoom,
  time: RoomTime,
): Promise<Availability[]> => {
  const { roomCode, start, providerId, consultationId } = time;
  return (
    loaders.visits.roomAvailabilities
      .load({
        patientId: patient.id,
        roomCode,
        timeZone: room.timeZone,
        consultationId,
        durationMinutes: chosenConsultation(room, consultationId)?.durationMinutes ?? null,
        providerId,
        from: new Date(Math.max(clock(), start.getTime() - searchWindow)),
        to: new Date(start.getTime() + searchWindow),
      })
      // Alternatives are a courtesy: without them the answer is still right.
      .catch(() => [])
  );
};

/** @param timeField the input field that a lost time is reported on */
export async function bookRoom(
  environment: ActionEnvironment,
  work: Work,
  patient: Patient,
  { time, room, intake, charged }: RoomBooking,
  options: { overrideCalendar: boolean; timeField: string },
): Promise<ScheduledVisit> {
  const adapter = visitVendor(environment);
  const { roomCode, providerId } = time;
  const { overrideCalendar, timeField } = options;
  try {
    const made = await makeVisit(environment, work, adapter, patient, {
      kind: 'SCHEDULED',
      roomCode,
      providerId,
      intake,
      charged,
      call: 'visits',
      make: (session, intakeId) =>
        adapter.visits.schedule(environment.writeScope, session, {
          ...time,
          intakeId,
          overrideCalendar,
        }),
    });
    return { ...made, appointment: appointmentOfVisit(made.visit, environment.clock(), room) };
  } catch (error) {
    if (refusedBecause(error, 'slot_unavailable')) {
      throw new UserFailure('AVAILABILITY_GONE', 'This time is not, or no longer, free.', {
        path: ['input', timeField],
        alternatives: await alternatives(environment, patient, room, time),
      });
    }
    throw error;
  }
}
