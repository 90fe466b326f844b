import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll } from 'vitest';
import { endAll } from './command-line.ts';
import { type RunningPostgres, startPostgres } from './postgres.ts';
import { type Clinic, openClinic, type Served } from './served.ts';

/** `portico serve --workers`: several processes on one port, over one real PostgreSQL. */

/** Milliseconds. A gateway gives a request thirty seconds: what takes longer is not answered at all. */
const longestAnswer = 45_000;

/** Process ids of the workers that live; a primary may have a child that compiles TypeScript, too. */
export function pidsOf({ running }: Served): number[] {
  try {
    const of = ['-o', 'pid=,args=', '--ppid', String(running.process.pid)];
    const listed = execFileSync('ps', ['-ww', ...of])
      .toString()
      .split('\n');
    return listed
      .filter((line) => line.includes('portico.mjs'))
      .map((line) => Number.parseInt(line, 10));
  } catch {
    return [];
  }
}

/** Starts a PostgreSQL and a clinic for the tests of a file, and ends them after the last one. */
export function useWorkers() {
  let postgres: RunningPostgres;
  let clinic: Clinic;
  let token: string;
  beforeAll(async () => {
    postgres = await startPostgres();
    clinic = await openClinic(postgres.url);
    token = await clinic.gateway.token('staff');
  }, 120_000);
  afterAll(async () => {
    await clinic.close();
    await endAll();
    await postgres.stop();
  });
  return {
    postgres: () => postgres,
    clinic: () => clinic,
    async workers(count: number, environment: Readonly<Record<string, string>> = {}) {
      const served = await clinic.serve(environment, ['serve', '--workers', String(count)]);
      await served.running.says(new RegExp(`^${count} workers serve\\.$`, 'm'));
      return served;
    },
    /** On a connection of its own, so that any worker may take it. */
    async ask(served: Served, document = '{ viewer { roles } }') {
      const answer = await fetch(`${served.origin}/graphql`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${token}`,
          'content-type': 'application/json',
          connection: 'close',
        },
        body: JSON.stringify({ query: document }),
        signal: AbortSignal.timeout(longestAnswer),
      });
      return { status: answer.status, body: JSON.parse(await answer.text()) };
    },
  };
}
