import type {
  ChargedConsultation,
  ClinicRoom,
  Patient,
  Provider,
  Slot,
  VendorProfile,
  Visit,
} from '../records.ts';
import type { RequestScope } from '../request.ts';

/** A patient's session at the vendor. The token is a bearer secret that also opens the portal. */
export interface VisitSession {
  patientId: string;
  vendorPatientId: string;
  token: string;
  expiresAt: Date;
}

export interface Intake {
  reasonForVisit: string | null;
  /** Two-letter state code. */
  location: string | null;
  phone: string | null;
  /** The clinic's own questions; keys are checked against the vendor's own fields by the door. */
  custom: Readonly<Record<string, unknown>>;
}

/** A visit as just made, with what only this answer holds. */
export interface MadeVisit {
  visit: Visit;
  /** Where the browser goes next; a bearer secret. Null where nothing can be joined (eConsult). */
  joinUrl: string | null;
}

interface VisitPlace {
  intakeId: string;
  roomCode: string;
  providerId: string | null;
}

/**
 * VSee Clinic. Each function is one vendor call (or none), so that a ledger can stand between them.
 * Patient flows go sign-in, intake, visit.
 */
export interface ClinicVisits {
  /** The patient's stored session; undefined where there is none or it ends within the minute. No call. */
  keptSession(patientId: string): Promise<VisitSession | undefined>;
  /**
   * `users/sso`, an upsert by a stable code; reuses the stored token until its expiry unless
   * `renew` is set. Safe to repeat.
   */
  signIn(
    scope: RequestScope,
    patient: Patient,
    options?: { renew?: boolean; disableEmails?: boolean },
  ): Promise<VisitSession>;
  /** `users/-`: the demographics that the vendor holds; null where the account is gone there. */
  profile(scope: RequestScope, session: VisitSession): Promise<VendorProfile | null>;
  /**
   * Checks what the vendor alone knows of an intake, without a call.
   * @throws UserFailure INVALID_INPUT for a custom answer that would change the vendor's own fields
   */
  checkIntake(intake: Intake): void;
  /** `intakes`. Not safe to repeat; an intake without a visit is harmless. */
  createIntake(
    scope: RequestScope,
    session: VisitSession,
    request: {
      roomCode: string;
      providerId: string | null;
      kind: 'WALK_IN' | 'SCHEDULED' | 'E_CONSULT';
      intake: Intake;
    },
  ): Promise<string>;
  /** `intakes/:id`: for which of the room's consultations the clinic charges. Safe to repeat. */
  chargeIntake(
    scope: RequestScope,
    session: VisitSession,
    intakeId: string,
    consultation: ChargedConsultation,
  ): Promise<void>;
  /** `visits/add_walkin`. Not safe to repeat. */
  startWalkIn(scope: RequestScope, session: VisitSession, place: VisitPlace): Promise<MadeVisit>;
  /** `visits`. Not safe to repeat. `overrideCalendar` uses the admin token instead of the patient's. */
  schedule(
    scope: RequestScope,
    session: VisitSession,
    request: VisitPlace & {
      start: Date;
      end: Date;
      consultationId: string | null;
      vendorSlotId: string | null;
      overrideCalendar: boolean;
    },
  ): Promise<MadeVisit>;
  /** Whether an admin token is configured, without which `overrideCalendar` is impossible. */
  readonly canOverrideCalendar: boolean;
  /** `visits/add_econsult`. Not safe to repeat. */
  requestEConsult(
    scope: RequestScope,
    session: VisitSession,
    place: VisitPlace,
  ): Promise<MadeVisit>;
  /** `visits/:id`; null for an unknown visit and for one that is not this patient's. */
  visit(scope: RequestScope, session: VisitSession, vendorVisitId: string): Promise<Visit | null>;
  /**
   * `intakes/:id`, then the visit that was made of it; null where there is none. Tells what became of
   * a call whose answer was lost.
   */
  visitOfIntake(
    scope: RequestScope,
    session: VisitSession,
    intakeId: string,
  ): Promise<MadeVisit | null>;
  /** `visits/:id/cancel`. Returns the visit as cancelled. */
  cancel(scope: RequestScope, session: VisitSession, vendorVisitId: string): Promise<Visit>;
  /** `rooms/:code`, public; null for an unknown room. */
  room(scope: RequestScope, code: string): Promise<ClinicRoom | null>;
  /** `rooms`, public: all of the clinic's. */
  rooms(scope: RequestScope): Promise<ClinicRoom[]>;
  /** `rooms/:code/providers`, public; null for an unknown room. */
  providers(scope: RequestScope, roomCode: string): Promise<Provider[] | null>;
  /** `availability`: open slots of a room between two instants. */
  availabilities(
    scope: RequestScope,
    session: VisitSession,
    search: {
      roomCode: string;
      consultationId: string | null;
      durationMinutes: number | null;
      providerId: string | null;
      from: Date;
      to: Date;
    },
  ): Promise<Slot[]>;
  /** The portal's auth link, without a call. `roomSlug`: default is the clinic's own dashboard. */
  portalLink(
    session: VisitSession,
    options: { roomSlug: string | null; hideNavigation: boolean },
  ): string;
}
