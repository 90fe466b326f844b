import type { Patient } from '../domain/records.ts';
import type { GraphContext } from './builder.ts';

/** The patient that a record belongs to; resolver of every `patient` field. */
export async function patientOfRecord(
  { patientId }: { patientId: string },
  _args: object,
  { loaders }: GraphContext,
): Promise<Patient> {
  const patient = await loaders.patients.load(patientId);
  if (patient === undefined) {
    throw new Error('A record belongs to a patient who does not exist.');
  }
  return patient;
}
