import { openAvailability } from '../domain/availability-id.ts';
import { invalidInput, UserFailure } from '../domain/errors.ts';
import type { Appointment, Availability, AvailabilityPurpose, Patient } from '../domain/records.ts';
import { refreshedAppointment } from './appointment-refresh.ts';
import {
  type ActionEnvironment,
  accountOf,
  capabilityOf,
  patientOf,
  refusedBecause,
} from './environment.ts';
import { scheduleInRoom } from './schedule-visit.ts';
import type { IntakeInput } from './visit-flow.ts';

export interface BookAppointmentInput {
  patientId: string;
  availabilityId: string;
  asapListOptIn: boolean;
  comments?: string | null | undefined;
  commentAnswers?: Readonly<Record<string, unknown>> | null | undefined;
  emailNotifications?: boolean | null | undefined;
  smsNotifications?: boolean | null | undefined;
  intake?: IntakeInput | null | undefined;
}

const longestComment = 2000;
/** Characters of JSON. */
const largestAnswers = 10_000;

/**
 * What an availability id holds, for this patient.
 * @throws UserFailure INVALID_INPUT for one that was changed or is another patient's,
 * AVAILABILITY_GONE for one that is too old
 */
export function availabilityOf(
  { sealer, clock }: ActionEnvironment,
  patientId: string,
  id: string,
): Availability {
  const opened = openAvailability(sealer, id, clock());
  if (opened === undefined || opened.availability.patientId !== patientId) {
    throw invalidInput(
      'This is not an availability of this patient. Use the id exactly as a query returned it.',
      'availabilityId',
    );
  }
  if (opened.stale || opened.availability.start.getTime() <= clock()) {
    throw new UserFailure('AVAILABILITY_GONE', 'This availability is too old. Search again.', {
      path: ['input', 'availabilityId'],
      alternatives: [],
    });
  }
  return opened.availability;
}

type FunnelAvailability = Availability & {
  purpose: Extract<AvailabilityPurpose, { kind: 'funnel' }>;
};
type RoomAvailability = Availability & { purpose: Extract<AvailabilityPurpose, { kind: 'room' }> };

async function bookFromFunnel(
  environment: ActionEnvironment,
  patient: Patient,
  availability: FunnelAvailability,
  input: BookAppointmentInput,
): Promise<Appointment> {
  const { loaders, writeScope, trail } = environment;
  const { vendor, vendorSlotId, purpose } = availability;
  const { funnel } = capabilityOf(environment, vendor, 'funnel');
  const account = await accountOf(environment, patient, vendor);
  const { kind: _, ...step } = purpose;
  const booking = {
    ...step,
    vendorSlotId: vendorSlotId ?? '',
    asapListOptIn: input.asapListOptIn,
    comments: input.comments?.trim() || null,
    commentAnswers: input.commentAnswers ?? null,
    emailNotifications: input.emailNotifications ?? null,
    smsNotifications: input.smsNotifications ?? null,
  };
  try {
    const vendorAppointmentId = await trail.around(
      { patientId: patient.id, vendor, action: 'bookAppointment' },
      () => funnel.book(writeScope, account, booking),
    );
    return await refreshedAppointment(
      environment,
      { vendor, patientId: patient.id, vendorAppointmentId },
      availability,
    );
  } catch (error) {
    if (refusedBecause(error, 'slot_unavailable')) {
      const slots = await loaders.funnelSlots
        .load({ patientId: patient.id, ...step, window: { from: null, to: null } })
        // Alternatives are a courtesy: without them the answer is still right.
        .catch(() => []);
      throw new UserFailure('AVAILABILITY_GONE', 'This time is no longer free.', {
        path: ['input', 'availabilityId'],
        alternatives: slots.map((slot) => ({ ...slot, vendor, patientId: patient.id, purpose })),
      });
    }
    throw error;
  }
}

async function bookInRoom(
  environment: ActionEnvironment,
  patient: Patient,
  { purpose, vendorSlotId, vendorProviderId, start, end }: RoomAvailability,
  input: BookAppointmentInput,
): Promise<Appointment | null> {
  if (end === null) {
    throw invalidInput('This availability has no end and cannot be booked.', 'availabilityId');
  }
  const { roomCode, consultationId } = purpose;
  const providerId = purpose.providerId ?? vendorProviderId;
  const time = { roomCode, consultationId, providerId, vendorSlotId, start, end };
  const { appointment } = await scheduleInRoom(environment, 'bookAppointment', patient, time, {
    intake: input.intake,
    overrideCalendar: false,
    timeField: 'availabilityId',
  });
  return appointment;
}

/**
 * Books an availability: through the walkthrough (MyPatientPortal `booking`) or as a scheduled visit
 * (VSee), whichever it came from.
 * @throws UserFailure INVALID_INPUT, NOT_FOUND, AVAILABILITY_GONE
 * @throws CodedError NOT_LINKED, NOT_CONFIGURED
 */
export async function bookAppointment(
  environment: ActionEnvironment,
  input: BookAppointmentInput,
): Promise<{ appointment: Appointment | null }> {
  const patient = await patientOf(environment, 'bookAppointment', input.patientId);
  const availability = availabilityOf(environment, patient.id, input.availabilityId);
  if ((input.comments?.length ?? 0) > longestComment) {
    throw invalidInput(`Comments have at most ${longestComment} characters.`, 'comments');
  }
  if (JSON.stringify(input.commentAnswers ?? {}).length > largestAnswers) {
    throw invalidInput('The answers are too long.', 'commentAnswers');
  }
  const { purpose } = availability;
  switch (purpose.kind) {
    case 'funnel':
      return {
        appointment: await bookFromFunnel(
          environment,
          patient,
          { ...availability, purpose },
          input,
        ),
      };
    case 'room':
      return {
        appointment: await bookInRoom(environment, patient, { ...availability, purpose }, input),
      };
    case 'reschedule':
      throw invalidInput(
        'This availability is for moving an appointment: use rescheduleAppointment.',
        'availabilityId',
      );
  }
}
