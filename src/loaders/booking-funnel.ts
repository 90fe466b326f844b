import type { BookingFunnel, DateWindow, FunnelStep } from '../domain/capabilities/appointments.ts';
import type { Availability, VendorAccount } from '../domain/records.ts';
import { adapterFor, type LoaderEnvironment } from './environment.ts';
import { keyedLoader } from './keyed-loader.ts';
import type { PatientLoaders } from './patients.ts';

type OfPatient<T> = T & { patientId: string };

const cacheKey = (key: object) => JSON.stringify(key);

/** The booking walkthrough, each step read on the patient's behalf. */
export function createBookingFunnelLoaders(
  { scope, vendors, trail }: LoaderEnvironment,
  { account }: PatientLoaders,
) {
  /** Everything here is read as the patient, so it is in their log. */
  const read = async <T>(
    patientId: string,
    action: string,
    call: (funnel: BookingFunnel, reference: VendorAccount) => Promise<T>,
  ) => {
    const { id: vendor, funnel } = adapterFor(vendors, 'funnel', 'Booking appointments');
    const reference = await account(patientId, vendor);
    return trail.around({ patientId, vendor, action }, () => call(funnel, reference));
  };
  return {
    insurances: keyedLoader(
      (patientId: string) =>
        read(patientId, 'Patient.insurances', (funnel, reference) =>
          funnel.insurances(scope, reference),
        ),
      (patientId) => patientId,
    ),
    appointmentCategories: keyedLoader(
      ({ patientId, insuranceId }: OfPatient<{ insuranceId: string }>) =>
        read(patientId, 'Insurance.appointmentCategories', (funnel, reference) =>
          funnel.categories(scope, reference, insuranceId),
        ),
      cacheKey,
    ),
    appointmentTypes: keyedLoader(
      ({ patientId, ...at }: OfPatient<{ insuranceId: string; categoryId: string }>) =>
        read(patientId, 'AppointmentCategory.appointmentTypes', (funnel, reference) =>
          funnel.types(scope, reference, at),
        ),
      cacheKey,
    ),
    funnelAvailabilities: keyedLoader(
      ({ patientId, window, ...at }: OfPatient<FunnelStep & { window: DateWindow }>) =>
        read(patientId, 'Query.availabilities', async (funnel, reference) => {
          const slots = await funnel.availabilities(scope, reference, at, window);
          const { vendor } = reference;
          return slots.map(
            (slot): Availability => ({
              ...slot,
              vendor,
              patientId,
              purpose: { kind: 'funnel', ...at },
            }),
          );
        }),
      cacheKey,
    ),
  };
}
