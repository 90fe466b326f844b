import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newPatient } from '../support/arrange.ts';
import { endAll, run } from '../support/command-line.ts';
import { type FaultyDatabase, startFaultyDatabase } from '../support/faulty-database.ts';
import { type Answer, startTestGateway, type TestGateway, type Who } from '../support/gateway.ts';
import { keyIn, mutate, sent, vseeCall } from '../support/mutations.ts';
import { type RunningPostgres, startPostgres } from '../support/postgres.ts';
import { vseeOf } from '../support/simulators.ts';
import { statement } from '../support/statement.ts';

/** reliability.md, section 4, "Store": the database is away, silent, slow, full or read-only. */

const requestTimeout = 2_500;
/** Milliseconds that an answer may come after the deadline, on a machine that does other things, too. */
const margin = 2_000;

let postgres: RunningPostgres;
let database: FaultyDatabase;
let gateway: TestGateway;
beforeAll(async () => {
  postgres = await startPostgres();
  database = await startFaultyDatabase(postgres.url);
  gateway = await startTestGateway({
    environment: { DATABASE_URL: database.url, REQUEST_TIMEOUT_MS: String(requestTimeout) },
  });
});
afterAll(async () => {
  await gateway?.close();
  await database?.close();
  await postgres?.stop();
  await endAll();
});
beforeEach(() => gateway.forget());

const slow = { timeout: 60_000 };
const walkInFields = 'visit { id } joinUrl operation { id status }';

async function walkIn() {
  let patientId = '';
  // The deadline is short for a busy machine, and whoever is registered twice is two people: no harm here.
  await until(async () => {
    patientId = await newPatient(gateway).then(
      ({ id }) => id,
      () => '',
    );
    return patientId !== '';
  });
  return { patientId, roomCode: 'clinic', idempotencyKey: randomUUID() };
}
type WalkIn = Awaited<ReturnType<typeof walkIn>>;
const start = (input: WalkIn) => mutate(gateway, 'startWalkInVisit', input, walkInFields);

/** Where nothing is in its way: on a busy machine sent again under its key, as a client does after the deadline. */
async function startAndSucceed(input: WalkIn) {
  let { payload } = await start(input);
  await until(async () => {
    if (payload?.operation?.status !== 'SUCCEEDED') {
      ({ payload } = await start(input));
    }
    return payload?.operation?.status === 'SUCCEEDED';
  });
  return payload;
}
const walkInsSent = () =>
  sent(gateway.calls('VSEE')).filter((call) => call === vseeCall('POST', 'visits/add_walkin'));

async function timed<T>(work: Promise<T>): Promise<{ answer: T; took: number }> {
  const begun = Date.now();
  return { answer: await work, took: Date.now() - begun };
}

const statusOf = async (path: string) => (await gateway.fetch(path)).status;

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 40_000;
  while (!(await isSo())) {
    if (Date.now() > end) {
      throw new Error('It did not come about.');
    }
    await sleep(20);
  }
}

const untilReady = () => until(async () => (await statusOf('/ready')) === 200);

/** Begins a walk-in. @returns its answer, once the vendor has been asked and is thinking about it */
async function startUpToTheVisit(input: WalkIn, thinking: number) {
  const vsee = vseeOf(gateway);
  vsee.latency = 150;
  const answer = start(input);
  await until(() => sent(vsee.calls).includes(vseeCall('POST', 'intakes')));
  vsee.latency = thinking;
  await until(() => walkInsSent().length === 1);
  vsee.latency = 0;
  return { answer };
}

/** One coded error, which says nothing of what is below. */
function expectOutage({ errors, data, text }: Answer): void {
  expect(Object.values(data ?? {}).filter((value) => value !== null)).toEqual([]);
  expect(errors.map(({ extensions }) => extensions)).toEqual([
    { code: 'INTERNAL_SERVER_ERROR', requestId: expect.any(String) },
  ]);
  expect(text).toMatch(/same idempotency key/);
  expect(text).not.toMatch(/postgres|ECONN|127\.0\.0\.1|select|insert|StoreError/i);
}

/** What it came to cannot be recorded: it is not told either, or told as unknown if there is time for that. */
function expectUntold({ errors, data, ...answer }: Answer): void {
  const payload = data?.startWalkInVisit;
  if (payload == null) {
    expectOutage({ errors, data, ...answer });
    return;
  }
  expect(errors).toEqual([]);
  expect(payload).toMatchObject({
    visit: null,
    joinUrl: null,
    operation: { status: 'OUTCOME_UNKNOWN' },
    userErrors: [{ code: 'OUTCOME_UNKNOWN' }],
  });
}

const patientQuery = 'query ($id: ID!) { patient(id: $id) { fullName latestOrder { id } } }';

describe('S01: a store that is down', slow, () => {
  it('at the start lets no process serve, and says what to look at', async () => {
    const url = new URL(postgres.url);
    url.port = '1';
    url.password = 'canary-secret';
    const { code, stdout, stderr } = await run(['serve'], {
      ...gateway.sandbox.environment,
      PORT: '0',
      DATABASE_URL: url.href,
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^The PostgreSQL database named by DATABASE_URL cannot be used \(ECONNREFUSED\)\. Check that the server runs/m,
    );
    expect(stdout + stderr).not.toMatch(/canary-secret|Portico serves|\n {4}at /);
  });

  it('later has writes refused before any vendor call, serves what needs no store, and heals by itself', async () => {
    const inputs = [await walkIn(), await walkIn()];
    gateway.forget();
    await postgres.pause();
    try {
      const asked: [WalkIn, Who][] = [
        [inputs[0] as WalkIn, 'staff'],
        [{ ...(inputs[1] as WalkIn), patientId: gateway.ids.Ana }, 'ana'],
      ];
      for (const [input, who] of asked) {
        const { answer, took } = await timed(
          mutate(gateway, 'startWalkInVisit', input, walkInFields, who),
        );
        expectOutage(answer);
        expect(took).toBeLessThan(requestTimeout + margin);
      }
      expectOutage(await gateway.query(patientQuery, { id: gateway.ids.Ana }));
      const ofAna = await gateway.query('{ viewer { patient { fullName } } }', {}, 'ana');
      expectOutage(ofAna);
      expect(ofAna.status).toBe(503);
      expect(ofAna.headers.get('retry-after')).toBe('1');
      expect(gateway.allCalls()).toEqual([]);

      expect([await statusOf('/health'), await statusOf('/ready')]).toEqual([200, 503]);
      const { errors, data } = await gateway.query(
        '{ viewer { subject } vendors { configured } clinicRoom(code: "clinic") { code } }',
      );
      expect(errors).toEqual([]);
      expect(data).toMatchObject({
        viewer: { subject: 'sandbox-staff' },
        clinicRoom: { code: 'clinic' },
      });
      gateway.forget();
    } finally {
      await postgres.resume();
    }
    await untilReady();
    expect((await startAndSucceed(inputs[0] as WalkIn)).userErrors).toEqual([]);
    expect(walkInsSent()).toHaveLength(1);
  });

  it('for longer than a write can wait for it: who touched whose data is written down once it is back', async () => {
    const input = await walkIn();
    const { answer } = await startUpToTheVisit(input, 400);
    await postgres.pause();
    try {
      expectUntold(await answer);
      await sleep(2_000);
    } finally {
      await postgres.resume();
    }
    const key = keyIn(input.patientId);
    const events = () =>
      statement(
        postgres.url,
        `select outcome from access_events where patient_id = '${key}' and action = 'startWalkInVisit'`,
      );
    await until(async () => (await events()).length > 0);
    expect(await events()).toEqual([{ outcome: 'ALLOWED' }]);
  });

  it('while the vendor is at it: its answer is never asked for twice, and the outcome is found out', async () => {
    const input = await walkIn();
    const before = vseeOf(gateway).state.visits.size;
    gateway.forget();
    const { answer } = await startUpToTheVisit(input, 800);
    await postgres.pause();
    try {
      expectUntold(await answer);
    } finally {
      await postgres.resume();
    }
    await untilReady();
    let again = await start(input);
    await until(async () => {
      again = await start(input);
      return again.payload?.operation?.status === 'OUTCOME_UNKNOWN';
    });
    expect(again.payload.userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
    const { payload } = await mutate(
      gateway,
      'reconcileOperation',
      { operationId: again.payload.operation.id },
      'operation { status }',
    );
    expect(payload).toMatchObject({ operation: { status: 'SUCCEEDED' }, userErrors: [] });
    expect(walkInsSent()).toHaveLength(1);
    expect(vseeOf(gateway).state.visits.size).toBe(before + 1);
  });
});

describe('S02: a store that is in trouble', slow, () => {
  it('that takes 2 s a statement, or is silent: every answer keeps the deadline, and nothing is sent', async () => {
    for (const trouble of ['slow', 'silent']) {
      const input = await walkIn();
      gateway.forget();
      if (trouble === 'slow') {
        database.latency = 2_000;
      } else {
        database.fallSilent();
      }
      const [written, read, ofAna, ready, health] = await Promise.all([
        timed(start(input)),
        timed(gateway.query(patientQuery, { id: gateway.ids.Ana })),
        timed(gateway.query('{ viewer { patient { fullName } } }', {}, 'ana')),
        timed(statusOf('/ready')),
        timed(statusOf('/health')),
      ]);
      for (const { answer, took } of [written, read, ofAna]) {
        expectOutage(answer);
        expect([503, 504]).toContain(answer.status);
        expect(took).toBeLessThan(requestTimeout + margin);
      }
      expect(ready.answer).toBe(503);
      expect(ready.took).toBeLessThan(2_000 + margin);
      expect(health.answer).toBe(200);
      expect(health.took).toBeLessThan(1_000);
      database.latency = 0;
      database.speakAgain();
      await untilReady();
      await sleep(500);
      expect(walkInsSent()).toEqual([]);
      expect((await startAndSucceed(input)).userErrors).toEqual([]);
      expect(walkInsSent()).toHaveLength(1);
    }
  });

  it('that grows slow after the vendor has begun: the answer keeps the deadline, the record follows', async () => {
    const input = await walkIn();
    gateway.forget();
    const begun = Date.now();
    const { answer } = await startUpToTheVisit(input, 300);
    database.latency = 900;
    const late = await answer;
    expect(Date.now() - begun).toBeLessThan(requestTimeout + margin);
    expect(late.status).toBe(504);
    expectOutage(late);
    database.latency = 0;
    // The link was not in the late answer, so it is in this one.
    expect(await startAndSucceed(input)).toMatchObject({
      joinUrl: expect.stringMatching(/^http/),
      userErrors: [],
    });
    expect(walkInsSent()).toHaveLength(1);
  });

  it('that only reads is not ready, and refuses before anything is sent', async () => {
    const input = await walkIn();
    gateway.forget();
    const terminate = `select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`;
    await statement(postgres.url, 'alter database postgres set default_transaction_read_only = on');
    await statement(postgres.url, terminate);
    try {
      await sleep(100);
      expect([await statusOf('/health'), await statusOf('/ready')]).toEqual([200, 503]);
      expectOutage(await start(input));
      // The room itself may be read; nothing that changes anything is sent.
      expect(gateway.allCalls().filter((call) => !/^VSEE GET \S+\/rooms\//.test(call))).toEqual([]);
    } finally {
      await statement(
        postgres.url,
        'begin read write; alter database postgres reset default_transaction_read_only; commit',
      );
      await statement(postgres.url, terminate);
    }
    await untilReady();
    expect((await startAndSucceed(input)).userErrors).toEqual([]);
    expect(walkInsSent()).toHaveLength(1);
  });

  it('whose disk is full, in PostgreSQL’s words: not ready, and refused before anything is sent', async () => {
    const input = await walkIn();
    gateway.forget();
    await statement(
      postgres.url,
      `create function full_disk() returns trigger language plpgsql as
         $$ begin raise exception 'could not extend file' using errcode = 'disk_full'; end $$;
       create trigger full_disk before insert on operations
         for each row execute function full_disk()`,
    );
    try {
      expectOutage(await start(input));
      expect(gateway.allCalls().filter((call) => !/^VSEE GET \S+\/rooms\//.test(call))).toEqual([]);
      // It answers, and reads go on: nothing but what it said tells.
      expect([await statusOf('/health'), await statusOf('/ready')]).toEqual([200, 503]);
    } finally {
      await statement(postgres.url, 'drop function full_disk cascade');
    }
    await untilReady();
    expect((await startAndSucceed(input)).userErrors).toEqual([]);
    expect(walkInsSent()).toHaveLength(1);
  });
});
