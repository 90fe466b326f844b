import type { Booking, BookingFunnel } from '../../domain/capabilities/appointments.ts';
import { VendorError } from '../../domain/errors.ts';
import type { DoorParts } from './adapter.ts';
import type { BookingBody } from './client.ts';
import * as ids from './identifiers.ts';
import { toCategory, toInsurance, toSlots, toType } from './map.ts';

const set = <Key extends string, Value>(key: Key, value: Value | null) =>
  (value === null ? {} : { [key]: value }) as { [Name in Key]?: Value };

/** Optional fields are left out where nothing was said, so that the portal's defaults stand. */
function bookingBody(booking: Booking): BookingBody {
  const step = ids.funnelStep(booking);
  return {
    availability_id: ids.availability(booking.vendorSlotId),
    insurance_id: Number(step.insurance_id),
    appointment_category_id: Number(step.appointment_category_id),
    appointment_type_id: Number(step.appointment_type_id),
    ...(booking.asapListOptIn && { asap_list_opt_in: true }),
    ...set('comments', booking.comments),
    ...set('structured_comment', booking.commentAnswers),
    ...set('allow_email_notifications', booking.emailNotifications),
    ...set('allow_sms_notifications', booking.smsNotifications),
  };
}

/** Insurance, category, type, time, booking (4.2 to 4.6). */
export function createFunnel(parts: DoorParts): BookingFunnel {
  const { vendor, authorization, client, clock, timeZone } = parts;
  const { withAccess } = authorization;
  return {
    insurances: async (scope, account) => {
      const call = { operation: 'insurances', access: 'profile' } as const;
      const wire = await withAccess(scope, account, call, (token) =>
        client.insurances(scope, token),
      );
      return wire.map(toInsurance);
    },

    categories: async (scope, account, insuranceId) => {
      const query = { insurance_id: ids.insurance(insuranceId) };
      const call = { operation: 'appointment_categories', access: 'read' } as const;
      const wire = await withAccess(scope, account, call, (token) =>
        client.appointmentCategories(scope, token, query),
      );
      return wire.map(toCategory);
    },

    types: async (scope, account, at) => {
      const query = {
        insurance_id: ids.insurance(at.insuranceId),
        appointment_category_id: ids.category(at.categoryId),
      };
      const call = { operation: 'appointment_types', access: 'read' } as const;
      const wire = await withAccess(scope, account, call, (token) =>
        client.appointmentTypes(scope, token, query),
      );
      return wire.map(toType);
    },

    availabilities: async (scope, account, at, window) => {
      const query = ids.funnelStep(at);
      const days = ids.days(window);
      const call = { operation: 'availabilities', access: 'read' } as const;
      const wire = await withAccess(scope, account, call, (token) =>
        client.availabilities(scope, token, query, days),
      );
      return toSlots(wire, window, clock(), timeZone);
    },

    book: async (scope, account, booking) => {
      const body = bookingBody(booking);
      const call = { operation: 'booking', access: 'write' } as const;
      const id = await withAccess(scope, account, call, (token) =>
        client.booking(scope, token, body),
      );
      if (id === null) {
        throw new VendorError({
          ...{ vendor, operation: call.operation, kind: 'UNEXPECTED_SHAPE' },
          ...{ reason: 'success_alone', mayHaveActed: true },
        });
      }
      return id;
    },
  };
}
