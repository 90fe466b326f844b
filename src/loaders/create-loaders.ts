import { createAppointmentLoaders } from './appointments.ts';
import { createBookingFunnelLoaders } from './booking-funnel.ts';
import type { LoaderEnvironment } from './environment.ts';
import { LazyLoader } from './keyed-loader.ts';
import { createOrderLoaders } from './orders.ts';
import { createPatientLoaders } from './patients.ts';
import { createPortalRequestLoaders } from './portal-requests.ts';
import { createProfileLoaders } from './profiles.ts';
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
  const ofAppointments = Object.assign(
    createAppointmentLoaders(environment, patients, visits),
    createBookingFunnelLoaders(environment, patients),
  );
  const others = Object.assign(
    createOrderLoaders(environment, patients),
    createPortalRequestLoaders(environment, patients),
    createProfileLoaders(environment, patients, visits),
  );
  // Spread into a new object they would take ten times as long, at every request.
  const loaders = Object.assign(patients, visits, ofAppointments, others);
  return Object.assign(loaders, {
    /** Forgets all that was loaded: somebody else may have changed it meanwhile. */
    forget() {
      for (const loader of Object.values(loaders)) {
        if (loader instanceof LazyLoader) {
          loader.clearAll();
        }
      }
    },
  });
}
