import type { Plugin } from 'graphql-yoga';
import type { Caller } from '../auth/access.ts';
import { isStaff } from '../auth/rules.ts';
import { repeatsOf } from '../loaders/repeated-asks.ts';
import { requestState } from './request-state.ts';

/** Who sees what an answer cost. */
export type VendorCallsShown = 'EVERYBODY' | 'STAFF' | 'NOBODY';

export const seesVendorCalls = (shown: VendorCallsShown, caller: Caller | undefined): boolean =>
  shown === 'EVERYBODY' || (shown === 'STAFF' && caller !== undefined && isStaff(caller.roles));

/**
 * `extensions.vendorCalls`: what a query cost, call by call, in the order in which they began.
 * `startedAfter` (the first one) and `duration` are milliseconds; `deduplicated` is how many more times
 * the query asked for the same, without another call.
 */
export const useVendorCalls = (shown: VendorCallsShown): Plugin => ({
  onResultProcess({ request, result, setResult }) {
    const { vendorCalls, caller } = requestState(request);
    if (seesVendorCalls(shown, caller) && !Array.isArray(result) && 'data' in result) {
      const start = Math.min(...vendorCalls.map((call) => call.startedAt));
      const listed = vendorCalls
        .toSorted((a, b) => a.startedAt - b.startedAt)
        .map((call) => {
          const { startedAt, ...told } = call;
          return { ...told, deduplicated: repeatsOf(call), startedAfter: startedAt - start };
        });
      setResult({ ...result, extensions: { ...result.extensions, vendorCalls: listed } });
    }
  },
});
