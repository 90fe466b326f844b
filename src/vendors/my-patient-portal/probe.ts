import { VendorError } from '../../domain/errors.ts';
import type { VendorProbe } from '../vendor-definition.ts';
import type { Client } from './client.ts';
import type { OAuth } from './oauth.ts';

/** Never given to anybody, so what is asked for with it is refused: an answer all the same. */
const nobodysToken = 'portico-doctor';

/**
 * The portal's discovery document, then its opinion of our client, asked about a token that does not
 * exist (RFC 7662, section 2.2: no error), and whether the resource API is where the configuration says.
 */
export const probePortal = (oauth: OAuth, client: Client): VendorProbe => ({
  checks: [
    {
      address: 'MY_PATIENT_PORTAL_ISSUER',
      credentials: ['MY_PATIENT_PORTAL_CLIENT_ID', 'MY_PATIENT_PORTAL_CLIENT_SECRET'],
      run: (scope) => oauth.introspect(scope, nobodysToken),
    },
    {
      address: 'MY_PATIENT_PORTAL_API_URL',
      credentials: [],
      run: async (scope) => {
        try {
          await client.insurances(scope, nobodysToken);
        } catch (error) {
          const refused = error instanceof VendorError && [401, 403].includes(error.status ?? 0);
          if (!refused) {
            throw error;
          }
        }
      },
    },
  ],
});
