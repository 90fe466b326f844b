import { useInfiniteAppointmentsQuery, useJoinAsapListMutation } from '../../client/react.ts';
import { ActionForm } from '../actions/action-form.tsx';
import { entryIn } from '../actions/entries.ts';
import { useAction } from '../actions/use-action.ts';
import { ConnectButton } from '../connection/connect-button.tsx';
import { Dialog } from '../elements/dialog.tsx';
import { useNotify } from '../elements/notice-board.tsx';
import { TextField } from '../elements/text-field.tsx';
import { problemAt } from '../problems/explain.ts';
import { AppointmentLine } from './appointment-line.tsx';
import type { ChangeDialogProps } from './change-dialog.ts';

export function JoinAsapDialog({ appointment, zone, patient, onClose }: ChangeDialogProps) {
  const notify = useNotify();
  const action = useAction(useJoinAsapListMutation, {
    payloadOf: ({ joinAsapList }) => joinAsapList,
    changes: [useInfiniteAppointmentsQuery],
    onDone: () => {
      notify('The patient is on the ASAP list.');
      onClose();
    },
  });
  const { errors } = action;
  return (
    <Dialog title="Join the ASAP list" patient={patient} onClose={onClose}>
      <ActionForm
        action={action}
        inputFrom={(form) => ({
          appointmentId: appointment.id,
          email: entryIn(form, 'email') ?? '',
        })}
        submit="Join the list"
        help={{ AUTHORIZATION_REQUIRED: <ConnectButton patientId={patient.id} /> }}
      >
        <AppointmentLine appointment={appointment} zone={zone} />
        <p>The patient gets mail when an earlier time opens up. The appointment stays booked.</p>
        <TextField
          name="email"
          type="email"
          label="E-mail"
          required
          defaultValue={patient.email ?? ''}
          problem={problemAt(errors, 'email')}
        />
      </ActionForm>
    </Dialog>
  );
}
