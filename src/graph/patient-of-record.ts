import type { Patient } from '../domain/records.ts';
import type { GraphContext } from './builder.ts';

/** The patient that a record belongs to; resolver of every `patient` field. */
export const patientOfRecord = (
  { patientId }: { patientId: string },
  _args: object,
  { loaders }: GraphContext,
): Promise<Patient> => loaders.register.knownPatient(patientId);
