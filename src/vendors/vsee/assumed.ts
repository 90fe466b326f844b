import { z } from 'zod';
import type { ClinicVisits } from '../../domain/capabilities/visits.ts';
import { badInput } from '../../domain/errors.ts';
import type { Slot } from '../../domain/records.ts';
import { checked, checkedOrNone, usable } from './identifiers.ts';
import { instantOf } from './map.ts';
import { placeFields, type VSeeFields } from './requests.ts';

/**
 * What VSee's stored documents do not say and the contract reconstructs: the fields of `POST visits`,
 * the question and answer of `availability`, and the path that cancels. Corrected here and nowhere else.
 */

type Search = Parameters<ClinicVisits['availabilities']>[2];
type Booking = Parameters<ClinicVisits['schedule']>[2];

const seconds = (instant: Date) => Math.floor(instant.getTime() / 1000);

function checkedWindow(start: Date, end: Date) {
  const window = { start: seconds(start), end: seconds(end) };
  if (!(window.start < window.end)) {
    throw badInput('The end has to be after the start.');
  }
  return window;
}

/** Where a visit is cancelled, and with which reason. */
export const cancellation = {
  path: 'visits/{id}/cancel',
  fields: { reason: 'patient_cancel_appointment' },
} as const;

/**
 * Body of `POST visits`; times in unix seconds.
 * @throws CodedError BAD_USER_INPUT for an id that cannot be VSee's, and for an end before the start
 */
export const bookingFields = (memberId: string, booking: Booking): VSeeFields => ({
  ...placeFields(booking),
  member_id: checked('member', memberId),
  ...checkedWindow(booking.start, booking.end),
  consultation_id: checkedOrNone('consultation', booking.consultationId),
  slot_id: checkedOrNone('slot', booking.vendorSlotId),
});

/**
 * Query of `availability`; times in unix seconds, the duration in minutes.
 * @throws CodedError BAD_USER_INPUT for an id that cannot be VSee's, and for an end before the start
 */
export const availabilityQuery = (memberId: string, search: Search) => ({
  member_id: checked('member', memberId),
  ...checkedWindow(search.from, search.to),
  duration: search.durationMinutes ?? undefined,
  consultation_id: checkedOrNone('consultation', search.consultationId),
  room_code: checked('room', search.roomCode),
  provider_id: checkedOrNone('provider', search.providerId),
});

const textOrNumber = z.union([z.string(), z.number()]).nullish().catch(null);

/** An element of `availability`, fields after the vendor's SDK. */
export const vseeSlot = z.object({
  slot_id: textOrNumber,
  /** Unix seconds. */
  slot_start: z.union([z.string(), z.number()]),
  slot_end: textOrNumber,
  /** Places left; the contract has 32 bits for them. */
  slot_available: z.coerce.number().pipe(z.int32()).nullish().catch(null),
  provider_ids: z
    .array(z.union([z.string(), z.number()]).transform(String))
    .nullish()
    .catch(null),
});
export type VSeeSlot = z.output<typeof vseeSlot>;

/** Those that were asked for and are still ahead: which parts of the question the vendor heeds is not documented. */
export const askedFor = (
  slots: readonly VSeeSlot[],
  { from, to, providerId }: Pick<Search, 'from' | 'to' | 'providerId'>,
  now: number,
): VSeeSlot[] =>
  slots.filter(({ slot_start, provider_ids }) => {
    const start = instantOf(slot_start);
    const isTheirs =
      providerId === null || !provider_ids?.length || provider_ids.includes(providerId);
    return start !== null && start.getTime() > now && start >= from && start <= to && isTheirs;
  });

/** Slots that can be booked, earliest first; the vendor also lists those without places left. */
export function toSlots(slots: readonly VSeeSlot[]): Slot[] {
  return slots
    .flatMap((slot): Slot[] => {
      const start = instantOf(slot.slot_start);
      const [onlyProvider, ...others] = slot.provider_ids ?? [];
      const placesLeft = slot.slot_available ?? null;
      if (start === null || (placesLeft !== null && placesLeft <= 0)) {
        return [];
      }
      return [
        {
          // A time can be booked without, but not with an empty or an odd one; nor for an odd provider.
          vendorSlotId: usable('slot', String(slot.slot_id ?? '')),
          start,
          end: instantOf(slot.slot_end),
          // The answer has none; the room's zone is the room's.
          timeZone: null,
          placesLeft,
          vendorProviderId: others.length === 0 ? usable('provider', onlyProvider) : null,
        },
      ];
    })
    .sort((one, other) => one.start.getTime() - other.start.getTime());
}
