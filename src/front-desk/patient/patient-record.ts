import type { PatientRecordQuery, Vendor } from '../../client/client.ts';

/** What the clinic itself knows of a patient. */
export type PatientRecord = NonNullable<PatientRecordQuery['patient']>;

export const isLinked = ({ vendorAccounts }: PatientRecord, vendor: Vendor) =>
  vendorAccounts.some((account) => account.vendor === vendor);
