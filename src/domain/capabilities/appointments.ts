import type {
  Appointment,
  AppointmentCategory,
  AppointmentType,
  CalendarDate,
  Insurance,
  Slot,
} from '../records.ts';
import type { RequestScope } from '../request.ts';
import type { AccountReference } from '../vendor.ts';

/** Ends included; the door's default window is used where null. */
export interface DateWindow {
  from: CalendarDate | null;
  to: CalendarDate | null;
}

export interface FunnelStep {
  insuranceId: string;
  categoryId: string;
  typeId: string;
}

/** MyPatientPortal's booking walkthrough: insurance, category, type, time. */
export interface BookingFunnel {
  insurances(scope: RequestScope, account: AccountReference): Promise<Insurance[]>;
  categories(
    scope: RequestScope,
    account: AccountReference,
    insuranceId: string,
  ): Promise<AppointmentCategory[]>;
  types(
    scope: RequestScope,
    account: AccountReference,
    at: { insuranceId: string; categoryId: string },
  ): Promise<AppointmentType[]>;
  availabilities(
    scope: RequestScope,
    account: AccountReference,
    at: FunnelStep,
    window: DateWindow,
  ): Promise<Slot[]>;
  /** Returns the new appointment's id. Not safe to repeat. A taken slot: reason `slot_unavailable`. */
  book(scope: RequestScope, account: AccountReference, booking: Booking): Promise<string>;
}

export interface Booking extends FunnelStep {
  vendorSlotId: string;
  asapListOptIn: boolean;
  comments: string | null;
  /** Question name to answer; refused answers come back as `fields` of the error. */
  commentAnswers: Readonly<Record<string, unknown>> | null;
  emailNotifications: boolean | null;
  smsNotifications: boolean | null;
}

/**
 * Appointments that the vendor itself lists for a patient. MyPatientPortal.
 * Reasons on errors: `slot_unavailable`, `not_cancellable`, `not_reschedulable`, `asap_not_enabled`.
 */
export interface AppointmentBook {
  list(scope: RequestScope, account: AccountReference): Promise<Appointment[]>;
  /** Null where it is unknown or not this patient's. */
  get(scope: RequestScope, account: AccountReference, id: string): Promise<Appointment | null>;
  rescheduleSlots(
    scope: RequestScope,
    account: AccountReference,
    id: string,
    window: DateWindow,
  ): Promise<Slot[]>;
  reschedule(
    scope: RequestScope,
    account: AccountReference,
    id: string,
    vendorSlotId: string,
  ): Promise<void>;
  cancel(scope: RequestScope, account: AccountReference, id: string): Promise<void>;
  /** Safe to repeat. */
  joinAsapList(
    scope: RequestScope,
    account: AccountReference,
    id: string,
    email: string,
  ): Promise<void>;
  /** Safe to repeat; not being subscribed is success. */
  leaveAsapList(scope: RequestScope, account: AccountReference, id: string): Promise<void>;
  /** Null where nothing earlier is free. */
  earlierAvailability(
    scope: RequestScope,
    account: AccountReference,
    id: string,
  ): Promise<Slot | null>;
  /** Null outside the join window and where the portal does not offer the call. */
  videoConsultationUrl(
    scope: RequestScope,
    account: AccountReference,
    id: string,
  ): Promise<string | null>;
}

/** What the gateway keeps, sealed, between the start of a login and its callback. */
export interface ConnectionSecrets {
  codeVerifier: string;
  nonce: string;
  state: string;
}

/** A finished login: who it was at the vendor and the sealed-to-be tokens. */
export interface ConnectionGrant {
  vendorPatientId: string;
  tokens: VendorTokens;
}

/** A vendor's tokens for one patient; only ever stored sealed. */
export interface VendorTokens {
  accessToken: string;
  refreshToken: string | null;
  /** The scopes granted, as the vendor spelled them; empty where it did not say. */
  scopes: readonly string[];
  expiresAt: Date;
  /** Whose tokens they are at the vendor, where a session can exist before the account is linked. */
  vendorPatientId?: string | undefined;
}

/** The patient's own OAuth authorization at a vendor. */
export interface PortalConnection {
  /** Last segment of the gateway's callback route, for example `my-patient-portal`. */
  readonly callbackName: string;
  /** Discovery at most; the URL is the vendor's own, with state, nonce and an S256 challenge. */
  begin(scope: RequestScope): Promise<{ authorizationUrl: string; secrets: ConnectionSecrets }>;
  /** Redeems the code of a callback; checks state, `iss`, nonce, PKCE and the ID token. */
  finish(
    scope: RequestScope,
    callbackUrl: URL,
    secrets: ConnectionSecrets,
  ): Promise<ConnectionGrant>;
  /** Revokes the tokens at the vendor, then removes them here. Safe to repeat. */
  revoke(scope: RequestScope, account: AccountReference): Promise<void>;
}
