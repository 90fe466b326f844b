import { z } from 'zod';
import {
  createEnqueuedPortal,
  type EnqueuedPortalSettings,
  enqueuedPortalCapabilities,
  portalUserName,
  probeEnqueuedPortal,
} from '../enqueued-portal/door.ts';
import { baseUrl, credential, defineVendor, limits } from '../vendor-definition.ts';

const label = 'MD HQ';

const environment = z.object({
  MD_HQ_URL: baseUrl('Base URL of the clinic at MD HQ, with `/api/v1`.'),
  MD_HQ_USERNAME: portalUserName('The API user, `pk_…`; without a colon.'),
  MD_HQ_PASSWORD: credential("The API user's key."),
  ...limits('MD_HQ'),
});

const settingsOf = (settings: z.output<typeof environment>): EnqueuedPortalSettings => ({
  label,
  url: settings.MD_HQ_URL,
  username: settings.MD_HQ_USERNAME,
  password: settings.MD_HQ_PASSWORD,
  timeout: settings.MD_HQ_TIMEOUT_MS,
  concurrency: settings.MD_HQ_CONCURRENCY,
});

/** The contract and everything behind it is shared, see `enqueued-portal`. */
export const mdHq = defineVendor({
  label,
  description:
    "MD HQ, Cerbo under its former name: the patient, the portal's request queue and invitations.",
  capabilities: enqueuedPortalCapabilities,
  environment,
  create: (parts) => createEnqueuedPortal(parts, settingsOf(parts.settings)),
  probe: (parts) =>
    probeEnqueuedPortal(parts, settingsOf(parts.settings), {
      address: 'MD_HQ_URL',
      credentials: ['MD_HQ_USERNAME', 'MD_HQ_PASSWORD'],
    }),
  sandbox: async () => (await import('./sandbox.ts')).startSimulator,
});
