import type { Vendor } from './generated/documents.ts';

/** `extensions.code` of the gateway, GraphQL's own, and what can happen on the way to it. */
export type PorticoErrorCode =
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
  | 'INTERNAL_SERVER_ERROR'
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
