import type { CalendarDate, Demographics, Order } from '../records.ts';
import type { RequestScope } from '../request.ts';
import type { AccountReference } from '../vendor.ts';

/** A way into a portal as the vendor just issued it. */
export interface IssuedAccess {
  vendorPatientId: string;
  /** Bearer secret: handed to the caller once, never stored, logged or fetched. */
  redirectUrl: string;
  /** Approximate where the vendor does not say; null where nothing is known. */
  expiresAt: Date | null;
}

/** Whom the vendor has taken; without a link where it gave none that may be handed on. */
export interface OpenedAccount extends Omit<IssuedAccess, 'redirectUrl'> {
  redirectUrl: string | null;
}

export interface OnboardingRequest {
  /** Complete: the action has checked that nothing the vendor requires is missing. */
  person: Demographics & {
    birthDate: CalendarDate;
    sex: 'FEMALE' | 'MALE';
    email: string;
    phone: string;
  };
  address: { street: string; city: string; state: string; postalCode: string };
  heightFeet: number;
  heightInches: number;
  weightPounds: number;
  treatmentType: string;
}

/** Creates a patient at the vendor. Nimbus `external-transfer-onboarding`. */
export interface Onboarding {
  /** The configured treatment types; the first is the default. */
  readonly treatmentTypes: readonly string[];
  /** Not safe to repeat: the vendor offers no look-up afterwards. */
  onboard(scope: RequestScope, request: OnboardingRequest): Promise<OpenedAccount>;
}

/** Nimbus `external-portal-access/enable` and `/revoke`. */
export interface PortalAccessControl {
  /** Each call issues another token and kills the one before. Hours: 1 to 720. */
  enable(
    scope: RequestScope,
    account: AccountReference,
    validForHours: number,
  ): Promise<IssuedAccess>;
  /** Safe to repeat. Ends all of the account's access. Reason: at most 255 characters. */
  revoke(scope: RequestScope, account: AccountReference, reason: string | null): Promise<void>;
}

/** Nimbus `latest-order` and `create-followup`. */
export interface Orders {
  /** Null while the patient has no order. */
  latestOrder(scope: RequestScope, account: AccountReference): Promise<Order | null>;
  /** Not safe to repeat: each call makes another follow-up. */
  createFollowUp(
    scope: RequestScope,
    account: AccountReference,
    order: Order,
    date: CalendarDate,
  ): Promise<{ vendorFollowUpId: string; date: CalendarDate }>;
}
