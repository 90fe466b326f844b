import { and, asc, count, eq, gt, gte, isNotNull, isNull, lte, sql } from 'drizzle-orm';
import type { AccessLog, AuditReport, Sealer } from '../domain/store.ts';
import { ChainWalk, type Head } from './access-chain.ts';
import type { Database, Queries } from './database.ts';
import { accessChains, accessEvents } from './ledger-tables.ts';

/** Chains that are walked as they are at one moment. */
const chainsAtOnce = 50;
/** A single patient's may be millions: neither memory nor the time of a statement holds them all. */
const eventsAtOnce = 2_000;

const [firstId, lastId] = ['0', 'f'].map((digit) =>
  '8-4-4-4-12'.replaceAll(/\d+/g, (length) => digit.repeat(Number(length))),
) as [string, string];

/** Where a walk goes on; events are read by patient and number, as their index has them. */
interface Position {
  patientId: string;
  number: number;
}

const beyond = ({ patientId, number }: Position) =>
  sql`(${accessEvents.patientId}, ${accessEvents.number}) > (${patientId}::uuid, ${number}::bigint)`;

/** Events of all patients up to one, some at a time; also of those whose chain has no head any more. */
async function* eventsIn(queries: Queries, after: Position, upTo: string) {
  for (let position = after; ; ) {
    const rows = await queries
      .select()
      .from(accessEvents)
      .where(
        and(isNotNull(accessEvents.number), beyond(position), lte(accessEvents.patientId, upTo)),
      )
      .orderBy(asc(accessEvents.patientId), asc(accessEvents.number))
      .limit(eventsAtOnce);
    yield rows;
    const end = rows.at(-1);
    if (end === undefined || rows.length < eventsAtOnce) {
      return;
    }
    position = { patientId: end.patientId, number: Number(end.number) };
  }
}

/** What was found of the next chains, and behind whom the walk goes on; undefined at its end. */
interface Stretch extends AuditReport {
  last: string | undefined;
}

async function walk(
  queries: Queries,
  sealer: Sealer,
  after: string | undefined,
  only: string | undefined,
  onRead: () => void,
): Promise<Stretch> {
  // Not by locks: whoever appends would wait for them.
  await queries.execute(sql`set transaction isolation level repeatable read read only`);
  const heads: Head[] = await queries
    .select()
    .from(accessChains)
    .where(
      and(
        after === undefined ? undefined : gt(accessChains.patientId, after),
        only === undefined ? undefined : eq(accessChains.patientId, only),
      ),
    )
    .orderBy(asc(accessChains.patientId))
    .limit(chainsAtOnce);
  const last = heads.length < chainsAtOnce ? undefined : heads.at(-1)?.patientId;
  const upTo = last ?? only ?? lastId;
  const begin: Position =
    after === undefined
      ? { patientId: only ?? firstId, number: Number.MIN_SAFE_INTEGER }
      : { patientId: after, number: Number.MAX_SAFE_INTEGER };

  const chains = new Map(heads.map((head) => [head.patientId, new ChainWalk(sealer, head)]));
  const lost = new Set<string>();
  let events = 0;
  for await (const rows of eventsIn(queries, begin, upTo)) {
    for (const row of rows) {
      const chain = chains.get(row.patientId);
      if (chain === undefined) {
        lost.add(row.patientId);
      } else {
        chain.step(row);
        events += 1;
      }
    }
    onRead();
  }
  const [unchained] = await queries
    .select({ total: count() })
    .from(accessEvents)
    .where(
      and(
        isNull(accessEvents.number),
        (after === undefined ? gte : gt)(accessEvents.patientId, begin.patientId),
        lte(accessEvents.patientId, upTo),
      ),
    );
  const broken = [...chains.values()].flatMap((chain) => chain.end() ?? []);
  return {
    ...{ last, chains: chains.size, events, unchained: unchained?.total ?? 0 },
    broken: [
      ...broken,
      ...[...lost].map((patientId) => ({ patientId, number: 1, problem: 'CHANGED' as const })),
    ],
  };
}

/** Walks the chains of the log of access, some in each transaction; see `access-chain.ts`. */
export const verifyChains =
  (database: Database, sealer: Sealer): AccessLog['verify'] =>
  async (patientId, onProgress) => {
    const report: AuditReport = { chains: 0, events: 0, unchained: 0, broken: [] };
    for (let after: string | undefined; ; ) {
      const { last, chains, events, unchained, broken } = await database.transaction((queries) =>
        walk(queries, sealer, after, patientId, () => onProgress?.(report.chains)),
      );
      report.chains += chains;
      report.events += events;
      report.unchained += unchained;
      report.broken.push(...broken);
      if (last === undefined) {
        return report;
      }
      after = last;
    }
  };
