import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
});
afterAll(() => gateway.close());
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
  it.each([
    ['field', '{ viewer { subjct } }'],
    ['field of the root', '{ patiens { totalCount } }'],
    ['argument', '{ patients(serch: "x") { totalCount } }'],
    ['type', '{ viewer { ... on Viewr { subject } } }'],
    ['input field', '{ vendorPatients(vendor: CERBO, filter: { lastNam: "x" }) { vendor } }'],
    ['enum value', '{ vendorPatients(vendor: CERBOO, filter: { lastName: "x" }) { vendor } }'],
    [
      'type of a variable',
      'query ($x: VendorPatientFilte) { vendorPatients(vendor: CERBO, filter: $x) { vendor } }',
    ],
    ['directive', '{ viewer @includ(if: true) { subject } }'],
    ['mutation', 'mutation { registerPatien(input: {}) { patient { id } } }'],
  ])('of a %s is refused without a suggestion', async (_name, document) => {
    const { text } = await expectRefused(document, 'GRAPHQL_VALIDATION_FAILED');
    expect(text).not.toMatch(/did you mean/i);
    expect(text).not.toMatch(
      /\bsubject\b|"patients"|"search"|"lastName"|registerPatient\b|VendorPatientFilter"/,
    );
  });
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
