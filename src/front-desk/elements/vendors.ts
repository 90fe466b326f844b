import type { Vendor } from '../../client/client.ts';

const names: Readonly<Record<Vendor, string>> = {
  NIMBUS: 'Nimbus',
  VSEE: 'VSee',
  MY_PATIENT_PORTAL: 'MyPatientPortal',
  CERBO: 'Cerbo',
  MD_HQ: 'MD HQ',
};

/** As the vendor writes itself. */
export const vendorName = (vendor: Vendor) => names[vendor];
