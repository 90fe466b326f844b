import type { VendorTokens } from '../../domain/capabilities/appointments.ts';
import { VendorError, type VendorErrorKind } from '../../domain/errors.ts';
import type { RequestScope } from '../../domain/request.ts';
import type { TokenVault } from '../../domain/store.ts';
import type { AccountReference, VendorId } from '../../domain/vendor.ts';
import type { OAuth } from './oauth.ts';

/** Milliseconds before its end at which an access token that can be renewed is not used any more. */
const safetyMargin = 30_000;

/** What each kind of call needs; `profile_read` goes with everything (section 3). */
const neededScopes = {
  profile: ['profile_read'],
  read: ['profile_read', 'appointment_read'],
  write: ['profile_read', 'appointment_write'],
} as const;
export type Access = keyof typeof neededScopes;

interface AuthorizationParts {
  vendor: VendorId;
  tokens: TokenVault;
  oauth: OAuth;
  clock: () => number;
}

/** The patient's own authorization: tokens from the vault, renewed there when they are stale. */
export function createAuthorization({ vendor, tokens, oauth, clock }: AuthorizationParts) {
  const failed = (operation: string, kind: VendorErrorKind, reason?: string) =>
    new VendorError({ vendor, operation, kind, reason });

  async function renew(
    scope: RequestScope,
    account: AccountReference,
    operation: string,
    seen: string,
  ): Promise<VendorTokens> {
    const renewed = await tokens.renew(vendor, account.patientId, seen, scope.deadline, (current) =>
      oauth.refresh(scope, account, current),
    );
    if (renewed) {
      return renewed;
    }
    // The vault also ends a wait for somebody else's renewal like this.
    throw failed(operation, clock() < scope.deadline ? 'AUTHORIZATION_REQUIRED' : 'TIMED_OUT');
  }

  /** A token without a scope may silently turn a call into another one at this vendor (section 8, 5). */
  function check(granted: readonly string[], access: Access, operation: string) {
    const lacking = neededScopes[access].some((scope) => !granted.includes(scope));
    if (granted.length > 0 && lacking) {
      throw failed(operation, 'AUTHORIZATION_REQUIRED', 'insufficient_scope');
    }
  }

  /**
   * Runs a call with the patient's access token. An expired token is renewed before, one that the
   * vendor refuses once after: a 401 proves that it did not act, so also a write may be sent again.
   * @throws VendorError AUTHORIZATION_REQUIRED where the patient has to connect (again)
   */
  async function withAccess<Answer>(
    scope: RequestScope,
    account: AccountReference,
    call: { operation: string; access: Access },
    run: (accessToken: string) => Promise<Answer>,
  ): Promise<Answer> {
    const { operation, access } = call;
    const found = await tokens.read(vendor, account.patientId);
    if (!found) {
      throw failed(operation, 'AUTHORIZATION_REQUIRED');
    }
    check(found.scopes, access, operation);
    const margin = found.refreshToken === null ? 0 : safetyMargin;
    const stale = found.expiresAt.getTime() - margin <= clock();
    const current = stale ? await renew(scope, account, operation, found.accessToken) : found;
    check(current.scopes, access, operation);
    try {
      return await run(current.accessToken);
    } catch (error) {
      if (stale || !(error instanceof VendorError) || error.status !== 401) {
        throw error;
      }
      const renewed = await renew(scope, account, operation, current.accessToken);
      check(renewed.scopes, access, operation);
      return await run(renewed.accessToken);
    }
  }

  /**
   * Ends the patient's authorization at the vendor, then here. Done as a renewal is, so that none is under
   * way whose new tokens would live on at the vendor.
   */
  async function revoke(scope: RequestScope, account: AccountReference): Promise<void> {
    const operation = 'oauth/revoke';
    for (;;) {
      const found = await tokens.read(vendor, account.patientId);
      if (!found) {
        return;
      }
      if (clock() >= scope.deadline) {
        throw failed(operation, 'TIMED_OUT');
      }
      await tokens.renew(
        vendor,
        account.patientId,
        found.accessToken,
        scope.deadline,
        async (current) => {
          // Tokens that are dead already are no error, RFC 7009.
          await oauth.revoke(scope, current);
          return undefined;
        },
      );
    }
  }

  return { withAccess, revoke };
}
export type Authorization = ReturnType<typeof createAuthorization>;
