import type { AppointmentFieldsFragment } from '../../client/client.ts';
import type { PatientRecord } from '../patient/patient-record.ts';

/** What every dialog about an appointment is given. */
export interface ChangeDialogProps {
  appointment: AppointmentFieldsFragment;
  zone: string;
  patient: PatientRecord;
  onClose: () => void;
}
