import DataLoader from 'dataloader';
import { createAppointmentLoaders } from './appointments.ts';
import { createBookingFunnelLoaders } from './booking-funnel.ts';
import type { LoaderEnvironment } from './environment.ts';
import { createOrderLoaders } from './orders.ts';
import { createPatientLoaders } from './patients.ts';
import { createPortalRequestLoaders } from './portal-requests.ts';
import { createVisitLoaders } from './visits.ts';

export type PatientLoaders = ReturnType<typeof createPatientLoaders>;
export type Loaders = ReturnType<typeof createLoaders>;

/**
 * New for every request and never shared between callers. Whether the caller may see a patient is
 * checked before a loader is asked.
 */
export function createLoaders(environment: LoaderEnvironment) {
  const patients = createPatientLoaders(environment);
  const visits = createVisitLoaders(environment, patients);
  const loaders = {
    ...patients,
    ...visits,
    ...createOrderLoaders(environment, patients),
    ...createAppointmentLoaders(environment, patients, visits),
    ...createBookingFunnelLoaders(environment, patients),
    ...createPortalRequestLoaders(environment, patients),
  };
  return {
    ...loaders,
    /** Forgets all that was loaded: somebody else may have changed it meanwhile. */
    forget() {
      for (const loader of Object.values(loaders)) {
        if (loader instanceof DataLoader) {
          loader.clearAll();
        }
      }
    },
  };
}
