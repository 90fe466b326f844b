import { z } from 'zod';
import { baseUrl, credential, defineVendor, limits } from '../vendor-definition.ts';
import { createNimbusCapabilities } from './adapter.ts';
import { createNimbusClient } from './client.ts';

const words = (text: string) =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter((word) => word !== '');

const list = (description: string) =>
  z
    .string()
    .transform(words)
    .refine((values) => values.length > 0, 'must name at least one')
    .describe(description);

/** NimbusRX telemedicine: onboarding with a one-time login link, portal access, orders and follow-ups. */
export const nimbus = defineVendor({
  label: 'Nimbus',
  description:
    'NimbusRX telemedicine: patient onboarding, one-time portal links, orders and follow-ups.',
  capabilities: ['staffLinking', 'onboarding', 'portalAccess', 'orders'],
  environment: z.object({
    NIMBUS_URL: baseUrl('The application URL that Nimbus gave to the clinic.'),
    NIMBUS_USERNAME: credential('User name of the API account; without a colon.').refine(
      (name) => !name.includes(':'),
      'must not contain a colon',
    ),
    NIMBUS_PASSWORD: credential('Password of the API account.'),
    NIMBUS_TREATMENT_TYPES: list('Treatment types, comma separated; the first is the default.'),
    NIMBUS_CENTRAL_PHARMACY_ID: credential('The central pharmacy that orders go to.'),
    NIMBUS_REDIRECT_HOSTS: list(
      'Hosts that portal links may lead to, comma separated; default any https host.',
    ).optional(),
    ...limits('NIMBUS'),
  }),
  create({ id, settings, transport: open, clock }) {
    const attempt = settings.NIMBUS_TIMEOUT_MS;
    const transport = open({
      baseUrl: settings.NIMBUS_URL,
      timeouts: { read: attempt ?? 5000, write: attempt ?? 15_000 },
      concurrency: settings.NIMBUS_CONCURRENCY ?? 16,
    });
    return {
      id,
      label: 'Nimbus',
      health: () => transport.health(),
      ...createNimbusCapabilities({
        id,
        client: createNimbusClient(transport, {
          username: settings.NIMBUS_USERNAME,
          password: settings.NIMBUS_PASSWORD,
        }),
        clinic: {
          treatmentTypes: settings.NIMBUS_TREATMENT_TYPES,
          centralPharmacyId: settings.NIMBUS_CENTRAL_PHARMACY_ID,
        },
        redirectHosts: settings.NIMBUS_REDIRECT_HOSTS,
        clock,
      }),
    };
  },
  sandbox: async () => (await import('./sandbox.ts')).startSimulator,
});
