import type { DateWindow, FunnelStep } from '../../domain/capabilities/appointments.ts';
import { badInput } from '../../domain/errors.ts';
import { appointmentId, longestAvailabilityId } from './wire.ts';

/** Ids from outside, refused before any call where they cannot be the portal's (section 5). */

const wholeNumber = /^\d{1,15}$/;
/** The content is the vendor's business; it only has to be text that JSON carries unchanged. */
const printable = /^[\x21-\x7e]+$/;

function matching(pattern: RegExp, what: string) {
  return (id: string) => {
    if (!pattern.test(id)) {
      throw badInput(`This is not the id of ${what} at MyPatientPortal.`);
    }
    return id;
  };
}

export const appointment = matching(appointmentId, 'an appointment');
export const insurance = matching(wholeNumber, 'an insurance');
export const category = matching(wholeNumber, 'an appointment category');
export const type = matching(wholeNumber, 'an appointment type');

/** Opaque: passed on byte by byte, never decoded or normalised (5.1). */
export function availability(id: string): string {
  if (id.length > longestAvailabilityId) {
    throw badInput('This is not the id of an availability at MyPatientPortal.');
  }
  return matching(printable, 'an availability')(id);
}

export const funnelStep = (at: FunnelStep) => ({
  insurance_id: insurance(at.insuranceId),
  appointment_category_id: category(at.categoryId),
  appointment_type_id: type(at.typeId),
});

/** Query of a window; without one the portal takes 30 days from now. */
export function days({ from, to }: DateWindow) {
  if (from !== null && to !== null && from > to) {
    throw badInput('The first day of the window lies after its last.');
  }
  return { from: from ?? undefined, to: to ?? undefined };
}
