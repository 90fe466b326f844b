import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ofPatient } from '../support/documents.ts';
import { type FaultyDatabase, startFaultyDatabase } from '../support/faulty-database.ts';
import { type ListeningGateway, startListeningGateway } from '../support/listening-gateway.ts';
import { allPartsOf, partsOf } from '../support/parts.ts';
import { type RunningPostgres, startPostgres } from '../support/postgres.ts';

/** That later parts keep the time of the request, and leave only once their trail is written. */

const requestTimeout = 2_000;
/** What a busy machine may add. */
const margin = 1_500;

let postgres: RunningPostgres;
let database: FaultyDatabase;
let gateway: ListeningGateway;
beforeAll(async () => {
  postgres = await startPostgres();
  database = await startFaultyDatabase(postgres.url);
  gateway = await startListeningGateway({
    environment: { DATABASE_URL: database.url, REQUEST_TIMEOUT_MS: String(requestTimeout) },
  });
});
afterAll(async () => {
  await gateway?.close();
  await database?.close();
  await postgres?.stop();
});
beforeEach(() => gateway.forget());

const asked = (query = ofPatient('fullName ... @defer { latestOrder { id } }')) => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'multipart/mixed' },
  body: JSON.stringify({ query, variables: { id: gateway.ids.Ana } }),
});
const ask = () => gateway.ask(asked());

describe('the last part', () => {
  it('of a vendor that hangs says so at the deadline', async () => {
    gateway.sandbox.simulators.NIMBUS.fault({ kind: 'hang' });
    const started = performance.now();
    const parts = await allPartsOf(await ask());
    expect(performance.now() - started).toBeLessThan(requestTimeout + margin);
    expect(parts.at(-1)?.body).toMatchObject({
      incremental: [{ errors: [{ extensions: { code: 'VENDOR_TIMED_OUT' } }] }],
      hasNext: false,
    });
  });

  it('does not leave while its trail cannot be written, and the answer ends in time', async () => {
    gateway.sandbox.simulators.NIMBUS.latency = 400;
    const started = performance.now();
    const parts = partsOf(await ask());
    expect((await parts.next()).value?.body.data.patient.fullName).toBe('Ana Silva');
    // The vendor is at it: what it takes to ask was read before.
    await expect.poll(() => gateway.calls('NIMBUS')).toHaveLength(1);
    database.fallSilent();
    const last = (await parts.next()).value?.body;
    expect((await parts.next()).done).toBe(true);
    expect(performance.now() - started).toBeLessThan(requestTimeout + margin);
    expect(last.incremental).toBeUndefined();
    expect(last.hasNext).toBe(false);
    expect(last.errors[0].extensions.code).toBe('INTERNAL_SERVER_ERROR');
    expect(JSON.stringify(last)).not.toContain('9001');
    database.speakAgain();
    const seen = async () => {
      const { data } = await gateway.query(
        ofPatient('accessLog(first: 50) { nodes { action outcome } }'),
        { id: gateway.ids.Ana },
        'admin',
      );
      return data?.patient?.accessLog.nodes ?? [];
    };
    const allowed = { action: 'Patient.latestOrder', outcome: 'ALLOWED' };
    for (let tries = 0; tries < 60; tries += 1) {
      const entries = await seen();
      if (entries.some((each: object) => JSON.stringify(each) === JSON.stringify(allowed))) {
        break;
      }
      await delay(200);
    }
    // What was read was read: it is put down once the store is back.
    expect(await seen()).toContainEqual(allowed);
  }, 40_000);
});

it('an answer that nobody takes is put down at the deadline, and says so to who comes later', async () => {
  const query = `query Untaken($id: ID!) { patient(id: $id) { fullName ... @defer { latestOrder { id } } } }`;
  const { headers, ...rest } = asked(query);
  // Asked in this very process: nothing reads ahead.
  const response = await gateway.fetch('/graphql', {
    ...rest,
    headers: { ...headers, authorization: `Bearer ${await gateway.token('staff')}` },
  });
  expect(response.status).toBe(200);
  await expect.poll(gateway.logged, { timeout: 10_000 }).toContain('"name":"Untaken"');
  const [only, ...none] = await allPartsOf(response);
  expect(none).toEqual([]);
  expect(only?.body).toMatchObject({
    errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }],
    hasNext: false,
  });
});
