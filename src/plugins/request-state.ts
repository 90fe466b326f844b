import type { Caller } from '../auth/access.ts';
import { requestIdFrom, type VendorCallRecord } from '../domain/request.ts';
import type { ObservedOperation } from '../telemetry/observer.ts';
import type { QueryCost } from './query-cost.ts';

/** What the plugins know of a request before and after GraphQL runs. */
export interface RequestState {
  requestId: string;
  caller: Caller | undefined;
  vendorCalls: VendorCallRecord[];
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
  vendorCalls: number;
}

const states = new WeakMap<Request, RequestState>();

/** Made when it is first asked for. */
export function requestState(request: Request): RequestState {
  const known = states.get(request);
  if (known !== undefined) {
    return known;
  }
  const state: RequestState = {
    requestId: requestIdFrom(request.headers.get('x-request-id')),
    caller: undefined,
    vendorCalls: [],
    cost: { vendorCalls: 0, fields: 0 },
    secretsOf: [],
    startedAt: Date.now(),
    begun: performance.now(),
    operations: [],
    refusals: [],
  };
  states.set(request, state);
  return state;
}
