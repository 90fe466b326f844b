import type { Caller } from '../auth/access.ts';
import type { VendorCallRecord } from '../domain/request.ts';

/** What the plugins know of a request before and after GraphQL runs. */
export interface RequestState {
  requestId: string;
  caller: Caller | undefined;
  vendorCalls: VendorCallRecord[];
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
    vendorCalls: [],
    secretsOf: [],
  };
  states.set(request, state);
  return state;
}
