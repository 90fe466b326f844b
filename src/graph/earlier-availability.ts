import { openAvailability } from '../domain/availability-id.ts';
import { badInput } from '../domain/errors.ts';
import { decodeVendorId, type VendorRecordKey } from '../domain/ids.ts';
import type { Slot } from '../domain/records.ts';
import { rescheduleOption } from '../loaders/appointments.ts';
import { earlierMayOpen } from './appointment.ts';
import { Availability } from './availability.ts';
import { builder, type GraphContext } from './builder.ts';
import { cost } from './field-cost.ts';

const name = 'earlierAvailability';
const action = 'Subscription.earlierAvailability';

builder.subscriptionType({
  description:
    'What can be listened to, as `text/event-stream` (GraphQL over SSE, distinct connections). A stream ends with the caller’s token; subscribe again with a new one.',
});

/** The time that an earlier stream gave last. */
function knownTime(
  { sealer, clock }: GraphContext,
  { patientId, vendorRecordId }: VendorRecordKey,
  id: string | null | undefined,
) {
  if (id == null) {
    return null;
  }
  const { availability } = openAvailability(sealer, id, clock()) ?? {};
  const { purpose } = availability ?? {};
  const isOfThis =
    availability?.patientId === patientId &&
    purpose?.kind === 'reschedule' &&
    purpose.vendorAppointmentId === vendorRecordId;
  if (!isOfThis) {
    throw badInput('`after` is the id of the availability that this subscription gave last.');
  }
  return availability;
}

builder.subscriptionField(name, (t) =>
  t.field({
    type: Availability,
    nullable: true,
    description:
      'Earlier times for an appointment, as they open up; needs an ASAP list subscription. Gives what is open at once, then each change; null when the time that was given last is gone. Ends when the appointment begins. Vendor: MyPatientPortal `appointments/{id}/earlier_availability`.',
    // Whether the appointment is there, and the first look at what is open.
    extensions: cost({ vendorCalls: 2 }),
    args: {
      appointmentId: t.arg.id({ required: true, description: 'The appointment’s global id.' }),
      after: t.arg.id({
        description:
          'To go on after a break: the id of the time that was given last. It is not given again while it is open.',
      }),
    },
    subscribe: async (_root, { appointmentId, after }, context) => {
      const { access, loaders, trail, earlierSlots } = context;
      access.requireSubscription(name);
      const key = decodeVendorId('Appointment', appointmentId);
      access.requireRecord(key.patientId, action);
      const known = knownTime(context, key, after);
      const appointment = await loaders.appointments.appointment.load(key);
      if (appointment === null || !earlierMayOpen(appointment, context)) {
        throw badInput(
          'No earlier time can open up: the appointment has to be booked, and on the vendor’s ASAP list (`joinAsapList`).',
        );
      }
      trail.record({ patientId: key.patientId, vendor: key.vendor, action, outcome: 'ALLOWED' });
      return earlierSlots.follow(key, { until: appointment.start.getTime(), known });
    },
    resolve: (slot: Slot | null, { appointmentId }, { trail }) => {
      const key = decodeVendorId('Appointment', appointmentId);
      trail.record({ patientId: key.patientId, vendor: key.vendor, action, outcome: 'ALLOWED' });
      return slot && rescheduleOption(key, slot);
    },
  }),
);
