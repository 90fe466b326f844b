import type { VendorAdapter, VendorId } from '../../domain/vendor.ts';
import { orNull } from './answers.ts';
import type { VSeeClient } from './client.ts';
import { toProfile } from './map.ts';
import type { VSeeSessions } from './sessions.ts';

/**
 * The member as VSee holds it, read with the patient's own token: an account reference is not enough
 * to sign in, so without a live token it is AUTHORIZATION_REQUIRED.
 */
export const createProfile =
  (parts: {
    vendor: VendorId;
    client: VSeeClient;
    sessions: VSeeSessions;
  }): NonNullable<VendorAdapter['profile']> =>
  async (scope, account) => {
    const session = await parts.sessions.of(account, 'users/-');
    const user = await orNull(
      parts.sessions.using(scope, session, (caller) =>
        parts.client.users(scope, caller, session.vendorPatientId),
      ),
    );
    return user && toProfile(parts.vendor, user);
  };
