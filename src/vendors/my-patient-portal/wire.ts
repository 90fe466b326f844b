import { z } from 'zod';
import { isRecord } from '../../http/is-record.ts';
import { shownLine, vendorLine, vendorText } from '../../http/vendor-text.ts';

/**
 * Answers of the resource API (section 4 of the contract): the fields in use, null-tolerant. Wrapper
 * keys vary across the vendor's APIs, so each schema takes its object bare or wrapped.
 */

/** The innermost object or list below the known wrapper keys. */
function unwrap(keys: readonly string[], body: unknown): unknown {
  let value = body;
  for (let depth = 0; depth < 2 && isRecord(value); depth += 1) {
    const record = value;
    const key = keys.find((name) => typeof record[name] === 'object' && record[name] !== null);
    if (key === undefined) {
      return value;
    }
    value = record[key];
  }
  return value;
}

const one = <Shape extends z.ZodType>(shape: Shape, ...keys: string[]) =>
  z.preprocess((body) => unwrap(['data', ...keys], body), shape);
const listOf = <Shape extends z.ZodType>(shape: Shape, ...keys: string[]) =>
  z.preprocess((body) => unwrap(['data', 'appointments', ...keys], body), z.array(shape));

const number = z.union([z.string().regex(/^\d{1,15}$/), z.int().nonnegative()]).transform(String);
const line = vendorLine.nullish().transform((value) => value ?? null);
/** Digits that nobody reckons with, which come as a number, too. */
const digits = z
  .union([vendorLine, z.number().transform(String)])
  .nullish()
  .transform((value) => value ?? null);
const text = vendorText.nullish().transform((value) => value ?? null);
const flag = z
  .union([z.boolean(), z.literal(['true', 'false', '1', '0', 1, 0])])
  .nullish()
  .transform((value) => (value == null ? null : [true, 'true', '1', 1].includes(value)));

const offsetTime = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:?\d{2})$/;

/** ISO 8601 with an offset; a time without one is an error, never a guess (5.4). */
export const instant = z.string().transform((value, context) => {
  const time = offsetTime.test(value)
    ? new Date(value.replace(/([+-]\d{2})(\d{2})$/, '$1:$2'))
    : new Date(Number.NaN);
  if (Number.isNaN(time.getTime())) {
    context.addIssue({ code: 'custom', message: 'no ISO 8601 time with an offset' });
    return z.NEVER;
  }
  return time;
});
const optionalInstant = instant.nullish().transform((value) => value ?? null);

/** `starts_at`, or `time` as the sibling spells it. */
const withStart = <Rest extends { starts_at: Date | null; time: Date | null }>(
  record: Rest,
  context: z.RefinementCtx,
) => {
  const start = record.starts_at ?? record.time;
  if (start === null) {
    context.addIssue({ code: 'custom', message: 'no start' });
    return z.NEVER;
  }
  return Object.assign(record, { start });
};

/** What an appointment id looks like: 28 letters and digits in every sample (5.2). */
export const appointmentId = /^[A-Za-z0-9]{1,64}$/;

/** 5.1: at least 512 characters must fit; four times that still fits into a sealed id of ours. */
export const longestAvailabilityId = 2048;

const availability = z
  .object({
    id: z.string().min(1).max(longestAvailabilityId),
    starts_at: optionalInstant,
    time: optionalInstant,
    ends_at: optionalInstant,
  })
  .transform(withStart);
export type MyPatientPortalAvailability = z.output<typeof availability>;
export const availabilities = listOf(availability, 'availabilities', 'times');

/** 4.13: null where nothing earlier is free, or nothing beside the appointment. */
export const earlierAvailability = one(
  z
    .object({ appointment: z.unknown().optional(), availability: availability.nullish() })
    .refine((found) => found.availability !== undefined || isRecord(found.appointment)),
);

const appointmentShape = z
  .object({
    id: z.union([z.string().regex(appointmentId), z.int().nonnegative().transform(String)]),
    name: line,
    practice_name: line,
    // Perhaps under the other name here; what cannot be read as an id is not known.
    event_type_id: number.nullish().catch(null),
    appointment_type_id: number.nullish().catch(null),
    starts_at: optionalInstant,
    time: optionalInstant,
    ends_at: optionalInstant,
    cancelled_at: optionalInstant,
    is_cancellable: flag,
    is_reschedulable: flag,
    is_video_consultation: flag,
    access_video_consultation_link: z.unknown().optional(),
    asap_list_subscribed: flag,
  })
  .transform(withStart);
export type MyPatientPortalAppointment = z.output<typeof appointmentShape>;
export const appointment = one(appointmentShape, 'appointment');
export const appointments = listOf(appointmentShape);

const profileShape = z.object({
  id: z.union([z.string(), z.number()]).nullish(),
  first_name: line,
  last_name: line,
  email: line,
  born_on: line,
  gender: line,
  phone: digits,
  mobile: digits,
  street: line,
  zip: digits,
  city: line,
  country: line,
});
export type MyPatientPortalProfile = z.output<typeof profileShape>;
/** Each field may be missing, but a record without any is nobody's. */
export const profile = one(
  profileShape.refine((record) => Object.values(record).some((value) => (value ?? null) !== null)),
  'user',
);

const insurance = z.object({ id: number, name: vendorLine, type: line });
export type MyPatientPortalInsurance = z.output<typeof insurance>;
export const insurances = listOf(insurance, 'insurances');

const category = z.object({ id: number, name: line, subtitle: line, description: text });
export type MyPatientPortalCategory = z.output<typeof category>;
export const categories = listOf(category, 'appointment_categories', 'categories');

const question = z.object({
  // The key of its answer, too: it goes back as it is, or not at all.
  name: z
    .string()
    .min(1)
    .refine((name) => name === shownLine(name)),
  required: z.unknown().optional(),
  type: line,
  config: z
    .object({ values: z.union([vendorText, z.array(vendorText)]).nullish() })
    .nullish()
    .catch(null),
});

/** Documented as an object that lists questions; a bare list and a keyed object are taken too. */
const commentForm = z.preprocess((form) => {
  const inner = unwrap(['questions', 'fields', 'items'], form);
  return isRecord(inner) ? Object.values(inner) : inner;
}, z.array(question));

const type = z.object({
  id: number,
  name: line,
  description: text,
  duration: z.union([z.number(), z.string()]).nullish().catch(null),
  asap_notifications_enabled: flag,
  is_video_consultation: flag,
  comment_form: commentForm.nullable().optional(),
});
export type MyPatientPortalType = z.output<typeof type>;
export const types = listOf(type, 'appointment_types', 'types');

const idOf = (body: unknown): unknown => {
  const outer = isRecord(body) ? body : {};
  const inner = isRecord(outer.data) ? outer.data : {};
  return inner.id ?? outer.id ?? outer.appointment_id ?? inner.appointment_id;
};

const saysSuccessAlone = (body: unknown) =>
  isRecord(body) &&
  body.success === true &&
  !['data', 'id', 'appointment_id'].some((name) => name in body);

/**
 * The id in the answer to a booking: `data.id`, then `id`, then `appointment_id` (4.6), bare or in `data`. Null where
 * it says `success` alone, as the sibling's sample does.
 */
export const bookedId = z.preprocess(
  (body) => (saysSuccessAlone(body) ? null : (idOf(body) ?? undefined)),
  z.union([z.string().regex(appointmentId), z.int().nonnegative().transform(String), z.null()]),
);

/** The answer to a write about an appointment names it; the sibling may say `success` alone. */
export const confirmation = (id: string) =>
  z.unknown().refine((body) => {
    const named = idOf(body);
    return named === undefined
      ? isRecord(body) && body.success === true
      : typeof named !== 'object' && String(named) === id;
  });

/** Row 12, [assumed]: a link by any of its likely names, or null outside the join window. */
export const videoConsultation = one(
  z
    .object({
      access_video_consultation_link: z.unknown().optional(),
      url: z.unknown().optional(),
      link: z.unknown().optional(),
      // A wrapper around null is not unwrapped.
      data: z.null().optional().catch(undefined),
    })
    .refine((record) => Object.values(record).some((value) => value !== undefined))
    .nullable(),
  'video_consultation',
);
