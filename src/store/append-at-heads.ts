import { inArray, sql } from 'drizzle-orm';
import { LRUCache } from 'lru-cache';
import type { AccessEvent } from '../domain/records.ts';
import type { Sealer } from '../domain/store.ts';
import type { Head } from './access-chain.ts';
import { appendEvents, chained, insertEvents } from './append-events.ts';
import type { Database } from './database.ts';
import { accessChains } from './ledger-tables.ts';
import { StoreError } from './store-error.ts';

/** Chains whose heads are remembered, at most. */
const mostRemembered = 10_000;

/**
 * Appends to chains at the heads that are remembered, in one statement where a transaction takes six. Where
 * another process, or a write, has moved one of them on, nothing is written, and the transaction does it.
 */
export function createAppend(database: Database, sealer: Sealer, clock: () => number) {
  /** Heads that this process saw last; others may have moved on since. */
  const remembered = new LRUCache<string, Head>({ max: mostRemembered });

  /** Undefined where a chain is yet to begin. */
  async function headsOf(ids: readonly string[]): Promise<Map<string, Head> | undefined> {
    const unknown = ids.filter((id) => remembered.get(id) === undefined);
    const read =
      unknown.length === 0
        ? []
        : await database.run((queries) =>
            queries.select().from(accessChains).where(inArray(accessChains.patientId, unknown)),
          );
    const heads = new Map(read.map((head) => [head.patientId, head]));
    for (const id of ids) {
      const head = heads.get(id) ?? remembered.get(id);
      if (head === undefined) {
        return undefined;
      }
      heads.set(id, head);
    }
    return heads;
  }

  /** The heads after it; undefined, and nothing written, where one of them was another already. */
  async function atHeads(
    at: Date,
    events: readonly Omit<AccessEvent, 'at'>[],
    heads: ReadonlyMap<string, Head>,
  ): Promise<ReadonlyMap<string, Head> | undefined> {
    const { rows, ends } = chained(sealer, at, events, heads);
    const moves = [...ends.values()].map(({ patientId, length, hash, seal }) => ({
      ...{ patientId, length, hash, seal, before: heads.get(patientId)?.seal },
    }));
    // Locked in one order, so that nobody waits in a ring; the seal covers all that a head says.
    const { rows: moved } = (await database.run((queries) =>
      queries.execute(sql`
        with moves as (
          select * from jsonb_to_recordset(${JSON.stringify(moves)}::jsonb) as moves (
            "patientId" uuid, before text, length bigint, hash text, seal text
          )
        ), held as materialized (
          select patient_id, seal from access_chains
          where patient_id in (select "patientId" from moves)
          order by patient_id for update
        ), fit as materialized (
          select count(*) = ${moves.length} as whole
          from held join moves on held.patient_id = moves."patientId" and held.seal = moves.before
        ), moved as (
          update access_chains set length = moves.length, hash = moves.hash, seal = moves.seal
          from moves
          where access_chains.patient_id = moves."patientId" and (select fit.whole from fit)
          returning access_chains.patient_id
        ), written as (
          ${insertEvents(rows, sql`(select fit.whole from fit)`)}
        )
        select patient_id from moved`),
    )) as unknown as { rows: unknown[] };
    return moved.length > 0 ? ends : undefined;
  }

  return async (events: readonly Omit<AccessEvent, 'at'>[]): Promise<void> => {
    const at = new Date(clock());
    const ids = [...new Set(events.map(({ patientId }) => patientId))];
    try {
      const heads = await headsOf(ids);
      const ends =
        (heads && (await atHeads(at, events, heads).catch(unlessThereAlready))) ??
        (await database.transaction((queries) => appendEvents(queries, sealer, at, events)));
      for (const [id, head] of ends) {
        remembered.set(id, head);
      }
    } catch (error) {
      // Whether it was committed is not known.
      for (const id of ids) {
        remembered.delete(id);
      }
      throw error;
    }
  };
}

/** Events that were written before are left: the transaction sees which. */
function unlessThereAlready(error: unknown): undefined {
  if (!(error instanceof StoreError && error.kind === 'CONSTRAINT')) {
    throw error;
  }
}
