import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readPersistedDocuments } from '../../src/plugins/persisted-documents.ts';
import { startTestGateway, type TestGateway } from '../support/gateway.ts';

/** reliability.md, section 4: H13. The manifest is the one that GraphQL code generator writes. */

const sha = (algorithm: string, text: string) => createHash(algorithm).update(text).digest('hex');
const subject = 'query Subject { viewer { subject } }';
const roles = 'query Roles { viewer { roles } }';
const register =
  'mutation Register { registerPatient(input: { firstName: "Never", lastName: "Made" }) { userErrors { code } } }';
const order = 'query Order($id: ID!) { patient(id: $id) { latestOrder { id } } }';
const unlisted = 'query Unlisted { viewer { subject roles } }';

const folder = mkdtempSync(join(tmpdir(), 'portico-documents-'));
const manifest = join(folder, 'persisted-documents.json');
writeFileSync(
  manifest,
  JSON.stringify({
    [sha('sha256', subject)]: subject,
    // What the generator makes by default.
    [sha('sha1', roles)]: roles,
    [sha('sha256', register)]: register,
    [sha('sha256', order)]: order,
  }),
);

let only: TestGateway;
let beside: TestGateway;
let without: TestGateway;
beforeAll(async () => {
  [only, beside, without] = await Promise.all([
    // The sandbox's seed sends documents of its own.
    startTestGateway({
      seeded: false,
      environment: { PERSISTED_DOCUMENTS: manifest, PERSISTED_DOCUMENTS_ONLY: 'true' },
    }),
    startTestGateway({ seeded: false, environment: { PERSISTED_DOCUMENTS: manifest } }),
    startTestGateway({ seeded: false }),
  ]);
});
afterAll(async () => {
  await Promise.all([only.close(), beside.close(), without.close()]);
  rmSync(folder, { recursive: true });
});
beforeEach(() => only.forget());

async function ask(gateway: TestGateway, body: object) {
  const answer = await gateway.fetch('/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${await gateway.token('staff')}`,
    },
    body: JSON.stringify(body),
  });
  const { data, errors } = (await answer.json()) as {
    data?: unknown;
    errors?: { message: string; extensions: { code: string } }[];
  };
  return { status: answer.status, data, error: errors?.[0] };
}

async function send(gateway: TestGateway, body: object) {
  const { status, data, error } = await ask(gateway, body);
  return { status, data, code: error?.extensions.code };
}

const byHash = (hash: string, more = {}) => ({
  extensions: { persistedQuery: { version: 1, sha256Hash: hash } },
  ...more,
});
const answered = { status: 200, data: { viewer: { subject: 'sandbox-staff' } }, code: undefined };
const refused = { status: 400, data: undefined, code: 'BAD_USER_INPUT' };

describe('H13: a document by its hash', () => {
  it('H13: is executed, as `extensions.persistedQuery` and as `documentId`', async () => {
    const hash = sha('sha256', subject);
    for (const gateway of [only, beside]) {
      expect(await send(gateway, byHash(hash))).toEqual(answered);
      expect(await send(gateway, { documentId: hash })).toEqual(answered);
      expect(await send(gateway, { documentId: `sha256:${hash}` })).toEqual(answered);
      const { data } = await send(gateway, { documentId: sha('sha1', roles) });
      expect(data).toEqual({ viewer: { roles: ['STAFF'] } });
    }
  });

  it('H13: takes variables, and is held to all limits and rules', async () => {
    const hash = sha('sha256', order);
    expect(await send(only, byHash(hash, { variables: { id: 'nonsense' } }))).toMatchObject({
      data: { patient: null },
      code: 'BAD_USER_INPUT',
    });
    const answer = await only.fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(byHash(hash)),
    });
    expect(answer.status).toBe(401);
  });

  it('H13: that is not its text’s is refused, with and without a manifest', async () => {
    for (const gateway of [only, beside, without]) {
      expect(await send(gateway, byHash(sha('sha256', subject), { query: unlisted }))).toEqual(
        refused,
      );
      expect(await send(gateway, { documentId: sha('sha256', subject), query: unlisted })).toEqual(
        refused,
      );
    }
  });

  it('H13: that nobody knows is refused', async () => {
    for (const gateway of [only, beside, without]) {
      expect(await send(gateway, byHash(sha('sha256', unlisted)))).toEqual(refused);
      expect(await send(gateway, byHash('__proto__'))).toEqual(refused);
      expect(await send(gateway, { documentId: 'constructor' })).toEqual(refused);
      expect(await send(gateway, { documentId: 7 })).toEqual(refused);
    }
  });

  it('says what to send in its place', async () => {
    const wordsOf = async (gateway: TestGateway, body: object) =>
      (await ask(gateway, body)).error?.message;
    const hash = sha('sha256', unlisted);
    for (const body of [byHash(hash), { documentId: hash }, { documentId: `sha256:${hash}` }]) {
      expect(await wordsOf(without, body)).toBe(
        'No documents are persisted here (`PERSISTED_DOCUMENTS`): send the text itself as `query`.',
      );
      expect(await wordsOf(beside, body)).toBe(
        'No document of this hash is persisted here: send its text as `query`, or have it added to the manifest that `PERSISTED_DOCUMENTS` names.',
      );
      expect(await wordsOf(only, body)).toBe(
        'No document of this hash is persisted here: have it added to the manifest that `PERSISTED_DOCUMENTS` names.',
      );
    }
    expect(await wordsOf(without, {})).toBe('Send a GraphQL document as `query`.');
    expect(await wordsOf(beside, {})).toMatch(/^Send a GraphQL document as `query`, or the hash /);
    expect(await wordsOf(only, {})).toMatch(/^Send the hash of one that is persisted here, as /);
    expect(await wordsOf(only, { query: unlisted })).toMatch(/without a text, as `documentId`/);
  });

  it('H13: of a mutation does nothing by GET', async () => {
    const hash = sha('sha256', register);
    const extensions = encodeURIComponent(JSON.stringify(byHash(hash).extensions));
    for (const search of [`extensions=${extensions}`, `documentId=${hash}`]) {
      const answer = await only.fetch(`/graphql?${search}`, {
        headers: { authorization: `Bearer ${await only.token('staff')}` },
      });
      expect(answer.status).toBe(405);
    }
    const { data } = await without.query('{ patients(search: "Never Made") { totalCount } }');
    expect(data.patients.totalCount).toBe(0);
  });

  it('H13: of a query is executed by GET', async () => {
    const answer = await only.fetch(`/graphql?documentId=${sha('sha256', subject)}`, {
      headers: { authorization: `Bearer ${await only.token('staff')}` },
    });
    expect(await answer.json()).toMatchObject({ data: answered.data });
  });
});

describe('a text', () => {
  it('is executed beside a manifest, and refused where only the manifest’s are', async () => {
    expect(await send(beside, { query: subject })).toEqual(answered);
    expect(await send(only, { query: unlisted })).toEqual(refused);
    // Also one that is listed: its hash is what is asked for.
    expect(await send(only, { query: subject })).toEqual(refused);
    expect(await send(only, { query: '{ __schema { types { name } } }' })).toEqual(refused);
    expect(await send(only, {})).toEqual(refused);
    expect(await send(only, byHash(sha('sha256', subject), { query: subject }))).toEqual(refused);
  });
});

describe('a manifest', () => {
  it.each([
    ['no JSON', 'persisted', 'it is not JSON'],
    ['a list', '["query"]', 'the SHA-256 nor the SHA-1'],
    ['a document that is no text', `{"${sha('sha256', subject)}": {}}`, 'is no text'],
    [
      'a hash of another document',
      JSON.stringify({ [sha('sha256', roles)]: subject }),
      'neither the SHA-256 nor the SHA-1',
    ],
  ])('that is or has %s stops the start', async (_name, text, why) => {
    expect(() => readPersistedDocuments(text)).toThrow(why);
    const file = join(folder, 'bad.json');
    writeFileSync(file, text);
    await expect(
      startTestGateway({ seeded: false, environment: { PERSISTED_DOCUMENTS: file } }),
    ).rejects.toThrow(/PERSISTED_DOCUMENTS cannot be read/);
  });

  it('that is not there stops the start', async () => {
    await expect(
      startTestGateway({ seeded: false, environment: { PERSISTED_DOCUMENTS: join(folder, 'no') } }),
    ).rejects.toThrow(/PERSISTED_DOCUMENTS cannot be read: ENOENT/);
  });
});
