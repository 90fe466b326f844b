import { randomUUID } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { surveyConfig } from '../../src/config.ts';
import { checkStore } from '../../src/doctor/check-store.ts';
import { openStore } from '../../src/store/open-store.ts';
import { createSealer } from '../../src/store/sealing.ts';
import { endAll, temporaryFolder } from '../support/command-line.ts';
import { startFaultyDatabase } from '../support/faulty-database.ts';
import { type RunningPostgres, startPostgres } from '../support/postgres.ts';
import { statement } from '../support/statement.ts';

/** What is found in a PostgreSQL, beside what `serve` then makes of it. */

let postgres: RunningPostgres;

beforeAll(async () => {
  postgres = await startPostgres();
});
afterAll(async () => {
  await endAll();
  await postgres.stop();
});

const password = 'invented';
const sealer = createSealer({ current: Buffer.alloc(32, 7) });

const look = async (databaseUrl: string, patience = 9_000) => {
  const { config } = surveyConfig({ DATABASE_URL: databaseUrl }, 'sandbox');
  const { state, text } = await checkStore(config, patience);
  return `${state} ${text}`;
};

const serve = async (databaseUrl: string) => {
  const store = await openStore({ databaseUrl, sealer, clock: Date.now });
  await store.close();
};

/** What the doctor finds wrong, after a look that `serve` ends over it with the very same words. */
const lookAndServe = async (databaseUrl: string) => {
  const found = await look(databaseUrl);
  const refused = await serve(databaseUrl).catch((error: Error) => error);
  expect(refused).toMatchObject({ name: 'StoreError', message: found.replace(/^FAILED /, '') });
  return found;
};

/** An empty database with a user who may do nothing in it but enter. */
async function emptyDatabase() {
  const name = `clerk_${randomUUID().slice(0, 8)}`;
  await statement(postgres.url, `create database ${name}`);
  await statement(postgres.url, `create role ${name} login password '${password}'`);
  const url = new URL(postgres.url);
  url.pathname = `/${name}`;
  const owner = url.href;
  Object.assign(url, { username: name, password });
  return { name, owner, clerk: url.href };
}

describe('the rights of the user', () => {
  it('are those that the first migration takes: neither serve nor the doctor does with less', async () => {
    const { name, owner, clerk } = await emptyDatabase();
    const steps: [string, string][] = [
      [
        'CREATE on the database and CREATE on the schema public',
        `grant create on database ${name}`,
      ],
      ['CREATE on the schema public', 'grant create on schema public'],
    ];
    for (const [lacking, grant] of steps) {
      expect(await lookAndServe(clerk)).toMatch(
        new RegExp(
          `^FAILED \\d+ migrations are to come, .*, but the user of DATABASE_URL lacks ${lacking}\\. Give`,
        ),
      );
      await statement(owner, `${grant} to ${name}`);
    }
    expect(await look(clerk)).toMatch(/^OK PostgreSQL .* migrations are to come/);
    await serve(clerk);
    expect(await look(clerk)).toMatch(/^OK PostgreSQL .* all migrations are applied\.$/);
  });

  it('are wanted in the schema that the migrations name, wherever the user’s own tables go', async () => {
    const { name, owner, clerk } = await emptyDatabase();
    await statement(owner, `grant create on database ${name} to ${name}`);
    await statement(owner, `grant create on schema public to ${name}`);
    await statement(owner, `create schema ${name} authorization ${name}`);
    expect(await lookAndServe(clerk)).toMatch(
      /^FAILED .*, but the user of DATABASE_URL lacks a search_path that begins with public\. Give/,
    );
    await statement(owner, `alter role ${name} set search_path = public`);
    expect(await look(clerk)).toMatch(/^OK /);
    await serve(clerk);
  });

  it('need be no more than those on the tables once all migrations are applied', async () => {
    const { name, owner, clerk } = await emptyDatabase();
    await serve(owner);
    const steps: [string, RegExp, ((url: string) => Promise<string>)?][] = [
      [
        `revoke usage on schema public from public`,
        /lacks USAGE on the schema drizzle, SELECT on the table drizzle\.__drizzle_migrations, USAGE on the schema public and SELECT, INSERT, UPDATE and DELETE on the tables access_chains, .*, visits\./,
      ],
      [
        `grant usage on schema drizzle, public to ${name}`,
        /lacks SELECT on the table drizzle\.__drizzle_migrations and SELECT/,
      ],
      [
        `grant select on all tables in schema drizzle to ${name}`,
        /lacks SELECT, INSERT, UPDATE and DELETE on the tables access_chains/,
      ],
      [
        `grant select, insert, update, delete on all tables in schema public to ${name};
         revoke insert on visits from ${name}`,
        /but the user of DATABASE_URL lacks SELECT, INSERT, UPDATE and DELETE on the table visits\./,
        // What serve does not do as it starts, it cannot miss.
        look,
      ],
    ];
    for (const [change, lacking, seen = lookAndServe] of steps) {
      await statement(owner, change);
      const found = await seen(clerk);
      expect(found).toMatch(/^FAILED PostgreSQL answers, but the user of DATABASE_URL lacks/);
      expect(found).toMatch(lacking);
    }
    await statement(owner, `grant insert on visits to ${name}`);
    // What was put down in the log of access is never changed.
    await statement(owner, `revoke update on access_events from ${name}`);
    expect(await look(clerk)).toMatch(/^OK .* all migrations are applied\.$/);
    await serve(clerk);
  });

  it('to change somebody else’s tables are wanted where a migration is to come', async () => {
    const { name, owner, clerk } = await emptyDatabase();
    await serve(owner);
    await statement(
      owner,
      `grant create on database ${name} to ${name};
       grant usage, create on schema public, drizzle to ${name};
       grant all on all tables in schema public, drizzle to ${name};
       delete from drizzle.__drizzle_migrations
         where created_at = (select max(created_at) from drizzle.__drizzle_migrations)`,
    );
    expect(await lookAndServe(clerk)).toMatch(
      /^FAILED 1 migration is to come, .*, but the user of DATABASE_URL lacks ownership of the tables __drizzle_migrations, access_chains, /,
    );
  });
});

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
    expect(await lookAndServe(other.href)).toMatch(/no such database \(3D000\)\. Create it/);
    other.password = 'wrong';
    expect(await lookAndServe(other.href)).toMatch(/refuses the user or the password \(28P01\)/);
    await statement(postgres.url, `revoke connect on database ${name} from public`);
    expect(await lookAndServe(clerk)).toMatch(
      /does not let this user look .* \(42501\)\. Grant it CONNECT/,
    );
    await statement(postgres.url, `alter role ${name} nologin`);
    expect(await lookAndServe(clerk)).toMatch(
      /does not let this user in from here \(28000\): .*TLS/,
    );
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

it('is let go of where it is late: nothing keeps the doctor after its report', async () => {
  const network = await startFaultyDatabase(postgres.url);
  onTestFinished(() => network.close());
  network.latency = 300;
  const begun = performance.now();
  expect(await look(network.url, 2_000)).toMatch(
    /^FAILED PostgreSQL answers slowly: .* longer than 2 s\. See what .* \(pg_stat_activity\), then/,
  );
  expect(performance.now() - begun).toBeLessThan(3_000);
});

it('leaves an embedded store that is not there unmade', async () => {
  const folder = join(temporaryFolder(), 'data');
  const { config } = surveyConfig({ DATA_DIR: folder }, 'sandbox');
  expect(await checkStore(config, 9_000)).toMatchObject({
    state: 'NOTE',
    text: expect.stringContaining('serve makes it in'),
  });
  expect(existsSync(folder)).toBe(false);
});

it('tells of a folder in which serve could make no embedded store', async () => {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'file'), '');
  const { config } = surveyConfig({ DATA_DIR: join(folder, 'file', 'data') }, 'sandbox');
  expect(await checkStore(config, 9_000)).toMatchObject({
    state: 'FAILED',
    text: expect.stringMatching(
      /^The data folder .*\/file\/data\/store cannot be used \(ENOTDIR\)\. Check that it is a writable/,
    ),
  });
});
