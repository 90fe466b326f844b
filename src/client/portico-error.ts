import type { Vendor } from './generated/documents.ts';

/** `extensions.code` of the gateway, GraphQL's own, and what can happen on the way to it. */
export type PorticoErrorCode =
  /** No token, or none that is good any more: sign in again. */
  | 'UNAUTHENTICATED'
  /** Not for this caller; see the README, "Who may do what". */
  | 'FORBIDDEN'
  /** The request is wrong; `message` says where. */
  | 'BAD_USER_INPUT'
  /** The patient has no account at the vendor; see `Patient.vendorAccounts` for how they get one. */
  | 'NOT_LINKED'
  /** The patient has to sign in at the vendor again: `connectPatientPortal`. */
  | 'AUTHORIZATION_REQUIRED'
  /** This deployment has no access to the vendor, see `Query.vendors`. */
  | 'NOT_CONFIGURED'
  /** Try again later, as of the next two. */
  | 'VENDOR_UNAVAILABLE'
  | 'VENDOR_TIMED_OUT'
  /** From `retryAt` on. */
  | 'VENDOR_RATE_LIMITED'
  /** The vendor said no; the same again would be refused again, as of the next one. */
  | 'VENDOR_REJECTED'
  | 'VENDOR_BAD_RESPONSE'
  /** Nothing was done; try again at `retryAt`. */
  | 'RATE_LIMITED'
  /** Ask for less at once; `message` says of what. */
  | 'QUERY_TOO_COSTLY'
  /** A fault of the gateway: tell its operator the `requestId`. */
  | 'INTERNAL_SERVER_ERROR'
  /** The document does not fit the schema, or is none. */
  | 'GRAPHQL_PARSE_FAILED'
  | 'GRAPHQL_VALIDATION_FAILED'
  /** No answer: the network, CORS, or a gateway that is not there. */
  | 'NETWORK_ERROR'
  /** An answer that is none of a gateway's: a proxy's page, a body that was cut short. */
  | 'BAD_RESPONSE';

/** One error of an answer, as plain JSON: it survives a cache that copies or stores its data. */
export interface ErrorReport {
  message: string;
  code: PorticoErrorCode;
  /** Whose fault it was, where it was a vendor's. */
  vendor?: Vendor;
  /** RFC 3339: when it is worth trying again, where that is known. */
  retryAt?: string;
  /** Under which the gateway's log has more. */
  requestId?: string;
  /** Where in the data it happened; absent where the request failed as a whole. */
  path?: readonly (string | number)[];
}

export interface PorticoErrorOptions extends ErrorOptions {
  /** HTTP status; absent where no answer came. */
  status?: number | undefined;
  /** Whether sending the same again can help, and does nothing twice. */
  retryable?: boolean;
  /** All errors of the answer, this one included. */
  reports?: readonly ErrorReport[];
}

/** Why there is no data. `message` is for people, `code` for programs. */
export class PorticoError extends Error {
  override readonly name = 'PorticoError';
  readonly code: PorticoErrorCode;
  /** Whose fault it was, where it was a vendor's. */
  readonly vendor: Vendor | undefined;
  /** When it is worth trying again, where that is known. */
  readonly retryAt: Date | undefined;
  /** Under which the gateway's log has more. */
  readonly requestId: string | undefined;
  /** Where in the data it happened; undefined where the request failed as a whole. */
  readonly path: readonly (string | number)[] | undefined;
  /** HTTP status; undefined where no answer came. */
  readonly status: number | undefined;
  /**
   * Whether sending the same again can help, and does nothing twice: true of faults that pass, for queries
   * and for mutations with an idempotency key.
   */
  readonly retryable: boolean;
  /** All errors of the answer, this one included. */
  readonly reports: readonly ErrorReport[];

  constructor(report: ErrorReport, options: PorticoErrorOptions = {}) {
    super(report.message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = report.code;
    this.vendor = report.vendor;
    this.retryAt = report.retryAt === undefined ? undefined : new Date(report.retryAt);
    this.requestId = report.requestId;
    this.path = report.path;
    this.status = options.status;
    this.retryable = options.retryable ?? false;
    this.reports = options.reports ?? [report];
  }
}
