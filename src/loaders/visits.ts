import type { VisitSession } from '../domain/capabilities/visits.ts';
import { notLinked, VendorError } from '../domain/errors.ts';
import type { VendorRecordKey } from '../domain/ids.ts';
import type { Availability, Visit, VisitRecord } from '../domain/records.ts';
import type { VendorId, VendorWith } from '../domain/vendor.ts';
import { adapterFor, adapterOf, type LoaderEnvironment } from './environment.ts';
import { groupLoader, keyedLoader } from './keyed-loader.ts';
import type { PatientLoaders } from './patients.ts';

/** Sessions, visits, rooms and their open times, of the vendor that holds visits. */
export function createVisitLoaders(
  { scope, store, vendors, trail }: LoaderEnvironment,
  { knownPatient, accounts, account }: PatientLoaders,
) {
  const session = keyedLoader(
    async ({ patientId, vendor }: { patientId: string; vendor: VendorId }) => {
      const { visits } = adapterOf(vendors, vendor, 'visits');
      // Most have one, and are linked: only a sign-in needs to know who they are.
      const [kept, known] = await Promise.all([
        visits.keptSession(patientId),
        accounts.load(patientId),
      ]);
      const signedIn = kept ?? (await visits.signIn(scope, await knownPatient(patientId)));
      if (!known.some((each) => each.vendor === vendor)) {
        // The first sign-in makes the account at the vendor, so it is recorded here, too.
        const { vendorPatientId } = signedIn;
        const made = { patientId, vendor, vendorPatientId, linkMethod: 'CREATED' } as const;
        if ((await store.accounts.link(made)) === 'TAKEN') {
          // Nothing is read with a session that is another patient's.
          throw notLinked(vendor);
        }
        accounts.clear(patientId);
      }
      return signedIn;
    },
    ({ patientId, vendor }) => `${patientId}/${vendor}`,
  );

  /** Sessions that the vendor refused during this request. */
  const dead = new WeakSet<VisitSession>();

  /**
   * Runs a read with the patient's session. A session can die before its expiry; the vendor then
   * refuses with 401, and one new sign-in, which is safe, settles it.
   */
  async function withSession<T>(
    patientId: string,
    adapter: VendorWith<'visits'>,
    read: (session: VisitSession) => Promise<T>,
  ): Promise<T> {
    const key = { patientId, vendor: adapter.id };
    const used = await session.load(key);
    try {
      return await read(used);
    } catch (error) {
      if (!(error instanceof VendorError) || error.kind !== 'AUTHORIZATION_REQUIRED') {
        throw error;
      }
      // Of several reads that met the same dead session, the first one renews it for all.
      if (!dead.has(used)) {
        dead.add(used);
        session.clear(key);
      }
      return read(await session.load(key));
    }
  }

  const visit = keyedLoader(
    async ({ vendor, patientId, vendorRecordId }: VendorRecordKey): Promise<Visit | null> => {
      const adapter = adapterOf(vendors, vendor, 'visits');
      await account(patientId, vendor);
      return trail.around({ patientId, vendor, action: 'Visit' }, () =>
        withSession(patientId, adapter, (current) =>
          adapter.visits.visit(scope, current, vendorRecordId),
        ),
      );
    },
    ({ vendor, patientId, vendorRecordId }) => `${vendor}/${patientId}/${vendorRecordId}`,
  );

  return {
    visit,
    /** Runs a read with the patient’s session at a vendor that holds visits. */
    withVisitSession: <T>(
      { patientId, vendor }: Pick<VendorRecordKey, 'patientId' | 'vendor'>,
      run: (session: VisitSession) => Promise<T>,
    ) => withSession(patientId, adapterOf(vendors, vendor, 'visits'), run),
    /** Visits made here, newest first, as they were recorded. */
    visitRecords: groupLoader<VisitRecord>(
      (ids) => store.visits.findByPatients(ids),
      ({ patientId }) => patientId,
    ),
    /** A public room of the clinic; null where there is none of this code. */
    room: keyedLoader(
      (code: string) => adapterFor(vendors, 'visits', 'Visits').visits.room(scope, code),
      (code) => code,
    ),
    /** All public rooms of the clinic. */
    rooms: keyedLoader(
      (_all: 'ALL') => adapterFor(vendors, 'visits', 'Visits').visits.rooms(scope),
      (all) => all,
    ),
    /** Who sees patients in a room, by its code. */
    providers: keyedLoader(
      (code: string) => adapterFor(vendors, 'visits', 'Visits').visits.providers(scope, code),
      (code) => code,
    ),
    roomAvailabilities: keyedLoader(
      async ({ patientId, timeZone, ...search }: RoomSearch): Promise<Availability[]> => {
        const adapter = adapterFor(vendors, 'visits', 'Visits');
        const { id: vendor } = adapter;
        const trace = { patientId, vendor, action: 'Query.availabilities' };
        const slots = await trail.around(trace, () =>
          withSession(patientId, adapter, (current) =>
            adapter.visits.availabilities(scope, current, search),
          ),
        );
        const { roomCode, consultationId, providerId } = search;
        return slots.map((slot) => ({
          ...slot,
          timeZone: slot.timeZone ?? timeZone,
          vendor,
          patientId,
          purpose: { kind: 'room', roomCode, consultationId, providerId },
        }));
      },
      (search) => JSON.stringify(search),
    ),
  };
}

interface RoomSearch {
  patientId: string;
  roomCode: string;
  /** The room's, for times that name none. */
  timeZone: string | null;
  consultationId: string | null;
  durationMinutes: number | null;
  providerId: string | null;
  from: Date;
  to: Date;
}
