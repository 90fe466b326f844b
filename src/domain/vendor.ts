import type {
  AppointmentBook,
  BookingFunnel,
  PortalConnection,
} from './capabilities/appointments.ts';
import type { Onboarding, Orders, PortalAccessControl } from './capabilities/portal-access.ts';
import type {
  PatientDirectory,
  PortalInvitations,
  PortalRequestQueue,
} from './capabilities/portal-requests.ts';
import type { ClinicVisits } from './capabilities/visits.ts';
import type { VendorProfile } from './records.ts';
import type { RequestScope } from './request.ts';

/** A key of the vendor registry and value of the GraphQL enum `Vendor`, for example `MD_HQ`. */
export type VendorId = string;

/** UNAVAILABLE: a breaker is open. DEGRADED: calls failed of late, or it is being tried again. */
export type VendorState = 'AVAILABLE' | 'DEGRADED' | 'UNAVAILABLE';

export interface VendorHealth {
  state: VendorState;
  /** When calls are let through again, where the breaker is open. */
  retryAt: Date | undefined;
}

/** Whose account a call is about. */
export interface AccountReference {
  patientId: string;
  vendorPatientId: string;
}

/** How STAFF may link an account that exists at the vendor already. */
export interface StaffLinking {
  /** What the vendor's patient ids look like. */
  idPattern: RegExp;
}

/**
 * One vendor as this deployment reaches it. A capability that the vendor lacks is absent; there are
 * no stubs that throw. All functions throw `VendorError`, or `CodedError` BAD_USER_INPUT for an id
 * that cannot be the vendor's, before any call.
 */
export interface VendorAdapter {
  readonly id: VendorId;
  /** The vendor's name for people. */
  readonly label: string;
  health(): VendorHealth;
  /** Absent where the vendor itself vouches for the link (OAuth) or where the gateway makes the account. */
  readonly staffLinking?: StaffLinking;
  /**
   * The demographics that the vendor holds; null where the account no longer exists there. Absent
   * where they take a session: see `ClinicVisits.profile`.
   */
  readonly profile?: (
    scope: RequestScope,
    account: AccountReference,
  ) => Promise<VendorProfile | null>;
  readonly onboarding?: Onboarding;
  readonly portalAccess?: PortalAccessControl;
  readonly orders?: Orders;
  readonly visits?: ClinicVisits;
  readonly connection?: PortalConnection;
  readonly funnel?: BookingFunnel;
  readonly appointments?: AppointmentBook;
  readonly portalRequests?: PortalRequestQueue;
  readonly invitations?: PortalInvitations;
  readonly directory?: PatientDirectory;
}

export type Capability = Exclude<keyof VendorAdapter, 'id' | 'label' | 'health'>;
/** An adapter that is known to have a capability. */
export type VendorWith<C extends Capability> = VendorAdapter & Required<Pick<VendorAdapter, C>>;

/** What is known of a vendor whether it is configured or not. */
export interface VendorDescription {
  id: VendorId;
  label: string;
  description: string;
  /** What the vendor's door offers, also while the vendor is not configured. */
  capabilities: readonly Capability[];
}

/** All vendors of the registry; those that are configured have an adapter. */
export interface VendorDirectory {
  readonly descriptions: readonly VendorDescription[];
  /** The adapter of a configured vendor. */
  find(id: VendorId): VendorAdapter | undefined;
  /** Ids of all vendors, configured or not, that offer a capability. */
  offering(capability: Capability): readonly VendorId[];
  /** The configured vendors that have a capability. */
  having<C extends Capability>(capability: C): readonly VendorWith<C>[];
}

/** @param adapters of the vendors that are configured */
export function createVendorDirectory(
  descriptions: readonly VendorDescription[],
  adapters: readonly VendorAdapter[],
): VendorDirectory {
  const byId = new Map(adapters.map((adapter) => [adapter.id, adapter]));
  return {
    descriptions,
    find: (id) => byId.get(id),
    offering: (capability) =>
      descriptions.filter((vendor) => vendor.capabilities.includes(capability)).map(({ id }) => id),
    having: <C extends Capability>(capability: C) =>
      adapters.filter((adapter): adapter is VendorWith<C> => adapter[capability] !== undefined),
  };
}
