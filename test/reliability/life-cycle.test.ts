import { randomUUID } from 'node:crypto';
import { Agent, type IncomingMessage, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { MutationName } from '../../src/auth/rules.ts';
import { newPatient } from '../support/arrange.ts';
import { nimbusOf } from '../support/asked-mutation.ts';
import { endAll } from '../support/command-line.ts';
import type { Data, TestGateway } from '../support/gateway.ts';
import { portalTimes, sent, vseeCall } from '../support/mutations.ts';
import { type RunningPostgres, startPostgres } from '../support/postgres.ts';
import { type Clinic, openClinic, type Served } from '../support/served.ts';
import { portalOf, queueOf, vseeOf } from '../support/simulators.ts';
import { statement } from '../support/statement.ts';

/** reliability.md, section 4, "Crash and restart": how a process of `portico serve` ends. */

let postgres: RunningPostgres;
let clinic: Clinic;
let gateway: TestGateway;
beforeAll(async () => {
  postgres = await startPostgres();
  clinic = await openClinic(postgres.url);
  gateway = clinic.gateway;
}, 120_000);
afterAll(async () => {
  await clinic?.close();
  await endAll();
  await postgres?.stop();
});
beforeEach(() => gateway.forget());

const slow = { timeout: 90_000 };

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + 20_000;
  while (!(await isSo())) {
    if (Date.now() > end) {
      throw new Error('It did not come about.');
    }
    await sleep(20);
  }
}

const rows = (text: string) => statement(postgres.url, text);

interface Submission {
  name: MutationName;
  input: Record<string, unknown>;
  fields?: string;
}

const documentOf = ({ name, fields = '' }: Submission) =>
  `mutation ($input: ${name.charAt(0).toUpperCase()}${name.slice(1)}Input!) {
    ${name}(input: $input) { ${fields} operation { id status } userErrors { code } }
  }`;

/** Sends a mutation to one process. @returns its payload */
async function submit(served: Served, submission: Submission, signal?: AbortSignal): Promise<Data> {
  const response = await served.fetch(
    new Request(new URL('/graphql', gateway.publicUrl), {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: `Bearer ${await gateway.token('staff')}`,
      },
      body: JSON.stringify({
        query: documentOf(submission),
        variables: { input: submission.input },
      }),
    }),
    signal,
  );
  const text = await response.text();
  if (response.status !== 200) {
    return { status: response.status, text };
  }
  return JSON.parse(text).data?.[submission.name] ?? text;
}

const walkIn = async (): Promise<Submission> => ({
  name: 'startWalkInVisit',
  input: {
    patientId: (await newPatient(gateway)).id,
    roomCode: 'clinic',
    idempotencyKey: randomUUID(),
  },
  fields: 'visit { id }',
});

/** Ends with the code and how long it took, in milliseconds. */
async function ended({ running }: Served): Promise<{ code: number | null; after: number }> {
  const before = Date.now();
  const code = await running.ended;
  return { code, after: Date.now() - before };
}

const addedWalkIns = () =>
  sent(gateway.calls('VSEE')).filter((call) => call === vseeCall('POST', 'visits/add_walkin'));

/** What the vendors have, by kind. */
const made = () => ({
  followUps: nimbusOf(gateway).state.followUps.length,
  visits: vseeOf(gateway).state.visits.size,
  appointments: portalOf(gateway).appointments.length,
  invitations: queueOf(gateway, 'CERBO').state.invitations.length,
});

describe('SIGTERM', slow, () => {
  it('K04: under load ends ready, finishes every write, also of clients that are gone, and exits 0 within 10 s', async () => {
    const served = await clinic.serve();
    const times = await portalTimes(gateway, gateway.ids.Ana);
    const submissions: Submission[] = [
      ...(await Promise.all(Array.from({ length: 6 }, walkIn))),
      ...times.slice(-4).map(
        ({ id }): Submission => ({
          name: 'bookAppointment',
          input: {
            patientId: gateway.ids.Ana,
            availabilityId: id,
            idempotencyKey: randomUUID(),
          },
          fields: 'appointment { id start }',
        }),
      ),
      ...Array.from(
        { length: 8 },
        (_, index): Submission => ({
          name: 'createFollowUp',
          input: {
            patientId: gateway.ids.Ana,
            date: `2031-03-1${index}`,
            idempotencyKey: randomUUID(),
          },
          fields: 'followUp { id date }',
        }),
      ),
      ...['Chloe', 'David'].map(
        (name): Submission => ({
          name: 'invitePatientToPortal',
          input: {
            patientId: gateway.ids[name as 'Chloe'],
            vendor: 'CERBO',
            idempotencyKey: randomUUID(),
          },
          fields: 'portalAccess { id status }',
        }),
      ),
    ];
    const before = made();
    gateway.forget();
    for (const simulator of Object.values(gateway.sandbox.simulators)) {
      simulator.latency = 700;
    }
    const gone = new AbortController();
    /** Those with the longest chains are left to run on for nobody. */
    const stays = (index: number) => index >= 10;
    const answers = submissions.map((submission, index) =>
      stays(index)
        ? submit(served, submission)
        : submit(served, submission, gone.signal).catch(() => 'hung up'),
    );
    // All are recorded: from here on they are accepted.
    await until(
      async () =>
        (await rows("select 1 from operations where status = 'IN_PROGRESS'")).length ===
        submissions.length,
    );
    gone.abort();
    served.running.process.kill('SIGTERM');
    await served.running.says(/Ending after the requests in hand/);

    const probe = (path: string) => fetch(new URL(path, served.origin));
    expect([(await probe('/health')).status, (await probe('/ready')).status]).toEqual([200, 503]);
    const refused = await submit(served, await walkIn());
    expect(refused).toEqual({ status: 503, text: 'ending\n' });

    const { code, after } = await ended(served);
    expect(code).toBe(0);
    expect(after).toBeLessThan(10_000);
    // Nothing is left for a recovery, and nobody holds anything.
    expect(await rows("select action, status from operations where status <> 'SUCCEEDED'")).toEqual(
      [],
    );
    expect(await rows('select id from operations where worker is not null')).toEqual([]);
    const first = await Promise.all(answers);
    for (const [index, answer] of first.entries()) {
      expect(answer).toEqual(
        stays(index)
          ? expect.objectContaining({
              operation: { id: expect.any(String), status: 'SUCCEEDED' },
              userErrors: [],
            })
          : 'hung up',
      );
    }
    const done = {
      followUps: before.followUps + 8,
      visits: before.visits + 6,
      appointments: before.appointments + 4,
      invitations: before.invitations + 2,
    };
    expect(made()).toEqual(done);

    gateway.forget();
    const next = await clinic.serve();
    const replayed = await Promise.all(submissions.map((submission) => submit(next, submission)));
    for (const [index, answer] of replayed.entries()) {
      expect(answer).toMatchObject({ operation: { status: 'SUCCEEDED' }, userErrors: [] });
      if (stays(index)) {
        expect(answer).toEqual(first[index]);
      }
    }
    expect(made()).toEqual(done);
    expect(
      gateway.allCalls().filter((call) => !/ GET |oauth\/token|users\/sso/.test(call)),
    ).toEqual([]);
    next.running.process.kill('SIGTERM');
    expect(await next.running.ended).toBe(0);
  });

  it('K04: with a vendor that is silent beyond the limit exits all the same, and the next process settles what was cut', async () => {
    const served = await clinic.serve({ DRAIN_TIMEOUT_MS: '700' });
    const submission = await walkIn();
    vseeOf(gateway).fault({ kind: 'hang', act: true, match: /add_walkin/, times: 1 });
    const cut = submit(served, submission).catch(() => 'cut');
    await until(() => addedWalkIns().length === 1);

    // A connection that is kept alive is told, in an answer, that there is nothing more.
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const ask = (path: string) =>
      new Promise<{ response: IncomingMessage; reused: boolean }>((resolve, reject) => {
        const asked = request(new URL(path, served.origin), { agent }, (response) => {
          response.resume().once('end', () => resolve({ response, reused: asked.reusedSocket }));
        });
        asked.once('error', reject).end();
      });
    expect((await ask('/ready')).response.statusCode).toBe(200);
    served.running.process.kill('SIGTERM');
    await served.running.says(/Ending after the requests in hand/);
    const { response, reused } = await ask('/graphql');
    expect({
      reused,
      status: response.statusCode,
      connection: response.headers.connection,
    }).toEqual({ reused: true, status: 503, connection: 'close' });
    agent.destroy();

    const { code, after } = await ended(served);
    expect(code).toBe(0);
    expect(after).toBeLessThan(5_000);
    expect(served.running.stderr()).toMatch(/the next process settles the writes/);
    expect(await cut).toBe('cut');

    const unknown = await submit(await clinic.serve(), submission);
    expect(unknown).toMatchObject({ userErrors: [{ code: 'OUTCOME_UNKNOWN' }] });
    const { data } = await gateway.query(
      'mutation ($input: ReconcileOperationInput!) { reconcileOperation(input: $input) { operation { status } userErrors { code } } }',
      { input: { operationId: unknown.operation.id } },
    );
    expect(data.reconcileOperation).toEqual({
      operation: { status: 'SUCCEEDED' },
      userErrors: [],
    });
    expect(addedWalkIns()).toHaveLength(1);
  });

  it('K04: exits 0 also where nobody reads its log any more, which keeps it from nothing', async () => {
    const served = await clinic.serve();
    const { stdout, stderr } = served.running.process;
    stdout?.destroy();
    stderr?.destroy();
    const through = await clinic.through(served);
    for (let times = 0; times < 3; times += 1) {
      expect((await through.query('{ viewer { subject } }')).data.viewer.subject).toBeTruthy();
    }
    served.running.process.kill('SIGTERM');
    expect(await served.running.ended).toBe(0);
  });

  it('K04: a second time ends it at once', async () => {
    const served = await clinic.serve({ DRAIN_TIMEOUT_MS: '60000' });
    vseeOf(gateway).fault({ kind: 'hang', match: /rooms/, times: 1 });
    const cut = served
      .fetch(
        new Request(new URL('/graphql', gateway.publicUrl), {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            authorization: `Bearer ${await gateway.token('staff')}`,
          },
          body: '{"query":"{ clinicRoom(code: \\"clinic\\") { code } }"}',
        }),
      )
      .catch(() => 'cut');
    await until(() => gateway.calls('VSEE').length === 1);
    served.running.process.kill('SIGTERM');
    await served.running.says(/Ending after the requests in hand/);
    served.running.process.kill('SIGTERM');
    const { code, after } = await ended(served);
    expect(code).toBe(128 + 15);
    expect(after).toBeLessThan(3_000);
    expect(await cut).toBe('cut');
  });
});

describe('SIGHUP', slow, () => {
  it('K04: of a terminal that closes, however often it is sent, ends as SIGTERM does', async () => {
    const served = await clinic.serve();
    const submission = await walkIn();
    vseeOf(gateway).latency = 1_000;
    const answer = submit(served, submission);
    await until(() => gateway.calls('VSEE').length > 0);
    served.running.process.kill('SIGHUP');
    await served.running.says(/Ending after the requests in hand/);
    served.running.process.kill('SIGHUP');
    expect(await answer).toMatchObject({ operation: { status: 'SUCCEEDED' }, userErrors: [] });
    expect(await ended(served)).toMatchObject({ code: 0 });
    vseeOf(gateway).latency = 0;
  });
});

describe('an error that nobody catches', slow, () => {
  const preload = new URL('../support/faults-on-signals.mjs', import.meta.url).href;

  it.each([
    ['a rejection', 'SIGUSR2'],
    ['an exception', 'SIGALRM'],
  ] as const)(
    'K05: %s is logged without its words; what is in hand is finished, and the process exits 1',
    async (_kind, signal) => {
      const served = await clinic.serve({ NODE_OPTIONS: `--import=${preload}` });
      const submission = await walkIn();
      gateway.forget();
      vseeOf(gateway).latency = 500;
      const answer = submit(served, submission);
      await until(() => gateway.calls('VSEE').length > 0);
      served.running.process.kill(signal);
      expect(await answer).toMatchObject({ operation: { status: 'SUCCEEDED' }, userErrors: [] });
      const { code, after } = await ended(served);
      expect(code).toBe(1);
      expect(after).toBeLessThan(10_000);

      const written = served.running.stdout() + served.running.stderr();
      const fatal = served.running
        .stdout()
        .split('\n')
        .filter((line) => line.includes('"level":60'))
        .map((line) => JSON.parse(line));
      expect(fatal).toEqual([
        {
          level: 60,
          time: expect.any(String),
          fault: {
            name: 'TypeError',
            stack: expect.arrayContaining([expect.stringContaining('faults-on-signals.mjs')]),
          },
          msg: expect.any(String),
        },
      ]);
      expect(written).not.toMatch(/canary|Ana Silva/);

      // No half state: what was answered is what is recorded.
      expect(await rows('select id from operations where worker is not null')).toEqual([]);
      gateway.forget();
      const again = (await gateway.query(documentOf(submission), { input: submission.input })).data
        .startWalkInVisit;
      expect(again).toEqual(await answer);
      expect(addedWalkIns()).toEqual([]);
    },
  );

  it('K05: in a resolver stays a masked error of its request, and the process serves on', async () => {
    const followUps = '{ patient(id: $id) { fullName followUps { id } } }';
    const ask = () => gateway.query(`query ($id: ID!) ${followUps}`, { id: gateway.ids.Ana });
    await rows('alter table follow_ups rename to elsewhere');
    try {
      const { status, errors, text } = await ask();
      expect(status).toBe(200);
      expect(errors.map(({ extensions }) => extensions.code)).toEqual(['INTERNAL_SERVER_ERROR']);
      expect(text).not.toMatch(/follow_ups|elsewhere|42P01/);
    } finally {
      await rows('alter table elsewhere rename to follow_ups');
    }
    const { errors, data } = await ask();
    expect(errors).toEqual([]);
    expect(data.patient.fullName).toBe('Ana Silva');
  });
});
