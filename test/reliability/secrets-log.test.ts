import { createSchema, createYoga } from 'graphql-yoga';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useErrorMasking } from '../../src/plugins/use-error-masking.ts';
import { useOperationReport, useOperations } from '../../src/plugins/use-operation-report.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { placeOf } from '../../src/telemetry/fault-place.ts';
import { observedBy } from '../../src/telemetry/observer.ts';
import { createRequestLog } from '../../src/telemetry/request-log.ts';
import { type ListeningGateway, startListeningGateway } from '../support/listening-gateway.ts';
import { mutate } from '../support/mutations.ts';

/** reliability.md, L07: what a log holds of a request is on a list, and nothing else gets in. */

const canary = 'canary-Tuberkulose-7f3a91';
const traces = (text: string) => text.match(/canary|tuberkulose|5550104499/gi) ?? [];

/** All that any line may have, by its message. */
const allowed: Record<string, readonly string[]> = {
  operation: ['requestId', 'operation', 'name', 'outcome', 'duration', 'vendorCalls', 'errors'],
  'request refused': ['requestId', 'method', 'route', 'status', 'code', 'duration'],
  'vendor call': [
    ...['requestId', 'vendor', 'operation', 'attempts', 'status', 'outcome'],
    ...['code', 'duration'],
  ],
  'unexpected error': ['requestId', 'fault'],
};
const always = ['level', 'time', 'msg', 'pid', 'hostname'];

function expectAllowed(log: string): void {
  const lines = log.split('\n').filter((line) => line !== '');
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) {
    const fields = JSON.parse(line) as Record<string, unknown>;
    const known = allowed[String(fields.msg)];
    expect(known, line).toBeDefined();
    expect(
      Object.keys(fields).filter((name) => !always.includes(name) && !known?.includes(name)),
      line,
    ).toEqual([]);
    const nested = Object.entries(fields).filter(([, value]) => typeof value === 'object');
    expect(
      nested.filter(([name]) => name !== 'fault'),
      line,
    ).toEqual([]);
  }
  expect(traces(log)).toEqual([]);
}

describe('L07: a request full of nested health data', () => {
  let gateway: ListeningGateway;
  beforeAll(async () => {
    gateway = await startListeningGateway();
  });
  afterAll(() => gateway.close());

  const person = {
    ...{ firstName: canary, lastName: canary, birthDate: '1901-02-03', sex: 'OTHER' },
    ...{ email: `${canary}@example.com`, phone: '+15550104499' },
    address: { street: canary, city: canary, state: 'CA', postalCode: '90012', country: canary },
  };
  const intake = {
    ...{ reasonForVisit: canary, location: canary, phone: '+15550104499' },
    custom: { [canary]: { deeper: [canary, { [canary]: canary }] } },
  };

  it.each<[string, (patientId: string) => Promise<unknown>]>([
    [
      'that is done',
      (patientId) =>
        mutate(gateway, 'requestEConsult', { patientId, roomCode: 'econsult', intake }),
    ],
    [
      'that the vendor refuses',
      (patientId) =>
        mutate(gateway, 'scheduleVisit', {
          ...{ patientId, roomCode: 'clinic', intake },
          ...{ start: '2031-03-04T03:00:00Z', end: '2031-03-04T03:15:00Z' },
        }),
    ],
    [
      'whose vendor is away',
      async (patientId) => {
        gateway.sandbox.simulators.VSEE.fault({ kind: 'reset' });
        await mutate(gateway, 'startWalkInVisit', { patientId, roomCode: 'clinic', intake });
        gateway.forget();
      },
    ],
    [
      'that is refused for its shape',
      (patientId) =>
        mutate(gateway, 'requestEConsult', {
          patientId,
          roomCode: canary,
          intake,
          [canary]: intake,
        }),
    ],
    [
      'with everything in its document',
      () =>
        gateway.query(
          `query { patients(search: "${canary}") { nodes { fullName } } # ${canary}\n }`,
        ),
    ],
    [
      'that searches',
      () =>
        gateway.query('query ($x: String) { patients(search: $x) { totalCount } }', { x: canary }),
    ],
  ])('%s is logged by its allowed facts only', async (_what, ask) => {
    const { payload } = await mutate(gateway, 'registerPatient', person, 'patient { id }');
    await ask(payload.patient.id);
    expectAllowed(gateway.logged());
    expect(await gateway.good()).toBeLessThan(1_000);
  });
});

describe('L07: an error that nobody expected', () => {
  const record = { patient: { name: canary, notes: [canary] } };
  const named = (name: string) => Object.assign(new Error(canary), { name });
  const changed = new Error(`${canary}\n    at ${canary} (file.ts:1:1)`);
  changed.message = 'another text';
  const errors: [string, unknown][] = [
    ['with health data in its message', new Error(`Failed for ${canary}`)],
    ['whose message looks like a stack', new Error(`x\n    at ${canary} (file.ts:1:1)`)],
    ['whose message was changed since', changed],
    ['with a record on it', Object.assign(new TypeError('x'), record, { code: canary })],
    ['with a cause', new Error('x', { cause: new Error(canary, { cause: record }) })],
    ['of several', new AggregateError([new Error(canary), record], canary)],
    ['of an odd name', named(`PatientError ${canary}`)],
    ['that is a text', canary],
    ['that is a record', record],
    ['that cannot be a text', Object.create(null, { x: { value: canary } })],
  ];

  it.each(errors)('%s is logged by its place', (_what, error) => {
    expect(traces(JSON.stringify(placeOf(error)))).toEqual([]);
  });

  it('of the store is logged by what it means, too', () => {
    const error = new StoreError('FAULT', canary, '42501');
    expect(placeOf(error)).toMatchObject({ name: 'StoreError', kind: 'FAULT', code: '42501' });
    const wordy = Object.assign(new Error('x'), { kind: canary, code: canary });
    expect(traces(JSON.stringify(placeOf(wordy)))).toEqual([]);
  });

  it.each(errors)('%s is answered by a code', async (_what, error) => {
    const lines: string[] = [];
    const logger = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
    const yoga = createYoga({
      schema: createSchema({
        typeDefs: 'type Query { record(text: String): String }',
        resolvers: {
          Query: {
            record: () => {
              throw error;
            },
          },
        },
      }),
      maskedErrors: false,
      logging: false,
      plugins: [
        useOperations() as never,
        useErrorMasking({
          onFault: (fault, requestId) =>
            logger.error({ requestId, fault: placeOf(fault) }, 'unexpected error'),
          suggesting: false,
        }),
        useOperationReport(observedBy([createRequestLog(logger)])) as never,
      ],
    });
    const response = await yoga.fetch('http://localhost/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        query: 'query ($text: String) { record(text: $text) }',
        variables: { text: canary },
      }),
    });
    const text = await response.text();
    expect(traces(text)).toEqual([]);
    expect(JSON.parse(text).errors[0].extensions.code).toBe('INTERNAL_SERVER_ERROR');
    expect(lines.some((line) => line.includes('"unexpected error"'))).toBe(true);
    expectAllowed(lines.join(''));
  });
});
