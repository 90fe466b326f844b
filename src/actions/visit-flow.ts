import type { Intake, MadeVisit, VisitSession } from '../domain/capabilities/visits.ts';
import { invalidInput, UserFailure, VendorError } from '../domain/errors.ts';
import type { ClinicRoom, Patient, Visit, VisitKind } from '../domain/records.ts';
import type { VendorWith } from '../domain/vendor.ts';
import { adapterFor } from '../loaders/environment.ts';
import type { ActionEnvironment } from './environment.ts';

/** What the visit mutations (VSee use cases 2 to 4) share: room, sign-in, intake, visit. */

export interface IntakeInput {
  reasonForVisit?: string | null | undefined;
  location?: string | null | undefined;
  phone?: string | null | undefined;
  custom?: Readonly<Record<string, unknown>> | null | undefined;
}

const longestReason = 1000;
/** Characters of JSON: answers to a clinic's questions, not documents. */
const largestCustom = 10_000;

/** @throws UserFailure INVALID_INPUT */
export function checkIntake(input: IntakeInput | null | undefined): Intake {
  const reasonForVisit = input?.reasonForVisit?.trim() || null;
  if (reasonForVisit !== null && reasonForVisit.length > longestReason) {
    throw invalidInput(
      `A reason has at most ${longestReason} characters.`,
      'intake',
      'reasonForVisit',
    );
  }
  const location = input?.location?.trim().toUpperCase() || null;
  if (location !== null && !/^[A-Z]{2}$/.test(location)) {
    throw invalidInput('The location is a two-letter state code.', 'intake', 'location');
  }
  const custom = input?.custom ?? {};
  if (JSON.stringify(custom).length > largestCustom) {
    throw invalidInput('The custom answers are too long.', 'intake', 'custom');
  }
  return { reasonForVisit, location, phone: input?.phone ?? null, custom };
}

/** @throws UserFailure INVALID_INPUT */
export function checkProviderId(providerId: string | null | undefined): string | null {
  if (providerId != null && !/^\d{1,15}$/.test(providerId)) {
    throw invalidInput('A provider id consists of digits.', 'providerId');
  }
  return providerId ?? null;
}

type RoomSwitch = 'walkInEnabled' | 'appointmentsEnabled' | 'eConsultEnabled';

/**
 * The room, if it exists and offers the kind of visit: asked first, because an intake for a room that
 * takes nobody would be left behind.
 * @throws UserFailure INVALID_INPUT, NOT_FOUND
 */
export async function roomFor(
  { loaders }: ActionEnvironment,
  code: string,
  needs: RoomSwitch,
): Promise<ClinicRoom> {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(code)) {
    throw invalidInput('This cannot be a room code.', 'roomCode');
  }
  const room = await loaders.room.load(code);
  if (room === null) {
    throw new UserFailure('NOT_FOUND', 'There is no such room.', { path: ['input', 'roomCode'] });
  }
  if (!room[needs] || (needs === 'walkInEnabled' && !room.open)) {
    throw invalidInput(
      room[needs] ? 'This room is closed now.' : 'This room does not offer that kind of visit.',
      'roomCode',
    );
  }
  return room;
}

/** The vendor that holds visits. @throws CodedError NOT_CONFIGURED */
export const visitVendor = ({ vendors }: ActionEnvironment) =>
  adapterFor(vendors, 'visits', 'Visits');

/** Links the account that a first sign-in makes. @throws UserFailure ALREADY_LINKED */
export async function signIn(
  environment: ActionEnvironment,
  adapter: VendorWith<'visits'>,
  patient: Patient,
  options?: { renew?: boolean; disableEmails?: boolean },
): Promise<VisitSession> {
  const { writeScope, store, loaders, trail } = environment;
  const trace = { patientId: patient.id, vendor: adapter.id, action: 'signIn' };
  const session = await trail.around(trace, () =>
    adapter.visits.signIn(writeScope, patient, options),
  );
  const account = await store.accounts.link({
    patientId: patient.id,
    vendor: adapter.id,
    vendorPatientId: session.vendorPatientId,
    linkMethod: 'CREATED',
  });
  if (account === 'TAKEN') {
    throw new UserFailure('ALREADY_LINKED', 'The vendor’s account is linked to another patient.');
  }
  loaders.accounts.clear(patient.id);
  return session;
}

interface NewVisit {
  kind: Extract<VisitKind, 'WALK_IN' | 'SCHEDULED' | 'E_CONSULT'>;
  roomCode: string;
  providerId: string | null;
  intake: Intake;
  /** The last step, with what the first two brought. */
  make: (session: VisitSession, intakeId: string) => Promise<MadeVisit>;
}

/** Sign-in, intake, visit; the visit is recorded here so that it can be listed. */
export async function makeVisit(
  environment: ActionEnvironment,
  adapter: VendorWith<'visits'>,
  patient: Patient,
  action: string,
  visit: NewVisit,
): Promise<MadeVisit> {
  const { writeScope, store, loaders, trail } = environment;
  const { kind, roomCode, providerId, intake, make } = visit;
  const vendor = adapter.id;
  const trace = { patientId: patient.id, vendor, action };
  const attempt = async (session: VisitSession) => {
    const intakeId = await adapter.visits.createIntake(writeScope, session, {
      kind,
      roomCode,
      providerId,
      intake,
    });
    return { session, intakeId };
  };

  const { session, intakeId } = await trail.around(trace, async () => {
    try {
      return await attempt(await signIn(environment, adapter, patient));
    } catch (error) {
      // The stored token died before its expiry; a 401 proves that nothing was made, and signing in
      // again is safe.
      if (error instanceof VendorError && error.kind === 'AUTHORIZATION_REQUIRED') {
        return attempt(await signIn(environment, adapter, patient, { renew: true }));
      }
      throw error;
    }
  });
  const made = await trail.around(trace, () => make(session, intakeId));
  const { vendorVisitId } = made.visit;
  await store.visits.add({ patientId: patient.id, vendor, vendorVisitId, kind });
  loaders.visitRecords.clear(patient.id);
  const key = { vendor, patientId: patient.id, vendorRecordId: vendorVisitId };
  loaders.visit.clear(key).prime(key, made.visit);
  return made;
}

/** What visit mutations answer with. */
export interface VisitResult {
  visit: Visit;
  joinUrl: string | null;
}
