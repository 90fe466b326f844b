import { requestEConsult } from '../actions/request-e-consult.ts';
import { scheduleVisit } from '../actions/schedule-visit.ts';
import { startWalkInVisit } from '../actions/start-walk-in-visit.ts';
import { builder } from './builder.ts';
import { type InputFieldBuilder, mutation } from './mutation.ts';

export const IntakeInput = builder.inputType('IntakeInput', {
  description: 'What the patient tells before a visit.',
  fields: (t) => ({
    reasonForVisit: t.string({ description: 'Why, at most 1,000 characters.' }),
    location: t.string({ description: 'Where the patient is: a two-letter state code.' }),
    phone: t.field({
      type: 'PhoneNumber',
      description: 'Where to reach the patient during the visit.',
    }),
    custom: t.field({
      type: 'JSONObject',
      description:
        'Answers to the clinic’s own questions, by the vendor’s field names; at most 10,000 characters of JSON.',
    }),
  }),
});

const place = (t: InputFieldBuilder) => ({
  patientId: t.id({ required: true, description: 'The patient.' }),
  roomCode: t.string({ required: true, description: 'The waiting room, see `Query.clinicRoom`.' }),
  providerId: t.id({
    description: 'A provider, see `ClinicRoom.providers`; default any of the room.',
  }),
  consultationId: t.id({
    description: 'One of the room’s consultations; where it has a single one, that is charged for.',
  }),
  intake: t.field({ type: IntakeInput, description: 'What the patient tells beforehand.' }),
});

mutation('startWalkInVisit', {
  description:
    'Starts a visit now. Vendor: VSee `users/sso`, `intakes`, `intakes/:id` where the consultation is charged for, `visits/add_walkin` (use case 2).',
  writesAtVendor: true,
  vendorCalls: 6,
  input: place,
  payload: ['visit', 'joinUrl', 'operation'],
  run: (context, input) => startWalkInVisit(context, input),
});

mutation('scheduleVisit', {
  description:
    'Makes a visit at a set time that is open, see `Query.availabilities`. Vendor: VSee `users/sso`, `intakes`, `intakes/:id` where the consultation is charged for, `visits` (use case 3).',
  writesAtVendor: true,
  vendorCalls: 7,
  input: (t) => ({
    ...place(t),
    start: t.field({ type: 'DateTime', required: true, description: 'When it starts.' }),
    end: t.field({ type: 'DateTime', required: true, description: 'When it ends.' }),
    overrideCalendar: t.boolean({
      defaultValue: false,
      description:
        'STAFF: book although the calendar shows no opening; needs the VSee admin token.',
    }),
  }),
  payload: ['visit', 'appointment', 'joinUrl', 'operation'],
  run: (context, { overrideCalendar, ...input }) =>
    scheduleVisit(context, { ...input, overrideCalendar: overrideCalendar ?? false }),
});

mutation('requestEConsult', {
  description:
    'Asks for a consultation in writing, without a time. Vendor: VSee `users/sso`, `intakes`, `intakes/:id` where the consultation is charged for, `visits/add_econsult` (use case 4).',
  writesAtVendor: true,
  vendorCalls: 6,
  input: place,
  payload: ['visit', 'operation'],
  run: (context, input) => requestEConsult(context, input),
});
