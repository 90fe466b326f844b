import { useCancelAppointmentMutation, useInfiniteAppointmentsQuery } from '../../client/react.ts';
import { ActionForm } from '../actions/action-form.tsx';
import { useAction } from '../actions/use-action.ts';
import { ConnectButton } from '../connection/connect-button.tsx';
import { Dialog } from '../elements/dialog.tsx';
import { useNotify } from '../elements/notice-board.tsx';
import { AppointmentLine } from './appointment-line.tsx';
import type { ChangeDialogProps } from './change-dialog.ts';

export function CancelDialog({ appointment, zone, patient, onClose }: ChangeDialogProps) {
  const notify = useNotify();
  const action = useAction(useCancelAppointmentMutation, {
    payloadOf: ({ cancelAppointment }) => cancelAppointment,
    changes: [useInfiniteAppointmentsQuery],
    onDone: () => {
      notify('The appointment is cancelled.');
      onClose();
    },
  });
  return (
    <Dialog title="Cancel this appointment?" patient={patient} onClose={onClose}>
      <ActionForm
        action={action}
        inputFrom={() => ({ appointmentId: appointment.id })}
        submit="Cancel the appointment"
        look="danger"
        help={{ AUTHORIZATION_REQUIRED: <ConnectButton patientId={patient.id} /> }}
      >
        <AppointmentLine appointment={appointment} zone={zone} />
        <p>Its time is free for others at once, and may be taken when you want it back.</p>
      </ActionForm>
    </Dialog>
  );
}
