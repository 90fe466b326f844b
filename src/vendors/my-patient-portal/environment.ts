import { z } from 'zod';
import { isTimeZone } from '../../domain/time-zone.ts';
import { baseUrl, credential, limits } from '../vendor-definition.ts';
import { routeTable } from './routes.ts';

/** Kept as the text it is: an issuer is compared exactly, also its last slash. */
const issuer = z
  .string()
  .trim()
  .superRefine((text, context) => {
    const parsed = baseUrl('').safeParse(text);
    for (const { message } of parsed.error?.issues ?? []) {
      context.addIssue({ code: 'custom', message });
    }
  });

/** [assumed] where a portal does not say: samedi's clinics are in Germany. */
const defaultTimeZone = 'Europe/Berlin';

/** What a gateway must know of one portal. */
export const environment = z.object({
  MY_PATIENT_PORTAL_ISSUER: issuer.describe(
    'Issuer of the portal, exactly as its openid-configuration spells it, e.g. https://portal.example.com.',
  ),
  MY_PATIENT_PORTAL_API_URL: baseUrl(
    'Resource prefix of the portal, e.g. https://portal.example.com/api/oauth2/v1.',
  ),
  MY_PATIENT_PORTAL_CLIENT_ID: credential('OAuth client id, created by samedi.'),
  MY_PATIENT_PORTAL_CLIENT_SECRET: credential('OAuth client secret, created by samedi.'),
  MY_PATIENT_PORTAL_TIME_ZONE: z
    .string()
    .default(defaultTimeZone)
    .refine(isTimeZone, 'must be an IANA time zone, e.g. Europe/Berlin')
    .describe(`IANA time zone of the clinic; default ${defaultTimeZone}.`),
  MY_PATIENT_PORTAL_PATHS: routeTable.describe(
    "JSON object that replaces resource paths by route name, where the portal's /api-docs differs.",
  ),
  ...limits('MY_PATIENT_PORTAL'),
});

export type Settings = z.output<typeof environment>;
