import { notConfigured } from '../domain/errors.ts';
import type { VendorId } from '../domain/vendor.ts';
import type { LoaderEnvironment } from './environment.ts';
import { keyedLoader } from './keyed-loader.ts';
import type { PatientLoaders } from './patients.ts';
import type { createVisitLoaders } from './visits.ts';

/** Demographics as vendors hold them. */
export function createProfileLoaders(
  { scope, vendors, trail }: LoaderEnvironment,
  { account }: PatientLoaders,
  { withVisitSession }: ReturnType<typeof createVisitLoaders>,
) {
  return {
    /** Null for vendors that hold no demographics to read, and for accounts that are gone there. */
    profile: keyedLoader(
      async ({ patientId, vendor }: { patientId: string; vendor: VendorId }) => {
        const adapter = vendors.find(vendor);
        if (adapter === undefined) {
          throw notConfigured('This vendor', vendor);
        }
        const { profile, visits } = adapter;
        const reference = await account(patientId, vendor);
        const read = profile
          ? () => profile(scope, reference)
          : visits &&
            (() => withVisitSession(reference, (session) => visits.profile(scope, session)));
        return read
          ? trail.around({ patientId, vendor, action: 'VendorAccount.profile' }, read)
          : null;
      },
      ({ patientId, vendor }) => `${patientId}/${vendor}`,
    ),
  };
}
