import type { VendorDescription } from '../domain/vendor.ts';
import { cerbo } from './cerbo/index.ts';
import { mdHq } from './md-hq/index.ts';
import { myPatientPortal } from './my-patient-portal/index.ts';
import { nimbus } from './nimbus/index.ts';
import { vsee } from './vsee/index.ts';

/** One line per vendor. The keys are the values of the GraphQL enum `Vendor`. */
export const registry = {
  NIMBUS: nimbus,
  VSEE: vsee,
  MY_PATIENT_PORTAL: myPatientPortal,
  CERBO: cerbo,
  MD_HQ: mdHq,
} as const;

export const vendorDescriptions: readonly VendorDescription[] = Object.entries(registry).map(
  ([id, { label, description, capabilities }]) => ({ id, label, description, capabilities }),
);
