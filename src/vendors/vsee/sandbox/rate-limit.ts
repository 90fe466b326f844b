import type { Told } from './exchange.ts';
import type { VSeeState } from './state.ts';

/** Counts the account's calls of the last minute; 429 with `Retry-After` beyond the switch's number. */
export function createRateLimit(state: VSeeState): () => Told | undefined {
  let recent: number[] = [];
  return () => {
    const most = state.switches.requestsPerMinute;
    if (most === undefined) {
      return undefined;
    }
    const now = state.now();
    recent = recent.filter((at) => at > now - 60);
    if (recent.length >= most) {
      return {
        status: 429,
        headers: { 'retry-after': '1' },
        body: { code: 429, message: 'Too many requests' },
      };
    }
    recent.push(now);
    return undefined;
  };
}
