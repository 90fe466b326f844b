import type { Appointment as AppointmentRecord } from '../domain/records.ts';
import { builder } from './builder.ts';

/** Apart from its fields, because visits and appointments point at each other. */
export const Appointment = builder.objectRef<AppointmentRecord>('Appointment');
