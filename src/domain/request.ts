import type { VendorId } from './vendor.ts';

/** What is known about one vendor call after it ended; holds nothing of its content. */
export interface VendorCallRecord {
  vendor: VendorId;
  operation: string;
  /** HTTP method. */
  method: string;
  /** Host of the vendor, as configured. */
  server: string;
  /** Path with the names of its values in braces; undefined where the vendor announces its addresses. */
  template: string | undefined;
  /** Attempts sent; 0 where the call was shed before sending. */
  attempts: number;
  /** HTTP status of the last answer, where there was one. */
  status: number | undefined;
  /** `OK` or the kind of the error. */
  outcome: string;
  /** Of Node or OpenSSL, for example `ENOTFOUND`: why no connection was made. */
  code?: string | undefined;
  /** Milliseconds since the epoch. */
  startedAt: number;
  /** Milliseconds, all attempts and waits together. */
  duration: number;
}

const acceptableId = /^[A-Za-z0-9_-]{8,64}$/;

/** The caller's own `x-request-id` is kept where it is harmless, so that logs can be joined. */
export const requestIdFrom = (given: string | readonly string[] | null | undefined): string =>
  typeof given === 'string' && acceptableId.test(given) ? given : crypto.randomUUID();

/** Whose request a vendor call serves, and how long it may take. Handed down, never stored. */
export interface RequestScope {
  requestId: string;
  /** Milliseconds since the epoch after which the request has no use for an answer. */
  deadline: number;
  /** Aborts reads when the client is gone. Writes get a scope without it, see `scopeForWrites`. */
  signal?: AbortSignal | undefined;
  onVendorCall?: ((call: VendorCallRecord) => void) | undefined;
  /** Asked before each call of a read; throws where the request has made as many as it may. */
  beforeVendorCall?: (() => void) | undefined;
}

/** Nothing stops a write half-way: neither a client that hangs up, nor the calls of the reads beside it. */
export const scopeForWrites = ({
  signal: _gone,
  beforeVendorCall: _limit,
  ...scope
}: RequestScope): RequestScope => scope;
