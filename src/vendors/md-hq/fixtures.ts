import { createClinic, withPatient } from '../enqueued-portal/fixtures.ts';

/** Ana is 1221. Emi (1225) is inactive, so she cannot be invited. */
export const clinic = withPatient(createClinic(1221), 1225, {
  patient_status_description: 'inactive',
});
