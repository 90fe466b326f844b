import type { Plugin } from 'graphql-yoga';
import { requestState } from './request-state.ts';

/**
 * `extensions.vendorCalls`: what a query cost, call by call; for the sandbox. `startedAfter` and
 * `duration` are milliseconds.
 */
export const useVendorCalls = (): Plugin => ({
  onResultProcess({ request, result, setResult }) {
    const { vendorCalls } = requestState(request);
    if (!Array.isArray(result) && 'data' in result) {
      const start = Math.min(...vendorCalls.map((call) => call.startedAt));
      const listed = vendorCalls.map(({ startedAt, ...call }) => ({
        vendor: call.vendor,
        operation: call.operation,
        attempts: call.attempts,
        status: call.status,
        outcome: call.outcome,
        duration: call.duration,
        startedAfter: startedAt - start,
      }));
      setResult({ ...result, extensions: { ...result.extensions, vendorCalls: listed } });
    }
  },
});
