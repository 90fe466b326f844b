import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Sandbox, startSandbox } from '../../src/sandbox/start-sandbox.ts';
import { nimbusOf } from '../support/asked-mutation.ts';
import { endAll, portico, run } from '../support/command-line.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { mutate, portalTimes, sent } from '../support/mutations.ts';
import { type RunningPostgres, startPostgres } from '../support/postgres.ts';
import { portalOf } from '../support/simulators.ts';
import { statement } from '../support/statement.ts';

/** reliability.md, section 4, "Store": databases of another time, half migrated or restored. */

let postgres: RunningPostgres;
let sandbox: Sandbox;
beforeAll(async () => {
  postgres = await startPostgres();
  sandbox = await startSandbox({ publicUrl: new URL('http://localhost:4000/'), firstPort: 0 });
});
afterAll(async () => {
  await sandbox?.close();
  await endAll();
  await postgres?.stop();
});

const slow = { timeout: 90_000 };

async function newDatabase(name: string, template?: string): Promise<string> {
  await statement(
    postgres.url,
    `create database ${name}${template === undefined ? '' : ` template ${template}`}`,
  );
  const url = new URL(postgres.url);
  url.pathname = `/${name}`;
  return url.href;
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 30_000;
  while (!(await isSo())) {
    if (Date.now() > end) {
      throw new Error('It did not come about.');
    }
    await sleep(20);
  }
}

describe('S06: a database of another version', slow, () => {
  it('is migrated by the next process where a migration was killed half-way, and refused by an older one', async () => {
    const databaseUrl = await newDatabase('half_migrated');
    const environment = { ...sandbox.environment, PORT: '0', DATABASE_URL: databaseUrl };
    // Every fifth change of the tables takes three seconds, once.
    await statement(
      databaseUrl,
      `create sequence changes;
       create function dawdle() returns event_trigger language plpgsql as $$ begin
         if nextval('changes') = 5 then perform pg_sleep(3); end if;
       end $$;
       create event trigger dawdle on ddl_command_end execute function dawdle()`,
    );
    const tables = () =>
      statement(databaseUrl, "select 1 from pg_tables where tablename = 'patients'");
    const first = portico(['serve'], environment);
    await until(
      async () =>
        (
          await statement(
            databaseUrl,
            "select 1 from pg_stat_activity where datname = current_database() and wait_event = 'PgSleep'",
          )
        ).length > 0,
    );
    first.process.kill('SIGKILL');
    await first.ended;
    expect(await tables()).toEqual([]);

    const second = portico(['serve'], environment);
    await second.says(/Database: \d+ migrations applied\./);
    await second.says(/Portico serves/);
    expect(await tables()).toHaveLength(1);
    second.process.kill('SIGTERM');
    expect(await second.ended).toBe(0);

    await statement(
      databaseUrl,
      "insert into drizzle.__drizzle_migrations (hash, created_at) values ('later', 99999999999999)",
    );
    const older = await run(['serve'], environment);
    expect(older.code).toBe(1);
    expect(older.stderr).toMatch(
      /^The database was migrated by a newer version of Portico\. Start that version, or restore/m,
    );
    expect(older.stderr).not.toMatch(/Portico serves|\n {4}at /);
  });
});

describe('S07: a backup that is older than the last writes', slow, () => {
  it('makes what was under way UNKNOWN, to be reconciled and never done again; what it has never heard of it cannot guard', async () => {
    const encryptionKey = randomBytes(32);
    const open = (databaseUrl: string, seeded: boolean): Promise<TestGateway> =>
      startTestGateway({
        sandbox,
        encryptionKey,
        seeded,
        environment: { DATABASE_URL: databaseUrl },
      });
    const live = await open(await newDatabase('live'), true);
    const { Ana } = live.ids;
    const [later, sooner] = (await portalTimes(live, Ana)).slice(-2).reverse();
    const bookingOf = (availabilityId: string | undefined) => ({
      patientId: Ana,
      availabilityId,
      idempotencyKey: randomUUID(),
    });
    const book = (gateway: TestGateway, input: ReturnType<typeof bookingOf>) =>
      mutate(gateway, 'bookAppointment', input, 'appointment { id start } operation { id status }');
    const underWay = bookingOf(later?.id);
    const afterwards = bookingOf(sooner?.id);
    const followUp = { patientId: Ana, date: '2033-03-03', idempotencyKey: randomUUID() };
    const follow = (gateway: TestGateway) =>
      mutate(gateway, 'createFollowUp', followUp, 'operation { id status }');
    const followUps = () =>
      nimbusOf(live).state.followUps.filter(({ followup_date: date }) => date === followUp.date);
    const bookings = () =>
      sent(live.calls('MY_PATIENT_PORTAL')).filter((call) => call.endsWith('/booking'));

    live.forget();
    portalOf(live).latency = 1_500;
    const answer = book(live, underWay);
    await until(() => bookings().length === 1);
    // The backup is taken now. A copy wants nobody else in the database, for a moment.
    await statement(
      postgres.url,
      "alter database live allow_connections false; select pg_terminate_backend(pid) from pg_stat_activity where datname = 'live'",
    );
    const backup = await newDatabase('backup', 'live');
    await statement(postgres.url, 'alter database live allow_connections true');
    expect((await answer).payload).toMatchObject({ operation: { status: 'SUCCEEDED' } });
    portalOf(live).latency = 0;
    expect((await book(live, afterwards)).payload).toMatchObject({
      operation: { status: 'SUCCEEDED' },
    });
    expect((await follow(live)).payload).toMatchObject({ operation: { status: 'SUCCEEDED' } });
    const appointments = portalOf(live).appointments.length;
    expect([bookings().length, followUps().length]).toEqual([2, 1]);
    await live.close();

    const restored = await open(backup, false);
    try {
      let known = await book(restored, underWay);
      await until(async () => {
        known = await book(restored, underWay);
        return known.payload?.operation?.status === 'OUTCOME_UNKNOWN';
      });
      expect(known.payload.userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
      expect(bookings()).toEqual([]);
      const reconciled = await mutate(
        restored,
        'reconcileOperation',
        { operationId: known.payload.operation.id },
        'operation { status }',
      );
      expect(reconciled.payload).toMatchObject({
        operation: { status: 'SUCCEEDED' },
        userErrors: [],
      });
      expect((await book(restored, underWay)).payload).toMatchObject({
        appointment: { start: later?.start },
        operation: { status: 'SUCCEEDED' },
      });
      expect(bookings()).toEqual([]);

      // Of what was done after the backup nothing is known: only the vendor itself can refuse it.
      expect((await book(restored, afterwards)).payload.userErrors).toMatchObject([
        { code: 'AVAILABILITY_GONE' },
      ]);
      expect(portalOf(restored).appointments.length).toBe(appointments);
      // This vendor does not: the README says so under "Backups".
      expect((await follow(restored)).payload).toMatchObject({
        operation: { status: 'SUCCEEDED' },
      });
      expect(followUps()).toHaveLength(2);
    } finally {
      await restored.close();
    }
  });
});
