import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { ledgeredActions } from '../../../src/actions/resume.ts';
import { endAll } from '../../support/command-line.ts';
import type { Stop } from '../../support/database-proxy.ts';
import { startPostgres } from '../../support/postgres.ts';
import { openClinic, type Served } from '../../support/served.ts';
import { statement } from '../../support/statement.ts';
import { myPatientPortalScenarios } from './my-patient-portal-scenarios.ts';
import { nimbusScenarios } from './nimbus-scenarios.ts';
import { portalRequestScenarios } from './portal-request-scenarios.ts';
import { type Call, rehearse, timesReceived } from './rehearse.ts';
import type { Scenario, Situation } from './scenario.ts';
import { settle, submit } from './settle.ts';
import { vseeScenarios } from './vsee-scenarios.ts';

/**
 * The kills of the fault matrix: real processes of `portico serve` on a real PostgreSQL, ended by
 * `kill -9` before, during and after every vendor call of every write. One kill takes several writes
 * with it, each stopped at its own point.
 */

const scenarios = [
  ...nimbusScenarios,
  ...vseeScenarios,
  ...myPatientPortalScenarios,
  ...portalRequestScenarios,
];

const moments = ['STARTED', 'UNRECORDED', 'RECORDED'] as const;
const titles: Record<(typeof moments)[number], string> = {
  STARTED: 'before the call, its start recorded',
  UNRECORDED: 'after the call, its answer not recorded',
  RECORDED: 'after the call, its answer recorded',
};

/** A write, and where the process dies. */
interface Cell {
  scenario: Scenario;
  title: string;
  /** The vendor call that hangs as the process dies; the vendor acted on it or did not. */
  during?: { call: Call; earlier: readonly Call[]; act: boolean };
  /** The statement of the ledger that the process does not survive. */
  at?: { moment: Stop['moment']; step: string };
}

/** What a killed process leaves behind. */
interface Orphan {
  cell: Cell;
  situation: Situation;
  key: string;
  /** How often the vendor's state held the effect as the process died. */
  effect: number;
  settling?: Promise<void>;
}

const postgres = await startPostgres();
const clinic = await openClinic(postgres.url);
const { gateway } = clinic;
afterAll(async () => {
  process.stdout.write(
    `Of ${cells.length} killed writes ${ends.SUCCEEDED} had been done or were finished, ${ends.FAILED} had not been done; of ${ends.byHand} only staff could tell\n`,
  );
  await clinic.close();
  await endAll();
  await postgres.stop();
});

const cells: Cell[] = [];
for (const scenario of scenarios) {
  const { calls, steps } = await rehearse(gateway, scenario);
  for (const [index, call] of calls.entries()) {
    for (const act of [false, true]) {
      const title = `during call ${index + 1}, ${call.title}, the vendor ${act ? 'having' : 'not having'} acted`;
      cells.push({ scenario, title, during: { call, earlier: calls.slice(0, index), act } });
    }
  }
  for (const step of steps) {
    for (const moment of moments) {
      cells.push({ scenario, title: `at ${step}, ${titles[moment]}`, at: { moment, step } });
    }
  }
}

/** Each stopped write keeps a database connection, and a process has ten. */
const mostStopped = 6;

/** Whether two writes can be stopped in one process, each at its own point and at no other. */
function agree(one: Cell, other: Cell): boolean {
  if (one.scenario === other.scenario) {
    return false;
  }
  if (one.at && other.at) {
    return one.at.moment === other.at.moment;
  }
  if (!one.during || !other.during) {
    return false;
  }
  if (one.scenario.vendor !== other.scenario.vendor) {
    return true;
  }
  const [mine, theirs] = [one.during, other.during];
  const isSame = mine.call.title === theirs.call.title;
  const isInTheWay = (call: Call, earlier: readonly Call[]) =>
    earlier.some(({ title }) => title === call.title);
  return (
    mine.act === theirs.act &&
    (!isSame || (mine.call.nth === 0 && theirs.call.nth === 0)) &&
    !isInTheWay(mine.call, theirs.earlier) &&
    !isInTheWay(theirs.call, mine.earlier)
  );
}

/** A step of one write must not stop another at a point that is not its own. */
const stopsNoOther = (round: readonly Cell[], cell: Cell, stepsOf: Map<Scenario, string[]>) =>
  cell.at === undefined ||
  [...round, cell].every((one) =>
    [...round, cell].every((other) => {
      const steps = stepsOf.get(other.scenario) ?? [];
      const mine = one.at?.step ?? '';
      const theirs = other.at?.step ?? '';
      return !steps.slice(0, steps.indexOf(theirs)).includes(mine);
    }),
  );

/** As few kills as take every cell with them. */
function roundsOf(all: readonly Cell[]): Cell[][] {
  const stepsOf = new Map<Scenario, string[]>();
  for (const { scenario, at } of all) {
    const known = stepsOf.get(scenario) ?? [];
    if (at && !known.includes(at.step)) {
      stepsOf.set(scenario, [...known, at.step]);
    }
  }
  const rounds: Cell[][] = [];
  for (const cell of all) {
    const fitting = rounds.find(
      (round) =>
        (!cell.at || round.length < mostStopped) &&
        round.every((other) => agree(cell, other)) &&
        stopsNoOther(round, cell, stepsOf),
    );
    if (fitting) {
      fitting.push(cell);
    } else {
      rounds.push([cell]);
    }
  }
  return rounds;
}

async function until(what: string, isSo: () => boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!isSo()) {
    if (Date.now() > end) {
      throw new Error(`In vain waited for: ${what}`);
    }
    await sleep(10);
  }
}

const orphans = new Map<Cell, Orphan>();

const ends = { SUCCEEDED: 0, FAILED: 0, byHand: 0 };

async function finish({ cell, situation, key, effect }: Orphan): Promise<void> {
  const { status, byHand } = await settle(gateway, cell.scenario, situation, key);
  ends[status] += 1;
  ends.byHand += byHand ? 1 : 0;
  if (effect === 1) {
    expect(status).toBe('SUCCEEDED');
  }
  if (cell.at?.moment === 'RECORDED') {
    // What was recorded is known, whatever the vendor can tell.
    expect({ status, byHand }).toEqual({ status: 'SUCCEEDED', byHand: false });
  }
  situation.clear?.();
}

/** Once, whoever asks first. */
function settled(orphan: Orphan): Promise<void> {
  orphan.settling ??= finish(orphan);
  return orphan.settling;
}

async function arrange(cell: Cell): Promise<Orphan> {
  const { scenario } = cell;
  const open = [...orphans.values()].filter(
    (orphan) => orphan.cell.scenario === scenario && orphan.settling === undefined,
  );
  if (scenario.atOnce !== undefined && open.length >= scenario.atOnce) {
    // What goes wrong here is said where the cell is tested.
    await (open[0] && settled(open[0]).catch(() => undefined));
  }
  return { cell, situation: await scenario.arrange(gateway), key: randomUUID(), effect: 0 };
}

/** Lets the calls of a round hang, and waits until they do. */
function hangIn(round: readonly Cell[]): () => Promise<void> {
  const wanted = new Map<string, { of: Cell; count: number }>();
  for (const cell of round) {
    const { scenario, during } = cell;
    if (during) {
      const { act, call } = during;
      const name = `${scenario.vendor} ${call.title}`;
      const known = wanted.get(name);
      wanted.set(name, { of: cell, count: (known?.count ?? call.nth) + 1 });
      if (!known) {
        const { match, nth } = call;
        const simulator = gateway.sandbox.simulators[scenario.vendor];
        simulator.fault({ kind: 'hang', act, match, after: nth });
      }
    }
  }
  return async () => {
    for (const [name, { of, count }] of wanted) {
      const { call } = of.during ?? {};
      if (call) {
        const reached = () => timesReceived(gateway, of.scenario, call) >= count;
        await until(`${count} of ${name}`, reached);
      }
    }
  };
}

/** Stops the writes of a round where they are to stop, and kills the process. */
async function die(served: Served, round: readonly Cell[]): Promise<void> {
  clinic.use(served);
  const arranged: Orphan[] = [];
  for (const cell of round) {
    arranged.push(await arrange(cell));
  }
  gateway.forget();
  const hanging = hangIn(round);
  const moment = round[0]?.at?.moment;
  if (moment !== undefined) {
    served.database.stopAt({ moment, steps: round.flatMap(({ at }) => at?.step ?? []) });
  }
  const answers = arranged.map(({ cell, situation, key }) =>
    submit(gateway, cell.scenario, situation, key).then(
      ({ text }) => `${cell.scenario.title} was answered: ${text}`,
      () => 'no answer',
    ),
  );
  await hanging();
  if (moment !== undefined) {
    await until(`${round.length} stopped`, () => served.database.stopped >= round.length);
  }
  // The simulators act as soon as they have read a call.
  await sleep(50);
  await served.kill();
  expect(await Promise.all(answers)).toEqual(round.map(() => 'no answer'));
  gateway.forget();
  for (const orphan of arranged) {
    orphans.set(orphan.cell, { ...orphan, effect: orphan.situation.effect() });
  }
}

const rounds = roundsOf(cells);

it('covers every write that is on the ledger', () => {
  const covered = new Set(scenarios.map(({ action }) => action));
  expect([...covered].sort()).toEqual(Object.keys(ledgeredActions).sort());
});

describe(`${rounds.length} processes, killed in ${cells.length} places`, () => {
  process.stdout.write(
    `Fault matrix: ${scenarios.length} writes, ${cells.length} places to be killed in, ${rounds.length} kills\n`,
  );

  it('die where they are told to', { timeout: 300_000 }, async () => {
    let next = clinic.serve();
    for (const round of rounds) {
      const served = await next;
      // The next one starts while this one is being killed: it must leave what is held alone.
      next = clinic.serve();
      await die(served, round);
    }
    clinic.use(await next);
    expect(orphans.size).toBe(cells.length);
  });

  for (const cell of cells) {
    it(`K01: ${cell.scenario.title}: ${cell.title}`, async () => {
      const orphan = orphans.get(cell);
      expect(orphan).toBeDefined();
      if (orphan) {
        await settled(orphan);
      }
    });
  }
  it('A11: none of them took an event of a write that was done with it', async () => {
    const done = `from operations where status = 'SUCCEEDED' and settled_by is null
      and exists (select from operation_steps where operation_id = operations.id)`;
    const [counts] = await statement<{ done: number; lost: number }>(
      postgres.url,
      `select (select count(*)::int ${done}) as done, (select count(*)::int ${done} and not exists (
        select from access_events e where e.patient_id = coalesce(operations.patient_id, operations.id)
          and e.action = operations.action and e.outcome = 'ALLOWED')) as lost`,
    );
    expect(counts?.lost).toBe(0);
    expect(counts?.done).toBeGreaterThanOrEqual(ends.SUCCEEDED - ends.byHand);
  });
});
