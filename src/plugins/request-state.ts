import type { VerifiedCaller } from '../auth/access.ts';
import { requestIdFrom, type VendorCallRecord } from '../domain/request.ts';
import type { ObservedOperation } from '../telemetry/observer.ts';
import type { QueryCost } from './query-cost.ts';

/** What the plugins know of a request before and after GraphQL runs. */
export interface RequestState {
  requestId: string;
  caller: VerifiedCaller | undefined;
  /** One of several operations of its request: answered whole, with the others. */
  isBatch: boolean;
  vendorCalls: VendorCallRecord[];
  /** How many of them were charged to the caller. */
  chargedCalls: number;
  /** When the last of its answer has to leave, in milliseconds of `performance.now()`. */
  answerBy: number;
  /** What the request may cost, all operations of a batch together; reckoned before each is executed. */
  cost: QueryCost;
  /** Operations whose bearer secrets are in the answer. */
  secretsOf: string[];
  /** Milliseconds since the epoch, and on the process's own clock. */
  startedAt: number;
  begun: number;
  /** One for each operation of the request, in its order. */
  operations: OperationInHand[];
  /** Codes of those that were not executed. */
  refusals: (string | undefined)[];
}

/** An operation of a request; `observed` once it is executed. */
export interface OperationInHand {
  observed?: ObservedOperation;
  /** Whether it is a subscription. */
  streams?: boolean;
  vendorCalls: number;
}

/** @param givenId the client's `x-request-id` */
export const newRequestState = (
  givenId: string | readonly string[] | null = null,
): RequestState => ({
  requestId: requestIdFrom(givenId),
  caller: undefined,
  isBatch: false,
  vendorCalls: [],
  chargedCalls: 0,
  answerBy: Number.POSITIVE_INFINITY,
  cost: { vendorCalls: 0, fields: 0 },
  secretsOf: [],
  startedAt: Date.now(),
  begun: performance.now(),
  operations: [],
  refusals: [],
});

const states = new WeakMap<Request, RequestState>();

/** Made when it is first asked for. */
export function requestState(request: Request): RequestState {
  const known = states.get(request);
  if (known !== undefined) {
    return known;
  }
  const state = newRequestState(request.headers.get('x-request-id'));
  states.set(request, state);
  return state;
}
