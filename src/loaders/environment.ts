import type { AccessTrail } from '../auth/access-trail.ts';
import { badInput, notConfigured, notLinked } from '../domain/errors.ts';
import type { VendorAccount } from '../domain/records.ts';
import type { RequestScope } from '../domain/request.ts';
import type { Store } from '../domain/store.ts';
import type { Capability, VendorDirectory, VendorId, VendorWith } from '../domain/vendor.ts';

/** What loaders are built from, per request. */
export interface LoaderEnvironment {
  scope: RequestScope;
  store: Store;
  vendors: VendorDirectory;
  trail: AccessTrail;
  /** Milliseconds since the epoch. */
  clock: () => number;
}

/**
 * A capability by the vendor's id, which may come out of a forged global id.
 * @throws CodedError NOT_CONFIGURED, or BAD_USER_INPUT where there is no such vendor or it never offers this
 */
export function adapterOf<C extends Capability>(
  vendors: VendorDirectory,
  vendor: VendorId,
  capability: C,
): VendorWith<C> {
  const adapter = vendors.having(capability).find(({ id }) => id === vendor);
  if (adapter === undefined) {
    throw vendors.offering(capability).includes(vendor)
      ? notConfigured('This vendor', vendor)
      : badInput('The vendor has nothing of this kind. Use ids exactly as a query returned them.');
  }
  return adapter;
}

/**
 * The vendor for a task that one vendor of a deployment does.
 * @param task as in "{task} is not configured in this deployment."
 * @throws CodedError NOT_CONFIGURED
 */
export function adapterFor<C extends Capability>(
  vendors: VendorDirectory,
  capability: C,
  task: string,
): VendorWith<C> {
  const [adapter] = vendors.having(capability);
  if (adapter === undefined) {
    throw notConfigured(task, vendors.offering(capability)[0]);
  }
  return adapter;
}

/** The patient's account at a vendor. @throws CodedError NOT_LINKED */
export function accountAt(accounts: readonly VendorAccount[], vendor: VendorId): VendorAccount {
  const account = accounts.find((candidate) => candidate.vendor === vendor);
  if (account === undefined) {
    throw notLinked(vendor);
  }
  return account;
}
