import { sealAvailability } from '../domain/availability-id.ts';
import type { Availability as AvailabilityRecord } from '../domain/records.ts';
import { builder } from './builder.ts';
import { Vendor } from './vendor.ts';

export const Availability = builder.objectRef<AvailabilityRecord>('Availability').implement({
  description: 'A time that can be booked now. FHIR: Slot.',
  authScopes: ({ patientId }) => ({ vendorRecord: patientId }),
  fields: (t) => ({
    id: t.id({
      nullable: false,
      description:
        'Opaque, short-lived (one hour), for this patient only, and all that `bookAppointment` and `rescheduleAppointment` need. Differs on every query.',
      resolve: (availability, _args, { sealer, clock }) =>
        sealAvailability(sealer, availability, clock()),
    }),
    vendor: t.expose('vendor', {
      type: Vendor,
      nullable: false,
      description: 'Where it is booked.',
    }),
    start: t.expose('start', { type: 'DateTime', nullable: false, description: 'When it starts.' }),
    end: t.expose('end', { type: 'DateTime', description: 'When it ends, where the vendor says.' }),
    timeZone: t.expose('timeZone', {
      type: 'TimeZone',
      description: 'The zone to show it in: the practice’s own.',
    }),
    placesLeft: t.exposeInt('placesLeft', { description: 'Places left, where the vendor says.' }),
  }),
});
