import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MutationName } from '../../../src/auth/rules.ts';
import type { Fault } from '../../../src/sandbox/simulator.ts';
import { myPatientPortalScenarios } from '../../operations/matrix/my-patient-portal-scenarios.ts';
import { nimbusScenarios } from '../../operations/matrix/nimbus-scenarios.ts';
import { portalRequestScenarios } from '../../operations/matrix/portal-request-scenarios.ts';
import { type Call, rehearse } from '../../operations/matrix/rehearse.ts';
import type { Scenario } from '../../operations/matrix/scenario.ts';
import { submit } from '../../operations/matrix/settle.ts';
import { vseeScenarios } from '../../operations/matrix/vsee-scenarios.ts';
import { before } from '../../support/arrange.ts';
import { endAll } from '../../support/command-line.ts';
import { type RunningPostgres, startPostgres } from '../../support/postgres.ts';
import { fieldsOf } from '../../support/printed-schema.ts';
import { type Clinic, openClinic, type Served } from '../../support/served.ts';
import { type Collector, startCollector } from '../../telemetry/collector.ts';
import { findInColumns, findInFolder, settleOnDisk } from './database-content.ts';
import { allFields, createAsked, documentOf, givenPaths, inputPaths } from './every-field.ts';
import { everyMutation } from './every-mutation.ts';
import { everyQuery, levelsOf } from './every-query.ts';
import { addCredentials, addPeople } from './harvest.ts';
import { Needles } from './needles.ts';
import { type Watched, watch } from './watched-gateway.ts';

/**
 * Nothing leaks: every query and every mutation, with every fault of the vendors, on processes of
 * `portico serve` that log all they can, over a PostgreSQL that does so, too. Afterwards all that they
 * wrote is searched for all that was secret.
 */

const vendors = ['NIMBUS', 'VSEE', 'MY_PATIENT_PORTAL', 'CERBO', 'MD_HQ'] as const;
const scenarios: readonly Scenario[] = [
  ...nimbusScenarios,
  ...vseeScenarios,
  ...myPatientPortalScenarios,
  ...portalRequestScenarios,
];

/** Without limits, so that one document can ask for everything. */
const environment = {
  LOG_LEVEL: 'trace',
  QUERY_MAX_LENGTH: '1000000',
  QUERY_MAX_TOKENS: '100000',
  QUERY_MAX_DEPTH: '100',
  QUERY_MAX_ALIASES: '10000',
  QUERY_MAX_VENDOR_CALLS: '1000000',
  QUERY_MAX_FIELDS: '10000000',
  RATE_LIMIT_PER_MINUTE: '1000000',
  REQUEST_MAX_BYTES: '16000000',
};

/** Milliseconds that a vendor may take: for a busy machine, or so that waiting in vain is soon over. */
const timeouts = (milliseconds: number) =>
  Object.fromEntries(vendors.map((vendor) => [`${vendor}_TIMEOUT_MS`, String(milliseconds)]));

const metricsToken = randomUUID();
const scraped: string[] = [];
/** What its metrics say of all that it did; before it ends. */
async function scrape({ origin }: Served): Promise<void> {
  const page = await fetch(`${origin}/metrics`, {
    headers: { authorization: `Bearer ${metricsToken}` },
  });
  expect(page.status).toBe(200);
  scraped.push(await page.text());
}

const needles = new Needles();
let collector: Collector;
let postgres: RunningPostgres;
let clinic: Clinic;
let watched: Watched;
beforeAll(async () => {
  // The strictest judge of what the database is told: every statement with its parameters.
  postgres = await startPostgres({ log_statement: 'all' });
  collector = await startCollector();
  clinic = await openClinic(postgres.url, {
    ...{ ...environment, ...timeouts(15_000), METRICS_TOKEN: metricsToken },
    ...{ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, OTEL_BSP_SCHEDULE_DELAY: '100' },
  });
  watched = await watch(clinic.gateway, needles);
}, 120_000);
afterAll(async () => {
  await clinic?.close();
  await endAll();
  await postgres?.stop();
  collector?.close();
});

const asked = createAsked({});
const mutations = Object.keys(everyMutation) as MutationName[];
const done = new Set<string>();
const given = new Set<string>();

let queries: Awaited<ReturnType<typeof everyQuery>>;

/** All queries, one after another: as staff, and but for the one that goes all the way also as a patient. */
async function askEverything(): Promise<string[]> {
  const answered: string[] = [];
  for (const [name, variables] of Object.entries(queries)) {
    const document = documentOf('Query', name, asked, levelsOf(name));
    const callers = levelsOf(name) > 3 ? (['staff'] as const) : (['staff', 'ana'] as const);
    const answers = await Promise.all(
      variables.flatMap((each) => callers.map((as) => watched.gateway.query(document, each, as))),
    );
    answered.push(...answers.map(({ status, text }) => (status === 200 ? '' : `${name}: ${text}`)));
  }
  return answered.filter((text) => text !== '');
}

describe('every operation of the contract', () => {
  it('is asked: each query', { timeout: 120_000 }, async () => {
    queries = await everyQuery(clinic.gateway);
    expect(Object.keys(queries).sort()).toEqual(
      fieldsOf('Query')
        .map(({ name }) => name)
        .sort(),
    );
    expect(await askEverything()).toEqual([]);
    // On a machine that is busy so many calls at once may have opened a breaker.
    clinic.use(await clinic.serve());
    const arguments_ = fieldsOf('Query').flatMap(({ name, args }) =>
      args.map((each) => `${name}.${each.name}`),
    );
    const named = Object.entries(queries).flatMap(([name, all]) =>
      all.flatMap((each) => Object.keys(each).map((argument) => `${name}.${argument}`)),
    );
    expect([...new Set(named)].sort()).toEqual(arguments_.sort());
  });

  it('is asked: each subscription, for its first event', async () => {
    expect(fieldsOf('Subscription').map(({ name }) => name)).toEqual(['earlierAvailability']);
    const { gateway } = watched;
    const codes = await Promise.all(
      (queries.appointment ?? []).map(async ({ id }) => {
        const response = await gateway.fetch('/graphql', {
          method: 'POST',
          headers: {
            ...{ 'content-type': 'application/json', accept: 'text/event-stream' },
            authorization: `Bearer ${await gateway.token('ana')}`,
          },
          body: JSON.stringify({
            query: documentOf('Subscription', 'earlierAvailability', asked, 3),
            variables: { appointmentId: id, after: null },
          }),
        });
        let told = '';
        for await (const chunk of response.body ?? []) {
          told += Buffer.from(chunk).toString();
          const [, event] = /^data: (.*)$/m.exec(told) ?? [];
          if (event !== undefined) {
            const { errors = [] } = JSON.parse(event);
            watched.errors.push({ where: 'subscription', text: JSON.stringify(errors) });
            return errors[0]?.extensions?.code ?? 'OK';
          }
        }
        return 'nothing';
      }),
    );
    expect(codes).toContain('OK');
    expect(codes).not.toContain('nothing');
  });

  it.each(mutations)('is asked: %s', { timeout: 60_000 }, async (name) => {
    const { gateway } = watched;
    for (const make of everyMutation[name]) {
      const input = await make(gateway);
      const { data, errors, text } = await gateway.query(documentOf('Mutation', name, asked, 2), {
        input,
      });
      // What the payload leads to may be at vendors where the patient is not.
      expect(
        errors.filter(({ extensions }) => extensions.code !== 'NOT_LINKED'),
        text,
      ).toEqual([]);
      const payload = data[name];
      const refused = Object.entries(payload).filter(
        ([field, value]) => field.endsWith('_userErrors') && (value as unknown[]).length > 0,
      );
      expect(refused, text).toEqual([]);
      done.add(name);
      for (const path of givenPaths(name, input)) {
        given.add(path);
      }
    }
    gateway.forget();
  });

  it('is there with every field, input and argument, or this names what nothing asks for', () => {
    expect(mutations.sort()).toEqual(
      fieldsOf('Mutation')
        .map(({ name }) => name)
        .sort(),
    );
    expect([...done].sort()).toEqual(mutations);
    expect(allFields().filter((field) => !asked.fields.has(field))).toEqual([]);
    expect(mutations.flatMap(inputPaths).filter((path) => !given.has(path))).toEqual([]);
  });
});

const faults: [string, Omit<Fault, 'match'>][] = [
  ['no answer after it acted', { kind: 'hang', act: true }],
  ['a reset after it acted', { kind: 'reset', act: true }],
  ['a 500', { kind: 'status', status: 500 }],
  ['a 400', { kind: 'status', status: 400 }],
  ['a 401', { kind: 'status', status: 401 }],
  ['a 429', { kind: 'status', status: 429, headers: { 'retry-after': '1' } }],
  ['a page', { kind: 'html', act: true }],
  ['no JSON', { kind: 'garbage', act: true }],
  ['nothing', { kind: 'empty', act: true }],
  ['half of its answer', { kind: 'truncate', act: true }],
  ['a length that is too short', { kind: 'wrong-content-length', act: true }],
  ['drops', { kind: 'drip' }],
  ['a flood', { kind: 'oversize' }],
  ['a redirect', { kind: 'redirect', location: 'http://127.0.0.1:1/elsewhere?to=nobody' }],
  ['another shape', { kind: 'wrong-shape', act: true }],
];

describe('every fault of every vendor', () => {
  const seen = new Set<string>();
  /** What was answered where the vendor got no call to be at fault in. */
  const missed = new Map<string, string>();

  /**
   * One write with the fault in one of its calls, in a fresh situation; then what its caller would do.
   * @returns whether the vendor got the call
   */
  async function write(scenario: Scenario, fault: Omit<Fault, 'match'>, { match, nth }: Call) {
    const cell = `${scenario.title} ${fault.kind}`;
    const { gateway } = watched;
    // Not under test: on a machine that is busy the short time limit may run out.
    const arrange = () => scenario.arrange(gateway);
    const situation = await arrange().catch(arrange).catch(arrange);
    watched.forgetAt(scenario.vendor);
    const simulator = gateway.sandbox.simulators[scenario.vendor];
    // Once: repeated faults would open the breaker, and nothing would be sent any more.
    simulator.fault({ ...fault, match, after: nth, times: 1 });
    const { code, operationId, text } = await submit(gateway, scenario, situation, randomUUID());
    const sent = simulator.calls.filter(({ method, path }) => match.test(`${method} ${path}`));
    if (sent.length > nth) {
      seen.add(cell);
    } else {
      missed.set(cell, text);
    }
    watched.forgetAt(scenario.vendor);
    if (code === 'OUTCOME_UNKNOWN' && operationId !== undefined) {
      await before(gateway, 'reconcileOperation', { operationId, outcome: 'FAILED' }, '');
    }
    situation.clear?.();
    return sent.length > nth;
  }

  const calls = new Map<Scenario, readonly Call[]>();
  it('has calls of each write to happen in', { timeout: 120_000 }, async () => {
    for (const scenario of scenarios) {
      calls.set(scenario, (await rehearse(watched.gateway, scenario)).calls);
    }
  });

  it.each(faults)('in place of an answer: %s', { timeout: 240_000 }, async (_what, fault) => {
    // A process of its own, whose breakers know of nothing.
    const waits = fault.kind === 'hang' || fault.kind === 'drip';
    const served = await clinic.serve(waits ? timeouts(2_000) : {});
    clinic.use(served);
    await Promise.all(
      vendors.map(async (vendor) => {
        for (const scenario of scenarios.filter((each) => each.vendor === vendor)) {
          // Another call with each fault, until all had several.
          const all = calls.get(scenario) ?? [];
          const call = all[faults.findIndex(([, each]) => each === fault) % all.length];
          if (call === undefined) {
            throw new Error(`${scenario.title} calls nobody.`);
          }
          // Again where the machine was too busy to get as far as the vendor.
          for (let tries = 0; tries < 3; tries += 1) {
            if (await write(scenario, fault, call)) {
              break;
            }
          }
        }
      }),
    );
    for (const vendor of vendors) {
      watched.gateway.sandbox.simulators[vendor].fault(fault);
    }
    expect(await askEverything()).toEqual([]);
    watched.gateway.forget();
    await scrape(served);
    await served.kill();
  });

  it('was met by every write', () => {
    const kinds = new Set(faults.map(([, { kind }]) => kind));
    const expected = scenarios.flatMap(({ title }) => [...kinds].map((kind) => `${title} ${kind}`));
    const not = expected.filter((each) => !seen.has(each));
    expect(not.map((each) => [each, missed.get(each)])).toEqual([]);
  });
});

describe('of all that is secret', () => {
  beforeAll(async () => {
    watched.gateway.forget();
    addCredentials(needles, clinic.gateway.sandbox.environment);
    const one = await clinic.serve();
    await scrape(one);
    addCredentials(needles, one.environment);
    addPeople(needles, clinic.gateway);
    needles.add('person', 'address', 'Lindenalleeweg');
    needles.add('free text', 'what a caller wrote', 'Tuberkulose');
    await settleOnDisk(postgres.url);
  }, 60_000);

  it('there is much to be found', () => {
    expect(needles.countOf('credential')).toBeGreaterThan(15);
    expect(needles.countOf('issued secret')).toBeGreaterThan(200);
    expect(needles.countOf('person')).toBeGreaterThan(500);
    expect(watched.errors.length).toBeGreaterThan(500);
    expect(watched.headers.length).toBeGreaterThan(5_000);
    expect(scraped).toHaveLength(faults.length + 1);
    expect(collector.spans().length).toBeGreaterThan(1_000);
    expect(postgres.logged()).toMatch(/execute .*: insert into "operations"/);
  });

  /** All that the processes tell anybody but their callers. */
  const told: [what: string, text: () => string][] = [
    ['the logs, whatever their level', () => clinic.written()],
    ['the metrics', () => scraped.join('\n')],
    ['the traces', () => collector.received()],
  ];
  it.each(told)('nothing is in %s', (what, text) => {
    expect(text().length).toBeGreaterThan(10_000);
    expect(needles.find(what, text())).toEqual([]);
  });

  it('nothing is in an error', () => {
    expect(watched.errors.flatMap(({ where, text }) => needles.find(where, text))).toEqual([]);
  });

  it('nothing is in a header', () => {
    expect(watched.headers.flatMap(({ where, text }) => needles.find(where, text))).toEqual([]);
  });

  it('nothing is in a column of the database, but sealed', async () => {
    expect(await findInColumns(postgres.url, needles)).toEqual([]);
  });

  it('nothing that lets anybody in is in the database’s files', async () => {
    const kinds = ['credential', 'issued secret'] as const;
    const all = await findInFolder(postgres.url, postgres.folder, needles, kinds);
    expect(all).toEqual([]);
    expect(needles.find('log', postgres.logged(), kinds)).toEqual([]);
  });

  it('nothing that anybody wrote freely is in the database’s files', async () => {
    expect(await findInFolder(postgres.url, postgres.folder, needles, ['free text'])).toEqual([]);
    expect(needles.find('log', postgres.logged(), ['free text'])).toEqual([]);
  });

  it('no person is in the database’s files', async () => {
    expect(await findInFolder(postgres.url, postgres.folder, needles, ['person'])).toEqual([]);
    expect(needles.find('log', postgres.logged(), ['person'])).toEqual([]);
  });
});
