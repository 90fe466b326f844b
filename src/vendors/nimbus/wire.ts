import { z } from 'zod';
import { longestLink } from '../../http/vendor-text.ts';

/**
 * What Nimbus answers (External Patient Onboarding & Portal Access API Guide). Only what is used;
 * there is no common envelope. Ids are JSON integers and leave here as strings.
 */

/** JSON integers that a double holds exactly: what comes in as an id goes out as the same. */
export const nimbusIdPattern = /^(?:[1-9]\d{0,14}|[1-8]\d{15})$/;
const integerId = z
  .union([z.number(), z.string()])
  .transform(String)
  .pipe(z.string().regex(nimbusIdPattern));

const link = {
  redirect_url: z.string().min(1).max(longestLink),
  expires_at: z.string().nullish().catch(null),
};

/**
 * `external-transfer-onboarding`: flat. `access_token` is inside the link and not needed. A link can be had
 * again, the `user_id` cannot: a malformed link must not cost it.
 */
export const nimbusOnboarding = z.object({
  ...link,
  redirect_url: link.redirect_url.nullish().catch(null),
  user_id: integerId,
});

const enabled = z.object({ ...link, user_id: integerId.nullish().catch(null) });

/** `external-portal-access/enable`: no sample exists. Top level first, then `data` [assumed]. */
export const nimbusEnabled = z.union([
  enabled,
  z.object({ data: enabled }).transform(({ data }) => data),
]);

/**
 * `external-portal-access/revoke`: nothing is documented, so any record will do, and nothing at all; `[]` is
 * an empty record in PHP's words.
 */
export const nimbusRevoked = z.union([z.object({}), z.tuple([])]);

const order = z.object({
  order_id: integerId,
  user_id: integerId,
  patient_id: integerId,
  /** Goes back as it is. */
  tenant_domain: z.string().regex(/^[^\s\p{C}]{1,253}$/u),
});
export type NimbusOrder = z.output<typeof order>;

/** `external-portal-access/latest-order`: `data: null` is one of two ways to say "no order" [assumed]. */
export const nimbusLatestOrder = z.object({ data: order.nullable() });

/** `external-portal-access/create-followup`: `message` and `data`, no `status`. */
export const nimbusFollowUp = z.object({
  data: z.object({ followup_id: integerId, followup_date: z.string().nullish().catch(null) }),
});
export type NimbusFollowUp = z.output<typeof nimbusFollowUp>['data'];
