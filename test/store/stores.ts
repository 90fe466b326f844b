import { randomBytes, randomUUID } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { sql } from 'drizzle-orm';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe } from 'vitest';
import type { Demographics, Patient } from '../../src/domain/records.ts';
import type { Store } from '../../src/domain/store.ts';
import type { Database } from '../../src/store/database.ts';
import { openEmbedded } from '../../src/store/embedded.ts';
import { accessChains, accessEvents, operations } from '../../src/store/ledger-tables.ts';
import { createStore, openStore, type StoreOptions } from '../../src/store/open-store.ts';
import { createSealer } from '../../src/store/sealing.ts';
import { openServer } from '../../src/store/server.ts';
import { patients } from '../../src/store/tables.ts';
import { type RunningPostgres, startPostgres } from '../support/postgres.ts';

/** How many migrations there are. */
export const migrations = readdirSync(
  new URL('../../src/store/migrations/', import.meta.url),
).filter((name) => name.endsWith('.sql')).length;

/** The instant at which a test's clock stands unless it is moved. */
export const noon = Date.UTC(2026, 5, 1, 12);

export const encryptionKey = randomBytes(32);
export const sealer = createSealer({ current: encryptionKey });

export interface OpenStore {
  store: Store;
  /** Milliseconds since the epoch; may be set. */
  clock: { now: number };
}

export const ana: Demographics = {
  firstName: 'Ana',
  lastName: 'Silva',
  birthDate: '1988-02-11',
  sex: 'FEMALE',
  email: 'ana.silva@example.com',
  phone: '+15550104477',
  address: {
    street: '1 Sandbox Street',
    city: 'Los Angeles',
    state: 'CA',
    postalCode: '90012',
    country: 'US',
  },
};

/** An invented person of whom only the name is known. */
export const named = (firstName: string, lastName: string): Demographics => ({
  firstName,
  lastName,
  birthDate: null,
  sex: null,
  email: null,
  phone: null,
  address: null,
});

export async function addPatient(
  store: Store,
  person: Demographics = ana,
  subject: string | null = null,
): Promise<Patient> {
  const patient = await store.patients.create(person, subject);
  if (patient === undefined) {
    throw new Error('The subject is taken.');
  }
  return patient;
}

export const tokensOf = (accessToken: string, expiresAt = noon) => ({
  accessToken,
  refreshToken: `refresh-${accessToken}`,
  scopes: ['openid', 'appointments'],
  expiresAt: new Date(expiresAt),
});

/** One server for all tests of a file, started when the first of them wants it. */
let server: Promise<RunningPostgres> | undefined;
afterAll(async () => {
  await (await server?.catch(() => undefined))?.stop();
});
function serverOfFile(): Promise<RunningPostgres> {
  server ??= startPostgres();
  return server;
}

/** Runs one statement past the store. */
export async function query<Row extends pg.QueryResultRow>(
  url: string,
  text: string,
  values?: unknown[],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

/** The URL of a new database on the file's PostgreSQL server. */
export async function emptyDatabase(): Promise<string> {
  const { url } = await serverOfFile();
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  await query(url, `create database ${name}`);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return own.href;
}

/** Opens stores that are closed after each test. */
export function useStores() {
  const opened: Store[] = [];
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((store) => store.close()));
  });
  return async (options: Partial<StoreOptions> = {}): Promise<OpenStore> => {
    const clock = { now: noon };
    const store = await openStore({ sealer, clock: () => clock.now, ...options });
    opened.push(store);
    return { store, clock };
  };
}

/** An emptied store on one database that is opened once; `database` reaches past the store. */
export type OpenFresh = () => Promise<OpenStore & { database: Database }>;

const silent = () => undefined;
let embedded: Promise<Database> | undefined;
let onServer: Promise<Database> | undefined;
afterAll(() => Promise.all([embedded, onServer].map(async (one) => (await one)?.close())));

async function emptied(database: Database): Promise<OpenStore & { database: Database }> {
  await database.run((queries) =>
    queries.execute(
      sql`truncate ${patients}, ${accessEvents}, ${accessChains}, ${operations} cascade`,
    ),
  );
  const clock = { now: noon };
  return { database, clock, store: createStore(database, { sealer, clock: () => clock.now }) };
}

const openOnce = {
  embedded() {
    embedded ??= openEmbedded(undefined, sealer, silent);
    return embedded;
  },
  server() {
    onServer ??= emptyDatabase().then((url) => openServer(url, 10, sealer, silent));
    return onServer;
  },
};

/** Runs the same tests on both databases; `open` gives an empty store. */
export function describeOnBoth(title: string, tests: (open: OpenFresh) => void) {
  const run = (where: string, database: () => Promise<Database>) =>
    describe(`${title}, ${where}`, () => {
      beforeAll(database);
      tests(async () => emptied(await database()));
    });
  run('embedded', openOnce.embedded);
  run('on PostgreSQL', openOnce.server);
}
