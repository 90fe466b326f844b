import type { AppointmentBook } from '../../domain/capabilities/appointments.ts';
import { VendorError } from '../../domain/errors.ts';
import type { DoorParts } from './adapter.ts';
import * as ids from './identifiers.ts';
import { toAppointment, toLink, toSlots } from './map.ts';

/** Takes an error for an answer where its kind or its reason is one. */
async function orElse<Answer, Other>(
  answer: Promise<Answer>,
  other: Other,
  means: (error: VendorError) => boolean,
): Promise<Answer | Other> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof VendorError && means(error)) {
      return other;
    }
    throw error;
  }
}

const isNotFound = ({ kind }: VendorError) => kind === 'NOT_FOUND';
const isNotSubscribed = ({ kind, reason }: VendorError) =>
  kind === 'NOT_FOUND' || reason === 'asap_not_subscribed';

/** The patient's own appointments (4.7 to 4.15). */
export function createAppointmentBook(parts: DoorParts): AppointmentBook {
  const { vendor, authorization, client, clock, timeZone } = parts;
  const { withAccess } = authorization;

  return {
    list: async (scope, account) => {
      const call = { operation: 'appointments', access: 'read' } as const;
      const wire = await withAccess(scope, account, call, (token) =>
        client.appointments(scope, token),
      );
      return wire.map((one) => toAppointment(vendor, account, one, clock(), timeZone));
    },

    get: async (scope, account, id) => {
      const appointmentId = ids.appointment(id);
      const call = { operation: 'appointment', access: 'read' } as const;
      const wire = await orElse(
        withAccess(scope, account, call, (token) =>
          client.appointment(scope, token, appointmentId),
        ),
        null,
        isNotFound,
      );
      return wire && toAppointment(vendor, account, wire, clock(), timeZone);
    },

    rescheduleSlots: async (scope, account, id, window) => {
      const appointmentId = ids.appointment(id);
      const days = ids.days(window);
      const call = { operation: 'reschedule_availabilities', access: 'read' } as const;
      const wire = await withAccess(scope, account, call, (token) =>
        client.rescheduleAvailabilities(scope, token, appointmentId, days),
      );
      return toSlots(wire, window, clock(), timeZone);
    },

    reschedule: async (scope, account, id, vendorSlotId) => {
      const appointmentId = ids.appointment(id);
      const slotId = ids.availability(vendorSlotId);
      const call = { operation: 'reschedule', access: 'write' } as const;
      await withAccess(scope, account, call, (token) =>
        client.reschedule(scope, token, appointmentId, slotId),
      );
    },

    cancel: async (scope, account, id) => {
      const appointmentId = ids.appointment(id);
      const call = { operation: 'cancel', access: 'write' } as const;
      await withAccess(scope, account, call, (token) => client.cancel(scope, token, appointmentId));
    },

    joinAsapList: async (scope, account, id, email) => {
      const appointmentId = ids.appointment(id);
      const call = { operation: 'asap_list', access: 'write' } as const;
      await withAccess(scope, account, call, (token) =>
        client.joinAsapList(scope, token, appointmentId, email),
      );
    },

    leaveAsapList: async (scope, account, id) => {
      const appointmentId = ids.appointment(id);
      const call = { operation: 'asap_list', access: 'write' } as const;
      const leave = withAccess(scope, account, call, (token) =>
        client.leaveAsapList(scope, token, appointmentId),
      );
      await orElse(leave, undefined, isNotSubscribed);
    },

    earlierAvailability: async (scope, account, id) => {
      const appointmentId = ids.appointment(id);
      const call = { operation: 'earlier_availability', access: 'read' } as const;
      const wire = await orElse(
        withAccess(scope, account, call, (token) =>
          client.earlierAvailability(scope, token, appointmentId),
        ),
        null,
        // Without a subscription there is nothing earlier to be told of.
        isNotSubscribed,
      );
      const found = wire?.availability ? [wire.availability] : [];
      return toSlots(found, { from: null, to: null }, clock(), timeZone)[0] ?? null;
    },

    videoConsultationUrl: async (scope, account, id) => {
      const appointmentId = ids.appointment(id);
      const call = { operation: 'video_consultation', access: 'read' } as const;
      const wire = await orElse(
        withAccess(scope, account, call, (token) =>
          client.videoConsultation(scope, token, appointmentId),
        ),
        null,
        isNotFound,
      );
      return toLink(wire?.access_video_consultation_link ?? wire?.url ?? wire?.link);
    },
  };
}
