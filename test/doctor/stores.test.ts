import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { surveyConfig } from '../../src/config.ts';
import { checkStore } from '../../src/doctor/check-store.ts';
import { openStore } from '../../src/store/open-store.ts';
import { createSealer } from '../../src/store/sealing.ts';
import { type RunningPostgres, startPostgres } from '../support/postgres.ts';
import { statement } from '../support/statement.ts';

/** What is found in a PostgreSQL, beside what `serve` then makes of it. */

let postgres: RunningPostgres;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(() => postgres.stop());

const password = 'invented';
const sealer = createSealer({ current: Buffer.alloc(32, 7) });

const look = async (databaseUrl: string) => {
  const { config } = surveyConfig({ DATABASE_URL: databaseUrl }, 'sandbox');
  const { state, text } = await checkStore(config);
  return `${state} ${text}`;
};

const serve = async (databaseUrl: string) => {
  const store = await openStore({ databaseUrl, sealer, clock: Date.now });
  await store.close();
};

/** An empty database with a user who may do nothing in it but enter. */
async function emptyDatabase() {
  const name = `clerk_${randomUUID().slice(0, 8)}`;
  await statement(postgres.url, `create database ${name}`);
  await statement(postgres.url, `create role ${name} login password '${password}'`);
  const url = new URL(postgres.url);
  url.pathname = `/${name}`;
  Object.assign(url, { username: name, password });
  return { name, clerk: url.href };
}

describe('a DATABASE_URL that cannot be read', () => {
  const notAnUrl =
    /^FAILED DATABASE_URL cannot be used: it is no postgres:\/\/ URL that can be read\. Check host, port and parameters; .*%40/;
  const noFile =
    /^FAILED DATABASE_URL cannot be used: a file that sslrootcert, .* cannot be read \(ENOENT\)\./;
  it.each([
    ['postgres://portico:canary@[broken', notAnUrl],
    ['postgres://portico:canary%E0%A4@db.example.com/portico', notAnUrl],
    ['postgres://portico:canary@db.example.com:port/portico', notAnUrl],
    ['postgres://portico:canary@db.example.com:99999/portico', notAnUrl],
    ['postgres://portico:canary@127.0.0.1/portico?port=many', notAnUrl],
    ['postgres://portico:canary@127.0.0.1/portico?port=99999', notAnUrl],
    ['postgres://portico:cana/ry@db.example.com/portico', notAnUrl],
    ['postgres://portico:canary@127.0.0.1/portico?sslrootcert=/absent/canary.pem', noFile],
  ])('%s is told as the operator’s to mend, and not quoted', async (url, told) => {
    const found = await look(url);
    expect(found).toMatch(told);
    expect(found).not.toMatch(/cana|example|99999/);
    const refused = await serve(url).catch((error: Error) => error);
    expect(refused).toMatchObject({ name: 'StoreError', kind: 'UNUSABLE' });
    expect((refused as Error).cause).toBeUndefined();
    expect(`FAILED ${(refused as Error).message}`).toMatch(told);
    expect(`${(refused as Error).stack}`).not.toMatch(/canary|99999/);
  });
});

describe('a server that lets nobody in', () => {
  it('is told apart from a wrong password, and from a database that is not there', async () => {
    const { name, clerk } = await emptyDatabase();
    const other = new URL(clerk);
    other.pathname = '/absent';
    expect(await look(other.href)).toMatch(/no such database \(3D000\)\. Create it/);
    other.password = 'wrong';
    expect(await look(other.href)).toMatch(/refuses the user or the password \(28P01\)/);
    await statement(postgres.url, `revoke connect on database ${name} from public`);
    expect(await look(clerk)).toMatch(
      /does not let this user look .* \(42501\)\. Grant it CONNECT/,
    );
    await statement(postgres.url, `alter role ${name} nologin`);
    expect(await look(clerk)).toMatch(/does not let this user in from here \(28000\): .*TLS/);
  });

  it('is told to have no TLS where that is asked for', async () => {
    const url = `${postgres.url}?sslmode=verify-full`;
    expect(await look(url)).toMatch(/^FAILED The PostgreSQL server .* has no TLS, .*sslmode/);
    await expect(serve(url)).rejects.toMatchObject({
      kind: 'UNAVAILABLE',
      message: expect.stringContaining('has no TLS'),
    });
  });
});
