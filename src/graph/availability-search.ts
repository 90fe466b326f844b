import { badInput } from '../domain/errors.ts';
import { decodeOwnId } from '../domain/ids.ts';
import type { Availability as AvailabilityRecord, CalendarDate } from '../domain/records.ts';
import { Availability } from './availability.ts';
import { builder, type GraphContext } from './builder.ts';
import { cost } from './field-cost.ts';

const FunnelSearch = builder.inputType('MyPatientPortalAvailabilitySearch', {
  description: 'Times of one type of appointment, as the booking walkthrough leads to it.',
  fields: (t) => ({
    insuranceId: t.id({ required: true, description: 'From `Patient.insurances`.' }),
    appointmentCategoryId: t.id({
      required: true,
      description: 'From `Insurance.appointmentCategories`.',
    }),
    appointmentTypeId: t.id({
      required: true,
      description: 'From `AppointmentCategory.appointmentTypes`.',
    }),
    from: t.field({
      type: 'Date',
      description: 'First day, in the practice’s zone. Default: today.',
    }),
    to: t.field({
      type: 'Date',
      description: 'Last day, included. Default: the vendor’s, about 30 days.',
    }),
  }),
});

const RoomSearch = builder.inputType('VSeeAvailabilitySearch', {
  description: 'Open times of a clinic room.',
  fields: (t) => ({
    roomCode: t.string({ required: true, description: 'The room, see `Query.clinicRoom`.' }),
    consultationId: t.id({ description: 'One of the room’s consultations; decides the duration.' }),
    providerId: t.id({ description: 'Only times of this provider, see `ClinicRoom.providers`.' }),
    from: t.field({ type: 'DateTime', required: true, description: 'Start of the window.' }),
    to: t.field({
      type: 'DateTime',
      required: true,
      description: 'End of the window, at most 62 days after its start.',
    }),
  }),
});

const AvailabilitySearch = builder.inputType('AvailabilitySearch', {
  description: 'Where to look for times; exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    myPatientPortal: t.field({
      type: FunnelSearch,
      description:
        'Through the booking walkthrough. NOT_LINKED until the patient has connected their account, AUTHORIZATION_REQUIRED where that has ended, see `connectPatientPortal`.',
    }),
    vsee: t.field({ type: RoomSearch, description: 'In a clinic room.' }),
  }),
});

/** The union of what vendors call an id; the vendor's door narrows it, but only after the room's call. */
const vendorId = /^[A-Za-z0-9_-]{1,128}$/;

const longestWindow = 62 * 24 * 60 * 60 * 1000;

/** The arguments of a list of times that the vendor gives by days. */
export const windowArguments = builder.args((t) => ({
  from: t.field({
    type: 'Date',
    description: 'First day, in the practice’s zone. Default: today.',
  }),
  to: t.field({
    type: 'Date',
    description: 'Last day, included. Default: the vendor’s, about 30 days.',
  }),
}));

interface DayWindow {
  from?: CalendarDate | null | undefined;
  to?: CalendarDate | null | undefined;
}

/** @throws CodedError BAD_USER_INPUT */
export function checkWindow({ from, to }: DayWindow) {
  if (from != null && to != null && from > to) {
    throw badInput('The window ends before it begins.');
  }
  return { from: from ?? null, to: to ?? null };
}

async function roomAvailabilities(
  { loaders }: GraphContext,
  patientId: string,
  search: typeof RoomSearch.$inferInput,
): Promise<AvailabilityRecord[]> {
  const { roomCode, from, to } = search;
  const consultationId = search.consultationId ?? null;
  const providerId = search.providerId ?? null;
  const length = to.getTime() - from.getTime();
  if (!(length > 0 && length <= longestWindow)) {
    throw badInput('The window ends after it begins, 62 days later at most.');
  }
  if (![consultationId, providerId].every((id) => id === null || vendorId.test(id))) {
    throw badInput('This cannot be the id of a consultation or a provider.');
  }
  const room = await loaders.visits.room.load(roomCode);
  if (room === null) {
    throw badInput('There is no such room.');
  }
  const consultation = room.consultations.find(({ id }) => id !== null && id === consultationId);
  if (consultationId !== null && consultation === undefined) {
    throw badInput('The room offers no such consultation.');
  }
  const durationMinutes = consultation?.durationMinutes ?? null;
  const { timeZone } = room;
  const asked = { patientId, roomCode, timeZone, consultationId, durationMinutes, providerId };
  return loaders.visits.roomAvailabilities.load({ ...asked, from, to });
}

builder.queryField('availabilities', (t) =>
  t.field({
    type: [Availability],
    nullable: false,
    description:
      'Times that a patient can book now. Looking into a clinic room signs the patient in at VSee, which makes their account there if it is the first time. Vendor: MyPatientPortal `availabilities`, or VSee `rooms/:code`, `users/sso`, `availability`.',
    // The room, a sign-in, its times.
    extensions: cost({ vendorCalls: 3, listSize: 20 }),
    args: {
      patientId: t.arg.id({
        required: true,
        description: 'For whom; the ids are valid for them only.',
      }),
      search: t.arg({ type: AvailabilitySearch, required: true, description: 'Where to look.' }),
    },
    resolve: async (_root, { patientId: id, search }, context) => {
      context.access.requireQuery('availabilities');
      const patientId = decodeOwnId('Patient', id);
      context.access.requireRecord(patientId, 'Query.availabilities');
      if ((await context.loaders.register.patients.load(patientId)) === undefined) {
        throw badInput('There is no such patient.');
      }
      if (search.vsee != null) {
        return roomAvailabilities(context, patientId, search.vsee);
      }
      if (search.myPatientPortal == null) {
        throw badInput('Say where to look.');
      }
      const { insuranceId, appointmentCategoryId, appointmentTypeId, ...window } =
        search.myPatientPortal;
      return context.loaders.funnel.funnelAvailabilities.load({
        patientId,
        insuranceId,
        categoryId: appointmentCategoryId,
        typeId: appointmentTypeId,
        window: checkWindow(window),
      });
    },
  }),
);
