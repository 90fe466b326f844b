import { useInfiniteAppointmentsQuery, useLeaveAsapListMutation } from '../../client/react.ts';
import { ActionForm } from '../actions/action-form.tsx';
import { useAction } from '../actions/use-action.ts';
import { ConnectButton } from '../connection/connect-button.tsx';
import { Dialog } from '../elements/dialog.tsx';
import { useNotify } from '../elements/notice-board.tsx';
import { AppointmentLine } from './appointment-line.tsx';
import type { ChangeDialogProps } from './change-dialog.ts';

export function LeaveAsapDialog({ appointment, zone, patient, onClose }: ChangeDialogProps) {
  const notify = useNotify();
  const action = useAction(useLeaveAsapListMutation, {
    payloadOf: ({ leaveAsapList }) => leaveAsapList,
    changes: [useInfiniteAppointmentsQuery],
    onDone: () => {
      notify('The patient is off the ASAP list.');
      onClose();
    },
  });
  return (
    <Dialog title="Leave the ASAP list?" patient={patient} onClose={onClose}>
      <ActionForm
        action={action}
        inputFrom={() => ({ appointmentId: appointment.id })}
        submit="Leave the list"
        help={{ AUTHORIZATION_REQUIRED: <ConnectButton patientId={patient.id} /> }}
      >
        <AppointmentLine appointment={appointment} zone={zone} />
        <p>No more mail about earlier times. The appointment stays booked.</p>
      </ActionForm>
    </Dialog>
  );
}
