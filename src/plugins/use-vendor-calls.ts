import type { Plugin } from 'graphql-yoga';
import { type Executed, type Part, withEach } from './parts.ts';
import { requestState } from './request-state.ts';

/**
 * `extensions.vendorCalls`: what a query cost, call by call; for the sandbox. `startedAfter` and
 * `duration` are milliseconds. In an answer in parts, each says what was called up to then.
 */
export const useVendorCalls = (): Plugin => ({
  onResultProcess({ request, result, setResult }) {
    const { vendorCalls } = requestState(request);
    const withCalls = (part: Part): Part => {
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
      return 'data' in part || 'incremental' in part
        ? { ...part, extensions: { ...part.extensions, vendorCalls: listed } }
        : part;
    };
    if (!Array.isArray(result)) {
      setResult(withEach(result as Executed, withCalls) as never);
    }
  },
});
