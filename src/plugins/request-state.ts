import type { VerifiedCaller } from '../auth/access.ts';
import type { VendorCallRecord } from '../domain/request.ts';
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
}

const states = new WeakMap<Request, RequestState>();

const acceptableId = /^[A-Za-z0-9_-]{8,64}$/;

/** The caller's own `x-request-id` is kept where it is harmless, so that logs can be joined. */
export function requestState(request: Request): RequestState {
  const known = states.get(request);
  if (known !== undefined) {
    return known;
  }
  const given = request.headers.get('x-request-id') ?? '';
  const state: RequestState = {
    requestId: acceptableId.test(given) ? given : crypto.randomUUID(),
    caller: undefined,
    isBatch: false,
    vendorCalls: [],
    chargedCalls: 0,
    answerBy: Number.POSITIVE_INFINITY,
    cost: { vendorCalls: 0, fields: 0 },
    secretsOf: [],
  };
  states.set(request, state);
  return state;
}
