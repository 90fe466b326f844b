import { beforeAll, expect, test } from 'vitest';
import type { Database, Queries } from '../../src/store/database.ts';
import { createOperationLedger } from '../../src/store/operations.ts';
import { openServer } from '../../src/store/server.ts';
import { countUnsettled } from '../../src/store/unsettled-operations.ts';
import { emptyDatabase, query, sealer } from './stores.ts';

let url: string;
beforeAll(async () => {
  url = await emptyDatabase();
});

/** Rows of one status, a second apart from the given instant on. */
const fill = (count: number, status: string, since: string) =>
  query(
    url,
    `insert into operations
       (id, subject, action, input_fingerprint, sealed_input, status, started_at)
     select gen_random_uuid(), 'subject-' || n, 'bookAppointment', 'f', repeat('x', 200), $2,
       $3::timestamptz + n * interval '1 second'
     from generate_series(0, $1::integer - 1) n`,
    [count, status, since],
  );

interface Statement {
  toSQL(): { sql: string; params: unknown[] };
}

/** How the server goes about the statements that the ledger sends, parameters included. */
async function planOf(
  database: Database,
  ask: (explaining: Database) => Promise<unknown> = countUnsettled,
): Promise<string> {
  const plans: string[] = [];
  const explaining = {
    ...database,
    run: <T>(work: (queries: Queries) => PromiseLike<T>) =>
      database.run(async (queries) => {
        const { sql, params } = (work(queries) as unknown as Statement).toSQL();
        const rows = await query<{ 'QUERY PLAN': string }>(url, `explain ${sql}`, params);
        plans.push(...rows.map((row) => row['QUERY PLAN']));
        return [] as T;
      }),
  };
  await ask(explaining);
  return plans.join('\n');
}

test('unsettled writes are found by their index among many that are settled', async () => {
  const database = await openServer(url, 2, sealer, () => undefined);
  await fill(30_000, 'SUCCEEDED', '2026-01-01T00:00:00Z');
  await fill(300, 'FAILED', '2026-01-01T00:00:00Z');
  await fill(20, 'OUTCOME_UNKNOWN', '2026-02-01T00:00:00Z');
  await fill(5, 'IN_PROGRESS', '2026-03-01T00:00:00Z');
  await query(url, 'vacuum analyze operations');
  expect(await countUnsettled(database)).toEqual({
    OUTCOME_UNKNOWN: { count: 20, oldest: new Date('2026-02-01T00:00:00Z') },
    IN_PROGRESS: { count: 5, oldest: new Date('2026-03-01T00:00:00Z') },
  });
  const plan = await planOf(database);
  expect(plan).toMatch(/Index (Only )?Scan using operations_unsettled|on operations_unsettled/);
  expect(plan).not.toMatch(/Seq Scan/);
  // The same question without the index reads every row there is.
  await query(url, 'drop index operations_unsettled');
  expect(await planOf(database)).toMatch(/Seq Scan on operations/);
  await database.close();
});

test('keys that have expired and secrets that nobody fetched are found by their indexes', async () => {
  const database = await openServer(url, 2, sealer, () => undefined);
  await query(url, 'truncate operations cascade');
  await fill(30_000, 'SUCCEEDED', '2026-01-01T00:00:00Z');
  // A month's keys in a year's writes.
  const young = new Date(Date.parse('2026-01-01T00:00:00Z') + 27_500_000);
  await query(url, 'update operations set idempotency_key = id where started_at >= $1', [young]);
  await query(url, 'vacuum full analyze operations');
  const plan = await planOf(database, (explaining) =>
    createOperationLedger(explaining, sealer, () => young.getTime()).sweep(young),
  );
  expect(plan).not.toMatch(/Seq Scan/);
  expect(plan).toMatch(/operations_secrets/);
  expect(plan).toMatch(/operations_expiring_keys/);
  await database.close();
});
