import type { AppointmentBook, DateWindow } from '../domain/capabilities/appointments.ts';
import type { VendorRecordKey } from '../domain/ids.ts';
import type { Appointment, Availability, ClinicRoom, Slot, Visit } from '../domain/records.ts';
import type { AccountReference, VendorId } from '../domain/vendor.ts';
import { adapterOf, type LoaderEnvironment } from './environment.ts';
import { keyedLoader } from './keyed-loader.ts';
import type { PatientLoaders } from './patients.ts';
import { readEach } from './read-each.ts';
import type { createVisitLoaders } from './visits.ts';

const recordKey = ({ vendor, patientId, vendorRecordId }: VendorRecordKey) =>
  `${vendor}/${patientId}/${vendorRecordId}`;

/**
 * A scheduled visit, seen as the appointment it also is.
 * @param now milliseconds since the epoch
 * @param room where it takes place, if that is at hand
 */
export function appointmentOfVisit(
  visit: Visit,
  now: number,
  room?: ClinicRoom,
): Appointment | null {
  if (visit.kind !== 'SCHEDULED' || visit.start === null) {
    return null;
  }
  const over = { COMPLETED: 'COMPLETED', REFUNDED: 'COMPLETED', CANCELLED: 'CANCELLED' } as const;
  const status = visit.status in over ? over[visit.status as keyof typeof over] : 'BOOKED';
  // One that has begun before its time is ended, not cancelled.
  const ahead =
    status === 'BOOKED' && visit.status !== 'IN_PROGRESS' && visit.start.getTime() > now;
  return {
    vendor: visit.vendor,
    patientId: visit.patientId,
    vendorAppointmentId: visit.vendorVisitId,
    typeId: null,
    title: visit.reason,
    practiceName: null,
    status: visit.status === 'UNKNOWN' ? 'UNKNOWN' : status,
    start: visit.start,
    end: visit.end,
    timeZone: room?.timeZone ?? null,
    cancelledAt: status === 'CANCELLED' ? visit.actualEnd : null,
    cancellable: ahead && (room?.patientsMayCancel ?? true),
    roomToAsk: room === undefined ? (visit.roomCode ?? undefined) : undefined,
    // The vendor documents no call that moves a visit.
    reschedulable: false,
    // By video unless the vendor says otherwise: that is what it is for.
    isVideoConsultation: visit.medium !== 'IN_PERSON' && visit.medium !== 'PHONE',
    videoConsultationUrl: null,
    asapListSubscribed: null,
  };
}

/** A time that an appointment can be moved to. */
export const rescheduleOption = (
  { vendor, patientId, vendorRecordId }: VendorRecordKey,
  slot: Slot,
): Availability => ({
  ...slot,
  vendor,
  patientId,
  purpose: { kind: 'reschedule', vendorAppointmentId: vendorRecordId },
});

/** Appointments from the vendors that list them, and scheduled visits of the one that does not. */
export function createAppointmentLoaders(
  { scope, vendors, trail, clock }: LoaderEnvironment,
  { account }: PatientLoaders,
  { visit, visitRecords, room }: ReturnType<typeof createVisitLoaders>,
) {
  /** Also of a vendor that is not configured, which is not to be taken for one that holds visits. */
  const isInBook = (vendor: VendorId) => vendors.offering('appointments').includes(vendor);

  const appointment = keyedLoader(async (key: VendorRecordKey): Promise<Appointment | null> => {
    const { vendor, patientId, vendorRecordId } = key;
    if (!isInBook(vendor)) {
      const found = await visit.load(key);
      return found && appointmentOfVisit(found, clock());
    }
    const { appointments } = adapterOf(vendors, vendor, 'appointments');
    const reference = await account(patientId, vendor);
    return trail.around({ patientId, vendor, action: 'Appointment' }, () =>
      appointments.get(scope, reference, vendorRecordId),
    );
  }, recordKey);

  const listedAppointments = keyedLoader(
    async ({ patientId, vendor }: { patientId: string; vendor: VendorId }) => {
      const { appointments } = adapterOf(vendors, vendor, 'appointments');
      const reference = await account(patientId, vendor);
      const listed = await trail.around({ patientId, vendor, action: 'Patient.appointments' }, () =>
        appointments.list(scope, reference),
      );
      for (const found of listed) {
        appointment.prime({ vendor, patientId, vendorRecordId: found.vendorAppointmentId }, found);
      }
      return listed;
    },
    ({ patientId, vendor }) => `${patientId}/${vendor}`,
  );

  /** Scheduled visits made here, read at the vendor one by one: it has no list for a patient. */
  const scheduledVisits = keyedLoader(
    async ({ patientId, vendor }: { patientId: string; vendor: VendorId }) => {
      await account(patientId, vendor);
      const records = await visitRecords.load(patientId);
      return readEach(
        records
          .filter((record) => record.vendor === vendor && record.kind === 'SCHEDULED')
          .map(({ vendorVisitId }) =>
            appointment.load({ vendor, patientId, vendorRecordId: vendorVisitId }),
          ),
      );
    },
    ({ patientId, vendor }) => `${patientId}/${vendor}`,
  );

  /** Reads what a field of one appointment asks the vendor for. */
  const readBook = async <T>(
    { vendor, patientId }: VendorRecordKey,
    action: string,
    read: (book: AppointmentBook, reference: AccountReference) => Promise<T>,
  ): Promise<T> => {
    const { appointments } = adapterOf(vendors, vendor, 'appointments');
    const reference = await account(patientId, vendor);
    return trail.around({ patientId, vendor, action }, () => read(appointments, reference));
  };

  return {
    appointment,
    appointmentList: (key: { patientId: string; vendor: VendorId }) =>
      isInBook(key.vendor) ? listedAppointments.load(key) : scheduledVisits.load(key),
    /** Whether an appointment can be cancelled; asks its clinic room where that has a say. */
    isCancellable: ({ cancellable, roomToAsk }: Appointment): boolean | Promise<boolean> =>
      !cancellable || roomToAsk === undefined
        ? cancellable
        : room.load(roomToAsk).then(
            (found) => found?.patientsMayCancel ?? true,
            // The vendor itself has the last word.
            () => true,
          ),
    /** The zone to show an appointment in; asks its clinic room where that alone knows. */
    timeZoneOf: ({ timeZone, roomToAsk }: Appointment): string | null | Promise<string | null> =>
      timeZone !== null || roomToAsk === undefined
        ? timeZone
        : room.load(roomToAsk).then(
            (found) => found?.timeZone ?? null,
            // The appointment is no worse for it.
            () => null,
          ),
    rescheduleOptions: keyedLoader(
      async ({ window, ...key }: VendorRecordKey & { window: DateWindow }) => {
        const slots = await readBook(key, 'Appointment.rescheduleOptions', (book, reference) =>
          book.rescheduleSlots(scope, reference, key.vendorRecordId, window),
        );
        return slots.map((slot) => rescheduleOption(key, slot));
      },
      ({ window, ...key }) => `${recordKey(key)}/${window.from}/${window.to}`,
    ),
    earlierAvailability: keyedLoader(async (key: VendorRecordKey) => {
      const slot = await readBook(key, 'Appointment.earlierAvailability', (book, reference) =>
        book.earlierAvailability(scope, reference, key.vendorRecordId),
      );
      return slot && rescheduleOption(key, slot);
    }, recordKey),
    videoConsultationUrl: keyedLoader(
      (key: VendorRecordKey) =>
        readBook(key, 'Appointment.videoConsultationUrl', (book, reference) =>
          book.videoConsultationUrl(scope, reference, key.vendorRecordId),
        ),
      recordKey,
    ),
  };
}
