import { z } from 'zod';
import {
  baseUrl,
  credential,
  defineVendor,
  limits,
  type ProbeParts,
} from '../vendor-definition.ts';
import { createVSeeClient } from './client.ts';
import { createClinicVisits } from './clinic-visits.ts';
import { probeVSee } from './probe.ts';
import { requestEncodings } from './request-encoding.ts';
import { createSessions } from './sessions.ts';

const label = 'VSee Clinic';

const environment = z.object({
  VSEE_API_URL: baseUrl('Base URL of the API, with `/api_v3/`.'),
  VSEE_PORTAL_URL: baseUrl(
    'Base URL of the patient portal, another host than the API; with the release train where there is one.',
  ),
  VSEE_ACCOUNT_CODE: credential("The clinic's account code."),
  VSEE_API_KEY: credential(
    "Key of the clinic's application; single sign-on has to be enabled for it.",
  ),
  VSEE_API_SECRET: credential("Secret of the clinic's application."),
  VSEE_ADMIN_TOKEN: credential('Admin token, needed only to book against the calendar.').optional(),
  VSEE_REQUEST_ENCODING: z
    .enum(requestEncodings)
    .default('json')
    .describe('How bodies are sent: json, form (urlencoded) or multipart.'),
  VSEE_ROOM_SLUG: z
    .string()
    .regex(/^[A-Za-z0-9_-]{1,64}$/)
    .default('clinic')
    .describe("Slug of the waiting room that is the clinic's own dashboard."),
  ...limits('VSEE'),
});

function connect({ settings, transport: open }: ProbeParts<z.output<typeof environment>>) {
  const transport = open({
    baseUrl: settings.VSEE_API_URL,
    timeouts: {
      read: settings.VSEE_TIMEOUT_MS ?? 5_000,
      write: settings.VSEE_TIMEOUT_MS ?? 15_000,
    },
    concurrency: settings.VSEE_CONCURRENCY ?? 16,
  });
  const credentials = {
    accountCode: settings.VSEE_ACCOUNT_CODE,
    apiKey: settings.VSEE_API_KEY,
    apiSecret: settings.VSEE_API_SECRET,
  };
  return {
    transport,
    client: createVSeeClient(transport, credentials, settings.VSEE_REQUEST_ENCODING),
  };
}

/** VSee Clinic: walk-in visits, appointments and eConsults over video, behind a single sign-on. */
export const vsee = defineVendor({
  label,
  description:
    'Video visits: walk-ins, scheduled appointments and eConsults in waiting rooms, entered through single sign-on.',
  capabilities: ['visits'],
  environment,
  create(parts) {
    const { id, settings, tokens, clock } = parts;
    const { transport, client } = connect(parts);
    const sessions = createSessions({ vendor: id, client, tokens, clock });
    return {
      id,
      label,
      health: () => transport.health(),
      visits: createClinicVisits({
        vendor: id,
        client,
        sessions,
        portal: settings.VSEE_PORTAL_URL,
        roomSlug: settings.VSEE_ROOM_SLUG,
        adminToken: settings.VSEE_ADMIN_TOKEN,
        clock,
      }),
    };
  },
  probe: (parts) => probeVSee(connect(parts).client, parts.settings.VSEE_ADMIN_TOKEN),
  sandbox: async () => (await import('./sandbox.ts')).startSimulator,
});
