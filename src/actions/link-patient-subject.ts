import { invalidInput, UserFailure } from '../domain/errors.ts';
import type { Patient } from '../domain/records.ts';
import { type ActionEnvironment, patientOf } from './environment.ts';

const longestSubject = 255;

/**
 * STAFF: this subject of the identity provider is this patient. The same link again is success.
 * @throws UserFailure INVALID_INPUT, NOT_FOUND, ALREADY_LINKED
 */
export async function linkPatientSubject(
  environment: ActionEnvironment,
  input: { patientId: string; subject: string },
): Promise<{ patient: Patient }> {
  const action = 'linkPatientSubject';
  const patient = await patientOf(environment, action, input.patientId);
  const { subject } = input;
  // OpenID Connect Core 2: a subject is at most 255 ASCII characters.
  if (subject.length > longestSubject || !/^[\x21-\x7e]+$/.test(subject)) {
    throw invalidInput('This cannot be a subject of the identity provider.', 'subject');
  }
  const linked = await environment.store.patients.linkSubject(patient.id, subject);
  if (linked === 'TAKEN') {
    throw new UserFailure(
      'ALREADY_LINKED',
      'The subject belongs to another patient, or the patient to another subject.',
      { path: ['input', 'subject'] },
    );
  }
  environment.trail.record({ patientId: patient.id, vendor: null, action, outcome: 'ALLOWED' });
  return { patient: linked };
}
