import type { Patient } from '../domain/records.ts';
import type { VendorId } from '../domain/vendor.ts';
import type { LoaderEnvironment } from './environment.ts';
import { accountAt } from './environment.ts';
import { groupLoader, recordLoader } from './keyed-loader.ts';

export type PatientLoaders = ReturnType<typeof createPatientLoaders>;

/** The register and what belongs to a patient in the store. */
export function createPatientLoaders({ store }: LoaderEnvironment) {
  const patients = recordLoader(
    (ids) => store.patients.find(ids),
    ({ id }) => id,
  );
  const accounts = groupLoader(
    (ids) => store.accounts.findByPatients(ids),
    ({ patientId }) => patientId,
  );
  return {
    patients,
    /** A patient whose id is the store's own. */
    knownPatient: async (id: string): Promise<Patient> => {
      const patient = await patients.load(id);
      if (patient === undefined) {
        throw new Error('A patient vanished while their data was read.');
      }
      return patient;
    },
    /** A patient's accounts at all vendors. */
    accounts,
    /** A patient's account at one vendor. @throws CodedError NOT_LINKED */
    account: async (patientId: string, vendor: VendorId) =>
      accountAt(await accounts.load(patientId), vendor),
    followUps: groupLoader(
      (ids) => store.followUps.findByPatients(ids),
      ({ patientId }) => patientId,
    ),
    followUp: recordLoader(
      (ids) => store.followUps.findByIds(ids),
      ({ id }) => id,
    ),
    portalAccesses: groupLoader(
      (ids) => store.portalAccess.findByPatients(ids),
      ({ patientId }) => patientId,
    ),
    portalAccess: recordLoader(
      (ids) => store.portalAccess.findByIds(ids),
      ({ id }) => id,
    ),
  };
}
