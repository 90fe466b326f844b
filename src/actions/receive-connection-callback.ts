import { randomBytes } from 'node:crypto';
import { VendorError } from '../domain/errors.ts';
import type { RequestScope } from '../domain/request.ts';
import type { Store } from '../domain/store.ts';
import type { VendorDirectory } from '../domain/vendor.ts';
import { connectionLifetime } from './connect-patient-portal.ts';

export interface CallbackEnvironment {
  scope: RequestScope;
  store: Store;
  vendors: VendorDirectory;
  clock: () => number;
}

/**
 * The browser comes back from the vendor's login. The code is redeemed at once and the result kept
 * under a one-time token, which only the subject who began can turn into a link.
 * @returns where to send the browser, or undefined where the callback belongs to no login of ours
 */
export async function receiveConnectionCallback(
  { scope, store, vendors, clock }: CallbackEnvironment,
  callbackName: string,
  callbackUrl: URL,
): Promise<URL | undefined> {
  const adapter = vendors
    .having('connection')
    .find(({ connection }) => connection.callbackName === callbackName);
  const state = callbackUrl.searchParams.getAll('state');
  if (adapter === undefined || state.length !== 1 || state[0] === undefined) {
    return undefined;
  }
  const pending = await store.connections.takeByState(state[0]);
  if (pending === undefined || pending.vendor !== adapter.id) {
    return undefined;
  }
  const returnTo = new URL(pending.returnTo);
  try {
    const grant = await adapter.connection.finish(scope, callbackUrl, pending.secrets);
    const token = randomBytes(32).toString('base64url');
    const expiresAt = new Date(clock() + connectionLifetime);
    await store.connections.keepGrant(token, { ...pending, expiresAt }, grant);
    returnTo.searchParams.set('portal_connection', token);
  } catch (error) {
    if (!(error instanceof VendorError)) {
      throw error;
    }
    const refused = error.reason === 'access_denied';
    const vendorDown = error.kind !== 'REJECTED';
    returnTo.searchParams.set(
      'portal_error',
      refused ? 'access_denied' : vendorDown ? 'vendor_unavailable' : 'login_failed',
    );
  }
  return returnTo;
}
