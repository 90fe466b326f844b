import type { VendorId } from './vendor.ts';

/** A calendar day `YYYY-MM-DD`, never shifted by a zone. Instants are `Date`. */
export type CalendarDate = string;

export type Sex = 'FEMALE' | 'MALE' | 'OTHER' | 'UNKNOWN';

export interface Address {
  street: string | null;
  city: string | null;
  state: string | null;
  postalCode: string | null;
  country: string | null;
}

/** What a person tells about themselves. */
export interface Demographics {
  firstName: string;
  lastName: string;
  birthDate: CalendarDate | null;
  sex: Sex | null;
  email: string | null;
  phone: string | null;
  address: Address | null;
}

/** A person in the clinic's own register. */
export interface Patient extends Demographics {
  id: string;
  /** The identity provider's subject that is this patient; null until linked. */
  subject: string | null;
  createdAt: Date;
}

/** CREATED: the gateway made the account; OAUTH: the patient logged in there; STAFF linked one that existed. */
export type LinkMethod = 'CREATED' | 'OAUTH' | 'STAFF';

/** One person's account at one vendor. */
export interface VendorAccount {
  patientId: string;
  vendor: VendorId;
  vendorPatientId: string;
  linkedAt: Date;
  linkMethod: LinkMethod;
  /** False where the patient has to authorize (again). */
  connected: boolean;
}

/** Demographics as a vendor holds them: anything may be missing. */
export interface VendorProfile {
  vendor: VendorId;
  firstName: string | null;
  lastName: string | null;
  birthDate: CalendarDate | null;
  sex: Sex | null;
  email: string | null;
  phone: string | null;
  address: Address | null;
}

export interface VendorPatient {
  vendor: VendorId;
  vendorPatientId: string;
  profile: VendorProfile;
}

export interface Order {
  vendor: VendorId;
  id: string;
  tenantDomain: string;
  /** The vendor's key of the patient on orders, which is not the account's id. */
  vendorPatientKey: string;
}

export interface FollowUp {
  id: string;
  patientId: string;
  vendor: VendorId;
  vendorFollowUpId: string;
  date: CalendarDate;
  createdAt: Date;
}

export type PortalAccessStatus = 'ACTIVE' | 'EXPIRED' | 'REVOKED' | 'INVITED';

export interface PortalAccess {
  id: string;
  patientId: string;
  vendor: VendorId;
  /** As stored; `EXPIRED` is derived from `expiresAt` when read, see `statusAt`. */
  status: PortalAccessStatus;
  issuedAt: Date;
  expiresAt: Date | null;
  revokedAt: Date | null;
  revocationReason: string | null;
  /** Bearer secret, only in the answer to the mutation that issued it; never stored. */
  redirectUrl?: string | undefined;
}

/** An access that was active and whose time is over has expired; nobody tells us so. */
export function statusAt(access: PortalAccess, now: number): PortalAccessStatus {
  const over = access.expiresAt !== null && access.expiresAt.getTime() <= now;
  return access.status === 'ACTIVE' && over ? 'EXPIRED' : access.status;
}

export type VisitKind = 'WALK_IN' | 'SCHEDULED' | 'E_CONSULT' | 'GUEST' | 'UNKNOWN';
export type VisitStatus =
  | 'PENDING'
  | 'CONFIRMED'
  | 'IN_PROGRESS'
  | 'COMPLETED'
  | 'CANCELLED'
  | 'REFUNDED'
  | 'UNKNOWN';

/** How patient and provider meet. */
export type VisitMedium = 'IN_PERSON' | 'PHONE' | 'VIDEO' | 'UNKNOWN';

export interface Provider {
  id: string;
  firstName: string | null;
  lastName: string | null;
  title: string | null;
}

export interface Visit {
  vendor: VendorId;
  patientId: string;
  vendorVisitId: string;
  kind: VisitKind;
  medium: VisitMedium;
  status: VisitStatus;
  reason: string | null;
  start: Date | null;
  end: Date | null;
  actualStart: Date | null;
  actualEnd: Date | null;
  provider: Provider | null;
  roomCode: string | null;
  /** Built from the visit's code; null where the vendor gave none. */
  inviteUrl: string | null;
}

/** That a visit was made here, so that it can be listed and read at the vendor. */
export interface VisitRecord {
  patientId: string;
  vendor: VendorId;
  vendorVisitId: string;
  kind: VisitKind;
  createdAt: Date;
}

export interface Consultation {
  id: string | null;
  description: string | null;
  durationMinutes: number | null;
  /** Where it is charged for, the vendor's own object, which has to be sent back as it came. */
  charged: ChargedConsultation | null;
}

export type ChargedConsultation = Readonly<Record<string, unknown>>;

export interface ClinicRoom {
  vendor: VendorId;
  code: string;
  slug: string | null;
  name: string | null;
  timeZone: string | null;
  open: boolean;
  walkInEnabled: boolean;
  appointmentsEnabled: boolean;
  eConsultEnabled: boolean;
  /** Whether patients may cancel their appointments in it. */
  patientsMayCancel: boolean;
  consultations: Consultation[];
}

export type AppointmentStatus = 'BOOKED' | 'CANCELLED' | 'COMPLETED' | 'UNKNOWN';

export interface Appointment {
  vendor: VendorId;
  patientId: string;
  vendorAppointmentId: string;
  /** The vendor's id of what was booked; null where it does not say. */
  typeId: string | null;
  title: string | null;
  practiceName: string | null;
  status: AppointmentStatus;
  start: Date;
  end: Date | null;
  timeZone: string | null;
  cancelledAt: Date | null;
  cancellable: boolean;
  /** Code of the clinic room that has yet to be asked: whether its patients may cancel, and its zone. */
  roomToAsk?: string | undefined;
  reschedulable: boolean;
  isVideoConsultation: boolean;
  videoConsultationUrl: string | null;
  asapListSubscribed: boolean | null;
}

export interface Insurance {
  id: string;
  name: string;
  type: string | null;
}

/** A speciality or practice of the booking walkthrough. */
export interface AppointmentCategory {
  id: string;
  name: string;
  subtitle: string | null;
  /** HTML as the vendor sent it; the graph sanitizes it and derives the plain text. */
  description: string | null;
}

export interface CommentQuestion {
  name: string;
  kind: string;
  required: boolean;
  choices: string[] | null;
}

/** What can be booked through the walkthrough. */
export interface AppointmentType {
  id: string;
  name: string;
  /** HTML, as a category's. */
  description: string | null;
  durationMinutes: number | null;
  asapNotificationsEnabled: boolean;
  isVideoConsultation: boolean;
  commentForm: CommentQuestion[] | null;
}

/** A bookable time as the vendor's door returns it. */
export interface Slot {
  /** The vendor's handle for booking; null where the time itself is the handle. */
  vendorSlotId: string | null;
  start: Date;
  end: Date | null;
  timeZone: string | null;
  placesLeft: number | null;
  /** The provider that the slot belongs to, where the vendor says. */
  vendorProviderId: string | null;
}

/** What, besides the slot itself, booking it takes. */
export type AvailabilityPurpose =
  | { kind: 'funnel'; insuranceId: string; categoryId: string; typeId: string }
  | { kind: 'reschedule'; vendorAppointmentId: string }
  | { kind: 'room'; roomCode: string; consultationId: string | null; providerId: string | null };

/** A slot for one patient and purpose; the graph seals it into `Availability.id`. */
export interface Availability extends Slot {
  vendor: VendorId;
  patientId: string;
  purpose: AvailabilityPurpose;
}

export type PortalRequestType =
  | 'APPOINTMENT'
  | 'DEMOGRAPHICS'
  | 'DOCUMENT'
  | 'PRESCRIPTION'
  | 'PRESCRIPTION_REFILL'
  | 'QUESTIONNAIRE'
  | 'SECURE_MESSAGE'
  | 'SUPPLEMENT'
  | 'UNKNOWN';
export type PortalRequestStatus = 'OPEN' | 'DISMISSED' | 'DELETED' | 'UNKNOWN';

export interface PortalRequest {
  vendor: VendorId;
  patientId: string;
  vendorRequestId: string;
  type: PortalRequestType;
  vendorType: string | null;
  status: PortalRequestStatus;
  title: string | null;
  /** HTML or text as the vendor sent it; the graph sanitizes it. */
  content: string | null;
  notes: string | null;
  createdAt: Date | null;
}

/** DENIED: by the gateway; FAILED: it was allowed, and the vendor or the gateway failed it. */
export type AccessOutcome = 'ALLOWED' | 'DENIED' | 'FAILED';

/** That somebody read or changed a patient's data, or was refused it: one entry of the log of access. */
export interface AccessEvent {
  id: string;
  at: Date;
  patientId: string;
  actor: string;
  actorRoles: string[];
  action: string;
  vendor: VendorId | null;
  outcome: AccessOutcome;
}
