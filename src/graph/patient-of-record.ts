import type { Patient as PatientRecord } from '../domain/records.ts';
import type { GraphContext } from './builder.ts';
import { cost } from './field-cost.ts';
import { Patient } from './patient-ref.ts';

/** The field `patient` of a record: the patient that it belongs to. @param description whose it is */
export const patientOfRecord = (description: string) => ({
  type: Patient,
  nullable: false as const,
  description,
  // It leads back to whom it was reached from.
  extensions: cost({ samePatient: true }),
  resolve: (
    { patientId }: { patientId: string },
    _args: object,
    { loaders }: GraphContext,
  ): Promise<PatientRecord> => loaders.register.knownPatient(patientId),
});
