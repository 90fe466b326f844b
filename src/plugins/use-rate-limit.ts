import type { Plugin } from 'graphql-yoga';
import type { RateLimit } from './rate-limit.ts';
import { requestState } from './request-state.ts';

/**
 * Each caller's share: one unit for each operation, understood or not, and one for each vendor call
 * that it made.
 */
export const useRateLimit = (limit: RateLimit): Plugin => ({
  async onRequestParse({ request }) {
    const { caller } = requestState(request);
    if (caller === undefined) {
      return {};
    }
    await limit.use(caller.subject);
    return {
      async onRequestParseDone({ requestParserResult }) {
        if (Array.isArray(requestParserResult)) {
          await limit.charge(caller.subject, requestParserResult.length - 1);
        }
      },
    };
  },
  async onResponse({ request }) {
    const { caller, vendorCalls } = requestState(request);
    if (caller !== undefined) {
      await limit.charge(caller.subject, vendorCalls.length);
    }
  },
});
