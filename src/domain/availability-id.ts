import type { Availability, AvailabilityPurpose } from './records.ts';
import type { Sealer } from './store.ts';

/**
 * `Availability.id` holds, sealed, all that booking needs: the vendors' own handles differ on every
 * call and mean nothing without the steps that led to them.
 */

/** Milliseconds after which an id is no longer worth trying: slots move fast. */
const lifetime = 60 * 60 * 1000;
const sealedFor = 'availability';
/** Room for a slot handle of 2,048 characters, four times the largest documented one, and the rest. */
const longestId = 4096;

interface Content {
  v: string;
  p: string;
  s: string | null;
  b: number;
  e: number | null;
  z: string | null;
  w: string | null;
  u: AvailabilityPurpose;
  x: number;
}

/** @param now milliseconds since the epoch; the id is good for an hour from then */
export function sealAvailability(sealer: Sealer, availability: Availability, now: number): string {
  const content: Content = {
    v: availability.vendor,
    p: availability.patientId,
    s: availability.vendorSlotId,
    b: availability.start.getTime(),
    e: availability.end?.getTime() ?? null,
    z: availability.timeZone,
    w: availability.vendorProviderId,
    u: availability.purpose,
    x: now + lifetime,
  };
  return sealer.seal(sealedFor, JSON.stringify(content));
}

/** Undefined where the id is not ours or was changed. `stale` where it was issued too long ago. */
export function openAvailability(
  sealer: Sealer,
  id: string,
  now: number,
): { availability: Availability; stale: boolean } | undefined {
  const text = id.length > longestId ? undefined : sealer.open(sealedFor, id);
  if (text === undefined) {
    return undefined;
  }
  // Only sealAvailability can have written it: the seal vouches for the shape.
  const content = JSON.parse(text) as Content;
  const availability: Availability = {
    vendor: content.v,
    patientId: content.p,
    vendorSlotId: content.s,
    start: new Date(content.b),
    end: content.e === null ? null : new Date(content.e),
    timeZone: content.z,
    placesLeft: null,
    vendorProviderId: content.w,
    purpose: content.u,
  };
  return { availability, stale: content.x <= now };
}
