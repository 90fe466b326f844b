import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RunningPostgres, startPostgres } from '../support/postgres.ts';
import { type Clinic, openClinic, type Served } from '../support/served.ts';

/** One caller at two processes: limits are those of the clinic, not of a process. Windows of ten seconds. */

let postgres: RunningPostgres;
let clinic: Clinic;
let processes: [Served, Served];

/** A share of 40 in ten seconds; 20 refused tokens in ten seconds. */
const limits = { RATE_LIMIT_PER_MINUTE: '240', AUTH_FAILURES_PER_MINUTE: '120' };

beforeAll(async () => {
  postgres = await startPostgres();
  clinic = await openClinic(postgres.url);
  processes = [await clinic.serve(limits), await clinic.serve(limits)];
}, 120_000);

afterAll(async () => {
  await clinic.close();
  await postgres.stop();
});

async function statusOf(served: Served, token: string): Promise<number> {
  const answer = await fetch(`${served.origin}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query: '{ viewer { subject } }' }),
  });
  await answer.text();
  return answer.status;
}

/** A few at a time: all at once would be turned away where the machine has too much to do. */
async function statusesOf(served: Served, token: string, count: number): Promise<number[]> {
  const statuses: number[] = [];
  while (statuses.length < count) {
    const few = Math.min(10, count - statuses.length);
    statuses.push(
      ...(await Promise.all(Array.from({ length: few }, () => statusOf(served, token)))),
    );
  }
  return statuses;
}

/** Longer than a process gathers before it tells. */
const heard = 1_500;

describe('two processes on one database', { timeout: 60_000 }, () => {
  it.each([
    ['a caller', 40, (): Promise<string> => clinic.gateway.token('staff'), 200],
    ['refused tokens', 20, async (): Promise<string> => 'no-token-at-all', 401],
  ] as const)('count %s together', async (_what, share, tokenOf, usual) => {
    const token = await tokenOf();
    const [one, other] = processes;
    const before = await statusOf(other, token);
    expect(before).toBe(usual);
    // With the one before, whether or not it has been told already, all that there is.
    expect(new Set(await statusesOf(one, token, share - 1))).toEqual(new Set([usual]));
    // The other has heard of it, within the same ten seconds.
    await delay(heard);
    expect(await statusOf(other, token)).toBe(429);
    await delay(11_000);
    expect(await statusOf(other, token)).toBe(usual);
  });

  it('leave everybody else alone', async () => {
    const [one, other] = processes;
    const staff = await clinic.gateway.token('staff');
    let status = 200;
    // Again where a new window began while the other was about to hear of it.
    for (let tries = 0; tries < 5 && status === 200; tries += 1) {
      await statusesOf(one, staff, 50);
      await delay(heard);
      status = await statusOf(other, staff);
    }
    expect(status).toBe(429);
    expect(await statusOf(other, await clinic.gateway.token('admin'))).toBe(200);
  });

  it('go on counting, each for itself, while the database does not pass anything on', async () => {
    await delay(11_000);
    await postgres.pause();
    const [one] = processes;
    // Refused tokens need no database.
    const statuses = await statusesOf(one, 'no-token-at-all', 30);
    expect(statuses.filter((status) => status === 401)).toHaveLength(20);
    expect(statuses.filter((status) => status === 429)).toHaveLength(10);
    await postgres.resume();
    await delay(11_000);
    await statusesOf(one, 'no-token-at-all', 20);
    await delay(heard);
    expect(await statusOf(processes[1], 'no-token-at-all')).toBe(429);
  });
});
