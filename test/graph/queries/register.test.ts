import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { byId } from '../../support/documents.ts';
import { startTestGateway, type TestGateway } from '../../support/gateway.ts';
import { globalIdOf, mutate } from '../../support/mutations.ts';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startTestGateway();
  for (const [firstName, lastName] of [
    ['Anabel', 'Silva'],
    ['José', 'Núñez'],
    ['Ana', 'Silva'],
    ['Ana', 'Silva'],
  ]) {
    await mutate(gateway, 'registerPatient', { firstName, lastName });
  }
});
afterAll(() => gateway.close());
beforeEach(() => gateway.forget());

const everybody = 9;
const document = `query ($search: String, $first: Int, $after: String, $last: Int, $before: String) {
  patients(search: $search, first: $first, after: $after, last: $last, before: $before) {
    nodes { id fullName } edges { cursor node { id } } totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;
const patients = async (variables: object = {}) => {
  const { data, errors } = await gateway.query(document, variables as Record<string, unknown>);
  return { ...data?.patients, errors };
};
const idsOf = (page: { nodes: { id: string }[] }) => page.nodes.map(({ id }) => id);
const namesOf = (page: { nodes: { fullName: string }[] }) =>
  page.nodes.map(({ fullName }) => fullName);

describe('patients', () => {
  it('lists the register, newest first, without a call to a vendor', async () => {
    const page = await patients();
    expect(namesOf(page)).toEqual([
      'Ana Silva',
      'Ana Silva',
      'José Núñez',
      'Anabel Silva',
      'Emi Tanaka',
      'David Rossi',
      'Chloe Meyer',
      'Ben Okafor',
      'Ana Silva',
    ]);
    expect(page.totalCount).toBe(everybody);
    expect(page.edges.map(({ node }: { node: { id: string } }) => node.id)).toEqual(idsOf(page));
    expect(gateway.allCalls()).toEqual([]);
  });

  it.each([
    ['words in any order and case', 'SILVA ana', 4],
    ['a part of a word', 'oka', 1],
    ['a name with accents', 'NÚÑEZ josé', 1],
    ['an e-mail address in any case', 'ANA.Silva@example.com', 1],
    ['a part of an e-mail address', 'ana.silva@', 0],
    ['a wildcard', '%', 0],
    ['another wildcard', '_', 0],
    ['a quotation mark', "' or 1=1 --", 0],
    ['a NUL character, which parts words', 'Ana\u0000', 4],
    ['nothing but blanks', '   ', everybody],
    ['nobody', 'nobody of this name', 0],
  ])('finds %s', async (_name, search, count) => {
    const page = await patients({ search });
    expect(page.errors).toEqual([]);
    expect([page.nodes.length, page.totalCount]).toEqual([count, count]);
  });

  it.each([[1], [2], [4], [9], [100]])('pages by %i, forwards', async (first) => {
    const all = idsOf(await patients());
    const found: string[] = [];
    let after: string | undefined;
    for (let more = true; more; ) {
      const page = await patients({ first, after });
      expect(page.totalCount).toBe(everybody);
      expect(page.pageInfo.hasPreviousPage).toBe(found.length > 0);
      found.push(...idsOf(page));
      expect(page.pageInfo.hasNextPage).toBe(found.length < everybody);
      more = page.pageInfo.hasNextPage && found.length < 20;
      after = page.pageInfo.endCursor;
    }
    expect(found).toEqual(all);
  });

  it.each([[1], [2], [4], [9], [100]])('pages by %i, backwards', async (last) => {
    const all = idsOf(await patients());
    const found: string[] = [];
    let before: string | undefined;
    for (let more = true; more; ) {
      const page = await patients({ last, before });
      expect(page.pageInfo.hasNextPage).toBe(found.length > 0);
      found.unshift(...idsOf(page));
      more = page.pageInfo.hasPreviousPage && found.length < 20;
      expect(more).toBe(found.length < everybody);
      before = page.pageInfo.startCursor;
    }
    expect(found).toEqual(all);
  });

  it('keeps to both cursors at once', async () => {
    const all = await patients();
    const [first, , , fourth] = all.edges.map(({ cursor }: { cursor: string }) => cursor);
    const between = await patients({ after: first, before: fourth });
    expect(idsOf(between)).toEqual(idsOf(all).slice(1, 3));
  });

  it.each([
    ['no size', {}],
    ['a size from the start', { first: 5 }],
    ['a size from the end', { last: 5 }],
  ])('knows what lies beyond the cursors, with %s', async (_name, size) => {
    const { edges } = await patients();
    const [, second, third, fourth] = edges.map(({ cursor }: { cursor: string }) => cursor);
    const start = await patients({ ...size, before: third });
    expect(start.pageInfo).toMatchObject({ hasPreviousPage: false, hasNextPage: true });
    const between = await patients({ ...size, after: second, before: fourth });
    expect(between.pageInfo).toMatchObject({ hasPreviousPage: true, hasNextPage: true });
    const end = await patients({ ...size, after: edges.at(-3).cursor });
    expect(end.pageInfo).toMatchObject({ hasPreviousPage: true, hasNextPage: false });
  });

  it.each([
    ['first: 0', { first: 0 }],
    ['first: -1', { first: -1 }],
    ['first: 101', { first: 101 }],
    ['first: 2147483647', { first: 2147483647 }],
    ['last: 0', { last: 0 }],
    ['last: -1', { last: -1 }],
    ['last: 101', { last: 101 }],
    ['last: 2147483647', { last: 2147483647 }],
    ['first and last', { first: 5, last: 5 }],
    ['a junk cursor', { after: 'junk' }],
    ['a cursor that is no base64', { before: '§§§' }],
    ['an empty cursor', { after: '' }],
    [
      'a cursor of a list of vendors',
      { after: Buffer.from('00017280000000000/VSEE/1').toString('base64url') },
    ],
    [
      'a cursor of nobody',
      { after: Buffer.from('00000000-0000-4000-8000-000000000000').toString('base64url') },
    ],
    ['a search that is too long, not what is left of it', { search: `Ana ${'x'.repeat(197)}` }],
    ['a very long cursor', { after: 'A'.repeat(5000) }],
    ['a cursor with a NUL', { after: Buffer.from('a\u0000b').toString('base64url') }],
  ])('refuses %s', async (_name, variables) => {
    const { data, errors } = await gateway.query(document, variables);
    expect(data).toBeNull();
    expect(errors).toMatchObject([{ path: ['patients'], extensions: { code: 'BAD_USER_INPUT' } }]);
    expect((await patients()).totalCount).toBe(everybody);
  });

  it.each([['1.5'], ['"5"'], ['2147483648'], ['true']])('takes no size like %s', async (size) => {
    const { data, errors } = await gateway.query(`{ patients(first: ${size}) { totalCount } }`);
    expect(data).toBeUndefined();
    expect(errors).toMatchObject([{ extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }]);
  });

  it('is for staff', async () => {
    for (const who of ['ana', 'stranger'] as const) {
      const { data, errors } = await gateway.query(document, {}, who);
      expect(data).toBeNull();
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    }
    expect((await gateway.query(document, {}, 'admin')).data.patients.totalCount).toBe(everybody);
  });
});

describe('patient', () => {
  it('is the record as it was registered', async () => {
    const { data } = await gateway.query(
      byId(
        'patient',
        `id firstName lastName fullName birthDate sex email phone createdAt
        address { street city state postalCode country } followUps { id }`,
      ),
      { id: gateway.ids.Ana },
      'ana',
    );
    expect(data.patient).toEqual({
      id: gateway.ids.Ana,
      firstName: 'Ana',
      lastName: 'Silva',
      fullName: 'Ana Silva',
      birthDate: '1988-02-11',
      sex: 'FEMALE',
      email: 'ana.silva@example.com',
      phone: '+15550104477',
      createdAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      address: {
        street: '1 Sandbox Street',
        city: 'Los Angeles',
        state: 'CA',
        postalCode: '90012',
        country: 'US',
      },
      followUps: [],
    });
    expect(gateway.allCalls()).toEqual([]);
  });

  it('is null for staff where there is none, and refused to a patient all the same', async () => {
    const id = globalIdOf('Patient', '00000000-0000-4000-8000-000000000000');
    const staff = await gateway.query(byId('patient', 'id'), { id });
    expect([staff.data, staff.errors]).toEqual([{ patient: null }, []]);
    const none = await gateway.query(byId('patient', 'id'), { id }, 'ana');
    const foreign = await gateway.query(byId('patient', 'id'), { id: gateway.ids.Ben }, 'ana');
    for (const { data, errors } of [none, foreign]) {
      expect(data).toEqual({ patient: null });
      expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
    }
    expect(none.errors[0]?.message).toBe(foreign.errors[0]?.message);
  });
});

describe('viewer', () => {
  it.each([
    ['staff', ['STAFF']],
    ['admin', ['ADMIN']],
    ['stranger', ['PATIENT']],
  ] as const)('says who %s is, without a record', async (who, roles) => {
    const { data } = await gateway.query('{ viewer { subject roles patient { id } } }', {}, who);
    expect(data.viewer).toEqual({ subject: `sandbox-${who}`, roles, patient: null });
    expect(gateway.allCalls()).toEqual([]);
  });
});
