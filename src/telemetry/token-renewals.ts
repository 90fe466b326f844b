import type { TokenVault } from '../domain/store.ts';
import type { VendorId } from '../domain/vendor.ts';

/** `LOST`: the vendor takes the refresh token no more, and the patient has to authorize again. */
export type RenewalOutcome = 'RENEWED' | 'LOST' | 'FAILED';

/** A vault that tells of each renewal that really asks the vendor. */
export const countRenewals = (
  vault: TokenVault,
  onRenewal: (vendor: VendorId, outcome: RenewalOutcome) => void,
): TokenVault => ({
  ...vault,
  renew: (vendor, patientId, seen, waitUntil, renew) =>
    vault.renew(vendor, patientId, seen, waitUntil, async (current) => {
      try {
        const renewed = await renew(current);
        onRenewal(vendor, renewed === undefined ? 'LOST' : 'RENEWED');
        return renewed;
      } catch (error) {
        onRenewal(vendor, 'FAILED');
        throw error;
      }
    }),
});
