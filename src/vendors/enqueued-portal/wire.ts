import { z } from 'zod';
import { vendorLine, vendorText } from '../../http/vendor-text.ts';

/**
 * What Cerbo and MD HQ answer. The three portal calls' bodies are built by analogy with documented
 * neighbours [assumed], so everything but an id may be missing or of another type.
 */

/** Ids are numbers in one call and strings in the next: compared as strings. */
const looseId = z
  .union([
    z.number().int().nonnegative(),
    z
      .string()
      .trim()
      .regex(/^\d{1,18}$/),
  ])
  .transform(String);

const maybeId = looseId.nullish().catch(null);
const maybeLine = vendorLine.nullish().catch(null);
const maybeText = vendorText.nullish().catch(null);
/** Digits that people do not reckon with, which are a number in one call and text in the next, as ids are. */
const maybeDigits = z
  .union([vendorLine, z.number().transform(String)])
  .nullish()
  .catch(null);
const maybeFlag = z
  .union([z.boolean(), z.literal([0, 1, '0', '1', 'true', 'false'])])
  .transform((value) => value === true || value === 1 || value === '1' || value === 'true')
  .nullish()
  .catch(null);

const portalRequest = z.object({
  id: looseId,
  pt_id: maybeId,
  request_type: maybeLine,
  status: maybeLine,
  title: maybeLine,
  content: maybeText,
  notes: maybeText,
  created: maybeLine,
  datedeleted: maybeLine,
});
export type EnqueuedPortalRequest = z.output<typeof portalRequest>;

const patient = z.object({
  id: looseId,
  first_name: maybeLine,
  last_name: maybeLine,
  dob: maybeLine,
  sex: maybeLine,
  email1: maybeLine,
  email2: maybeLine,
  phone_mobile: maybeDigits,
  phone_home: maybeDigits,
  phone_work: maybeDigits,
  address1: maybeLine,
  address2: maybeLine,
  city: maybeLine,
  state: maybeLine,
  zip: maybeDigits,
  country: maybeLine,
});
export type EnqueuedPatient = z.output<typeof patient>;

/** `data` is an array, or one object, or an object of objects; null is an empty list. */
function toItems(data: unknown): unknown {
  if (data === null) {
    return [];
  }
  if (typeof data !== 'object' || Array.isArray(data)) {
    return data;
  }
  return 'id' in data ? [data] : Object.values(data);
}

const listOf = <Item extends z.ZodType>(item: Item) =>
  z.object({
    // Required: a 2xx without it is no list, and must not pass for an empty one.
    data: z.preprocess(toItems, z.array(item)),
    has_more: maybeFlag,
    total_count: maybeId.transform((count) => (count == null ? null : Number(count))),
  });

/** `showPortalRequests`. */
export const enqueuedRequests = listOf(portalRequest);
/** `searchPatients`. */
export const enqueuedPatients = listOf(patient);
/** `showPatient`: bare, without an envelope. */
export const enqueuedPatient = patient;

/**
 * Answer to a write. `result: false` was judged before. At least one word that the vendor uses to
 * acknowledge has to be there: any other JSON is not a success.
 */
export const enqueuedAcknowledgement = z
  .object({
    result: z.unknown(),
    message: z.unknown(),
    action: z.unknown(),
    object: z.unknown(),
  })
  .partial()
  .refine((answer) => Object.values(answer).some((value) => value !== undefined));
