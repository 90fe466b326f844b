import type { Intake, MadeVisit, VisitSession } from '../domain/capabilities/visits.ts';
import { invalidInput, UserFailure, VendorError } from '../domain/errors.ts';
import type {
  ChargedConsultation,
  ClinicRoom,
  Consultation,
  Patient,
  Visit,
  VisitKind,
} from '../domain/records.ts';
import type { VendorWith } from '../domain/vendor.ts';
import { adapterFor } from '../loaders/environment.ts';
import type { Work } from '../operations/work.ts';
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

/** Before any call. @throws UserFailure INVALID_INPUT */
export function checkIntake(
  { visits }: VendorWith<'visits'>,
  input: IntakeInput | null | undefined,
): Intake {
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
  const intake = { reasonForVisit, location, phone: input?.phone ?? null, custom };
  visits.checkIntake(intake);
  return intake;
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
  const room = await loaders.visits.room.load(code);
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

/** Undefined where none is chosen. @throws UserFailure INVALID_INPUT where the room has no such one */
export function chosenConsultation(
  { consultations }: ClinicRoom,
  consultationId: string | null,
): Consultation | undefined {
  const chosen = consultations.find(({ id }) => id !== null && id === consultationId);
  if (consultationId !== null && chosen === undefined) {
    throw invalidInput('The room offers no such consultation.', 'consultationId');
  }
  return chosen;
}

/**
 * What the clinic charges for: the chosen consultation, or the only one that the room has.
 * @throws UserFailure INVALID_INPUT
 */
export function chargedIn(
  room: ClinicRoom,
  consultationId: string | null,
): ChargedConsultation | null {
  const [only, another] = room.consultations;
  const chosen = chosenConsultation(room, consultationId);
  return (chosen ?? (another === undefined ? only : undefined))?.charged ?? null;
}

/** The vendor that holds visits. @throws CodedError NOT_CONFIGURED */
export const visitVendor = ({ vendors }: ActionEnvironment) =>
  adapterFor(vendors, 'visits', 'Visits');

/**
 * Signs the patient in, which is safe to repeat, and links the account that a first sign-in makes.
 * @throws UserFailure ALREADY_LINKED
 */
export async function signIn(
  { writeScope, store, loaders }: ActionEnvironment,
  work: Work,
  adapter: VendorWith<'visits'>,
  patient: Patient,
  options?: { renew?: boolean; disableEmails?: boolean },
): Promise<VisitSession> {
  const session = await work.repeatable('users/sso', () =>
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
  loaders.register.accounts.clear(patient.id);
  return session;
}

/**
 * Signs the patient in for what follows. The stored token can die before its expiry: a step that is
 * refused with 401 has done nothing, and runs once more with a new session.
 * @throws UserFailure ALREADY_LINKED
 */
export async function liveSession(
  environment: ActionEnvironment,
  work: Work,
  adapter: VendorWith<'visits'>,
  patient: Patient,
): Promise<<Made>(step: (session: VisitSession) => Promise<Made>) => Promise<Made>> {
  let session = await signIn(environment, work, adapter, patient);
  return async (step) => {
    try {
      return await step(session);
    } catch (error) {
      if (error instanceof VendorError && error.kind === 'AUTHORIZATION_REQUIRED') {
        session = await signIn(environment, work, adapter, patient, { renew: true });
        return step(session);
      }
      throw error;
    }
  };
}

interface NewVisit {
  kind: Extract<VisitKind, 'WALK_IN' | 'SCHEDULED' | 'E_CONSULT'>;
  roomCode: string;
  providerId: string | null;
  intake: Intake;
  /** Of the room, where the clinic charges for it. */
  charged?: ChargedConsultation | null | undefined;
  /** The vendor document's name of the last call. */
  call: string;
  /** The last step, with what the first two brought. */
  make: (session: VisitSession, intakeId: string) => Promise<MadeVisit>;
}

/**
 * Sign-in, intake, what the clinic charges for, visit; the visit is recorded here so that it can be
 * listed.
 */
export async function makeVisit(
  environment: ActionEnvironment,
  work: Work,
  adapter: VendorWith<'visits'>,
  patient: Patient,
  visit: NewVisit,
): Promise<MadeVisit> {
  const { writeScope, store, loaders } = environment;
  const { kind, roomCode, providerId, intake, charged, call, make } = visit;
  const { id: vendor, visits } = adapter;
  const withSession = await liveSession(environment, work, adapter, patient);
  const intakeId = await withSession((session) =>
    work.once(
      'intakes',
      () => visits.createIntake(writeScope, session, { kind, roomCode, providerId, intake }),
      // An intake whose id was lost is of no use to anybody: no visit can have come of it.
      async () => ({ done: false }),
    ),
  );
  if (charged != null && !work.isBegun(call)) {
    await withSession((session) =>
      work.repeatable('intakes/:id', () =>
        visits.chargeIntake(writeScope, session, intakeId, charged),
      ),
    );
  }
  const made = await withSession((session) =>
    work.once(
      call,
      () => make(session, intakeId),
      async () => {
        const found = await visits.visitOfIntake(writeScope, session, intakeId);
        return found === null ? { done: false } : { done: true, result: found };
      },
    ),
  );
  const { vendorVisitId } = made.visit;
  await store.visits.add({ patientId: patient.id, vendor, vendorVisitId, kind });
  loaders.visits.visitRecords.clear(patient.id);
  const key = { vendor, patientId: patient.id, vendorRecordId: vendorVisitId };
  loaders.visits.visit.clear(key).prime(key, made.visit);
  return made;
}

/** What visit mutations answer with. */
export interface VisitResult {
  visit: Visit;
  joinUrl: string | null;
}
