import { badInput } from '../../domain/errors.ts';

/** What VSee calls an id; anything else is refused before a call. */
const patterns = {
  visit: /^\d{1,20}$/,
  /** Sent as an integer, so it has to be one exactly. */
  provider: /^\d{1,15}$/,
  member: /^\d{1,20}$/,
  room: /^[A-Za-z0-9_-]{1,64}$/,
  'room slug': /^[A-Za-z0-9_-]{1,64}$/,
  intake: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  consultation: /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i,
  slot: /^[\x21-\x7e]{1,128}$/,
} as const;

export type VSeeIdentifier = keyof typeof patterns;

/**
 * The id as it was given.
 * @throws CodedError BAD_USER_INPUT where it cannot be one of VSee's
 */
export function checked(what: VSeeIdentifier, id: string): string {
  if (!patterns[what].test(id)) {
    throw badInput(`This cannot be the id of a ${what} at VSee Clinic.`);
  }
  return id;
}

/** The same for an id that may be left out. */
export const checkedOrNone = (what: VSeeIdentifier, id: string | null): string | undefined =>
  id === null ? undefined : checked(what, id);

/** An id that VSee gave itself; null where there is none, and where it could not be sent back. */
export const usable = (what: VSeeIdentifier, id: string | null | undefined): string | null =>
  id != null && patterns[what].test(id) ? id : null;

/**
 * `provider_id` is an integer on input, though a text of digits in answers.
 * @throws CodedError BAD_USER_INPUT
 */
export const providerNumber = (id: string | null): number | undefined =>
  id === null ? undefined : Number(checked('provider', id));
