import type { Plugin } from 'graphql-yoga';
import { isStaff } from '../auth/rules.ts';
import { requestState } from './request-state.ts';

/** Who sees what an answer cost. */
export type VendorCallsShown = 'EVERYBODY' | 'STAFF' | 'NOBODY';

/**
 * `extensions.vendorCalls`: what a query cost, call by call, in the order in which they began.
 * `startedAfter` the first one and `duration` are milliseconds.
 */
export const useVendorCalls = (shown: VendorCallsShown): Plugin => ({
  onResultProcess({ request, result, setResult }) {
    const { vendorCalls, caller } = requestState(request);
    const isShown =
      shown === 'EVERYBODY' || (shown === 'STAFF' && caller !== undefined && isStaff(caller.roles));
    if (isShown && !Array.isArray(result) && 'data' in result) {
      const start = Math.min(...vendorCalls.map((call) => call.startedAt));
      const listed = vendorCalls
        .toSorted((a, b) => a.startedAt - b.startedAt)
        .map(({ startedAt, ...call }) => ({ ...call, startedAfter: startedAt - start }));
      setResult({ ...result, extensions: { ...result.extensions, vendorCalls: listed } });
    }
  },
});
