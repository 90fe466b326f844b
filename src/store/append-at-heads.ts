import { setTimeout as delay } from 'node:timers/promises';
import { inArray, sql } from 'drizzle-orm';
import { LRUCache } from 'lru-cache';
import type { AccessEvent } from '../domain/records.ts';
import type { Sealer } from '../domain/store.ts';
import type { Head } from './access-chain.ts';
import { appendEvents, beginChains, chained, insertEvents } from './append-events.ts';
import { type Database, readRows, statementTimeout } from './database.ts';
import { gathered } from './gathered.ts';
import { accessChains } from './ledger-tables.ts';
import { StoreError } from './store-error.ts';

/** What one caller appends: all of it is written, or nothing. */
type Call = readonly Omit<AccessEvent, 'at'>[];

/** Chains whose heads are remembered, at most. */
const mostRemembered = 10_000;

/** Milliseconds, at most, until it is looked again whether chains are free. */
const longestPause = 8;

/**
 * Appends to chains at the heads that are remembered, what comes together in one statement. It waits for no
 * lock, so that one patient's chain, held by somebody else, does not hold up the others'; calls about that
 * patient are tried again aside.
 * @returns what throws StoreError, TIMED_OUT where a chain was held for as long as a statement may take
 */
export function createAppend(
  database: Database,
  sealer: Sealer,
  clock: () => number,
): (call: Call) => Promise<void> {
  /** Heads that this process saw last; others may have moved on since. */
  const remembered = new LRUCache<string, Head>({ max: mostRemembered });

  /** Begins the chains that are not there. */
  async function headsOf(ids: readonly string[]): Promise<Map<string, Head>> {
    const heads = new Map<string, Head>();
    const add = (head: Head | undefined) => head && heads.set(head.patientId, head);
    for (const id of ids) {
      add(remembered.get(id));
    }
    const unknown = ids.filter((id) => !heads.has(id)).sort();
    const read = () =>
      database.run((queries) =>
        queries.select().from(accessChains).where(inArray(accessChains.patientId, unknown)),
      );
    if (unknown.length > 0) {
      let found = await read();
      if (found.length < unknown.length) {
        await database.run((queries) => beginChains(queries, sealer, unknown));
        found = await read();
      }
      found.forEach(add);
    }
    return heads;
  }

  /** The heads after it; or nothing was written, and these chains are not held by anybody. */
  async function atHeads(
    at: Date,
    events: Call,
    heads: ReadonlyMap<string, Head>,
  ): Promise<{ ends: ReadonlyMap<string, Head> } | { free: readonly unknown[] }> {
    const { rows, ends } = chained(sealer, at, events, heads);
    const moves = [...ends.values()].map(({ patientId, length, hash, seal }) => ({
      ...{ patientId, length, hash, seal, before: heads.get(patientId)?.seal },
    }));
    // The seal covers all that a head says.
    const free = await database.run((queries) =>
      readRows<{ id: string | null }>(
        queries,
        sql`
        with moves as (
          select * from jsonb_to_recordset(${JSON.stringify(moves)}::jsonb) as moves (
            "patientId" uuid, before text, length bigint, hash text, seal text
          )
        ), held as materialized (
          select patient_id, seal from access_chains
          where patient_id in (select "patientId" from moves)
          for update skip locked
        ), fit as materialized (
          select count(*) = ${moves.length} as whole
          from held join moves on held.patient_id = moves."patientId" and held.seal = moves.before
        ), moved as (
          update access_chains set length = moves.length, hash = moves.hash, seal = moves.seal
          from moves
          where access_chains.patient_id = moves."patientId" and (select fit.whole from fit)
        ), written as (
          ${insertEvents(rows, sql`(select fit.whole from fit)`)}
        )
        select held.patient_id as id from fit left join held on true where not fit.whole`,
      ),
    );
    return free.length > 0 ? { free: free.map(({ id }) => id) } : { ends };
  }

  /** @returns undefined where all was written; otherwise nothing was, and which chains nobody holds */
  async function attempt(calls: readonly Call[]): Promise<ReadonlySet<unknown> | undefined> {
    const at = new Date(clock());
    const events = calls.flat();
    const ids = [...new Set(events.map(({ patientId }) => patientId))];
    let ends: ReadonlyMap<string, Head> | undefined;
    try {
      const tried = (await atHeads(at, events, await headsOf(ids)).catch(unlessThereAlready)) ?? {
        ends: await database.transaction((queries) => appendEvents(queries, sealer, at, events)),
      };
      if ('free' in tried) {
        return new Set(tried.free);
      }
      ends = tried.ends;
      return undefined;
    } finally {
      for (const id of ids) {
        const end = ends?.get(id);
        // Without one, others have moved it on, or whether this was committed is not known.
        end ? remembered.set(id, end) : remembered.delete(id);
      }
    }
  }

  /** Tries twice at most. @returns calls of which nothing was written, as others are at their chains */
  async function append(calls: readonly Call[]): Promise<readonly Call[]> {
    const free = await attempt(calls);
    if (free === undefined) {
      return [];
    }
    const isFree = (call: Call) => call.every(({ patientId }) => free.has(patientId));
    const others = calls.filter(isFree);
    const written = others.length > 0 && (await attempt(others)) === undefined;
    return written ? calls.filter((call) => !isFree(call)) : calls;
  }

  const together = gathered(append);
  // Apart from the others, whom each try would cost a second statement.
  const aside = gathered(async (calls: readonly Call[]) => {
    await delay(Math.random() * longestPause);
    return append(calls);
  });
  return async (call) => {
    const until = performance.now() + statementTimeout;
    for (let left = await together([call]); left.includes(call); left = await aside([call])) {
      if (performance.now() > until) {
        throw new StoreError('TIMED_OUT');
      }
    }
  };
}

/** Events that were written before are left: the transaction sees which. */
function unlessThereAlready(error: unknown): undefined {
  if (!(error instanceof StoreError && error.kind === 'CONSTRAINT')) {
    throw error;
  }
}
