import type { AppointmentFieldsFragment } from '../../client/client.ts';
import type { PatientRecord } from '../patient/patient-record.ts';
import { useClinicZone } from '../session/clinic-zone.ts';
import { AsapDialog } from './asap-dialog.tsx';
import { CancelDialog } from './cancel-dialog.tsx';
import { RescheduleDialog } from './reschedule-dialog.tsx';

/** What somebody is about to do with an appointment, as it was listed when they began. */
export interface AppointmentChange {
  kind: 'move' | 'cancel' | 'asap';
  appointment: AppointmentFieldsFragment;
}

export interface AppointmentChangeDialogProps {
  change: AppointmentChange;
  patient: PatientRecord;
  onClose: () => void;
}

const dialogs = { move: RescheduleDialog, cancel: CancelDialog, asap: AsapDialog };

export function AppointmentChangeDialog(props: AppointmentChangeDialogProps) {
  const { change, patient, onClose } = props;
  const { kind, appointment } = change;
  const clinicZone = useClinicZone();
  const ChangeDialog = dialogs[kind];
  return (
    <ChangeDialog
      appointment={appointment}
      zone={appointment.timeZone ?? clinicZone}
      patient={patient}
      onClose={onClose}
    />
  );
}
