import type { VendorProbe } from '../vendor-definition.ts';
import type { VSeeClient } from './client.ts';

/**
 * The clinic's public account, and the admin token where there is one. Key and secret are taken by
 * `users/sso` alone, which makes a user: there is no harmless call to try them with.
 */
export const probeVSee = (client: VSeeClient, adminToken: string | undefined): VendorProbe => ({
  checks: [
    {
      address: 'VSEE_API_URL',
      credentials: ['VSEE_ACCOUNT_CODE'],
      run: async (scope) => {
        await client.account(scope);
      },
    },
    ...(adminToken === undefined
      ? []
      : [
          {
            address: 'VSEE_API_URL',
            credentials: ['VSEE_ADMIN_TOKEN'],
            run: async (scope: Parameters<VSeeClient['account']>[0]) => {
              await client.tokenHolder(scope, { as: 'admin', token: adminToken });
            },
          },
        ]),
  ],
  unproven: ['VSEE_API_KEY', 'VSEE_API_SECRET', 'VSEE_PORTAL_URL'],
});
