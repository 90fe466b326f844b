import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { nimbusOf } from '../support/asked-mutation.ts';
import { type FaultyDatabase, startFaultyDatabase } from '../support/faulty-database.ts';
import { type StartedGateway, startTestGateway } from '../support/gateway.ts';
import { mutate } from '../support/mutations.ts';
import { type RunningPostgres, startPostgres } from '../support/postgres.ts';
import { statement } from '../support/statement.ts';

/** reliability.md, section 4, "Store": what becomes of a write whose commit is in doubt, or refused. */

let postgres: RunningPostgres;
let database: FaultyDatabase;
let gateway: StartedGateway;
beforeAll(async () => {
  postgres = await startPostgres();
  database = await startFaultyDatabase(postgres.url);
  gateway = await startTestGateway({ environment: { DATABASE_URL: database.url } });
});
afterAll(async () => {
  await gateway?.close();
  await database?.close();
  await postgres?.stop();
});
beforeEach(() => gateway.forget());

let nextDay = Date.UTC(2031, 0, 1);
/** A follow-up on a day of its own, by which it is found again at the vendor and here. */
const followUp = () => {
  nextDay += 24 * 60 * 60 * 1000;
  return {
    patientId: gateway.ids.Ana,
    date: new Date(nextDay).toISOString().slice(0, 10),
    idempotencyKey: randomUUID(),
  };
};
type FollowUp = ReturnType<typeof followUp>;
const create = (input: FollowUp) =>
  mutate(gateway, 'createFollowUp', input, 'followUp { id date } operation { id status }');

/** How often it is there: at the vendor, in the ledger, in our own records. */
async function copies({ date, idempotencyKey }: FollowUp) {
  const vendor = nimbusOf(gateway).state.followUps.filter((each) => each.followup_date === date);
  const ledger = await statement(
    postgres.url,
    `select id from operations where idempotency_key = '${idempotencyKey}'`,
  );
  const records = await statement(postgres.url, `select id from follow_ups where date = '${date}'`);
  return { vendor: vendor.length, ledger: ledger.length, records: records.length };
}
const once = { vendor: 1, ledger: 1, records: 1 };
const succeeded = { operation: { status: 'SUCCEEDED' }, userErrors: [] };

/** A trail that is written, which is prepared: by its name, and by what only it is given. */
const trailOf = String.raw`\0portico_[0-9a-f]+\0[^]*"actorRoles"`;
/** What changes anything: a commit, or a statement that is its own transaction. */
const changing = new RegExp(String.raw`\0\s*(commit|insert into|update ")|${trailOf}`);

describe('S03: the answer to a commit that is lost', { timeout: 120_000 }, () => {
  it('whichever it is, leaves one row each, and one call at the vendor', async () => {
    const outcomes: string[] = [];
    for (let nth = 1; nth < 40; nth += 1) {
      const input = followUp();
      const before = database.cuts;
      database.cutAnswerTo(changing, nth);
      const first = await create(input);
      if (database.cuts === before) {
        break;
      }
      outcomes.push(first.payload?.operation?.status ?? first.errors[0]?.extensions.code ?? '');
      const again = await create(input);
      expect(again.payload, `${nth}: ${first.text} ${again.text}`).toMatchObject(succeeded);
      if (first.payload?.operation?.status === 'SUCCEEDED') {
        expect(again.payload).toEqual(first.payload);
      }
      expect(await copies(input), `${nth}`).toEqual(once);
    }
    database.cutAnswerTo(/never/);
    // Each of them was cut once; half of it costs the caller nothing, the rest one repetition.
    expect(outcomes.length).toBeGreaterThan(8);
    expect(new Set(outcomes)).toEqual(new Set(['SUCCEEDED', 'INTERNAL_SERVER_ERROR']));
  });

  it('to the operation’s own row is read again by its id: the caller notices nothing', async () => {
    const input = followUp();
    const before = database.cuts;
    database.cutAnswerTo(/insert into "operations"/);
    expect((await create(input)).payload).toMatchObject(succeeded);
    expect(database.cuts).toBe(before + 1);
    expect(await copies(input)).toEqual(once);
  });
});

describe('S03: the answer to the commit of a trail that is lost', () => {
  const read = () =>
    gateway.query('query ($id: ID!) { patient(id: $id) { latestOrder { id } } }', {
      id: gateway.ids.Ana,
    });
  const reads = async () =>
    (
      await statement(
        postgres.url,
        "select id from access_events where action = 'Patient.latestOrder'",
      )
    ).length;

  it('costs the answer, since nobody knows whether it is written, but it is there once', async () => {
    expect((await read()).errors).toEqual([]);
    const before = await reads();
    const cuts = database.cuts;
    // Of this very answer: what an earlier test left is tried again meanwhile.
    database.cutAnswerTo(new RegExp(String.raw`${trailOf}[^]*Patient\.latestOrder`));
    expect((await read()).errors).toMatchObject([
      { extensions: { code: 'INTERNAL_SERVER_ERROR' } },
    ]);
    expect(database.cuts).toBe(cuts + 1);
    expect(await reads()).toBe(before + 1);
    // It is tried again after half a second, and found to be there.
    await sleep(1_500);
    expect(await reads()).toBe(before + 1);
    expect((await read()).errors).toEqual([]);
    expect(await gateway.store.accessLog.verify(undefined)).toMatchObject({ broken: [] });
  });
});

describe('S04', { timeout: 60_000 }, () => {
  /** The first `times` rows that are inserted into a table are refused. */
  async function refusing(
    table: string,
    errorCode: string,
    times: number,
    work: () => Promise<void>,
  ) {
    await statement(
      postgres.url,
      `create sequence refusals;
       create function refuse() returns trigger language plpgsql as $$ begin
         if nextval('refusals') <= ${times} then
           raise exception 'refused' using errcode = '${errorCode}';
         end if;
         return new;
       end $$;
       create trigger refuse before insert on ${table} for each row execute function refuse()`,
    );
    try {
      await work();
    } finally {
      await statement(postgres.url, 'drop function refuse cascade; drop sequence refusals');
    }
  }

  it.each(['serialization_failure', 'deadlock_detected'])(
    'a %s, three times over, is nobody’s business but the store’s',
    async (errorCode) => {
      for (const table of ['operations', 'operation_steps', 'follow_ups', 'access_events']) {
        await refusing(table, errorCode, 3, async () => {
          const input = followUp();
          const { payload, text } = await create(input);
          expect(payload, `${table}: ${text}`).toMatchObject(succeeded);
          expect(await copies(input)).toEqual(once);
        });
      }
    },
  );

  it('a pool that is exhausted makes nobody wait for long, and each write is still done once', async () => {
    const inputs = Array.from({ length: 24 }, followUp);
    const blocker = new pg.Client({ connectionString: postgres.url });
    await blocker.connect();
    let answers: Awaited<ReturnType<typeof create>>[];
    try {
      await blocker.query('begin; lock table operations in access exclusive mode');
      const asked = Date.now();
      const refusals: number[] = [];
      const all = Promise.all(
        inputs.map(async (input) => {
          const answer = await create(input);
          if (answer.errors.length > 0) {
            refusals.push(Date.now() - asked);
          }
          return answer;
        }),
      );
      while (refusals.length < 10 && Date.now() < asked + 9_000) {
        await sleep(50);
      }
      // Those without a connection are told after three seconds, not when the others are done.
      expect(refusals.length).toBeGreaterThanOrEqual(10);
      expect(nimbusOf(gateway).calls.filter(({ method }) => method === 'POST')).toEqual([]);
      await blocker.query('commit');
      answers = await all;
    } finally {
      await blocker.end();
    }
    for (const { payload, errors } of answers) {
      if (errors.length > 0) {
        expect(errors.map(({ extensions }) => extensions.code)).toEqual(['INTERNAL_SERVER_ERROR']);
      } else {
        expect(payload).toMatchObject(succeeded);
      }
    }
    for (const input of inputs) {
      expect((await create(input)).payload).toMatchObject(succeeded);
      expect(await copies(input)).toEqual(once);
    }
  });
});
