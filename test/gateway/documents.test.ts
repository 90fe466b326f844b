import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
/** Without introspection. */
let closed: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  const { sandbox } = gateway;
  const environment = { GRAPHIQL: 'false' };
  closed = await startTestGateway({ sandbox, environment, seeded: false });
});
afterAll(async () => {
  await closed.close();
  await gateway.close();
});
beforeEach(() => gateway.forget());

async function expectService(): Promise<void> {
  const { data, errors } = await gateway.query('{ viewer { subject } }');
  expect([data, errors]).toEqual([{ viewer: { subject: 'sandbox-staff' } }, []]);
}

async function expectRefused(document: string, code: string) {
  const answer = await gateway.query(document);
  expect(answer.data).toBeUndefined();
  expect(new Set(answer.errors.map(({ extensions }) => extensions.code))).toEqual(new Set([code]));
  expect(gateway.allCalls()).toEqual([]);
  await expectService();
  return answer;
}

describe('a document that is no GraphQL', () => {
  it.each([
    [''],
    ['{'],
    ['{ viewer { subject }'],
    ['query query query'],
    ['{ viewer { subject } } }'],
    ['\u0000'],
    ['mutation {}'],
  ])('%j is refused as such', async (document) => {
    const { errors } = await gateway.query(document);
    expect(['GRAPHQL_PARSE_FAILED', 'BAD_USER_INPUT']).toContain(errors[0]?.extensions.code);
    await expectService();
  });
});

describe('an unknown name', () => {
  const canary = 'canary-Tuberkulose-7f3a91';
  const variables = { filter: { lastName: canary, birthdate: canary }, vendor: 'CERBOO' };
  const documents = [
    ['field', '{ viewer { subjct } }', 'subject'],
    ['field of the root', '{ patiens { totalCount } }', 'patients'],
    ['selection', '{ viewer }', 'viewer { ... }'],
    ['argument', '{ patients(serch: "x") { totalCount } }', 'search'],
    ['type', '{ viewer { ... on Viewr { subject } } }', 'Viewer'],
    [
      'input field',
      `{ vendorPatients(vendor: CERBO, filter: { lastNam: "${canary}" }) { vendor } }`,
      'lastName',
    ],
    [
      'enum value',
      '{ vendorPatients(vendor: CERBOO, filter: { lastName: "x" }) { vendor } }',
      'the enum value "CERBO',
    ],
    [
      'enum value in quotes',
      '{ vendorPatients(vendor: "CERBO", filter: { lastName: "x" }) { vendor } }',
      'the enum value "CERBO',
    ],
    [
      'type of a variable',
      'query ($x: VendorPatientFilte) { vendorPatients(vendor: CERBO, filter: $x) { vendor } }',
      'VendorPatientFilter',
    ],
    // For which graphql-js has no suggestion.
    ['directive', '{ viewer @includ(if: true) { subject } }', ''],
    ['mutation', 'mutation { registerPatien(input: {}) { patient { id } } }', 'registerPatient'],
    [
      'input field of a variable',
      'query ($filter: VendorPatientFilter!) { vendorPatients(vendor: CERBO, filter: $filter) { vendor } }',
      'birthDate',
    ],
    [
      'enum value of a variable',
      'query ($vendor: Vendor!) { vendorPatients(vendor: $vendor, filter: {}) { vendor } }',
      'the enum value "CERBO',
    ],
  ] as const;

  it.each(documents)(
    'as %s is refused with what may have been meant',
    async (_what, document, meant) => {
      const { data, errors, text } = await gateway.query(document, variables);
      expect(data).toBeUndefined();
      const suggestions = errors.map(({ message }) => / Did you mean "?(.*)\?$/.exec(message)?.[1]);
      expect(suggestions.join()).toContain(meant);
      expect(text).not.toMatch(/canary|CERBOO/);
      expect(gateway.allCalls()).toEqual([]);
    },
  );

  it.each(documents)(
    'as %s is refused without a suggestion where the schema is not shown',
    async (_what, document) => {
      const { data, errors, text } = await closed.query(document, variables);
      expect(data).toBeUndefined();
      expect(errors).not.toEqual([]);
      expect(text).not.toMatch(/did you mean|canary|CERBOO/i);
    },
  );
});

describe('the limit of depth', () => {
  /** `levels` fields below one another. */
  const deep = (levels: number) => {
    const names = [
      'viewer',
      'patient',
      'visits',
      'nodes',
      'patient',
      'visits',
      'nodes',
      'patient',
      'visits',
      'nodes',
      'patient',
    ];
    const path = [...names.slice(0, levels - 1), '__typename'];
    return `${path.map((name) => `{ ${name} `).join('')}${'}'.repeat(levels)}`;
  };

  it('lets 10 levels through', async () => {
    const { data, errors } = await gateway.query(deep(10), {}, 'ana');
    expect(errors).toEqual([]);
    expect(data.viewer.patient.visits.nodes).toHaveLength(1);
  });

  it('refuses 11', async () => {
    await expectRefused(deep(11), 'QUERY_TOO_COSTLY');
  });

  it('counts through fragments', async () => {
    await expectRefused(
      `query { viewer { patient { visits { nodes { ...A } } } } }
       fragment A on Visit { patient { visits { nodes { ...B } } } }
       fragment B on Visit { patient { visits { nodes { patient { id } } } } }`,
      'QUERY_TOO_COSTLY',
    );
  });
});

describe('the limit of aliases', () => {
  const aliases = (count: number) =>
    `{ ${Array.from({ length: count }, (_, index) => `a${index}: viewer { subject }`).join(' ')} }`;

  it('lets 30 through', async () => {
    const { data } = await gateway.query(aliases(30));
    expect(Object.keys(data)).toHaveLength(30);
  });

  it('refuses 31', async () => {
    await expectRefused(aliases(31), 'QUERY_TOO_COSTLY');
  });
});

describe('the limit of tokens', () => {
  /** A document of so many tokens: each word of a list is one. */
  const tokens = (count: number) => {
    const frame =
      '{ viewer { subject } patients(first: 1, after: null) { nodes { portalRequests(filter: { vendor: [] }) { totalCount } } } }';
    const own = frame.match(/[{}()[\]:]|\w+/g)?.length ?? 0;
    return frame.replace('[]', `[${'CERBO '.repeat(count - own)}]`);
  };

  it('lets a thousand through', async () => {
    const { data, errors } = await gateway.query(tokens(1000));
    expect(errors).toEqual([]);
    expect(data.viewer.subject).toBe('sandbox-staff');
  });

  it('refuses more', async () => {
    await expectRefused(tokens(1001), 'QUERY_TOO_COSTLY');
  });
});

describe('a document that asks for the same thing again and again', () => {
  it.each([
    ['fields', `{ ${'__typename '.repeat(900)} }`],
    ['directives', `{ viewer { subject ${'@include(if: true) '.repeat(60)} } }`],
    [
      'fragments that spread themselves',
      '{ viewer { ...A } } fragment A on Viewer { ...B } fragment B on Viewer { ...A }',
    ],
    ['pages', '{ patients(first: 101) { totalCount } }'],
  ])('by %s is answered or refused within a second', async (_name, document) => {
    const started = performance.now();
    const { errors } = await gateway.query(document);
    expect(performance.now() - started).toBeLessThan(1_000);
    for (const { extensions } of errors) {
      expect(['QUERY_TOO_COSTLY', 'GRAPHQL_VALIDATION_FAILED', 'BAD_USER_INPUT']).toContain(
        extensions.code,
      );
    }
    await expectService();
  });
});
