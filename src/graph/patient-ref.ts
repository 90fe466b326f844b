import type { Patient as PatientRecord } from '../domain/records.ts';
import { builder } from './builder.ts';

/** Apart from its fields, because patients and what belongs to them point at each other. */
export const Patient = builder.objectRef<PatientRecord>('Patient');
