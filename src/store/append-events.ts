import { and, asc, desc, inArray, isNotNull, type SQL, sql } from 'drizzle-orm';
import type { AccessEvent } from '../domain/records.ts';
import type { Sealer } from '../domain/store.ts';
import { type Head, hashOf, isSealed, noHash, sealOf } from './access-chain.ts';
import type { Queries } from './database.ts';
import { accessChains, accessEvents } from './ledger-tables.ts';

/** The head with the seal that belongs to it. */
export const sealedHead = (sealer: Sealer, head: Omit<Head, 'seal'>): Head =>
  Object.assign({}, head, { seal: sealOf(sealer, head) });

function newHead(sealer: Sealer, patientId: string): Head {
  const empty = { length: 0, hash: noHash, prunedLength: 0, prunedHash: noHash };
  return sealedHead(sealer, { patientId, ...empty });
}

/** A seal that nothing has. */
const noSeal = '';

/**
 * Begins those chains that are not there, without an event yet. Where only the head was taken away, its chain
 * goes on, or nothing about this patient could be answered any more; no seal says that it was changed.
 */
export async function beginChains(
  queries: Queries,
  sealer: Sealer,
  patientIds: readonly string[],
): Promise<void> {
  const lasts = await queries
    .selectDistinctOn([accessEvents.patientId])
    .from(accessEvents)
    .where(and(inArray(accessEvents.patientId, [...patientIds]), isNotNull(accessEvents.number)))
    .orderBy(accessEvents.patientId, desc(accessEvents.number));
  const headless = new Map(lasts.map((last) => [last.patientId, last]));
  const heads = patientIds.map((patientId) => {
    const { number, hash } = headless.get(patientId) ?? {};
    const head = newHead(sealer, patientId);
    return number ? { ...head, length: number, hash: hash ?? noHash, seal: noSeal } : head;
  });
  await queries.insert(accessChains).values(heads).onConflictDoNothing();
}

/** Holds the chains' heads until the transaction ends; in one order, so that nobody waits in a ring. */
async function lockHeads(
  queries: Queries,
  sealer: Sealer,
  patientIds: readonly string[],
): Promise<Map<string, Head>> {
  const ids = [...new Set(patientIds)].sort();
  const locked = async () => {
    const heads = await queries
      .select()
      .from(accessChains)
      .where(inArray(accessChains.patientId, ids))
      .orderBy(asc(accessChains.patientId))
      .for('update');
    return new Map(heads.map((head) => [head.patientId, head]));
  };
  const heads = await locked();
  const missing = ids.filter((id) => !heads.has(id));
  if (missing.length === 0) {
    return heads;
  }
  await beginChains(queries, sealer, missing);
  // With those that somebody else has begun in between.
  return locked();
}

/** One event as it is kept. */
export type ChainedEvent = Omit<AccessEvent, 'at'> & { at: Date; number: number; hash: string };

/** A head whose seal is yet to be made anew. */
const movedTo = (head: Head, { number, hash }: ChainedEvent): Head => ({
  patientId: head.patientId,
  length: number,
  hash,
  prunedLength: head.prunedLength,
  prunedHash: head.prunedHash,
  seal: head.seal,
});

/** Ties events to the ends of their patients' chains. @returns them, and what the chains' heads are then */
export function chained(
  sealer: Sealer,
  at: Date,
  events: readonly Omit<AccessEvent, 'at'>[],
  heads: ReadonlyMap<string, Head>,
): { rows: ChainedEvent[]; ends: Map<string, Head> } {
  const ends = new Map(heads);
  const rows = events.map((event) => {
    const { patientId } = event;
    const head = ends.get(patientId) ?? newHead(sealer, patientId);
    const row = { at, number: head.length + 1, hash: noHash, ...event };
    row.hash = hashOf(sealer, row, head.hash);
    ends.set(patientId, movedTo(head, row));
    return row;
  });
  for (const [patientId, end] of ends) {
    const before = heads.get(patientId);
    // One that was changed goes on under the seal that gives it away: sealed anew it would look whole.
    if (before === undefined || isSealed(sealer, before)) {
      ends.set(patientId, sealedHead(sealer, end));
    }
  }
  return { rows, ends };
}

/**
 * Rows as one value: hundreds of rows of ten parameters each take the client longer than the database.
 * @param condition under which they are written, where that is not sure
 */
export const insertEvents = (rows: readonly ChainedEvent[], condition: SQL = sql`true`) => sql`
  insert into access_events
    (id, at, patient_id, actor, actor_roles, action, vendor, outcome, number, hash)
  select id, at, "patientId", actor, "actorRoles", action, vendor, outcome, number, hash
  from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as rows (
    id uuid, at timestamptz, "patientId" uuid, actor text, "actorRoles" text[], action text,
    vendor text, outcome text, number bigint, hash text
  )
  where ${condition}`;

/**
 * Appends events to their patients' chains, in the transaction of what they are about. Those whose ids
 * are there already are left: it may be tried again after the answer to a commit was lost.
 * @returns the heads of the chains, once the transaction is committed
 */
export async function appendEvents(
  queries: Queries,
  sealer: Sealer,
  at: Date,
  events: readonly Omit<AccessEvent, 'at'>[],
): Promise<ReadonlyMap<string, Head>> {
  const heads = await lockHeads(
    queries,
    sealer,
    events.map(({ patientId }) => patientId),
  );
  const ids = JSON.stringify(events.map(({ id }) => id));
  const found = await queries
    .select({ id: accessEvents.id })
    .from(accessEvents)
    .where(sql`${accessEvents.id} in (select jsonb_array_elements_text(${ids}::jsonb)::uuid)`);
  const known = new Set(found.map(({ id }) => id));
  const added = events.filter(({ id }) => !known.has(id));
  if (added.length === 0) {
    return heads;
  }
  const { rows, ends } = chained(sealer, at, added, heads);
  await queries.execute(insertEvents(rows));
  await queries
    .insert(accessChains)
    .values([...ends.values()])
    .onConflictDoUpdate({
      target: accessChains.patientId,
      set: { length: sql`excluded.length`, hash: sql`excluded.hash`, seal: sql`excluded.seal` },
    });
  return ends;
}
