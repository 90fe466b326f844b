import { isAsyncIterable, type Plugin } from 'graphql-yoga';
import { type Part, watched } from './parts.ts';
import type { RateLimit } from './rate-limit.ts';
import { type RequestState, requestState } from './request-state.ts';

/** Charges the vendor calls that were not charged before. */
export async function chargeCalls(limit: RateLimit, state: RequestState): Promise<void> {
  const units = state.vendorCalls.length - state.chargedCalls;
  state.chargedCalls += units;
  if (state.caller !== undefined) {
    await limit.charge(state.caller.subject, units);
  }
}

/**
 * Each caller's share: one unit for each operation, understood or not, and one for each vendor call
 * that it made.
 */
export const useRateLimit = (limit: RateLimit): Plugin => {
  return {
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
    onExecute: ({ args }) => ({
      onExecuteDone({ result, setResult }) {
        if (isAsyncIterable(result)) {
          // Its answer begins to leave before all calls are made.
          const { request } = args.contextValue;
          const parts = result as AsyncIterable<Part>;
          setResult(
            watched(
              parts,
              () => undefined,
              () => chargeCalls(limit, requestState(request)),
            ) as never,
          );
        }
      },
    }),
    onResponse: ({ request }) => chargeCalls(limit, requestState(request)),
  };
};
