import { randomUUID } from 'node:crypto';
import { inspect } from 'node:util';
import { sql } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { CodedError } from '../../src/domain/errors.ts';
import { StoreError } from '../../src/store/store-error.ts';
import { ana, describeOnBoth, tokensOf } from './stores.ts';

const canary = 'canary-value';
/** Everything of an error that a log or an answer could show. */
const shown = (error: unknown) => inspect(error, { depth: 9, showHidden: true, getters: true });
const statement = /\b(select|insert into|update "|delete from|values \(|Failed query|params:)/i;

describeOnBoth('errors of the store', (open) => {
  async function caught(operation: Promise<unknown>): Promise<Error> {
    const error = await operation.then(
      () => expect.fail('This should fail.'),
      (reason: unknown) => reason,
    );
    expect(error).toBeInstanceOf(Error);
    return error as Error;
  }

  test('hold no SQL, parameter or cause when a rule of the tables is broken', async () => {
    const { store } = await open();
    const missing = randomUUID();
    const failures = [
      () =>
        store.visits.add({
          patientId: missing,
          vendor: canary,
          vendorVisitId: canary,
          kind: 'GUEST',
        }),
      () => store.tokens.write(canary, missing, tokensOf(canary)),
      () =>
        store.accounts.link({
          patientId: missing,
          vendor: canary,
          vendorPatientId: canary,
          linkMethod: 'STAFF',
        }),
      () =>
        store.connections.begin({
          vendor: canary,
          patientId: missing,
          subject: canary,
          returnTo: `https://clinic.example/${canary}`,
          secrets: { codeVerifier: canary, nonce: canary, state: canary },
          expiresAt: new Date(0),
        }),
    ];
    for (const failure of failures) {
      const error = await caught(failure());
      expect(error).toBeInstanceOf(StoreError);
      expect(error).toMatchObject({ kind: 'CONSTRAINT', code: '23503' });
      expect(error.cause).toBeUndefined();
      expect(shown(error)).not.toContain(canary);
      expect(shown(error)).not.toContain(missing);
      expect(error.message).not.toMatch(statement);
    }
  });

  test('hold none of them when the database fails, in a statement or a transaction', async () => {
    const { store, database } = await open();
    await expect(store.patients.create(ana, canary, `no uuid ${canary}`)).rejects.toMatchObject({
      name: 'StoreError',
      kind: 'FAULT',
    });
    const failing = (queries: Parameters<Parameters<typeof database.run>[0]>[0]) =>
      queries.execute(sql`select ${canary}::int, 'literal-canary' from no_such_table`);
    for (const fail of [database.run, database.transaction]) {
      const error = await caught(fail(failing));
      expect(error).toMatchObject({ name: 'StoreError', kind: 'FAULT', code: '42P01' });
      expect(shown(error)).not.toMatch(/canary|no_such_table/);
    }
    await store.ping();
  });

  test('are the client’s where a text cannot be stored', async () => {
    const { store } = await open();
    const error = await caught(store.patients.create(ana, 'a\0na'));
    expect(error).toBeInstanceOf(CodedError);
    expect(error).toMatchObject({ code: 'BAD_USER_INPUT' });
  });
});
