import { decodeVendorId, encodeVendorId } from '../domain/ids.ts';
import type {
  Appointment as AppointmentRecord,
  AppointmentStatus as Status,
} from '../domain/records.ts';
import type { VendorId } from '../domain/vendor.ts';
import { Appointment } from './appointment-ref.ts';
import { Availability } from './availability.ts';
import { checkWindow, windowArguments } from './availability-search.ts';
import { builder, type GraphContext } from './builder.ts';
import { type GatheredPage, gatheredConnectionOf } from './connection.ts';
import { enumType } from './enum-type.ts';
import { cost } from './field-cost.ts';
import { Node } from './node.ts';
import { type PageArguments, pageOfList, readListArguments, sortedByKey, timeKey } from './page.ts';
import { patientOfRecord } from './patient-of-record.ts';
import { gather } from './sources.ts';
import { Vendor } from './vendor.ts';
import { Visit } from './visit.ts';

const AppointmentStatus = enumType<Status>()('AppointmentStatus', 'How an appointment stands.', {
  BOOKED: 'It was not cancelled, and is not over as far as is known.',
  CANCELLED: 'It was cancelled.',
  COMPLETED: 'It is over.',
  UNKNOWN: 'A status of the vendor’s that is not known here.',
});

const keyOf = ({ vendor, patientId, vendorAppointmentId }: AppointmentRecord) => ({
  vendor,
  patientId,
  vendorRecordId: vendorAppointmentId,
});

/** Whether the vendor keeps an appointment book; otherwise the appointment is a scheduled visit. */
const isInBook = ({ vendor }: AppointmentRecord, { vendors }: GraphContext) =>
  vendors.offering('appointments').includes(vendor);

/** Whether there is somebody to ask for an earlier time. */
export const earlierMayOpen = (appointment: AppointmentRecord, context: GraphContext) =>
  isInBook(appointment, context) &&
  appointment.status === 'BOOKED' &&
  appointment.asapListSubscribed !== false;

Appointment.implement({
  description:
    'A time that is booked. Vendors: MyPatientPortal, and VSee for scheduled visits. FHIR: Appointment.',
  interfaces: [Node],
  authScopes: ({ patientId }) => ({ vendorRecord: patientId }),
  fields: (t) => ({
    id: t.id({
      nullable: false,
      description: 'Global id; stays the same when the appointment is moved.',
      resolve: (appointment) => encodeVendorId('Appointment', keyOf(appointment)),
    }),
    vendor: t.expose('vendor', {
      type: Vendor,
      nullable: false,
      description: 'Where it is booked.',
    }),
    patient: t.field(patientOfRecord('Whose appointment it is.')),
    title: t.exposeString('title', { description: 'What it is for.' }),
    practiceName: t.exposeString('practiceName', { description: 'Where, where the vendor says.' }),
    status: t.expose('status', {
      type: AppointmentStatus,
      nullable: false,
      description: 'How it stands.',
    }),
    start: t.expose('start', { type: 'DateTime', nullable: false, description: 'When it starts.' }),
    end: t.expose('end', { type: 'DateTime', description: 'When it ends, where the vendor says.' }),
    timeZone: t.field({
      type: 'TimeZone',
      description: 'The zone to show it in: the practice’s own, or of the clinic room (VSee).',
      // Shared as for `cancellable`.
      extensions: cost({ vendorCalls: 1 / 25 }),
      resolve: (appointment, _args, { loaders }) => loaders.appointments.timeZoneOf(appointment),
    }),
    cancelledAt: t.expose('cancelledAt', {
      type: 'DateTime',
      description: 'When it was cancelled.',
    }),
    cancellable: t.boolean({
      nullable: false,
      description: 'Whether `cancelAppointment` is open to it.',
      // Appointments share their clinic rooms: one call for a page of 25 is reckoned.
      extensions: cost({ vendorCalls: 1 / 25 }),
      resolve: (appointment, _args, { loaders }) => loaders.appointments.isCancellable(appointment),
    }),
    reschedulable: t.exposeBoolean('reschedulable', {
      nullable: false,
      description: 'Whether `rescheduleAppointment` is open to it; never for VSee.',
    }),
    isVideoConsultation: t.exposeBoolean('isVideoConsultation', {
      nullable: false,
      description: 'Whether it takes place by video.',
    }),
    videoConsultationUrl: t.field({
      type: 'URL',
      description:
        'Where to join, a bearer secret; null outside the time to join. Always null for VSee, where `createPortalLink` leads in. Vendor: MyPatientPortal `appointments/{id}/video_consultation`.',
      extensions: cost({ vendorCalls: 1 }),
      resolve: async (appointment, _args, context) => {
        const { isVideoConsultation, videoConsultationUrl, status } = appointment;
        // What was cancelled or is over cannot be joined: no call is needed to know.
        const joinable = isVideoConsultation && status === 'BOOKED';
        const known = videoConsultationUrl !== null || !joinable;
        if (known || !isInBook(appointment, context)) {
          return videoConsultationUrl as never;
        }
        const { loaders } = context;
        const key = keyOf(appointment);
        // A mutation's answer comes without it; what was read for it, and by a query, is here.
        const url = (await loaders.appointments.appointment.load(key))?.videoConsultationUrl;
        return (url ?? (await loaders.appointments.videoConsultationUrl.load(key))) as never;
      },
    }),
    asapListSubscribed: t.exposeBoolean('asapListSubscribed', {
      description:
        'Whether mail is sent when an earlier time opens up; null where there is no such list, or the vendor does not say.',
    }),
    rescheduleOptions: t.field({
      type: [Availability],
      description:
        'Times that this appointment can be moved to; null where it cannot be moved. Vendor: MyPatientPortal `appointments/{id}/availabilities`.',
      extensions: cost({ vendorCalls: 1, listSize: 20 }),
      args: windowArguments,
      resolve: (appointment, args, context) => {
        const window = checkWindow(args);
        return isInBook(appointment, context) && appointment.reschedulable
          ? context.loaders.appointments.rescheduleOptions.load({ ...keyOf(appointment), window })
          : null;
      },
    }),
    earlierAvailability: t.field({
      type: Availability,
      description:
        'An earlier time that has opened up, null while there is none; needs an ASAP list subscription. Vendor: MyPatientPortal `appointments/{id}/earlier_availability`.',
      extensions: cost({ vendorCalls: 1 }),
      resolve: (appointment, _args, context) =>
        earlierMayOpen(appointment, context)
          ? context.loaders.appointments.earlierAvailability.load(keyOf(appointment))
          : null,
    }),
    visit: t.field({
      type: Visit,
      description: 'The same, seen as a visit, for VSee `GET /visits/:id`.',
      extensions: cost({ vendorCalls: 1 }),
      resolve: (appointment, _args, context) =>
        isInBook(appointment, context)
          ? null
          : context.loaders.visits.visit.load(keyOf(appointment)),
    }),
  }),
});

export const AppointmentFilter = builder.inputType('AppointmentFilter', {
  description: 'Which appointments; fields combine with and, entries of a list with or.',
  fields: (t) => ({
    vendor: t.field({
      type: [Vendor],
      description: 'Only of these vendors; others are not asked.',
    }),
    status: t.field({ type: [AppointmentStatus], description: 'Only of these statuses.' }),
    from: t.field({
      type: 'DateTime',
      description: 'Only those that start at this instant or later.',
    }),
    to: t.field({ type: 'DateTime', description: 'Only those that start before this instant.' }),
  }),
});

export const AppointmentConnection = gatheredConnectionOf(Appointment, 'appointments');

interface AppointmentListArguments extends PageArguments {
  filter?:
    | {
        vendor?: readonly VendorId[] | null | undefined;
        status?: readonly Status[] | null | undefined;
        from?: Date | null | undefined;
        to?: Date | null | undefined;
      }
    | null
    | undefined;
}

/** A patient's appointments from all vendors, by their start. */
export async function appointmentsOf(
  patientId: string,
  { filter, ...args }: AppointmentListArguments,
  context: GraphContext,
): Promise<GatheredPage<AppointmentRecord>> {
  const window = readListArguments('appointments', args);
  const { vendor: wanted, status, from, to } = filter ?? {};
  const { items, sources, complete } = await gather(
    context,
    ['appointments', 'visits'],
    wanted,
    (vendor) => context.loaders.appointments.appointmentList({ patientId, vendor }),
  );
  const matching = items.filter(
    (appointment) =>
      (status == null || status.includes(appointment.status)) &&
      (from == null || appointment.start >= from) &&
      (to == null || appointment.start < to),
  );
  const listed = sortedByKey(matching, ({ start, vendor, vendorAppointmentId }) =>
    timeKey('appointments', start, `${vendor}/${vendorAppointmentId}`, 'OLDEST_FIRST'),
  );
  return { sources, ...pageOfList(listed, window, complete ? listed.length : null) };
}

builder.queryField('appointment', (t) =>
  t.field({
    type: Appointment,
    description:
      'One appointment. Null where it does not exist, NOT_LINKED where the patient has no account at its vendor any more. Vendor: MyPatientPortal `appointments/{id}`, VSee `GET /visits/:id`.',
    extensions: cost({ vendorCalls: 2 }),
    args: { id: t.arg.id({ required: true, description: 'The appointment’s global id.' }) },
    resolve: (_root, { id }, { access, loaders }) => {
      access.requireQuery('appointment');
      const key = decodeVendorId('Appointment', id);
      access.requireRecord(key.patientId, 'Query.appointment');
      return loaders.appointments.appointment.load(key);
    },
  }),
);
