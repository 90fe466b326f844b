import type { Vendor } from '../../client/client.ts';
import { isLinked, type PatientRecord } from '../patient/patient-record.ts';

/** Vendors that send invitations, where the patient has an account. */
export const invitingVendors = (patient: PatientRecord) =>
  (['CERBO', 'MD_HQ'] satisfies Vendor[]).filter((vendor) => isLinked(patient, vendor));
