import type { DateWindow, FunnelStep } from '../domain/capabilities/appointments.ts';
import type { PatientLoaders } from './create-loaders.ts';
import { adapterFor, type LoaderEnvironment } from './environment.ts';
import { keyedLoader } from './keyed-loader.ts';

type OfPatient<T> = T & { patientId: string };

const cacheKey = (key: object) => JSON.stringify(key);

/** The booking walkthrough, each step read on the patient's behalf. */
export function createBookingFunnelLoaders(
  { scope, vendors, trail }: LoaderEnvironment,
  { account }: PatientLoaders,
) {
  const funnelOf = async (patientId: string) => {
    const { id: vendor, funnel } = adapterFor(vendors, 'funnel', 'Booking appointments');
    return { vendor, funnel, reference: await account(patientId, vendor) };
  };
  return {
    insurances: keyedLoader(
      async (patientId: string) => {
        const { vendor, funnel, reference } = await funnelOf(patientId);
        return trail.around({ patientId, vendor, action: 'Patient.insurances' }, () =>
          funnel.insurances(scope, reference),
        );
      },
      (patientId) => patientId,
    ),
    appointmentCategories: keyedLoader(
      async ({ patientId, insuranceId }: OfPatient<{ insuranceId: string }>) => {
        const { funnel, reference } = await funnelOf(patientId);
        return funnel.categories(scope, reference, insuranceId);
      },
      cacheKey,
    ),
    appointmentTypes: keyedLoader(
      async ({ patientId, ...at }: OfPatient<{ insuranceId: string; categoryId: string }>) => {
        const { funnel, reference } = await funnelOf(patientId);
        return funnel.types(scope, reference, at);
      },
      cacheKey,
    ),
    funnelSlots: keyedLoader(
      async ({ patientId, window, ...at }: OfPatient<FunnelStep & { window: DateWindow }>) => {
        const { vendor, funnel, reference } = await funnelOf(patientId);
        return trail.around({ patientId, vendor, action: 'Query.availabilities' }, () =>
          funnel.availabilities(scope, reference, at, window),
        );
      },
      cacheKey,
    ),
  };
}
