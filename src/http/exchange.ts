import type { z } from 'zod';
import type { FieldPath, VendorErrorKind } from '../domain/errors.ts';
import type { Pace } from '../domain/pace.ts';
import type { RequestScope } from '../domain/request.ts';
import type { VendorHealth } from '../domain/vendor.ts';

/** Breaker and concurrency limit are kept apart by class: a stuck write never blocks reads. */
export type OperationClass = 'read' | 'write';

/** What goes on behind one breaker and limit. */
export interface GateLoad {
  breaker: 'CLOSED' | 'HALF_OPEN' | 'OPEN';
  /** Calls that are under way, and that wait in line for them. */
  running: number;
  waiting: number;
}

/** What a vendor's refusal means, as its door understands it. */
export interface Refusal {
  kind?: Extract<
    VendorErrorKind,
    'CREDENTIAL_REFUSED' | 'AUTHORIZATION_REQUIRED' | 'NOT_FOUND' | 'REJECTED' | 'SERVER_ERROR'
  >;
  /** Machine-readable, from a closed set of the door's own. */
  reason?: string;
  /** Refused fields under their domain names. */
  fields?: readonly FieldPath[];
}

/** One documented call: what is sent, whether it may be repeated, and how its answer is judged. */
export interface Exchange<Answer> {
  /** The vendor document's name of the call, for logs, metrics and errors, e.g. `visits/add_walkin`. */
  operation: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Relative to the vendor's base URL, e.g. `patients/{id}/portal/enqueued`; no leading slash. */
  path: string;
  /** Values for the braces; each becomes exactly one encoded segment (`.` and `..` are refused). */
  params?: Readonly<Record<string, string>>;
  /** Undefined values are left out; all are encoded (`+` as `%2B`). */
  query?: Readonly<Record<string, string | number | boolean | undefined>>;
  headers?: Readonly<Record<string, string>>;
  body?:
    | { json: unknown }
    | { form: Readonly<Record<string, string>> }
    | { multipart: Readonly<Record<string, string>> };
  class: OperationClass;
  /** Whether sending it twice does no harm: only then it is retried. */
  repeatable: boolean;
  /** Of the JSON of a 2xx answer. */
  answer: z.ZodType<Answer>;
  /** The answer to take for a 2xx without a body; without this an empty body is an error. */
  emptyAnswer?: Answer;
  /**
   * Reads the body of a 4xx (parsed JSON, or undefined where it is none) and its `WWW-Authenticate`, where
   * there is one. 401, 403 and 404 have defaults.
   */
  refusal?: (status: number, body: unknown, challenge?: string) => Refusal | undefined;
  /**
   * A refusal inside a 2xx, e.g. `result: false`. Runs before `answer`. What it lets pass is still a
   * SERVER_ERROR of unknown outcome where the body says in other usual words that it is no success.
   */
  verdict?: (body: unknown) => Refusal | undefined;
}

/** One vendor's way out: deadline, attempts, breaker, limits, typed errors. One per vendor and process. */
export interface Transport {
  /**
   * @throws VendorError for everything that is not a well-formed answer; its `mayHaveActed` covers all
   *   attempts, so a NOT_FOUND that has it set may be the trace of an own attempt that succeeded
   * @throws CodedError BAD_USER_INPUT for a path value that cannot be one segment
   */
  call<Answer>(scope: RequestScope, exchange: Exchange<Answer>): Promise<Answer>;
  /**
   * A `fetch` for libraries that bring their own protocol (openid-client): same limits, breaker,
   * errors and no redirects, never retried. Answers of any status are returned.
   */
  fetchFor(
    scope: RequestScope,
    operation: string,
    operationClass: OperationClass,
  ): (url: string, init?: RequestInit) => Promise<Response>;
  /** The worst of its breakers. */
  health(): VendorHealth;
  /** What goes on in it at this moment. */
  load(): Readonly<Record<OperationClass, GateLoad>>;
  /** Ends all connections, also those in use; for shutdown and tests. */
  close?(): Promise<void>;
}

export interface TransportOptions {
  vendor: string;
  /** Calls cannot leave it; has a trailing slash. */
  baseUrl: URL;
  /** Milliseconds per attempt, over connect, headers and body together. */
  timeouts: Readonly<Record<OperationClass, number>>;
  /** Calls at once per class; more wait in a bounded queue within their deadline. */
  concurrency: number;
  /** When the next attempt may be sent, where the vendor allows so many a second only. */
  pace?: Pace | undefined;
  /** Bytes of a decoded body; default 1 MiB. */
  largestBody?: number;
  /** Attempts of a repeatable call, default 3. */
  attempts?: number;
  /** Milliseconds since the epoch; default the system's. */
  clock?: () => number;
  /** 0 to 1, for jitter; default Math.random. */
  random?: () => number;
}
