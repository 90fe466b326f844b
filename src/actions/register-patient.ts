import { forbidden, UserFailure } from '../domain/errors.ts';
import type { Demographics, Patient } from '../domain/records.ts';
import { checkDemographics } from './demographics.ts';
import type { ActionEnvironment } from './environment.ts';

export type DemographicsInput = { firstName: string; lastName: string } & Partial<Demographics>;

/**
 * A new record: a PATIENT's own, linked to their subject, or by STAFF one without a subject.
 * @throws UserFailure INVALID_INPUT, ALREADY_EXISTS
 */
export async function registerPatient(
  environment: ActionEnvironment,
  input: DemographicsInput,
): Promise<{ patient: Patient }> {
  const { access, store, trail } = environment;
  const person = checkDemographics(environment, input);
  const subject = access.isStaff ? null : access.caller.subject;
  if (subject !== null && !access.caller.roles.has('PATIENT')) {
    throw forbidden();
  }
  const patient = await store.patients.create(person, subject);
  if (patient === undefined) {
    throw new UserFailure('ALREADY_EXISTS', 'You have a record already; see `viewer.patient`.');
  }
  trail.record({
    patientId: patient.id,
    vendor: null,
    action: 'registerPatient',
    outcome: 'ALLOWED',
  });
  if (subject !== null) {
    access.becomes(patient.id);
  }
  return { patient };
}
