import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { VendorTokens } from '../domain/capabilities/appointments.ts';
import { VendorError } from '../domain/errors.ts';
import { inTime } from '../domain/in-time.ts';
import type { Sealer, TokenVault } from '../domain/store.ts';
import type { Database } from './database.ts';
import { StoreError } from './store-error.ts';
import { createTokenRows, type FoundTokens, type TokenKey } from './token-rows.ts';

/** How long a renewal may be silent before others take over; a living one extends its lease. */
const defaultLease = 15_000;
/** A renewal that takes longer is given up for dead, although its process lives. */
const longestRenewal = 120_000;
/** Between two looks at whether another process has finished. */
const shortestPoll = 25;
const longestPoll = 100;
/** A waiting caller looks up at least that often; far below the longest time that a timer can be set to. */
const longestNap = 60_000;
/** A renewed refresh token that is not stored is a session lost: storing is tried hard. */
const pausesBetweenStores = [50, 200, 500, 1_000, 2_000];

type Renew = (current: VendorTokens) => Promise<VendorTokens | undefined>;
/** Undefined tokens: there are none any more. */
type Outcome = { tokens: VendorTokens | undefined } | 'WAITED_TOO_LONG';

/** Another's renewal that was only cut off with its own request says nothing about ours. */
const isOnlyTheirs = (error: unknown) => error instanceof VendorError && error.kind === 'CANCELLED';

async function untilUnreachableNoMore<T>(store: () => Promise<T>): Promise<T> {
  for (const pause of pausesBetweenStores) {
    try {
      return await store();
    } catch (error) {
      if (!(error instanceof StoreError) || !['UNAVAILABLE', 'TIMED_OUT'].includes(error.kind)) {
        throw error;
      }
      await delay(pause);
    }
  }
  return store();
}

/**
 * Keeps vendor tokens sealed. A renewal holds no connection and no transaction while it talks to the
 * vendor: who renews owns a lease in the row, the others look again until it is over.
 * @param lease milliseconds
 */
export function createTokenVault(
  database: Database,
  sealer: Sealer,
  clock: () => number,
  lease = defaultLease,
): TokenVault {
  const rows = createTokenRows(database, sealer);
  /** Renewals of this process, so that only one of them has to look at the database. */
  const flights = new Map<string, Promise<Outcome>>();

  /** Runs the renewal that we hold the lease for. */
  async function run(key: TokenKey, found: FoundTokens, owner: string, renew: Renew) {
    const giveUpAt = clock() + longestRenewal;
    const heartbeat = setInterval(() => {
      if (clock() < giveUpAt) {
        rows.extendLease(key, owner, lease).catch(() => undefined);
      }
    }, lease / 3);
    heartbeat.unref();
    try {
      const renewed = await renew(found.tokens);
      const stored = await untilUnreachableNoMore(() =>
        renewed === undefined
          ? rows.removeVersion(key, found.version, owner)
          : rows.replaceVersion(key, found.version, renewed),
      );
      // Where somebody wrote in the meantime, theirs is newer, and ours is dropped.
      return stored ? renewed : (await rows.find(key))?.tokens;
    } catch (error) {
      // The lease runs out by itself where even this fails; the caller needs the first error.
      await rows.releaseLease(key, owner).catch(() => undefined);
      throw error;
    } finally {
      clearInterval(heartbeat);
    }
  }

  async function fly(
    key: TokenKey,
    seen: string,
    waitUntil: number,
    renew: Renew,
  ): Promise<Outcome> {
    const owner = randomUUID();
    for (;;) {
      const found = await rows.find(key);
      if (found === undefined || found.tokens.accessToken !== seen) {
        return { tokens: found?.tokens };
      }
      if (!found.leased && (await rows.lease(key, found.version, owner, lease))) {
        return { tokens: await run(key, found, owner, renew) };
      }
      const left = waitUntil - clock();
      if (left <= 0) {
        return 'WAITED_TOO_LONG';
      }
      await delay(Math.min(left, shortestPoll + Math.random() * (longestPoll - shortestPoll)));
    }
  }

  /** Waits for a flight that another caller of this process began. */
  async function join(flight: Promise<Outcome>, waitUntil: number): Promise<Outcome> {
    const outcome = flight.catch((error: unknown): Outcome => {
      if (isOnlyTheirs(error)) {
        return 'WAITED_TOO_LONG';
      }
      throw error;
    });
    const left = Math.min(longestNap, Math.max(0, waitUntil - clock()));
    return inTime(left, outcome, (): Outcome => 'WAITED_TOO_LONG');
  }

  return {
    async read(vendor, patientId) {
      return (await rows.find({ vendor, patientId }))?.tokens;
    },

    write: (vendor, patientId, tokens) => rows.replace({ vendor, patientId }, tokens),

    async renew(vendor, patientId, seen, waitUntil, renew) {
      // Whoever saw other tokens is on another flight: what is news to one may be stale to the other.
      const name = JSON.stringify([vendor, patientId, seen]);
      for (;;) {
        const flying = flights.get(name);
        if (flying === undefined) {
          const flight = fly({ vendor, patientId }, seen, waitUntil, renew).finally(() =>
            flights.delete(name),
          );
          flights.set(name, flight);
          const outcome = await flight;
          return outcome === 'WAITED_TOO_LONG' ? undefined : outcome.tokens;
        }
        const outcome = await join(flying, waitUntil);
        if (outcome !== 'WAITED_TOO_LONG') {
          return outcome.tokens;
        }
        if (clock() >= waitUntil) {
          return undefined;
        }
      }
    },
  };
}
