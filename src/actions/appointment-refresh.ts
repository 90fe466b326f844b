import type { Appointment, Availability } from '../domain/records.ts';
import type { ActionEnvironment } from './environment.ts';

export interface AppointmentReference {
  vendor: string;
  patientId: string;
  vendorAppointmentId: string;
}

/**
 * The appointment as the vendor has it after a write: read again, because echoes are not to be
 * trusted. If the vendor cannot answer just then, the write is still done and what is known of the
 * appointment is returned.
 */
export async function refreshedAppointment(
  { loaders }: ActionEnvironment,
  { vendor, patientId, vendorAppointmentId }: AppointmentReference,
  known: Pick<Availability, 'start' | 'end' | 'timeZone'> & Partial<Appointment>,
): Promise<Appointment> {
  const key = { vendor, patientId, vendorRecordId: vendorAppointmentId };
  loaders.appointments.appointment.clear(key);
  const found = await loaders.appointments.appointment.load(key).catch(() => null);
  return (
    found ?? {
      typeId: known.typeId ?? null,
      title: known.title ?? null,
      practiceName: known.practiceName ?? null,
      status: known.status ?? 'BOOKED',
      start: known.start,
      end: known.end,
      timeZone: known.timeZone,
      cancelledAt: known.cancelledAt ?? null,
      cancellable: known.cancellable ?? false,
      reschedulable: known.reschedulable ?? false,
      isVideoConsultation: known.isVideoConsultation ?? false,
      videoConsultationUrl: null,
      asapListSubscribed: known.asapListSubscribed ?? null,
      vendor,
      patientId,
      vendorAppointmentId,
    }
  );
}
