import { z } from 'zod';
import {
  createEnqueuedPortal,
  type EnqueuedPortalSettings,
  enqueuedPortalCapabilities,
  portalUserName,
  probeEnqueuedPortal,
} from '../enqueued-portal/door.ts';
import { baseUrl, credential, defineVendor, limits } from '../vendor-definition.ts';

const label = 'Cerbo';

const environment = z.object({
  CERBO_URL: baseUrl('Base URL of the clinic at Cerbo, with `/api/v1`.'),
  CERBO_USERNAME: portalUserName('The API user, `pk_…`; without a colon.'),
  CERBO_PASSWORD: credential("The API user's key."),
  ...limits('CERBO'),
});

const settingsOf = (settings: z.output<typeof environment>): EnqueuedPortalSettings => ({
  label,
  url: settings.CERBO_URL,
  username: settings.CERBO_USERNAME,
  password: settings.CERBO_PASSWORD,
  timeout: settings.CERBO_TIMEOUT_MS,
  concurrency: settings.CERBO_CONCURRENCY,
});

/** The contract and everything behind it is shared, see `enqueued-portal`. */
export const cerbo = defineVendor({
  label,
  description:
    "Cerbo's electronic health record: the patient, the portal's request queue and invitations.",
  capabilities: enqueuedPortalCapabilities,
  environment,
  create: (parts) => createEnqueuedPortal(parts, settingsOf(parts.settings)),
  probe: (parts) =>
    probeEnqueuedPortal(parts, settingsOf(parts.settings), {
      address: 'CERBO_URL',
      credentials: ['CERBO_USERNAME', 'CERBO_PASSWORD'],
    }),
  sandbox: async () => (await import('./sandbox.ts')).startSimulator,
});
