import { VendorError } from '../../domain/errors.ts';
import type { VendorProbe } from '../vendor-definition.ts';
import type { NimbusClient } from './client.ts';

/** Users are counted from one: nobody's order is asked for. */
const nobody = 0;

/** The latest order of nobody: the vendor looks at the account first, and then finds no such user. */
export const probeNimbus = (client: NimbusClient): VendorProbe => ({
  checks: [
    {
      address: 'NIMBUS_URL',
      credentials: ['NIMBUS_USERNAME', 'NIMBUS_PASSWORD'],
      run: async (scope) => {
        try {
          await client.latestOrder(scope, nobody);
        } catch (error) {
          const refused = error instanceof VendorError && error.reason !== 'pharmacy_refused';
          const judged =
            refused && (error.reason === 'no_order' || (error.status === 422 && !error.reason));
          if (!judged) {
            throw error;
          }
        }
      },
    },
  ],
  // Only an onboarding sends them.
  unproven: ['NIMBUS_TREATMENT_TYPES', 'NIMBUS_CENTRAL_PHARMACY_ID'],
});
