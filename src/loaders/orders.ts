import { adapterFor, type LoaderEnvironment } from './environment.ts';
import { keyedLoader } from './keyed-loader.ts';
import type { PatientLoaders } from './patients.ts';

/** A patient's latest order; null while there is none. */
export const createOrderLoaders = (
  { scope, vendors, trail }: LoaderEnvironment,
  { account }: PatientLoaders,
) => ({
  latestOrder: keyedLoader(
    async (patientId: string) => {
      const { id: vendor, orders } = adapterFor(vendors, 'orders', 'Reading orders');
      const reference = await account(patientId, vendor);
      return trail.around({ patientId, vendor, action: 'Patient.latestOrder' }, () =>
        orders.latestOrder(scope, reference),
      );
    },
    (patientId) => patientId,
  ),
});
