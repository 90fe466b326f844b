import { z } from 'zod';
import {
  createEnqueuedPortal,
  enqueuedPortalCapabilities,
  portalUserName,
} from '../enqueued-portal/door.ts';
import { baseUrl, credential, defineVendor, limits } from '../vendor-definition.ts';

const label = 'Cerbo';

/** The contract and everything behind it is shared, see `enqueued-portal`. */
export const cerbo = defineVendor({
  label,
  description:
    "Cerbo's electronic health record: the patient, the portal's request queue and invitations.",
  capabilities: enqueuedPortalCapabilities,
  environment: z.object({
    CERBO_URL: baseUrl('Base URL of the clinic at Cerbo, with `/api/v1`.'),
    CERBO_USERNAME: portalUserName('The API user, `pk_…`; without a colon.'),
    CERBO_PASSWORD: credential("The API user's key."),
    ...limits('CERBO'),
  }),
  create: (parts) =>
    createEnqueuedPortal(parts, {
      label,
      url: parts.settings.CERBO_URL,
      username: parts.settings.CERBO_USERNAME,
      password: parts.settings.CERBO_PASSWORD,
      timeout: parts.settings.CERBO_TIMEOUT_MS,
      concurrency: parts.settings.CERBO_CONCURRENCY,
    }),
  sandbox: async () => (await import('./sandbox.ts')).startSimulator,
});
