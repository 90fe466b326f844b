import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { hashKey, replaceEqualDeep } from '@tanstack/react-query';
import { parse } from 'graphql';
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import {
  createPorticoClient,
  EnablePortalAccessDocument,
  errorsOf,
  PatientDocument,
  PatientOverviewDocument,
  PatientsDocument,
  type PorticoClientOptions,
  PorticoError,
  RegisterPatientDocument,
  ViewerDocument,
} from '../../src/client/client.ts';
import { defaultOptions } from '../../src/client/react.ts';
import { freePort } from '../support/free-port.ts';
import type { TestGatewayOptions } from '../support/gateway.ts';
import { type ListeningGateway, startListeningGateway } from '../support/listening-gateway.ts';
import { globalIdOf, keyIn } from '../support/mutations.ts';
import { recordedClient } from './recorded-client.ts';

/** The client against a real gateway, over the network. */

let gateway: ListeningGateway;
beforeAll(async () => {
  gateway = await startListeningGateway({ environment: { NIMBUS_TIMEOUT_MS: '1000' } });
});
afterAll(() => gateway.close());
afterEach(() => gateway.forget());

const clientOf = (options: Partial<PorticoClientOptions> = {}) =>
  createPorticoClient({
    endpoint: new URL('graphql', gateway.origin),
    token: () => gateway.token('staff'),
    ...options,
  });

const failureOf = async (asked: Promise<unknown>): Promise<PorticoError> => {
  const failure = await asked.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(failure).toBeInstanceOf(PorticoError);
  return failure as PorticoError;
};

/** Another gateway over the same vendors. */
async function another(environment: TestGatewayOptions['environment']): Promise<ListeningGateway> {
  const { sandbox } = gateway;
  const other = await startListeningGateway({
    sandbox,
    seeded: false,
    environment: environment ?? {},
  });
  onTestFinished(() => other.close());
  return other;
}

describe('the token', () => {
  it.each<[string, () => PorticoClientOptions['token']]>([
    ['from a function', () => () => gateway.token('staff')],
    ['as it is', () => staff],
    ['from a function that has it already', () => () => staff],
  ])('is sent %s', async (_name, token) => {
    const { viewer } = await clientOf({ token: token() ?? '' }).request(ViewerDocument);
    expect(viewer.subject).toBe('sandbox-staff');
  });
  let staff: string;
  beforeAll(async () => {
    staff = await gateway.token('staff');
  });

  it.each<[string, () => string | null]>([
    ['that is missing', () => null],
    ['that is none', () => 'not-a-token'],
  ])('%s is UNAUTHENTICATED, and nothing to be tried again', async (_name, token) => {
    const error = await failureOf(clientOf({ token }).request(ViewerDocument));
    expect(error).toMatchObject({ code: 'UNAUTHENTICATED', status: 401, retryable: false });
    expect(error.requestId).toMatch(/^[\w-]{8,}$/);
  });

  it('that cannot be had is UNAUTHENTICATED, and nothing is sent', async () => {
    const cause = new Error('signed out');
    const { client, recorded } = recordedClient(gateway, { token: () => Promise.reject(cause) });
    const error = await failureOf(client.request(ViewerDocument));
    expect(error).toMatchObject({ code: 'UNAUTHENTICATED', cause, status: undefined });
    expect(recorded.sent).toEqual([]);
  });
});

describe('a refusal', () => {
  it('has the code, the place and the request id of the gateway', async () => {
    const asAna = clientOf({ token: () => gateway.token('ana') });
    const error = await failureOf(asAna.request(PatientDocument, { id: gateway.ids.Ben }));
    expect(error).toMatchObject({ code: 'FORBIDDEN', path: ['patient'], retryable: false });
    expect(error.requestId).toMatch(/^[\w-]{8,}$/);
    expect(error.message).toMatch(/\.$/);
  });

  it('for its rate says until when', { timeout: 60_000 }, async () => {
    const other = await another({ RATE_LIMIT_PER_MINUTE: '6' });
    const client = clientOf({ endpoint: new URL('graphql', other.origin) });
    const asked = Array.from({ length: 10 }, () => client.request(ViewerDocument));
    const refused = (await Promise.allSettled(asked)).filter((each) => each.status === 'rejected');
    expect(refused.length).toBeGreaterThan(3);
    const error: PorticoError = refused[0]?.reason;
    expect(error).toMatchObject({ code: 'RATE_LIMITED', status: 429, retryable: true });
    const wait = Number(error.retryAt) - Date.now();
    expect(wait).toBeGreaterThan(-1000);
    expect(wait).toBeLessThan(60_000);
  });
});

/** Where every request is answered by a page that is none of a gateway's. */
async function proxy(status: number, headers: Readonly<Record<string, string>>): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'text/html', ...headers }).end('<h1>No</h1>');
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe('a failure on the way', () => {
  const register = { input: { firstName: 'Nora', lastName: 'Nobody' } };

  it('is a NETWORK_ERROR; a mutation without an idempotency key is not to be sent again', async () => {
    const client = clientOf({ endpoint: `http://127.0.0.1:${await freePort()}/graphql` });
    const access = { input: { patientId: gateway.ids.Ana } };
    const lost = { code: 'NETWORK_ERROR', status: undefined };
    expect(await failureOf(client.request(ViewerDocument))).toMatchObject({
      ...{ ...lost, retryable: true, cause: expect.any(TypeError) },
    });
    const keyed = await failureOf(client.request(EnablePortalAccessDocument, access));
    expect(keyed).toMatchObject({ ...lost, retryable: true });
    const unkeyed = await failureOf(client.request(RegisterPatientDocument, register));
    expect(unkeyed).toMatchObject({ ...lost, retryable: false });
  });

  it.each([
    [502, {}, { code: 'BAD_RESPONSE', retryable: true }],
    [200, {}, { code: 'BAD_RESPONSE', retryable: false }],
    [404, {}, { code: 'BAD_RESPONSE', message: expect.stringContaining('is the endpoint its') }],
    [401, {}, { code: 'UNAUTHENTICATED', retryable: false }],
    [429, { 'retry-after': '7' }, { code: 'RATE_LIMITED', retryable: true }],
    [503, { 'retry-after': '7' }, { code: 'BAD_RESPONSE', retryable: true }],
  ])('a proxy’s page with %i is told from an answer', async (status, headers, expected) => {
    const endpoint = await proxy(status, headers);
    const error = await failureOf(clientOf({ endpoint }).request(ViewerDocument));
    expect(error).toMatchObject({ ...expected, status });
    expect(error.message).not.toContain('No');
    const wait = error.retryAt && error.retryAt.getTime() - Date.now();
    expect(wait === undefined).toBe(!('retry-after' in headers));
    expect(wait ?? 7000).toBeGreaterThan(2000);
    expect(wait ?? 7000).toBeLessThan(7001);
  });

  it.each(['9'.repeat(20), 'soon', ''])('has no time of which %j is none', async (header) => {
    const endpoint = await proxy(503, { 'retry-after': header });
    const error = await failureOf(clientOf({ endpoint }).request(ViewerDocument));
    expect(error).toMatchObject({ code: 'BAD_RESPONSE', status: 503, retryAt: undefined });
  });

  it.each([
    ['7', true],
    ['300', false],
  ])('is tried again by the cache in the %s seconds of a proxy: %s', async (seconds, again) => {
    const endpoint = await proxy(503, { 'retry-after': seconds });
    const error = await failureOf(clientOf({ endpoint }).request(ViewerDocument));
    const { retry, retryDelay } = defaultOptions.queries as {
      retry: (failures: number, error: Error) => boolean;
      retryDelay: (failures: number, error: Error) => number;
    };
    expect(retry(0, error)).toBe(again);
    // Never before.
    expect(retryDelay(0, error)).toBeGreaterThan((Number(seconds) - 5) * 1000);
    expect(retry(0, new PorticoError({ code: 'INTERNAL_SERVER_ERROR', message: '' }))).toBe(false);
  });

  it('is none where it was aborted: the caller’s own reason comes back', async () => {
    gateway.sandbox.simulators.NIMBUS.fault({ kind: 'hang' });
    const controller = new AbortController();
    const asked = clientOf().request(
      PatientOverviewDocument,
      { id: gateway.ids.Ana },
      { signal: controller.signal },
    );
    const reason = new Error('left the page');
    setTimeout(() => controller.abort(reason), 100);
    await expect(asked).rejects.toBe(reason);
  });
});

describe('data', () => {
  it('comes as the document asks for it, and nothing else', async () => {
    const data = await clientOf().request(PatientsDocument, { search: 'silva' });
    expect(data.patients.nodes.map(({ fullName }) => fullName)).toEqual(['Ana Silva']);
    expect(Object.keys(data)).toEqual(['patients']);
    expect(errorsOf(data)).toEqual([]);
    expect(errorsOf(undefined)).toEqual([]);
  });

  it('comes where one root field failed, and another one is null because nothing is there', async () => {
    gateway.sandbox.simulators.VSEE.fault({ kind: 'reset' });
    const document = parse(
      'query ($id: ID!, $none: ID!) { visit(id: $id) { id } patient(id: $none) { id } }',
    );
    const data = await clientOf().request(document as TypedDocumentNode<object>, {
      id: globalIdOf('Visit', 'VSEE', keyIn(gateway.ids.Ana), '67001'),
      none: globalIdOf('Patient', crypto.randomUUID()),
    });
    expect(data).toMatchObject({ visit: null, patient: null });
    expect(errorsOf(data)).toMatchObject([{ code: 'VENDOR_UNAVAILABLE', path: ['visit'] }]);
  });

  it('comes without the part of a vendor that is down, and says why', async () => {
    gateway.sandbox.simulators.NIMBUS.fault({ kind: 'reset' });
    const data = await clientOf().request(PatientOverviewDocument, { id: gateway.ids.Ana });
    expect(data.patient?.fullName).toBe('Ana Silva');
    expect(data.patient?.appointments.nodes.length).toBeGreaterThan(1);
    expect(data.patient?.latestOrder).toBeNull();
    const expected = {
      code: 'VENDOR_UNAVAILABLE',
      vendor: 'NIMBUS',
      path: ['patient', 'latestOrder'],
      message: expect.stringMatching(/\.$/),
      requestId: expect.any(String),
    };
    expect(errorsOf(data)).toEqual([expected]);
    expect(errorsOf(data, 'patient', 'latestOrder')).toEqual([expected]);
    expect(errorsOf(data, 'patient', 'visits')).toEqual([]);

    // What caches do with it: copy it where it is like what they had, and store it as text.
    const before = { ...structuredClone(data), patient: null };
    expect(errorsOf(replaceEqualDeep(before, data))).toEqual([expected]);
    expect(errorsOf(JSON.parse(JSON.stringify(data)))).toEqual([expected]);
    expect(hashKey([data])).toContain('VENDOR_UNAVAILABLE');
  });
});

describe('persisted documents', () => {
  const environment = {
    PERSISTED_DOCUMENTS: 'src/client/generated/persisted-documents.json',
    PERSISTED_DOCUMENTS_ONLY: 'true',
  };

  it('are asked for by their hash, where a gateway executes no others', {
    timeout: 60_000,
  }, async () => {
    const other = await another(environment);
    const { client, recorded } = recordedClient(other, { persistedDocuments: true });
    expect((await client.request(ViewerDocument)).viewer.subject).toBe('sandbox-staff');
    expect(recorded.sent).toEqual([
      { documentId: expect.stringMatching(/^sha256:[0-9a-f]{64}$/), variables: {} },
    ]);
    const texts = clientOf({ endpoint: new URL('graphql', other.origin) });
    expect((await failureOf(texts.request(ViewerDocument))).code).toBe('BAD_USER_INPUT');
  });
});
