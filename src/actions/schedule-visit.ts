import { CodedError, forbidden, invalidInput } from '../domain/errors.ts';
import { type ActionEnvironment, patientOf } from './environment.ts';
import { type Ledgered, ledgered } from './ledgered.ts';
import { bookRoom, prepareRoomBooking, type ScheduledVisit } from './room-booking.ts';
import type { VisitInput } from './start-walk-in-visit.ts';
import { checkProviderId, visitVendor } from './visit-flow.ts';

const day = 24 * 60 * 60 * 1000;

export interface ScheduleVisitInput extends VisitInput {
  start: Date;
  end: Date;
  consultationId?: string | null | undefined;
  overrideCalendar: boolean;
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

/** @throws CodedError FORBIDDEN, NOT_CONFIGURED */
function checkOverride(environment: ActionEnvironment): void {
  if (!environment.access.isStaff) {
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

/**
 * A visit at a set time (VSee use case 3: `users/sso`, `intakes`, for what is charged `intakes/:id`,
 * `visits`).
 * @throws UserFailure INVALID_INPUT, NOT_FOUND, AVAILABILITY_GONE
 * @throws CodedError FORBIDDEN, NOT_CONFIGURED
 */
export async function scheduleVisit(
  environment: ActionEnvironment,
  input: ScheduleVisitInput,
): Promise<ScheduledVisit & Ledgered> {
  const action = 'scheduleVisit';
  const patient = await patientOf(environment, action, input.patientId);
  const { start, end, roomCode, overrideCalendar } = input;
  if (overrideCalendar) {
    checkOverride(environment);
  }
  const prepare = async () => {
    checkTimes(input, environment.clock());
    const providerId = checkProviderId(input.providerId);
    const consultationId = input.consultationId ?? null;
    const time = { roomCode, start, end, providerId, consultationId, vendorSlotId: null };
    return prepareRoomBooking(environment, time, input.intake);
  };
  const write = { action, input, patient, vendor: visitVendor(environment).id } as const;
  return ledgered(environment, write, prepare, (work, booking) =>
    bookRoom(environment, work, patient, booking, { overrideCalendar, timeField: 'start' }),
  );
}
