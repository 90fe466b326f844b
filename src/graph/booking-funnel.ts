import type {
  AppointmentCategory as CategoryRecord,
  Insurance as InsuranceRecord,
  CommentQuestion as QuestionRecord,
  AppointmentType as TypeRecord,
} from '../domain/records.ts';
import { Availability } from './availability.ts';
import { checkWindow, windowArguments } from './availability-search.ts';
import { builder } from './builder.ts';
import { cost } from './field-cost.ts';
import { plainText, safeHtml } from './html.ts';

/** The booking walkthrough; each step carries the steps before it, which the next call needs. */

export interface InsuranceStep extends InsuranceRecord {
  patientId: string;
}
interface CategoryStep extends CategoryRecord {
  patientId: string;
  insuranceId: string;
}
interface TypeStep extends TypeRecord {
  patientId: string;
  insuranceId: string;
  categoryId: string;
}

const CommentQuestion = builder.objectRef<QuestionRecord>('CommentQuestion').implement({
  description: 'A question that the practice asks when this type of appointment is booked.',
  fields: (t) => ({
    name: t.exposeString('name', {
      nullable: false,
      description: 'Label, and key of the answer in `commentAnswers`.',
    }),
    kind: t.exposeString('kind', {
      nullable: false,
      description:
        'The vendor’s word: textfield, textarea, date, time, duration, combo or checkbox; `unknown` for any other.',
    }),
    required: t.exposeBoolean('required', {
      nullable: false,
      description: 'Whether it must be answered.',
    }),
    choices: t.stringList({
      description: 'What can be chosen, for combo.',
      resolve: (each) => each.choices,
    }),
  }),
});

const AppointmentType = builder.objectRef<TypeStep>('AppointmentType').implement({
  description: 'What can be booked. Vendor: MyPatientPortal.',
  fields: (t) => ({
    id: t.exposeID('id', { nullable: false, description: 'The vendor’s id.' }),
    name: t.exposeString('name', { nullable: false, description: 'Name for patients.' }),
    descriptionHtml: t.string({
      description: 'What it is, sanitized HTML.',
      resolve: ({ description }) => safeHtml(description),
    }),
    descriptionText: t.string({
      description: 'What it is, plain text.',
      resolve: ({ description }) => plainText(description),
    }),
    durationMinutes: t.exposeInt('durationMinutes', { description: 'Minutes that it takes.' }),
    asapNotificationsEnabled: t.exposeBoolean('asapNotificationsEnabled', {
      nullable: false,
      description: 'Whether `joinAsapList` is open to appointments of this type.',
    }),
    isVideoConsultation: t.exposeBoolean('isVideoConsultation', {
      nullable: false,
      description: 'Whether it takes place by video.',
    }),
    commentForm: t.field({
      type: [CommentQuestion],
      description: 'What to ask before booking; null where nothing is asked.',
      extensions: cost({ listSize: 5 }),
      resolve: ({ commentForm }) => commentForm,
    }),
    availabilities: t.field({
      type: [Availability],
      description: 'Times that can be booked now. Vendor: MyPatientPortal `availabilities`.',
      extensions: cost({ vendorCalls: 1, listSize: 20 }),
      args: windowArguments,
      resolve: ({ patientId, insuranceId, categoryId, id: typeId }, args, { loaders }) => {
        const step = { patientId, insuranceId, categoryId, typeId };
        return loaders.funnel.funnelAvailabilities.load({ ...step, window: checkWindow(args) });
      },
    }),
  }),
});

const AppointmentCategory = builder.objectRef<CategoryStep>('AppointmentCategory').implement({
  description: 'A speciality or practice of the booking walkthrough. Vendor: MyPatientPortal.',
  fields: (t) => ({
    id: t.exposeID('id', { nullable: false, description: 'The vendor’s id.' }),
    name: t.exposeString('name', { nullable: false, description: 'Name for patients.' }),
    subtitle: t.exposeString('subtitle', { description: 'A second line to the name.' }),
    descriptionHtml: t.string({
      description: 'What it is, sanitized HTML.',
      resolve: ({ description }) => safeHtml(description),
    }),
    descriptionText: t.string({
      description: 'What it is, plain text.',
      resolve: ({ description }) => plainText(description),
    }),
    appointmentTypes: t.field({
      type: [AppointmentType],
      description:
        'What can be booked in it with this insurance. Vendor: MyPatientPortal `appointment_types`.',
      extensions: cost({ vendorCalls: 1, listSize: 4 }),
      resolve: async ({ patientId, insuranceId, id: categoryId }, _args, { loaders }) => {
        const step = { patientId, insuranceId, categoryId };
        const types = await loaders.funnel.appointmentTypes.load(step);
        return types.map((type) => ({ ...type, ...step }));
      },
    }),
  }),
});

export const Insurance = builder.objectRef<InsuranceStep>('Insurance').implement({
  description: 'Who pays; the first step of the booking walkthrough. Vendor: MyPatientPortal.',
  fields: (t) => ({
    id: t.exposeID('id', { nullable: false, description: 'The vendor’s id.' }),
    name: t.exposeString('name', { nullable: false, description: 'Name for patients.' }),
    type: t.exposeString('type', {
      description: 'The vendor’s word, for example `public`, `private` or `self_payer`.',
    }),
    appointmentCategories: t.field({
      type: [AppointmentCategory],
      description:
        'What is open to this insurance. Vendor: MyPatientPortal `appointment_categories`.',
      extensions: cost({ vendorCalls: 1, listSize: 4 }),
      resolve: async ({ patientId, id: insuranceId }, _args, { loaders }) => {
        const step = { patientId, insuranceId };
        const categories = await loaders.funnel.appointmentCategories.load(step);
        return categories.map((category) => ({ ...category, ...step }));
      },
    }),
  }),
});
