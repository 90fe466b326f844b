import { z } from 'zod';
import {
  baseUrl,
  credential,
  defineVendor,
  limits,
  type ProbeParts,
} from '../vendor-definition.ts';
import { createNimbusCapabilities } from './adapter.ts';
import { createNimbusClient } from './client.ts';
import { probeNimbus } from './probe.ts';
import { isHost } from './redirects.ts';

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

const environment = z.object({
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
  )
    .refine(
      (hosts) => hosts.every(isHost),
      'must be a comma-separated list of hosts such as portal.example.com',
    )
    .optional(),
  ...limits('NIMBUS'),
});

function connect({ settings, transport: open }: ProbeParts<z.output<typeof environment>>) {
  const attempt = settings.NIMBUS_TIMEOUT_MS;
  const transport = open({
    baseUrl: settings.NIMBUS_URL,
    timeouts: { read: attempt ?? 5000, write: attempt ?? 15_000 },
    concurrency: settings.NIMBUS_CONCURRENCY ?? 16,
  });
  const { NIMBUS_USERNAME: username, NIMBUS_PASSWORD: password } = settings;
  return { transport, client: createNimbusClient(transport, { username, password }) };
}

/** NimbusRX telemedicine: onboarding with a one-time login link, portal access, orders and follow-ups. */
export const nimbus = defineVendor({
  label: 'Nimbus',
  description:
    'NimbusRX telemedicine: patient onboarding, one-time portal links, orders and follow-ups.',
  capabilities: ['staffLinking', 'onboarding', 'portalAccess', 'orders'],
  environment,
  create(parts) {
    const { id, settings, clock } = parts;
    const { transport, client } = connect(parts);
    return {
      id,
      label: 'Nimbus',
      health: () => transport.health(),
      ...createNimbusCapabilities({
        id,
        client,
        clinic: {
          treatmentTypes: settings.NIMBUS_TREATMENT_TYPES,
          centralPharmacyId: settings.NIMBUS_CENTRAL_PHARMACY_ID,
        },
        redirectHosts: settings.NIMBUS_REDIRECT_HOSTS,
        clock,
      }),
    };
  },
  probe: (parts) => probeNimbus(connect(parts).client),
  sandbox: async () => (await import('./sandbox.ts')).startSimulator,
});
