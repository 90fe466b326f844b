import type { AvailabilityFieldsFragment, BookAppointmentInput } from '../../client/client.ts';
import { useBookAppointmentMutation, useInfiniteAppointmentsQuery } from '../../client/react.ts';
import { ActionForm } from '../actions/action-form.tsx';
import { entryIn } from '../actions/entries.ts';
import { useAction } from '../actions/use-action.ts';
import { ConnectButton } from '../connection/connect-button.tsx';
import { useNotify } from '../elements/notice-board.tsx';
import { TextArea } from '../elements/text-area.tsx';
import { problemAt } from '../problems/explain.ts';
import type { AppointmentType } from './booking-steps.tsx';
import { answersIn } from './comment-answers.ts';
import { CommentQuestion } from './comment-question.tsx';
import { OtherTimes } from './other-times.tsx';
import { Step } from './step.tsx';

export interface BookingFormProps {
  patientId: string;
  type: AppointmentType;
  time: AvailabilityFieldsFragment;
  onOtherTime: (time: AvailabilityFieldsFragment) => void;
  /** To the choice of a time. */
  onBack: () => void;
  onClose: () => void;
}

/** The last step: what the practice asks beforehand, and the booking itself. */
export function BookingForm(props: BookingFormProps) {
  const { patientId, type, time, onOtherTime, onBack, onClose } = props;
  const notify = useNotify();
  const action = useAction(useBookAppointmentMutation, {
    payloadOf: ({ bookAppointment }) => bookAppointment,
    changes: [useInfiniteAppointmentsQuery],
    onDone: () => {
      notify(`${type.name} is booked.`);
      onClose();
    },
  });
  const { errors } = action;
  const questions = type.commentForm ?? [];
  const inputFrom = (form: FormData): BookAppointmentInput => {
    const comments = entryIn(form, 'comments');
    const commentAnswers = answersIn(form, questions);
    return {
      patientId,
      availabilityId: time.id,
      asapListOptIn: form.has('asap'),
      emailNotifications: form.has('by-email'),
      smsNotifications: form.has('by-sms'),
      ...(comments !== undefined && { comments }),
      ...(commentAnswers !== undefined && { commentAnswers }),
    };
  };
  return (
    <Step title="Book it">
      <ActionForm
        action={action}
        inputFrom={inputFrom}
        submit="Book"
        onBack={onBack}
        help={{ AUTHORIZATION_REQUIRED: <ConnectButton patientId={patientId} /> }}
      >
        {questions.map((question) => (
          <CommentQuestion
            key={question.name}
            question={question}
            problem={problemAt(errors, 'commentAnswers', question.name)}
          />
        ))}
        <TextArea
          name="comments"
          label="Note to the practice"
          maxLength={2000}
          problem={problemAt(errors, 'comments')}
        />
        <fieldset className="checks">
          <legend>Tell the patient</legend>
          <label>
            <input type="checkbox" name="by-email" defaultChecked /> Reminders by e-mail
          </label>
          <label>
            <input type="checkbox" name="by-sms" /> Reminders by text message
          </label>
          {type.asapNotificationsEnabled && (
            <label>
              <input type="checkbox" name="asap" /> Mail about earlier times (ASAP list)
            </label>
          )}
        </fieldset>
        <OtherTimes action={action} onChoose={onOtherTime} />
      </ActionForm>
    </Step>
  );
}
