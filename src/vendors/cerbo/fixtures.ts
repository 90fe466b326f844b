import { createClinic, withPatient } from '../enqueued-portal/fixtures.ts';

/** Ana is 221. Emi (225) has no e-mail address on file, so she cannot be invited. */
export const clinic = withPatient(createClinic(221), 225, { email1: null });
