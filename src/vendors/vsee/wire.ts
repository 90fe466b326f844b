import { z } from 'zod';
import { vendorLine, vendorText } from '../../http/vendor-text.ts';

/**
 * Answers of VSee Clinic, as far as the gateway reads them. Ids are digit strings, but lists and
 * older back ends send numbers; times, kinds and states come as text or number. What is only shown
 * is dropped when malformed; what identifies or authorizes must be right.
 */

const idText = z
  .union([z.string().regex(/^\d{1,20}$/), z.number().int().nonnegative()])
  .transform(String);
const idOrNull = idText.nullish().catch(null);
const text = vendorLine.nullish().catch(null);
const textOrNumber = z.union([vendorLine, z.number()]).nullish().catch(null);
const flag = z
  .union([z.boolean(), z.literal([0, 1]), z.literal(['0', '1', 'true', 'false'])])
  .transform((value) => value === true || value === 1 || value === '1' || value === 'true')
  .nullish()
  .catch(null);
/** Goes into a header and a link. */
const secret = z.string().regex(/^[\x21-\x7e]{1,512}$/);

/** A success: `{"data": …}`; totals beside it are ignored. */
export const inData = <Answer>(schema: z.ZodType<Answer>) =>
  z.object({ data: schema }).transform(({ data }) => data);

/** The same, but the vendor's own sample of `GET visits/:id` comes without the wrapper. */
export const inDataOrBare = <Answer>(schema: z.ZodType<Answer>) =>
  z.preprocess(
    (body) =>
      typeof body === 'object' && body !== null && 'data' in body && body.data ? body.data : body,
    schema,
  );

/** `users/sso`, for the user who was asked for: a token of somebody else is no usable answer. */
export const vseeSignInOf = (code: string) =>
  z
    .object({
      id: idText,
      code: text,
      token: z.object({
        user_id: idOrNull,
        token: secret,
        /** Unix seconds. */
        expiry: z.coerce.number().positive().max(8.64e12),
      }),
    })
    .refine((user) => user.code === undefined || user.code === null || user.code === code)
    .refine(({ id, token }) => (token.user_id ?? id) === id);

/** `users/-`, for the member whose token was sent. */
export const vseeUserOf = (memberId: string) =>
  z
    .object({
      id: idText,
      first_name: text,
      last_name: text,
      dob: text,
      /** 1 male, 2 female; text where the answer echoes the sign-in. */
      gender: textOrNumber,
      email: text,
      phone: textOrNumber,
      street_addr: text,
      city: text,
      state: text,
      zip: textOrNumber,
    })
    .refine(({ id }) => id === memberId);
export type VSeeUser = z.output<ReturnType<typeof vseeUserOf>>;

/** A created intake; the standard fields do not come back. */
export const vseeCreatedIntake = z.object({ id: z.guid() });

/**
 * `intakes/:id`; `visit_id` is there once a visit was made of it. Malformed it must not read as "none":
 * a visit would be made twice.
 */
export const vseeIntake = z.object({ id: z.guid(), visit_id: idText.nullish() });

const provider = z.object({ id: idOrNull, first_name: text, last_name: text, title: text });
export type VSeeProvider = z.output<typeof provider>;

/** `rooms/:code/providers`. */
export const vseeProviders = z.array(
  provider.extend({ id: z.union([vendorLine, z.number()]).transform(String) }),
);

/** The visit object, in all its spellings. */
export const vseeVisit = z.object({
  id: idText,
  /** Key of the guest invitation, 32 hex digits. */
  code: text,
  member_id: idOrNull,
  member: z.object({ id: idOrNull }).nullish().catch(null),
  provider_id: idOrNull,
  provider: provider.nullish().catch(null),
  room_code: text,
  type: textOrNumber,
  subtype: textOrNumber,
  status: textOrNumber,
  start: textOrNumber,
  end: textOrNumber,
  actual_start: textOrNumber,
  actual_end: textOrNumber,
  intake: z
    .object({ reason_for_visit: vendorText.nullish().catch(null) })
    .nullish()
    .catch(null),
  /** Only where the clinic uses one-time appointment links. */
  one_time_link_token: secret.nullish().catch(null),
});
export type VSeeVisit = z.output<typeof vseeVisit>;

/** Whose visit it is; undefined where the answer does not say. */
export const memberOf = (visit: VSeeVisit): string | undefined =>
  visit.member_id ?? visit.member?.id ?? undefined;

/** A visit that a write answered with; another member's would be a mix-up at the vendor. */
export const vseeVisitOf = (memberId: string) =>
  vseeVisit.refine((visit) => (memberOf(visit) ?? memberId) === memberId);

const enabled = z.object({ enabled: flag }).nullish().catch(null);
const appointments = z
  .object({
    enabled: flag,
    users: z
      .object({ patient: z.object({ allow_cancel: flag }).nullish().catch(null) })
      .nullish()
      .catch(null),
  })
  .nullish()
  .catch(null);

const consultationFields = z.object({
  /** Older rooms lack it. */
  id: text,
  description: text,
  /** Minutes. */
  duration: textOrNumber,
  amount: textOrNumber,
  visible_to_patient: flag,
});
/** An element of `payment.consultations`, and `raw`: all of it as it came. */
const consultation = z
  .looseObject({})
  .transform((raw) => ({ raw, ...consultationFields.parse(raw) }));

/** `rooms/:code`. */
export const vseeRoom = z.object({
  code: vendorLine.refine((code) => code !== ''),
  slug: text,
  name: text,
  active: flag,
  visits: z
    .object({ walkin: enabled, appointment: appointments, econsult: enabled })
    .nullish()
    .catch(null),
  operation_settings: z.object({ is_closed: flag, default_timezone: text }).nullish().catch(null),
  payment: z
    .object({ consultations: z.array(consultation).nullish().catch(null) })
    .nullish()
    .catch(null),
});
export type VSeeRoom = z.output<typeof vseeRoom>;

/** A page of `rooms`. */
export const vseeRoomPage = z.object({ data: z.array(vseeRoom), total: textOrNumber });
