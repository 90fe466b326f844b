import type { VendorId } from './vendor.ts';

/**
 * How a vendor call ended when it did not end well.
 * The kinds are about what the gateway may do next, not about the vendor's wording.
 */
export type VendorErrorKind =
  /** No connection was made: the vendor certainly did not act. */
  | 'UNREACHABLE'
  /** The breaker is open or the queue is full: nothing was sent. */
  | 'SHED'
  /** No complete answer within the time limit. */
  | 'TIMED_OUT'
  /** The connection broke after the request may have been read. */
  | 'CONNECTION_LOST'
  /** HTTP 5xx. */
  | 'SERVER_ERROR'
  /** HTTP 429. */
  | 'RATE_LIMITED'
  /** Our own credential was refused (Basic, key, secret): an operator has to act. */
  | 'CREDENTIAL_REFUSED'
  /** The patient's authorization is missing, dead, or lacks a scope: the patient has to act. */
  | 'AUTHORIZATION_REQUIRED'
  /** HTTP 404 or 410. */
  | 'NOT_FOUND'
  /** HTTP 400, 409, 422 and other 4xx, or a 2xx whose body says no. */
  | 'REJECTED'
  /** A redirect, which is never followed. */
  | 'REDIRECTED'
  | 'EMPTY_BODY'
  | 'NOT_JSON'
  | 'TRUNCATED_BODY'
  | 'BODY_TOO_LARGE'
  /** JSON of another shape than documented. */
  | 'UNEXPECTED_SHAPE'
  /** The caller went away; only reads are cancelled. */
  | 'CANCELLED';

/** Names an input field from the outside inwards, for example `['address', 'street']`. */
export type FieldPath = readonly string[];

export interface VendorErrorOptions {
  vendor: VendorId;
  /** The documented operation, for example `external-portal-access/enable`. Never a URL. */
  operation: string;
  kind: VendorErrorKind;
  status?: number | undefined;
  /** True where the vendor may have acted although no usable answer arrived. */
  mayHaveActed?: boolean | undefined;
  /** True for calls that do no harm when they are made again (reads, upserts): their loss leaves no doubt. */
  repeatable?: boolean | undefined;
  retryAt?: Date | undefined;
  /**
   * A machine-readable reason that the vendor's door recognised, for example `slot_unavailable`; of
   * UNREACHABLE the system's code, for example `ENOTFOUND`. `success_alone`: it is done, which of the vendor's
   * records came of it was not said.
   */
  reason?: string | undefined;
  /** Fields that the vendor refused, under their domain names. Never the vendor's texts or values. */
  fields?: readonly FieldPath[] | undefined;
}

/**
 * A vendor call that failed. Carries no URL, header, body or credential, neither in its fields nor in
 * its message, and no `cause` that could: it is safe to log.
 */
export class VendorError extends Error {
  override readonly name = 'VendorError';
  readonly vendor: VendorId;
  readonly operation: string;
  readonly kind: VendorErrorKind;
  readonly status: number | undefined;
  readonly mayHaveActed: boolean;
  readonly repeatable: boolean;
  readonly retryAt: Date | undefined;
  readonly reason: string | undefined;
  readonly fields: readonly FieldPath[];

  constructor(options: VendorErrorOptions) {
    super(`${options.vendor} ${options.operation}: ${options.kind}`);
    this.vendor = options.vendor;
    this.operation = options.operation;
    this.kind = options.kind;
    this.status = options.status;
    this.mayHaveActed = options.mayHaveActed ?? false;
    this.repeatable = options.repeatable ?? false;
    this.retryAt = options.retryAt;
    this.reason = options.reason;
    this.fields = options.fields ?? [];
  }
}

/** `extensions.code` of errors that are not data; a closed set, see the README, "Errors". */
export type ErrorCode =
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'BAD_USER_INPUT'
  | 'NOT_LINKED'
  | 'AUTHORIZATION_REQUIRED'
  | 'NOT_CONFIGURED'
  | 'VENDOR_UNAVAILABLE'
  | 'VENDOR_TIMED_OUT'
  | 'VENDOR_RATE_LIMITED'
  | 'VENDOR_REJECTED'
  | 'VENDOR_BAD_RESPONSE'
  | 'RATE_LIMITED'
  | 'QUERY_TOO_COSTLY'
  | 'INTERNAL_SERVER_ERROR';

/** A refusal or fault that leaves the server as a coded top-level error. Its message is for people. */
export class CodedError extends Error {
  override readonly name = 'CodedError';

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly vendor?: VendorId,
  ) {
    super(message);
  }
}

/** An argument that cannot be meant. @param message for people; never quotes the value */
export const badInput = (message: string) => new CodedError('BAD_USER_INPUT', message);
export const forbidden = () =>
  new CodedError(
    'FORBIDDEN',
    'You may not see or do this. Ask the clinic if you think you should.',
  );
/** @param what as a sentence begins with it */
export const notConfigured = (what: string, vendor?: VendorId) =>
  new CodedError('NOT_CONFIGURED', `${what} is not configured in this deployment.`, vendor);
export const notLinked = (vendor: VendorId) =>
  new CodedError('NOT_LINKED', 'The patient has no account at this vendor yet.', vendor);

/** Codes of `userErrors`; the contract's UserErrorCode. */
export type UserErrorCode =
  | 'INVALID_INPUT'
  | 'NOT_FOUND'
  | 'NOT_LINKED'
  | 'AUTHORIZATION_REQUIRED'
  | 'AVAILABILITY_GONE'
  | 'ALREADY_EXISTS'
  | 'ALREADY_LINKED'
  | 'IDENTITY_MISMATCH'
  | 'NOT_CANCELLABLE'
  | 'NOT_RESCHEDULABLE'
  | 'ASAP_NOT_ENABLED'
  | 'NO_ORDER'
  | 'UNSUPPORTED_BY_VENDOR'
  | 'NOT_CONFIGURED'
  | 'VENDOR_REJECTED'
  | 'VENDOR_UNAVAILABLE'
  | 'RATE_LIMITED'
  | 'OUTCOME_UNKNOWN'
  | 'IDEMPOTENCY_CONFLICT';

/**
 * Why a mutation was not done, as data for the payload's `userErrors`.
 * Thrown by actions; `path` names the input field, for example `['input', 'birthDate']`.
 */
export class UserFailure extends Error {
  override readonly name = 'UserFailure';

  constructor(
    readonly code: UserErrorCode,
    message: string,
    readonly details: {
      path?: FieldPath;
      /** Further input fields that it is said of. */
      otherPaths?: readonly FieldPath[] | undefined;
      /** For AVAILABILITY_GONE: other times. */
      alternatives?: readonly unknown[];
      /** For AUTHORIZATION_REQUIRED. */
      authorizationUrl?: string;
      /** For what a vendor has to do with it. */
      vendor?: VendorId | undefined;
      retryAt?: Date | undefined;
      /** Fields of the payload that can be filled although the mutation was not done. */
      payload?: Readonly<Record<string, unknown>>;
    } = {},
  ) {
    super(message);
  }
}

export const invalidInput = (message: string, ...path: string[]) =>
  new UserFailure('INVALID_INPUT', message, { path: ['input', ...path] });
