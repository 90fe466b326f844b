import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import type { Fault } from '../../src/sandbox/simulator.ts';
import { myPatientPortalScenarios } from '../operations/matrix/my-patient-portal-scenarios.ts';
import { nimbusScenarios } from '../operations/matrix/nimbus-scenarios.ts';
import { portalRequestScenarios } from '../operations/matrix/portal-request-scenarios.ts';
import type { Scenario } from '../operations/matrix/scenario.ts';
import { vseeScenarios } from '../operations/matrix/vsee-scenarios.ts';
import { endAll, run } from '../support/command-line.ts';
import { firstQuery } from '../support/first-query.ts';
import { startPostgres } from '../support/postgres.ts';
import { memoryOf } from '../support/process-memory.ts';
import { openClinic, type Served } from '../support/served.ts';
import { statement } from '../support/statement.ts';
import { startBalancer } from './balancer.ts';
import { insist, type Written, write } from './writer.ts';

/**
 * Two `portico serve` on one PostgreSQL behind a proxy, while they are killed and restarted, the database
 * is restarted and vendors fail. A short one with all tests; `npm run soak` takes five minutes.
 */

const seconds = Number(process.env.SOAK_SECONDS ?? 15);
const writers = 4;
const readers = 3;

const scenarios = [
  ...[...nimbusScenarios, ...vseeScenarios],
  ...[...myPatientPortalScenarios, ...portalRequestScenarios],
];
const faults: readonly Omit<Fault, 'match'>[] = [
  ...([{ kind: 'hang', act: true }, { kind: 'reset', act: true }, { kind: 'reset' }] as const),
  ...([
    { kind: 'status', status: 500 },
    { kind: 'status', status: 500, act: true },
  ] as const),
  ...([
    { kind: 'truncate', act: true },
    { kind: 'status', status: 429 },
  ] as const),
];
const pick = <T>(list: readonly T[]): T => list[Math.floor(Math.random() * list.length)] as T;

/** Megabytes of memory, and open sockets and files, of a process; undefined where it has ended. */
function heldBy({ running }: Served): { memory: number; open: number } | undefined {
  const { pid = 0 } = running.process;
  try {
    const memory = memoryOf(pid);
    const open = readdirSync(`/proc/${pid}/fd`).length;
    return Number.isNaN(memory) ? undefined : { memory, open };
  } catch {
    return undefined;
  }
}

const postgres = await startPostgres();
const clinic = await openClinic(postgres.url, {
  NIMBUS_TIMEOUT_MS: '2000',
  VSEE_TIMEOUT_MS: '2000',
  MY_PATIENT_PORTAL_TIMEOUT_MS: '2000',
  CERBO_TIMEOUT_MS: '2000',
  MD_HQ_TIMEOUT_MS: '2000',
});
const balancer = await startBalancer();
afterAll(async () => {
  await clinic.close();
  await balancer.close();
  await endAll();
  await postgres.stop();
});

describe(`a soak of ${seconds} seconds`, () => {
  it('loses no write and doubles none, and has a code for every error', {
    timeout: (seconds + 240) * 1000,
  }, async () => {
    const start = async () => {
      // It does not start while the database is away: who runs it starts it again.
      const served = await insist(() => clinic.serve().catch(() => undefined));
      balancer.add(served);
      return served;
    };
    const processes = [await start(), await start()];
    const gateway = await clinic.through({
      fetch: (request: Request) => {
        const { pathname, search } = new URL(request.url);
        return fetch(new Request(`${balancer.origin}${pathname}${search}`, request), {
          redirect: 'manual',
        });
      },
    } as Served);
    const end = Date.now() + seconds * 1000;
    const counts = { reads: 0, broken: 0, kills: 0, ends: 0, faults: 0 };
    const uncoded: string[] = [];
    const done: Written[] = [];
    const busy = new Map<Scenario, number>();
    const held: { memory: number; open: number }[] = [];

    const writing = async () => {
      while (Date.now() < end) {
        const free = scenarios.filter(
          (each) => (busy.get(each) ?? 0) < (each.atOnce ?? Number.POSITIVE_INFINITY),
        );
        const scenario = pick(free);
        busy.set(scenario, (busy.get(scenario) ?? 0) + 1);
        done.push(await write(gateway, scenario));
        busy.set(scenario, (busy.get(scenario) ?? 0) - 1);
      }
    };
    const reading = async () => {
      while (Date.now() < end) {
        try {
          const { errors, status, text } = await gateway.query(firstQuery);
          counts.reads += 1;
          if (errors.some(({ extensions }) => !extensions?.code) || ![200, 503].includes(status)) {
            uncoded.push(`${status} ${text.slice(0, 300)}`);
          }
        } catch {
          counts.broken += 1;
        }
        await delay(20);
      }
    };
    /** One process at a time, so that somebody is always there. */
    const killing = async () => {
      for (let turn = 0; Date.now() < end - 4_000; turn += 1) {
        await delay(2_500);
        // In the second half one of them stays: what it holds is looked at.
        const which = Date.now() < end - (seconds * 1000) / 2 ? turn % 2 : 0;
        const old = processes[which] as Served;
        if (turn % 3 === 2) {
          old.running.process.kill('SIGTERM');
          expect(await old.running.ended).toBe(0);
          counts.ends += 1;
        } else {
          await old.kill();
          counts.kills += 1;
        }
        balancer.remove(old);
        processes[which] = await start();
      }
    };
    const failing = async () => {
      while (Date.now() < end) {
        const simulator = pick(Object.values(gateway.sandbox.simulators));
        simulator.fault({ ...pick(faults), match: /./, times: 3 });
        counts.faults += 1;
        await delay(1_000);
      }
      for (const simulator of Object.values(gateway.sandbox.simulators)) {
        simulator.clear();
      }
    };
    const restarting = async () => {
      await delay((seconds * 1000) / 3);
      await postgres.pause();
      await delay(1_000);
      await postgres.resume();
    };
    const measuring = async () => {
      await delay((seconds * 1000) / 2 + 5_000);
      for (; Date.now() < end; await delay(1_000)) {
        // The last one that was killed may still be on its way back.
        const now = heldBy(processes[1] as Served);
        if (now !== undefined) {
          held.push(now);
        }
      }
    };
    await Promise.all([
      ...Array.from({ length: writers }, writing),
      ...Array.from({ length: readers }, reading),
      ...[killing(), failing(), restarting(), measuring()],
    ]);

    const wrong = done.filter(({ status, effect }) => effect !== (status === 'SUCCEEDED' ? 1 : 0));
    const settled = (status: string) => done.filter((each) => each.status === status).length;
    const [first, last] = [held.at(0), held.at(-1)];
    const before = held.slice(0, held.length / 2);
    process.stdout.write(
      `Soak of ${seconds} s: ${done.length} writes (${settled('SUCCEEDED')} done, ${settled('FAILED')} not, ${done.filter(({ byHand }) => byHand).length} settled by hand), ${counts.reads} reads, ${counts.broken} broken off; ${counts.kills} kill -9, ${counts.ends} SIGTERM, 1 restart of the database, ${counts.faults} faults; memory ${first?.memory.toFixed(0)} MB, then ${last?.memory.toFixed(0)} MB; ${first?.open} sockets and files open, then ${last?.open}\n`,
    );
    expect(wrong).toEqual([]);
    expect(uncoded).toEqual([]);
    expect(done.length).toBeGreaterThan(seconds / 5);
    if (seconds >= 120) {
      // Without the first seconds, in which a process warms up.
      expect(last?.memory).toBeLessThan(1.2 * Math.max(...before.map(({ memory }) => memory)));
      expect(last?.open).toBeLessThan(1.2 * Math.max(...before.map(({ open }) => open)));
    }

    // Nothing is left that nobody looks after, and the log of access is whole.
    const open = await insist(async () => {
      const rows = await statement<{ open: number }>(
        postgres.url,
        "select count(*)::int as open from operations where status = 'IN_PROGRESS' and held_until is not null",
      );
      return rows[0]?.open === 0 ? 0 : undefined;
    });
    expect(open).toBe(0);
    const [served] = processes;
    const audit = await run(['audit', 'verify'], {
      ...served?.environment,
      DATABASE_URL: postgres.url,
    });
    expect(audit.stdout).toContain('all hold');
  });
});
