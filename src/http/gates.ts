import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleWhenResult } from 'cockatiel';
import type { VendorHealth } from '../domain/vendor.ts';
import type { GateLoad } from './exchange.ts';
import { createRoom } from './room.ts';

/** What an attempt says about the vendor: alive, at fault, or nothing (we gave up ourselves). */
export type SignOfLife = 'ALIVE' | 'FAULT' | 'NEITHER';

/** Work that was not begun, and when it makes sense to come again. */
export interface NotBegun {
  life: undefined;
  retryAt: Date | undefined;
}

/** One circuit breaker and one concurrency limit. */
export interface Gate {
  /**
   * Runs work when there is room and the breaker allows it. Work must not throw.
   * @param until milliseconds since the epoch; waiting for room ends there
   */
  run<T extends { life: SignOfLife }>(
    work: () => Promise<T>,
    until: number,
    signal: AbortSignal | undefined,
  ): Promise<T | NotBegun>;
  health(): VendorHealth;
  load(): GateLoad;
}

const faultsToOpen = 5;
const openMilliseconds = 5_000;
const lineLength = 1_000;
/** Milliseconds after which a fault that nothing followed is old news. */
const recent = 60_000;

/** The breaker opens after 5 faults in a row and probes with a single call after 5 seconds. */
export function createGate(concurrency: number, clock: () => number): Gate {
  const faults = new ConsecutiveBreaker(faultsToOpen);
  const room = createRoom(concurrency, lineLength);
  const breaker = circuitBreaker(
    handleWhenResult((result) => (result as { life: SignOfLife }).life === 'FAULT'),
    // When it may probe is said here: by its own reckoning, a clock set back by an hour shuts it for an hour.
    { halfOpenAfter: Number.NEGATIVE_INFINITY, breaker: faults },
  );
  let openUntil = 0;
  let openings = 0;
  let lastFault = Number.NEGATIVE_INFINITY;
  breaker.onBreak(() => {
    openUntil = clock() + openMilliseconds;
    openings += 1;
  });
  breaker.onFailure(() => {
    lastFault = clock();
  });

  /** Milliseconds until it may probe; none where more is left than there ever was, by a clock set back. */
  const shutFor = (): number => {
    const left = openUntil - clock();
    return breaker.state === CircuitState.Open && left > 0 && left <= openMilliseconds ? left : 0;
  };

  const refusing = (): NotBegun | undefined => {
    const left = shutFor();
    // cockatiel lets others wait for the probe, however long that takes: here they are turned away.
    return breaker.state === CircuitState.HalfOpen || left > 0
      ? { life: undefined, retryAt: new Date(clock() + Math.max(left, 1_000)) }
      : undefined;
  };

  async function guarded<T extends { life: SignOfLife }>(work: () => Promise<T>): Promise<T> {
    const probing = breaker.state !== CircuitState.Closed;
    const opening = openings;
    let unjudged: T | undefined;
    try {
      return await breaker.execute(async () => {
        const result = await work();
        // What was begun before it opened tells nothing new: it would undo a probe, or open it once more.
        if (result.life === 'NEITHER' || openings !== opening) {
          unjudged = result;
          // What is thrown leaves a closed breaker as it is, but closes one that is probing.
          if (!probing) {
            throw new Unjudged();
          }
          return { ...result, life: 'FAULT' };
        }
        return result;
      });
    } catch (error) {
      if (error instanceof Unjudged && unjudged) {
        return unjudged;
      }
      throw error;
    }
  }

  return {
    async run(work, until, signal) {
      const early = refusing();
      if (early) {
        return early;
      }
      if (!(await room.enter(until - clock(), signal))) {
        return { life: undefined, retryAt: undefined };
      }
      try {
        // It may have opened meanwhile.
        return refusing() ?? (await guarded(work));
      } finally {
        room.leave();
      }
    },
    health() {
      if (shutFor() > 0) {
        return { state: 'UNAVAILABLE', retryAt: new Date(openUntil) };
      }
      const doubtful =
        breaker.state !== CircuitState.Closed || (faults.state > 0 && clock() - lastFault < recent);
      return { state: doubtful ? 'DEGRADED' : 'AVAILABLE', retryAt: undefined };
    },
    load: () => ({
      breaker:
        breaker.state === CircuitState.Closed ? 'CLOSED' : shutFor() > 0 ? 'OPEN' : 'HALF_OPEN',
      running: room.taken,
      waiting: room.waiting,
    }),
  };
}

class Unjudged extends Error {}

/** What goes on behind several gates, as of one: its breaker is the worst of theirs. */
export const together = (loads: readonly GateLoad[]): GateLoad => {
  const states = loads.map(({ breaker }) => breaker);
  const worst = (['OPEN', 'HALF_OPEN'] as const).find((state) => states.includes(state));
  return {
    breaker: worst ?? 'CLOSED',
    running: loads.reduce((sum, { running }) => sum + running, 0),
    waiting: loads.reduce((sum, { waiting }) => sum + waiting, 0),
  };
};

/** The worse of two healths; of two that are unavailable, the later return. */
export function worse(one: VendorHealth, other: VendorHealth): VendorHealth {
  const rank = { AVAILABLE: 0, DEGRADED: 1, UNAVAILABLE: 2 } as const;
  const difference =
    rank[one.state] - rank[other.state] ||
    (one.retryAt?.getTime() ?? 0) - (other.retryAt?.getTime() ?? 0);
  return difference >= 0 ? one : other;
}
