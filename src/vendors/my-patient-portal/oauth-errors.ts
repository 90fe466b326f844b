import * as client from 'openid-client';
import { VendorError, type VendorErrorKind } from '../../domain/errors.ts';
import type { VendorId } from '../../domain/vendor.ts';
import { parseRetryAfter } from '../../http/retry-after.ts';

export interface OAuthCall {
  vendor: VendorId;
  /** Name for errors, e.g. `oauth/token`. */
  operation: string;
  /** What anything that is neither a fault nor a refusal of ours means here. */
  otherwise: { kind: VendorErrorKind; reason?: string };
  clock: () => number;
}

/** The error itself and what it was made from, outermost first. */
function* chain(error: unknown): Generator<unknown> {
  let current = error;
  for (let depth = 0; depth < 8 && current !== undefined; depth += 1) {
    yield current;
    current = current instanceof Error ? current.cause : undefined;
  }
}

const byStatus = (status: number): VendorErrorKind | undefined => {
  if (status === 429) {
    return 'RATE_LIMITED';
  }
  if (status >= 300 && status < 400) {
    return 'REDIRECTED';
  }
  return status >= 500 ? 'SERVER_ERROR' : status === 404 ? 'NOT_FOUND' : undefined;
};

/** Errors of RFC 6749 section 5.2 that mean our own client, not the patient. */
const ofOurClient = ['invalid_client', 'unauthorized_client'];

/** The refresh token is unknown, used, revoked or expired. */
export const isInvalidGrant = (error: unknown) =>
  error instanceof client.ResponseBodyError && error.error === 'invalid_grant';

/** The HTTP answer that openid-client tripped over, where there was one. */
export function answerIn(error: unknown): Response | undefined {
  for (const part of chain(error)) {
    if (part instanceof Response) {
      return part;
    }
    if (
      part instanceof client.ResponseBodyError ||
      part instanceof client.WWWAuthenticateChallengeError
    ) {
      return part.response;
    }
  }
  return undefined;
}

function kindOf(error: unknown, status: number | undefined): VendorErrorKind | undefined {
  if (status !== undefined && byStatus(status)) {
    return byStatus(status);
  }
  if (error instanceof client.ResponseBodyError && ofOurClient.includes(error.error)) {
    return 'CREDENTIAL_REFUSED';
  }
  // Doorkeeper has sent 401 also for a code or refresh token that is not good.
  if (status === 401 && !isInvalidGrant(error)) {
    return 'CREDENTIAL_REFUSED';
  }
  const code = error instanceof client.ClientError ? error.code : undefined;
  return code === 'OAUTH_PARSE_ERROR' || code === 'OAUTH_RESPONSE_IS_NOT_JSON'
    ? 'NOT_JSON'
    : undefined;
}

/**
 * Any error of openid-client as ours: without URL, body or token, and without a `cause` that has them.
 * A login or renewal that failed never counts as something done: `mayHaveActed` is false throughout.
 */
export function asVendorError(error: unknown, call: OAuthCall): VendorError {
  const { vendor, operation, otherwise, clock } = call;
  for (const part of chain(error)) {
    if (part instanceof VendorError) {
      const { kind, status, retryAt, reason } = part;
      return new VendorError({ vendor, operation, kind, status, retryAt, reason });
    }
  }
  if (error instanceof client.AuthorizationResponseError) {
    const reason = error.error === 'access_denied' ? 'access_denied' : otherwise.reason;
    return new VendorError({ vendor, operation, kind: 'REJECTED', reason });
  }
  const answer = answerIn(error);
  const kind = kindOf(error, answer?.status);
  const header = (name: string) => answer?.headers.get(name) ?? undefined;
  const retryAt = parseRetryAfter(header('retry-after'), clock(), header('date'));
  return new VendorError({
    vendor,
    operation,
    ...(kind === undefined ? otherwise : { kind, retryAt }),
    status: answer?.status,
  });
}
