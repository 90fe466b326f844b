import { useState } from 'react';
import { type AvailabilityFieldsFragment, errorsOf } from '../../client/client.ts';
import {
  useInfiniteAppointmentsQuery,
  useRescheduleAppointmentMutation,
  useRescheduleOptionsQuery,
} from '../../client/react.ts';
import { ActionForm } from '../actions/action-form.tsx';
import { useAction } from '../actions/use-action.ts';
import { ChosenTime } from '../booking/chosen-time.tsx';
import { OtherTimes } from '../booking/other-times.tsx';
import { TimeChoice } from '../booking/time-choice.tsx';
import { ConnectButton } from '../connection/connect-button.tsx';
import { Dialog } from '../elements/dialog.tsx';
import { useNotify } from '../elements/notice-board.tsx';
import { explainReport } from '../problems/explain.ts';
import { askedOnce } from '../settings.ts';
import { AppointmentLine } from './appointment-line.tsx';
import type { ChangeDialogProps } from './change-dialog.ts';

export function RescheduleDialog({ appointment, zone, patient, onClose }: ChangeDialogProps) {
  const [time, setTime] = useState<AvailabilityFieldsFragment>();
  const notify = useNotify();
  // Each answer names the times anew.
  const query = useRescheduleOptionsQuery(
    { appointmentId: appointment.id },
    { ...askedOnce, staleTime: 0 },
  );
  const [missing] = errorsOf(query.data, 'appointment', 'rescheduleOptions');
  const action = useAction(useRescheduleAppointmentMutation, {
    payloadOf: ({ rescheduleAppointment }) => rescheduleAppointment,
    changes: [useInfiniteAppointmentsQuery],
    onDone: () => {
      notify('The appointment is moved.');
      onClose();
    },
    // The time may be taken, and is not to be offered again.
    onRefused: () => void query.refetch(),
  });
  const chooseAnew = () => {
    action.clear();
    setTime(undefined);
  };
  return (
    <Dialog title="Reschedule" patient={patient} onClose={onClose}>
      <AppointmentLine appointment={appointment} zone={zone} />
      {time === undefined ? (
        <TimeChoice
          vendor={appointment.vendor}
          query={query}
          problem={missing && explainReport(missing)}
          times={query.data?.appointment?.rescheduleOptions ?? []}
          onChoose={setTime}
        />
      ) : (
        <ActionForm
          action={action}
          inputFrom={() => ({ appointmentId: appointment.id, availabilityId: time.id })}
          submit="Move it there"
          onBack={chooseAnew}
          help={{ AUTHORIZATION_REQUIRED: <ConnectButton patientId={patient.id} /> }}
        >
          <ChosenTime title="New time" time={time} onChange={chooseAnew} />
          <OtherTimes action={action} onChoose={setTime} />
        </ActionForm>
      )}
    </Dialog>
  );
}
