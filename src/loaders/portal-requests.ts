import type { VendorRecordKey } from '../domain/ids.ts';
import type { VendorId } from '../domain/vendor.ts';
import { adapterOf, type LoaderEnvironment } from './environment.ts';
import { keyedLoader } from './keyed-loader.ts';
import type { PatientLoaders } from './patients.ts';

/** The queue of one patient at one vendor, and a single request found in it. */
export function createPortalRequestLoaders(
  { scope, vendors, trail }: LoaderEnvironment,
  { account }: PatientLoaders,
) {
  const queue = keyedLoader(
    async ({ patientId, vendor }: { patientId: string; vendor: VendorId }) => {
      const { portalRequests } = adapterOf(vendors, vendor, 'portalRequests');
      const reference = await account(patientId, vendor);
      return trail.around({ patientId, vendor, action: 'Patient.portalRequests' }, () =>
        portalRequests.list(scope, reference),
      );
    },
    ({ patientId, vendor }) => `${patientId}/${vendor}`,
  );
  return {
    queue,
    /** The vendors offer no call for one request: the queue is read and searched. */
    request: async ({ patientId, vendor, vendorRecordId }: VendorRecordKey) => {
      const requests = await queue.load({ patientId, vendor });
      return requests.find((request) => request.vendorRequestId === vendorRecordId);
    },
  };
}
