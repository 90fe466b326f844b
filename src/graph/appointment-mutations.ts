import { bookAppointment } from '../actions/book-appointment.ts';
import { cancelAppointment } from '../actions/cancel-appointment.ts';
import { joinAsapList } from '../actions/join-asap-list.ts';
import { leaveAsapList } from '../actions/leave-asap-list.ts';
import { rescheduleAppointment } from '../actions/reschedule-appointment.ts';
import { type InputFieldBuilder, mutation } from './mutation.ts';
import { IntakeInput } from './visit-mutations.ts';

const appointmentId = (t: InputFieldBuilder) =>
  t.id({ required: true, description: 'The appointment.' });

const availabilityId = (t: InputFieldBuilder, description: string) =>
  t.id({ required: true, description });

mutation('bookAppointment', {
  description:
    'Books a time. Vendor: MyPatientPortal `booking`, or VSee `users/sso`, `intakes`, `intakes/:id` where the consultation is charged for, `visits`, by where the availability comes from.',
  writesAtVendor: true,
  vendorCalls: 7,
  input: (t) => ({
    patientId: t.id({
      required: true,
      description: 'The patient that the availability was asked for.',
    }),
    availabilityId: availabilityId(t, 'The time, from `availabilities`; valid for an hour.'),
    asapListOptIn: t.boolean({
      defaultValue: false,
      description: 'MyPatientPortal: also subscribe to mail about earlier times.',
    }),
    comments: t.string({
      description: 'MyPatientPortal: a note to the practice, at most 2,000 characters.',
    }),
    commentAnswers: t.field({
      type: 'JSONObject',
      description:
        'MyPatientPortal: answers to the `commentForm`, by question name; at most 10,000 characters of JSON.',
    }),
    emailNotifications: t.boolean({ description: 'MyPatientPortal: reminders by e-mail.' }),
    smsNotifications: t.boolean({ description: 'MyPatientPortal: reminders by text message.' }),
    intake: t.field({ type: IntakeInput, description: 'VSee: what the patient tells beforehand.' }),
  }),
  payload: ['appointment', 'operation'],
  run: (context, { asapListOptIn, ...input }) =>
    bookAppointment(context, { ...input, asapListOptIn: asapListOptIn ?? false }),
});

mutation('rescheduleAppointment', {
  description:
    'Moves an appointment; its id stays. Vendor: MyPatientPortal `appointments/{id}/reschedule`.',
  writesAtVendor: true,
  vendorCalls: 5,
  input: (t) => ({
    appointmentId: appointmentId(t),
    availabilityId: availabilityId(
      t,
      'The new time, from `Appointment.rescheduleOptions` or `Appointment.earlierAvailability`.',
    ),
  }),
  payload: ['appointment', 'operation'],
  run: (context, input) => rescheduleAppointment(context, input),
});

mutation('cancelAppointment', {
  description:
    'Cancels an appointment. Vendor: MyPatientPortal `appointments/{id}/cancel`, VSee `visits/:id/cancel`.',
  writesAtVendor: true,
  vendorCalls: 5,
  input: (t) => ({ appointmentId: appointmentId(t) }),
  payload: ['appointment', 'operation'],
  run: (context, input) => cancelAppointment(context, input),
});

mutation('joinAsapList', {
  description:
    'Has the vendor mail an address when an earlier time opens up. Vendor: MyPatientPortal `appointments/{id}/asap_list`.',
  writesAtVendor: true,
  vendorCalls: 3,
  input: (t) => ({
    appointmentId: appointmentId(t),
    email: t.field({
      type: 'EmailAddress',
      required: true,
      description: 'Where to send the mail.',
    }),
  }),
  payload: ['appointment', 'operation'],
  run: (context, input) => joinAsapList(context, input),
});

mutation('leaveAsapList', {
  description: 'Ends that subscription. Vendor: MyPatientPortal `appointments/{id}/asap_list`.',
  writesAtVendor: true,
  vendorCalls: 3,
  input: (t) => ({ appointmentId: appointmentId(t) }),
  payload: ['appointment', 'operation'],
  run: (context, input) => leaveAsapList(context, input),
});
