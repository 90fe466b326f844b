import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ofPatient } from '../support/documents.ts';
import type { Who } from '../support/gateway.ts';
import { type ListeningGateway, startListeningGateway } from '../support/listening-gateway.ts';
import { allPartsOf, partsOf } from '../support/parts.ts';

/** `@defer` and `@stream` over real HTTP. */

let gateway: ListeningGateway;
beforeAll(async () => {
  gateway = await startListeningGateway({ environment: { REQUEST_MAX_BATCH: '3' } });
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const multipart = 'multipart/mixed; deferSpec=20220824, application/json';

async function send(
  query: string,
  options: { accept?: string; as?: Who; variables?: object; signal?: AbortSignal } = {},
) {
  const { accept = multipart, as = 'staff', variables = { id: gateway.ids.Ana }, signal } = options;
  return gateway.ask({
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept,
      authorization: `Bearer ${await gateway.token(as)}`,
    },
    body: JSON.stringify({ query, variables }),
    ...(signal && { signal }),
  });
}

const slowQueue = 'portalRequests(filter: { vendor: [CERBO] }) { nodes { vendor } }';
const slowPart = ofPatient(
  `fullName ... @defer(label: "queue") { ${slowQueue} } latestOrder { id }`,
);

/** Lines of the log about a request, once the operation's own is there. */
async function logOf(requestId: string): Promise<Record<string, unknown>> {
  for (let tries = 0; tries < 100; tries += 1) {
    const lines = gateway.logged().split('\n').filter(Boolean);
    const found = lines
      .map((line) => JSON.parse(line))
      .find((line) => line.requestId === requestId && line.msg === 'operation');
    if (found) {
      return found;
    }
    await delay(50);
  }
  throw new Error('It was not logged.');
}

/** How often the latest order of a patient was read, as their log has it. */
async function readsOf(id: string): Promise<number> {
  const log = 'accessLog(first: 50) { nodes { action } }';
  const { data } = await gateway.query(ofPatient(log), { id }, 'admin');
  return data.patient.accessLog.nodes.filter(
    ({ action }: { action: string }) => action === 'Patient.latestOrder',
  ).length;
}

describe('a deferred fragment', () => {
  it('lets the slow vendor’s part arrive last, and nothing else wait for it', async () => {
    gateway.sandbox.simulators.CERBO.latency = 1_500;
    const response = await send(slowPart);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/^multipart\/mixed/);
    expect(response.headers.get('cache-control')).toBe('no-store');
    const [first, last, ...none] = await allPartsOf(response);
    expect(none).toEqual([]);
    expect(first?.body).toMatchObject({
      data: { patient: { fullName: 'Ana Silva', latestOrder: { id: '9001' } } },
      hasNext: true,
    });
    expect(first?.body.data.patient.portalRequests).toBeUndefined();
    expect(last?.body).toMatchObject({
      incremental: [{ label: 'queue', path: ['patient'] }],
      hasNext: false,
    });
    expect(last?.body.incremental[0].data.portalRequests.nodes).toContainEqual({ vendor: 'CERBO' });
    expect(first?.after).toBeLessThan(700);
    expect(last?.after).toBeGreaterThan(1_000);
  });

  it('makes no more vendor calls than the same in one piece, and says which by when', async () => {
    const parts = await allPartsOf(await send(slowPart));
    expect(gateway.allCalls().sort()).toHaveLength(2);
    const last = parts.at(-1)?.body;
    expect(last.extensions.vendorCalls).toHaveLength(2);
  });

  it.each(['', '@defer'])(
    'costs the same: refused in one piece, refused in parts (%s)',
    async (defer) => {
      const costly = 'patients(first: 100) { nodes { visits(first: 100) { nodes { id } } } }';
      const response = await send(`{ viewer { subject } ... ${defer} { ${costly} } }`);
      expect(response.status).toBe(400);
      expect(await response.text()).toContain('QUERY_TOO_COSTLY');
      expect(gateway.allCalls()).toEqual([]);
    },
  );

  const page = 'patients(first: 100) { nodes { id accessLog(first: 100) { nodes { action } } } }';
  it.each([
    ['in line', (label: string) => `... @defer(label: "${label}") { ${page} }`],
    ['by its name', (label: string) => `...Page @defer(label: "${label}")`],
    [
      'by its name and a variable',
      (label: string) => `...Page @defer(label: "${label}", if: $yes)`,
    ],
  ])('counts once more in each part that repeats it %s', async (_how, part) => {
    const ask = (labels: string) => {
      const parts = [...labels].map(part).join(' ');
      const named = parts.includes('...Page') ? `fragment Page on Query { ${page} }` : '';
      return send(
        `query ($yes: Boolean = true) { viewer @skip(if: $yes) { subject } ${parts} } ${named}`,
      );
    };
    const once = await ask('a');
    expect(once.status).toBe(200);
    await once.text();
    const response = await ask('abcde');
    expect(response.status).toBe(400);
    expect(await response.text()).toContain('QUERY_TOO_COSTLY');
  });

  it('of a vendor that fails brings a coded, masked error in its part', async () => {
    gateway.sandbox.simulators.NIMBUS.fault({ kind: 'status', status: 500 });
    const query = ofPatient('fullName ... @defer { latestOrder { id } }');
    const [first, last] = await allPartsOf(await send(query));
    expect(first?.body.errors).toBeUndefined();
    const [failed] = last?.body.incremental ?? [];
    expect(failed.data).toEqual({ latestOrder: null });
    expect(failed.errors).toMatchObject([
      {
        path: ['patient', 'latestOrder'],
        extensions: { code: 'VENDOR_UNAVAILABLE', vendor: 'NIMBUS' },
      },
    ]);
    expect(failed.errors[0].extensions.requestId).toEqual(expect.any(String));
    expect(JSON.stringify(last?.body)).not.toMatch(/127\.0\.0\.1|stack/);
  });

  it('of somebody else’s record is refused in its part', async () => {
    const query =
      'query ($id: ID!) { viewer { subject } ... @defer { patient(id: $id) { fullName } } }';
    const response = await send(query, { as: 'ana', variables: { id: gateway.ids.Ben } });
    const parts = await allPartsOf(response);
    expect(JSON.stringify(parts)).not.toContain('Okafor');
    expect(parts.at(-1)?.body.incremental[0].errors).toMatchObject([
      { extensions: { code: 'FORBIDDEN' } },
    ]);
  });
});

describe('a streamed list', () => {
  it('gives its first entries at once, each of the others when it is there', async () => {
    gateway.sandbox.simulators.NIMBUS.latency = 1_000;
    const query = `{ patients(first: 5) { nodes @stream(initialCount: 0) { firstName
      ... @defer { latestOrder { id } } } } }`;
    const parts = await allPartsOf(await send(query));
    expect(parts[0]?.body.data).toEqual({ patients: { nodes: [] } });
    const names = parts.flatMap(({ body, after }) =>
      (body.incremental ?? []).flatMap(({ items }: { items?: { firstName: string }[] }) =>
        (items ?? []).map(({ firstName }) => ({ firstName, after })),
      ),
    );
    expect(names.map(({ firstName }) => firstName).sort()).toEqual(
      ['Ana', 'Ben', 'Chloe', 'David', 'Emi'].sort(),
    );
    expect(Math.max(...names.map(({ after }) => after))).toBeLessThan(700);
    expect(parts.at(-1)?.after).toBeGreaterThan(700);
    expect(parts.at(-1)?.body.hasNext).toBe(false);
  });

  const counted = (count: string, definition = '') =>
    `query ${definition} { patients(first: 5) { nodes @stream(initialCount: ${count}) { id } } }`;

  it.each([
    ['-1', '', {}],
    ['null', '', {}],
    ['$n', '($n: Int)', { n: -1 }],
    ['$n', '($n: Int)', { n: null }],
    ['$n', '($n: Int = -1)', {}],
  ])(
    'takes no count of first entries that is none: %s, %s, %j',
    async (...[count, definition, variables]) => {
      const response = await send(counted(count, definition), { variables });
      expect(response.status).toBe(400);
      expect(await response.text()).toContain('BAD_USER_INPUT');
    },
  );

  it('takes one that is longer than the list', async () => {
    const response = await send(counted('2147483647'));
    expect(JSON.parse(await response.text()).data.patients.nodes).toHaveLength(5);
  });
});

describe('a client that does not take parts', () => {
  it.each([
    ...['application/json', 'application/graphql-response+json', '*/*', 'text/html, */*'],
    'multipart/mixed;charset=latin1, application/json',
  ])('and accepts %s gets the same answer in one piece', async (accept) => {
    const response = await send(slowPart, { accept });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toMatch(/json/);
    const { data, hasNext } = JSON.parse(await response.text());
    expect(hasNext).toBeUndefined();
    expect(data.patient.latestOrder).toEqual({ id: '9001' });
    expect(data.patient.portalRequests.nodes).toContainEqual({ vendor: 'CERBO' });
  });

  it('gets it in one piece in a batch, too', async () => {
    const response = await gateway.ask({
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: multipart },
      body: JSON.stringify(
        [1, 2].map(() => ({ query: slowPart, variables: { id: gateway.ids.Ana } })),
      ),
    });
    const text = await response.text();
    expect(text.match(/"fullName":"Ana Silva"/g)).toHaveLength(2);
    const subscribing = await gateway.ask({
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify([
        { query: 'subscription { earlierAvailability(appointmentId: "x") { id } }' },
      ]),
    });
    expect(await subscribing.text()).toContain('in no batch');
    expect(text.match(/"vendor":"CERBO"/g)?.length).toBeGreaterThanOrEqual(2);
  });
});

describe('a mutation', () => {
  const mutation = (part: string) => `mutation ($input: CreatePortalLinkInput!) {
    createPortalLink(input: $input) { ${part} userErrors { code } } } fragment P on CreatePortalLinkPayload { portalAccess { redirectUrl } }`;

  it.each(['... @defer { portalAccess { redirectUrl } }', '...P @defer(if: false)'])(
    'is not answered in parts: %s',
    async (part) => {
      for (const accept of [multipart, 'application/json']) {
        const variables = { input: { patientId: gateway.ids.Ana } };
        const query = part.includes('...P') ? mutation(part) : mutation(part).split(' fragment')[0];
        const response = await send(query ?? '', { variables, accept });
        expect(await response.text()).toContain('Only queries are answered in parts.');
      }
      expect(gateway.allCalls()).toEqual([]);
    },
  );
});

describe('what is put down about an answer in parts', () => {
  it('is in the log once, with all its calls and errors, when it has ended', async () => {
    gateway.sandbox.simulators.NIMBUS.fault({ kind: 'status', status: 500 });
    gateway.sandbox.simulators.CERBO.latency = 500;
    const query = ofPatient(
      `fullName ... @defer { latestOrder { id } } ... @defer { ${slowQueue} }`,
    );
    const response = await send(query);
    await response.text();
    const line = await logOf(response.headers.get('x-request-id') ?? '');
    expect(line).toMatchObject({ operation: 'query', vendorCalls: 2, errors: 1 });
    expect(line.duration).toBeGreaterThan(450);
  });

  it('is in the patient’s trail before the part leaves', async () => {
    const id = gateway.ids.Ben;
    const before = await readsOf(id);
    gateway.sandbox.simulators.NIMBUS.latency = 600;
    const response = await send(ofPatient('fullName ... @defer { latestOrder { id } }'), {
      variables: { id },
    });
    const seen: number[] = [];
    for await (const _part of partsOf(response)) {
      seen.push(await readsOf(id));
    }
    expect(seen).toEqual([before, before + 1]);
  });
});

describe('a client that hangs up', () => {
  it('before the first part is put down all the same: what was read, and the operation', async () => {
    const { Ben: id } = gateway.ids;
    const before = await readsOf(id);
    gateway.sandbox.simulators.CERBO.latency = 1_500;
    const gone = new AbortController();
    const query = `query Abandoned($id: ID!) { patient(id: $id) {
      latestOrder { id } ${slowQueue} ... @defer { firstName } } }`;
    const asked = send(query, { variables: { id }, signal: gone.signal }).catch(() => undefined);
    const calls = () => [...gateway.calls('NIMBUS'), ...gateway.calls('CERBO')];
    await expect.poll(calls, { timeout: 10_000 }).toHaveLength(2);
    gone.abort();
    await asked;
    await expect.poll(gateway.logged, { timeout: 10_000 }).toContain('"name":"Abandoned"');
    expect(await readsOf(id)).toBe(before + 1);
  });

  it('ends the reads that are left', async () => {
    gateway.sandbox.simulators.MY_PATIENT_PORTAL.latency = 1_200;
    const gone = new AbortController();
    const query = ofPatient('fullName ... @defer { insurances { appointmentCategories { id } } }');
    const response = await send(query, { signal: gone.signal });
    const parts = partsOf(response);
    expect((await parts.next()).value?.body.data.patient.fullName).toBe('Ana Silva');
    gone.abort();
    await parts.next().catch(() => undefined);
    // Long before the vendor would have answered.
    const { errors } = await logOf(response.headers.get('x-request-id') ?? '');
    expect(errors).toBeGreaterThan(0);
    await delay(2_500);
    const made = gateway.allCalls().filter((call) => call.startsWith('MY_PATIENT_PORTAL'));
    expect(made.filter((call) => /categories/.test(call))).toEqual([]);
    expect(made.length).toBeLessThanOrEqual(1);
  });
});
