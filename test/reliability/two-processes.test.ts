import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newPatient } from '../support/arrange.ts';
import { endAll } from '../support/command-line.ts';
import type { TestGateway } from '../support/gateway.ts';
import { mutate, portalTimes, sent, vseeCall } from '../support/mutations.ts';
import { type RunningPostgres, startPostgres } from '../support/postgres.ts';
import { type Clinic, openClinic, type Served } from '../support/served.ts';
import { portalOf, vseeOf } from '../support/simulators.ts';

/** reliability.md, section 4: real processes of `portico serve` that share one PostgreSQL. */

let postgres: RunningPostgres;
let clinic: Clinic;
/** Two processes, and who asks them. */
let served: Served[];
let gateways: TestGateway[];
let first: TestGateway;
beforeAll(async () => {
  postgres = await startPostgres();
  clinic = await openClinic(postgres.url);
  served = await Promise.all([clinic.serve(), clinic.serve()]);
  gateways = await Promise.all(served.map((each) => clinic.through(each)));
  first = gateways[0] as TestGateway;
}, 120_000);
afterAll(async () => {
  await clinic?.close();
  await endAll();
  await postgres?.stop();
});
beforeEach(() => clinic.gateway.forget());

/** By turns. */
const eitherOf = (index: number) => gateways[index % gateways.length] as TestGateway;

/** How often the vendor's API got such a call. */
const received = (vendor: 'VSEE' | 'MY_PATIENT_PORTAL', call: string) =>
  sent(first.calls(vendor)).filter((each) => each === call).length;

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await isSo())) {
    if (Date.now() > end) {
      throw new Error('It did not come about.');
    }
    await sleep(20);
  }
}

const clockBack = {
  NODE_OPTIONS: `--import=${new URL('../support/clock-an-hour-back.mjs', import.meta.url).href}`,
};

/** Leases of dead processes last ten seconds. */
const slow = { timeout: 90_000 };

/** What one submission says; somebody has one walk-in at a time. */
const newWalkIn = async () => ({
  patientId: (await newPatient(first)).id,
  roomCode: 'clinic',
  idempotencyKey: randomUUID(),
});

const walkIn = (gateway: TestGateway, input: Awaited<ReturnType<typeof newWalkIn>>) =>
  mutate(
    gateway,
    'startWalkInVisit',
    input,
    'visit { id } operation { id status steps { name status } }',
  );

const visitsNow = () => vseeOf(first).state.visits.size;
const intakesNow = () => vseeOf(first).state.intakes.size;

describe('C06: one key at two processes', () => {
  it('books one appointment, and both say so', async () => {
    const [time] = (await portalTimes(first, first.ids.Ana)).slice(-1);
    first.forget();
    const input = {
      patientId: first.ids.Ana,
      availabilityId: time?.id,
      idempotencyKey: randomUUID(),
    };
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) =>
        mutate(
          eitherOf(index),
          'bookAppointment',
          input,
          'appointment { id status start } operation { id status }',
          'ana',
        ),
      ),
    );
    expect(answers[0]?.payload).toMatchObject({
      appointment: { status: 'BOOKED', start: time?.start },
      operation: { status: 'SUCCEEDED' },
      userErrors: [],
    });
    expect(answers.map(({ payload }) => payload)).toEqual(Array(50).fill(answers[0]?.payload));
    expect(
      sent(first.calls('MY_PATIENT_PORTAL')).filter((call) => /booking$/.test(call)),
    ).toHaveLength(1);
  });

  it('is a conflict at the other process with another input', async () => {
    const idempotencyKey = randomUUID();
    const input = { patientId: first.ids.Ana, idempotencyKey };
    await mutate(eitherOf(0), 'enablePortalAccess', input);
    first.forget();
    const { payload } = await mutate(eitherOf(1), 'enablePortalAccess', {
      ...input,
      validForHours: 48,
    });
    expect(payload.userErrors).toMatchObject([{ code: 'IDEMPOTENCY_CONFLICT' }]);
    expect(first.allCalls()).toEqual([]);
  });
});

describe('O12: fifty requests with an expired access token, over two processes', () => {
  it('make exactly one refresh, and all are answered', async () => {
    const insurances = '{ viewer { patient { id insurances { id } } } }';
    await first.query(insurances, {}, 'ana');
    portalOf(first).expireAccessTokens();
    first.forget();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => eitherOf(index).query(insurances, {}, 'ana')),
    );
    for (const { errors, data } of answers) {
      expect(errors).toEqual([]);
      expect(data.viewer.patient.insurances.length).toBeGreaterThan(0);
    }
    expect(received('MY_PATIENT_PORTAL', 'POST /oauth/token')).toBe(1);
  });
});

describe('O14: a process that dies between the answer of a refresh and its record', () => {
  it(
    'leaves the patient to connect again: the old token is dead, and nobody loops',
    slow,
    async () => {
      const insurances = '{ viewer { patient { insurances { id } } } }';
      const dying = await clinic.serve();
      const gateway = await clinic.through(dying);
      portalOf(first).expireAccessTokens();
      dying.database.stopAt({ moment: 'TOKENS_UNSAVED' });
      const lost = gateway.query(insurances, {}, 'ben').catch(() => 'lost');
      await until(() => dying.database.stopped === 1);
      await dying.kill();
      expect(await lost).toBe('lost');
      first.forget();

      // Whoever renewed holds the right to for some seconds more.
      await until(async () => {
        const { errors } = await first.query(insurances, {}, 'ben');
        return errors[0]?.extensions.code === 'AUTHORIZATION_REQUIRED';
      });
      expect(received('MY_PATIENT_PORTAL', 'POST /oauth/token')).toBe(1);
      first.forget();
      const again = await eitherOf(1).query(insurances, {}, 'ben');
      expect(again.errors.map(({ extensions }) => extensions.code)).toEqual([
        'AUTHORIZATION_REQUIRED',
      ]);
      expect(first.calls('MY_PATIENT_PORTAL')).toEqual([]);
    },
  );
});

describe('C07: a client that hangs up after the vendor call has started', () => {
  it('cancels nothing: the write is done, recorded, and told to whoever asks again', async () => {
    const [process] = served;
    const before = visitsNow();
    const input = await newWalkIn();
    vseeOf(first).latency = 400;
    const client = new AbortController();
    const body = JSON.stringify({
      query:
        'mutation ($input: StartWalkInVisitInput!) { startWalkInVisit(input: $input) { visit { id } } }',
      variables: { input },
    });
    const request = new Request('http://localhost:4000/graphql', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await first.token('staff')}`,
      },
      body,
      signal: client.signal,
    });
    const lost = process?.fetch(request, client.signal).then(
      () => 'answered',
      () => 'hung up',
    );
    await until(() => received('VSEE', vseeCall('POST', 'intakes')) === 1);
    client.abort();
    expect(await lost).toBe('hung up');
    await until(() => visitsNow() > before);
    first.forget();

    const { payload } = await walkIn(eitherOf(1), input);
    expect(payload).toMatchObject({ operation: { status: 'SUCCEEDED' }, userErrors: [] });
    expect(visitsNow()).toBe(before + 1);
    expect(received('VSEE', vseeCall('POST', 'visits/add_walkin'))).toBe(0);
  });
});

describe('V16: a process whose clock is an hour behind', () => {
  it('shows the same instants as the others', slow, async () => {
    const behind = await clinic.serve(clockBack);
    const gateway = await clinic.through(behind);
    const document = `query ($search: AvailabilitySearch!) { viewer { patient {
      appointments { nodes { id start end cancelledAt } sources { vendor state } }
      portalRequests { nodes { id createdAt } }
      visits { nodes { id start } }
    } } availabilities(patientId: "${first.ids.Ana}", search: $search) { start end timeZone } }`;
    const search = {
      vsee: {
        roomCode: 'berlin',
        from: new Date(Date.now() + 3_600_000).toISOString(),
        to: new Date(Date.now() + 9 * 24 * 3_600_000).toISOString(),
      },
    };
    // Both want to renew them: whose lease it is, no clock of theirs decides.
    portalOf(first).expireAccessTokens();
    first.forget();
    const [right, wrong] = await Promise.all(
      [first, gateway].map((each) => each.query(document, { search }, 'ana')),
    );
    expect([right?.errors, wrong?.errors]).toEqual([[], []]);
    expect(received('MY_PATIENT_PORTAL', 'POST /oauth/token')).toBe(1);
    expect(right?.data.availabilities.length).toBeGreaterThan(0);
    expect(right?.data.viewer.patient.appointments.nodes.length).toBeGreaterThan(1);
    expect(wrong?.data).toEqual(right?.data);
    await behind.kill();
  });
});

describe('a process that dies with a write in its hands', () => {
  it('K02: leaves a chain that goes on at the first step not done', slow, async () => {
    const dying = await clinic.serve();
    const gateway = await clinic.through(dying);
    const [visits, intakes] = [visitsNow(), intakesNow()];
    const input = await newWalkIn();
    dying.database.stopAt({ moment: 'RECORDED', steps: ['intakes'] });
    const lost = walkIn(gateway, input).catch(() => 'lost');
    await until(() => dying.database.stopped === 1);
    await dying.kill();
    expect(await lost).toBe('lost');
    expect([visitsNow(), intakesNow()]).toEqual([visits, intakes + 1]);
    first.forget();

    const { payload, text } = await walkIn(first, input);
    expect(payload.userErrors, text).toEqual([]);
    expect(payload.operation.steps).toEqual(
      ['users/sso', 'intakes', 'visits/add_walkin'].map((name) => ({ name, status: 'SUCCEEDED' })),
    );
    // The session of the dead process is in the store.
    expect(sent(first.calls('VSEE'))).toEqual([vseeCall('POST', 'visits/add_walkin')]);
    expect([visitsNow(), intakesNow()]).toEqual([visits + 1, intakes + 1]);
  });

  it(
    'K03: and two more that die going on with it, one an hour behind, write at most once',
    slow,
    async () => {
      const clockBack = new URL('../support/clock-an-hour-back.mjs', import.meta.url).href;
      const environments = [{}, { NODE_OPTIONS: `--import=${clockBack}` }, {}];
      const [visits, intakes] = [visitsNow(), intakesNow()];
      const input = await newWalkIn();
      const stops = [
        { moment: 'RECORDED', steps: ['users/sso'] },
        { moment: 'RECORDED', steps: ['intakes'] },
        { moment: 'UNRECORDED', steps: ['visits/add_walkin'] },
      ] as const;
      for (const [index, stop] of stops.entries()) {
        const dying = await clinic.serve(environments[index]);
        const gateway = await clinic.through(dying);
        dying.database.stopAt(stop);
        const lost = walkIn(gateway, input).catch(() => 'lost');
        await until(() => dying.database.stopped === 1);
        await dying.kill();
        expect(await lost).toBe('lost');
      }
      expect([visitsNow(), intakesNow()]).toEqual([visits + 1, intakes + 1]);
      first.forget();

      const unknown = await walkIn(first, input);
      expect(unknown.payload.userErrors).toMatchObject([{ code: 'OUTCOME_UNKNOWN' }]);
      const reconciled = await mutate(
        first,
        'reconcileOperation',
        { operationId: unknown.payload.operation.id },
        'operation { status }',
      );
      expect(reconciled.payload).toMatchObject({
        operation: { status: 'SUCCEEDED' },
        userErrors: [],
      });
      expect(received('VSEE', vseeCall('POST', 'visits/add_walkin'))).toBe(0);
      expect((await walkIn(first, input)).payload).toMatchObject({
        visit: { id: expect.any(String) },
        operation: { status: 'SUCCEEDED' },
      });
      expect([visitsNow(), intakesNow()]).toEqual([visits + 1, intakes + 1]);
    },
  );

  it('is recovered by one of the three others, never by two', slow, async () => {
    const dying = await clinic.serve();
    const gateway = await clinic.through(dying);
    const before = visitsNow();
    const inputs = await Promise.all(Array.from({ length: 6 }, () => newWalkIn()));
    vseeOf(first).fault({ kind: 'hang', act: true, match: /add_walkin/ });
    const lost = inputs.map((input) => walkIn(gateway, input).catch(() => 'lost'));
    await until(() => received('VSEE', vseeCall('POST', 'visits/add_walkin')) === 6);
    await dying.kill();
    await Promise.all(lost);
    const recovered = () =>
      first
        .logged()
        .split('\n')
        .filter((line) => line.includes('left behind') && line.includes('OUTCOME_UNKNOWN'))
        .map((line) => JSON.parse(line).operationId as string);
    const already = recovered().length;
    await until(() => recovered().length >= already + 6);
    await sleep(500);
    expect(new Set(recovered()).size).toBe(recovered().length);
    expect(visitsNow()).toBe(before + 6);
  });
});
