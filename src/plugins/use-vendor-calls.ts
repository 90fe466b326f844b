import type { Plugin } from 'graphql-yoga';
import type { Caller } from '../auth/access.ts';
import { isStaff } from '../auth/rules.ts';
import { repeatsOf } from '../loaders/repeated-asks.ts';
import { type Executed, type Part, withEach } from './parts.ts';
import { type RequestState, requestState } from './request-state.ts';

/** Who sees what an answer cost. */
export type VendorCallsShown = 'EVERYBODY' | 'STAFF' | 'NOBODY';

export const seesVendorCalls = (shown: VendorCallsShown, caller: Caller | undefined): boolean =>
  shown === 'EVERYBODY' || (shown === 'STAFF' && caller !== undefined && isStaff(caller.roles));

/**
 * A result, or a part of one, with `extensions.vendorCalls`: what a query cost, call by call, in the order in which they began.
 * `startedAfter` (the first one) and `duration` are milliseconds; `deduplicated` is how many more times
 * the query asked for the same, without another call. In an answer in parts, each says what was called up
 * to then.
 */
export function withVendorCalls(part: Part, { vendorCalls }: RequestState): Part {
  if (!('data' in part || 'incremental' in part)) {
    return part;
  }
  const start = Math.min(...vendorCalls.map(({ startedAt }) => startedAt));
  const listed = vendorCalls
    .toSorted((a, b) => a.startedAt - b.startedAt)
    .map((call) => ({
      vendor: call.vendor,
      operation: call.operation,
      attempts: call.attempts,
      status: call.status,
      outcome: call.outcome,
      deduplicated: repeatsOf(call),
      duration: call.duration,
      startedAfter: call.startedAt - start,
    }));
  return { ...part, extensions: { ...part.extensions, vendorCalls: listed } };
}

/** The same for all that the server answers. */
export const useVendorCalls = (shown: VendorCallsShown): Plugin => ({
  onResultProcess({ request, result, setResult }) {
    const state = requestState(request);
    if (seesVendorCalls(shown, state.caller) && !Array.isArray(result)) {
      const withCalls = (part: Part) => withVendorCalls(part, state);
      setResult(withEach(result as Executed, withCalls) as never);
    }
  },
});
