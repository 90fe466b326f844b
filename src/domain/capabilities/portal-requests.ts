import type { CalendarDate, PortalRequest, VendorPatient } from '../records.ts';
import type { RequestScope } from '../request.ts';
import type { AccountReference } from '../vendor.ts';

/** Cerbo and MD HQ `portal/enqueued`. */
export interface PortalRequestQueue {
  /** Everything that waits in the queue, unfiltered: the vendors' own filters are inert. */
  list(scope: RequestScope, account: AccountReference): Promise<PortalRequest[]>;
  /** A soft delete. Safe to repeat; a request that is gone already is `ALREADY_GONE`. */
  dismiss(
    scope: RequestScope,
    account: AccountReference,
    vendorRequestId: string,
  ): Promise<'DISMISSED' | 'ALREADY_GONE'>;
}

/** Cerbo and MD HQ `portal/invite`. */
export interface PortalInvitations {
  /** Sends mail (also as password reset): never repeated by a machine. Only an attempt is promised. */
  invite(scope: RequestScope, account: AccountReference): Promise<void>;
}

export interface PatientFilter {
  firstName: string | null;
  lastName: string | null;
  email: string | null;
  birthDate: CalendarDate | null;
}

/** Cerbo and MD HQ patient search. */
export interface PatientDirectory {
  /** At most `first` patients. Refuses wildcards with BAD_USER_INPUT: `%`, and `_` in names. */
  search(scope: RequestScope, filter: PatientFilter, first: number): Promise<VendorPatient[]>;
}
