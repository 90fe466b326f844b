import { z } from 'zod';
import {
  createEnqueuedPortal,
  enqueuedPortalCapabilities,
  portalUserName,
} from '../enqueued-portal/door.ts';
import { baseUrl, credential, defineVendor, limits } from '../vendor-definition.ts';

const label = 'MD HQ';

/** The contract and everything behind it is shared, see `enqueued-portal`. */
export const mdHq = defineVendor({
  label,
  description:
    "MD HQ, Cerbo under its former name: the patient, the portal's request queue and invitations.",
  capabilities: enqueuedPortalCapabilities,
  environment: z.object({
    MD_HQ_URL: baseUrl('Base URL of the clinic at MD HQ, with `/api/v1`.'),
    MD_HQ_USERNAME: portalUserName('The API user, `pk_…`; without a colon.'),
    MD_HQ_PASSWORD: credential("The API user's key."),
    ...limits('MD_HQ'),
  }),
  create: (parts) =>
    createEnqueuedPortal(parts, {
      label,
      url: parts.settings.MD_HQ_URL,
      username: parts.settings.MD_HQ_USERNAME,
      password: parts.settings.MD_HQ_PASSWORD,
      timeout: parts.settings.MD_HQ_TIMEOUT_MS,
      concurrency: parts.settings.MD_HQ_CONCURRENCY,
    }),
  sandbox: async () => (await import('./sandbox.ts')).startSimulator,
});
