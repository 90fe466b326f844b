import type { Booking } from '../domain/capabilities/appointments.ts';
import { invalidInput, UserFailure } from '../domain/errors.ts';
import type { Appointment, Availability, Patient, VendorAccount } from '../domain/records.ts';
import type { Found, Work } from '../operations/work.ts';
import { asapNotEnabled } from './appointment-change.ts';
import { refreshedAppointment } from './appointment-refresh.ts';
import { availabilityOf, checkFresh } from './availability-input.ts';
import {
  type ActionEnvironment,
  accountOf,
  capabilityOf,
  patientOf,
  refusedBecause,
} from './environment.ts';
import { type Ledgered, ledgered } from './ledgered.ts';
import { bookRoom, prepareRoomBooking } from './room-booking.ts';
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

function checkTexts({ comments, commentAnswers }: BookAppointmentInput): void {
  if ((comments?.length ?? 0) > longestComment) {
    throw invalidInput(`Comments have at most ${longestComment} characters.`, 'comments');
  }
  if (JSON.stringify(commentAnswers ?? {}).length > largestAnswers) {
    throw invalidInput('The answers are too long.', 'commentAnswers');
  }
}

/** What is booked through the walkthrough. */
interface FunnelBooking {
  account: VendorAccount;
  booking: Booking;
  availability: Availability;
}

/** Whether the vendor has the appointment that a booking was to make. */
async function lookUpBooking(
  environment: ActionEnvironment,
  { account, availability, booking }: FunnelBooking,
): Promise<Found<string>> {
  const { appointments } = capabilityOf(environment, account.vendor, 'appointments');
  const listed = await appointments.list(environment.writeScope, account);
  const found = listed.find(
    ({ start, status, typeId }) =>
      status !== 'CANCELLED' &&
      start.getTime() === availability.start.getTime() &&
      (typeId === null || typeId === booking.typeId),
  );
  if (found !== undefined) {
    return { done: true, result: found.vendorAppointmentId };
  }
  // MyPatientPortal lists what is still ahead (4.7): what has begun is missing there in either case.
  return availability.start.getTime() <= environment.clock() ? 'CANNOT_TELL' : { done: false };
}

async function bookFromFunnel(
  environment: ActionEnvironment,
  work: Work,
  prepared: FunnelBooking,
): Promise<Appointment> {
  const { loaders, writeScope } = environment;
  const { account, booking, availability } = prepared;
  const { vendor, patientId } = account;
  const { funnel } = capabilityOf(environment, vendor, 'funnel');
  try {
    const vendorAppointmentId = await work.once(
      'booking',
      () => funnel.book(writeScope, account, booking),
      () => lookUpBooking(environment, prepared),
    );
    return await refreshedAppointment(
      environment,
      { vendor, patientId, vendorAppointmentId },
      availability,
    );
  } catch (error) {
    if (refusedBecause(error, 'slot_unavailable')) {
      const { insuranceId, categoryId, typeId } = booking;
      const step = { patientId, insuranceId, categoryId, typeId };
      throw new UserFailure('AVAILABILITY_GONE', 'This time is no longer free.', {
        path: ['input', 'availabilityId'],
        alternatives: await loaders.funnel.funnelAvailabilities
          .load({ ...step, window: { from: null, to: null } })
          // Alternatives are a courtesy: without them the answer is still right.
          .catch(() => []),
      });
    }
    if (refusedBecause(error, 'asap_not_enabled')) {
      throw asapNotEnabled('asapListOptIn');
    }
    throw error;
  }
}

async function prepareFunnelBooking(
  environment: ActionEnvironment,
  patient: Patient,
  availability: Availability,
  input: BookAppointmentInput,
): Promise<FunnelBooking> {
  const { purpose, vendor, vendorSlotId } = availability;
  if (purpose.kind !== 'funnel' || vendorSlotId === null) {
    throw invalidInput(
      'This availability is for moving an appointment: use rescheduleAppointment.',
      'availabilityId',
    );
  }
  const { insuranceId, categoryId, typeId } = purpose;
  capabilityOf(environment, vendor, 'funnel');
  return {
    account: await accountOf(environment, patient, vendor),
    availability,
    booking: {
      ...{ insuranceId, categoryId, typeId, vendorSlotId },
      asapListOptIn: input.asapListOptIn,
      comments: input.comments?.trim() || null,
      commentAnswers: input.commentAnswers ?? null,
      emailNotifications: input.emailNotifications ?? null,
      smsNotifications: input.smsNotifications ?? null,
    },
  };
}

function prepareRoomAvailability(
  environment: ActionEnvironment,
  { purpose, vendorProviderId, vendorSlotId, start, end }: Availability,
  intake: IntakeInput | null | undefined,
) {
  if (purpose.kind !== 'room' || end === null) {
    throw invalidInput('This availability has no end and cannot be booked.', 'availabilityId');
  }
  const { roomCode, consultationId } = purpose;
  const providerId = purpose.providerId ?? vendorProviderId;
  const time = { roomCode, consultationId, providerId, vendorSlotId, start, end };
  return prepareRoomBooking(environment, time, intake);
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
): Promise<{ appointment: Appointment | null } & Ledgered> {
  const action = 'bookAppointment';
  const patient = await patientOf(environment, action, input.patientId);
  const availability = availabilityOf(environment, patient.id, input.availabilityId);
  const write = { action, input, patient, vendor: availability.vendor } as const;
  const check = () => {
    checkFresh(availability);
    checkTexts(input);
  };
  if (availability.purpose.kind === 'room') {
    const prepare = async () => {
      check();
      return prepareRoomAvailability(environment, availability, input.intake);
    };
    return ledgered(environment, write, prepare, async (work, booking) => {
      const options = { overrideCalendar: false, timeField: 'availabilityId' };
      const { appointment } = await bookRoom(environment, work, patient, booking, options);
      return { appointment };
    });
  }
  const prepare = async () => {
    check();
    return prepareFunnelBooking(environment, patient, availability, input);
  };
  return ledgered(environment, write, prepare, async (work, prepared) => ({
    appointment: await bookFromFunnel(environment, work, prepared),
  }));
}
