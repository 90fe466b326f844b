import { randomBytes, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createSealer } from '../../src/store/sealing.ts';
import { startFaultyDatabase } from '../support/faulty-database.ts';
import {
  addPatient,
  ana,
  emptyDatabase,
  encryptionKey,
  named,
  query,
  useStores,
} from './stores.ts';

const before = new URL('../../src/store/migrations/', import.meta.url);

/** What the tables held before migration 0004 sealed them. */
async function databaseInTheClear(people: number): Promise<{ url: string; ids: string[] }> {
  const url = await emptyDatabase();
  const files = readdirSync(before)
    .filter((name) => /^000[0-3].*\.sql$/.test(name))
    .sort();
  const { entries } = JSON.parse(readFileSync(new URL('meta/_journal.json', before), 'utf8'));
  await query(
    url,
    'create schema drizzle; create table drizzle.__drizzle_migrations (id serial primary key, hash text not null, created_at bigint)',
  );
  for (const [index, file] of files.entries()) {
    await query(url, readFileSync(new URL(file, before), 'utf8'));
    await query(
      url,
      'insert into drizzle.__drizzle_migrations (hash, created_at) values ($1, $2)',
      [file, entries[index].when],
    );
  }
  const ids = Array.from({ length: people }, () => randomUUID());
  await query(
    url,
    `insert into patients (id, first_name, last_name, birth_date, sex, email, phone, address, created_at, search_name, sort_name, email_key)
     select id, 'Clearina', 'Openwood', '1977-03-04', 'FEMALE', 'Clearina@Example.com', '+15550100', '{"street":null,"city":"Windowville","state":null,"postalCode":null,"country":"US"}', '2026-01-01T00:00:00Z', 'clearina\nopenwood', 'openwood\nclearina', 'clearina@example.com'
     from unnest($1::uuid[]) as id`,
    [ids],
  );
  await query(
    url,
    `insert into portal_access (id, patient_id, vendor, status, issued_at, revoked_at, revocation_reason)
     values ($1, $2, 'NIMBUS', 'REVOKED', now(), now(), 'Told us her Telltale reason')`,
    [randomUUID(), ids[0]],
  );
  return { url, ids };
}

const address = { street: null, city: null, state: null, postalCode: null, country: null };

/** What the server's files of a table hold, to the last byte. */
async function filesOf(url: string, table: string): Promise<string> {
  await query(url, 'checkpoint');
  const [row] = await query<{ bytes: string }>(
    url,
    `select string_agg(encode(pg_read_binary_file(path), 'escape'), '') as bytes
     from (select pg_relation_filepath('${table}') as path
           union select pg_relation_filepath(indexrelid) from pg_index where indrelid = '${table}'::regclass
           union select pg_relation_filepath(reltoastrelid) from pg_class where oid = '${table}'::regclass) files`,
  );
  return row?.bytes ?? '';
}

const clear = /Clearina|Openwood|clearina|openwood|Windowville|1977-03-04|15550100|Telltale/;

describe('demographics', () => {
  const open = useStores();

  test('of a register from before they were sealed are sealed, and leave no trace in the files', async () => {
    const { url, ids } = await databaseInTheClear(1_203);
    expect(await filesOf(url, 'patients')).toMatch(clear);
    const lines: string[] = [];
    const { store } = await open({ databaseUrl: url, onProgress: (line) => lines.push(line) });
    expect(lines).toEqual([
      expect.stringMatching(/^Database: \d+ migrations? applied\.$/),
      'Database: the demographics of 1203 patients sealed.',
    ]);
    expect(await store.patients.find(ids.slice(0, 1))).toEqual([
      {
        ...{ id: ids[0], subject: null, firstName: 'Clearina', lastName: 'Openwood' },
        ...{ birthDate: '1977-03-04', sex: 'FEMALE', email: 'Clearina@Example.com' },
        phone: '+15550100',
        address: {
          street: null,
          city: 'Windowville',
          state: null,
          postalCode: null,
          country: 'US',
        },
        createdAt: new Date('2026-01-01T00:00:00Z'),
      },
    ]);
    const found = await store.patients.search('open clear', { limit: 1 });
    expect(found.totalCount).toBe(1_203);
    expect(await store.patients.findByEmail('clearina@example.com')).toHaveLength(1_203);
    expect(await store.portalAccess.findByPatients(ids.slice(0, 1))).toMatchObject([
      { revocationReason: 'Told us her Telltale reason' },
    ]);
    for (const table of ['patients', 'portal_access']) {
      expect(await filesOf(url, table), table).not.toMatch(clear);
    }
  });

  test('S06: are sealed at the next start, where the first one was killed before it had sealed them', async () => {
    const { url, ids } = await databaseInTheClear(1);
    const sealer = createSealer({ current: encryptionKey });
    const seal = () => {
      throw new Error('killed');
    };
    await expect(open({ databaseUrl: url, sealer: { ...sealer, seal } })).rejects.toThrow();
    expect(await query(url, 'select first_name from patients')).toEqual([
      { first_name: 'Clearina' },
    ]);
    const { store } = await open({ databaseUrl: url });
    expect(await store.patients.find(ids)).toMatchObject([{ firstName: 'Clearina' }]);
  });

  test('S06: leave no trace in the files, where the first start was killed before it had rewritten them', async () => {
    const { url, ids } = await databaseInTheClear(1);
    const faulty = await startFaultyDatabase(url);
    onTestFinished(() => faulty.close());
    // The first is that of the migrations.
    faulty.cutAnswerTo(/\bcommit\b/i, 2);
    await expect(open({ databaseUrl: faulty.url })).rejects.toMatchObject({ kind: 'UNAVAILABLE' });
    expect(faulty.cuts).toBe(1);
    expect(await filesOf(url, 'patients')).toMatch(clear);
    for (let starts = 0; starts < 2; starts += 1) {
      const { store } = await open({ databaseUrl: url });
      expect(await store.patients.find(ids)).toMatchObject([{ firstName: 'Clearina' }]);
    }
    for (const table of ['patients', 'portal_access']) {
      expect(await filesOf(url, table), table).not.toMatch(clear);
    }
    expect(await query(url, "select obj_description('patients'::regclass) as comment")).toEqual([
      { comment: null },
    ]);
  });

  test('are nowhere in the files of a new register', async () => {
    const databaseUrl = await emptyDatabase();
    const { store } = await open({ databaseUrl });
    const { id } = await addPatient(store, {
      ...named('Clearina', 'Openwood'),
      ...{ birthDate: '1977-03-04', email: 'Clearina@Example.com', phone: '+15550100' },
    });
    await store.patients.fillGaps(id, { address: { ...address, city: 'Windowville' } });
    await store.portalAccess.add({
      ...{ patientId: id, vendor: 'NIMBUS', status: 'REVOKED', expiresAt: null },
      revocationReason: 'Telltale',
    });
    expect(await store.patients.find([id])).toMatchObject([{ address: { city: 'Windowville' } }]);
    for (const table of ['patients', 'portal_access']) {
      const bytes = await filesOf(databaseUrl, table);
      expect(bytes.length).toBeGreaterThan(8_000);
      expect(bytes).not.toMatch(clear);
    }
  });

  test('L09: sealed with an earlier key are read, found and filled in', async () => {
    const databaseUrl = await emptyDatabase();
    const before = await open({ databaseUrl });
    const { id } = await addPatient(before.store, { ...ana, phone: null });
    const current = randomBytes(32);
    const rotated = createSealer({ current, old: [encryptionKey] });
    const { store } = await open({ databaseUrl, sealer: rotated });
    const other = await addPatient(store, { ...named('Ana', 'Okafor'), email: 'ana@example.com' });
    const found = async (text: string) =>
      (await store.patients.search(text, { limit: 9 })).rows.map(({ value }) => value.id).sort();
    expect(await found('ana')).toEqual([id, other.id].sort());
    expect(await found('ana.silva@example.com')).toEqual([id]);
    expect(await store.patients.findByEmail('ana.SILVA@example.com')).toHaveLength(1);
    expect(await store.patients.fillGaps(id, { phone: '1' })).toMatchObject({ ...ana, phone: '1' });
    const { store: later } = await open({ databaseUrl, sealer: createSealer({ current }) });
    expect(await later.patients.find([id])).toMatchObject([{ firstName: 'Ana', phone: '1' }]);
  });

  test('L09: whose key is gone, or of which a bit was changed, are an error and never another person', async () => {
    const databaseUrl = await emptyDatabase();
    const { store } = await open({ databaseUrl });
    const { id } = await addPatient(store);
    const other = await addPatient(store, named('Ben', 'Okafor'));
    const unreadable = { name: 'StoreError', kind: 'UNREADABLE' };
    const others = createSealer({ current: randomBytes(32) });
    await expect(open({ databaseUrl, sealer: others })).rejects.toMatchObject({
      ...{ name: 'StoreError', kind: 'UNUSABLE' },
      message: expect.stringContaining('ENCRYPTION_KEYS_OLD'),
    });
    const [row] = await query<{ sealed: string }>(
      databaseUrl,
      'select sealed from patients where id = $1',
      [id],
    );
    const bytes = Buffer.from(row?.sealed ?? '', 'base64url');
    for (const place of [0, 5, 12, 25, 60, bytes.length - 1]) {
      const changed = Buffer.from(bytes);
      changed[place] = (changed[place] ?? 0) ^ 1;
      await query(databaseUrl, 'update patients set sealed = $1 where id = $2', [
        changed.toString('base64url'),
        id,
      ]);
      await expect(store.patients.find([id]), `byte ${place}`).rejects.toMatchObject(unreadable);
      await expect(store.patients.fillGaps(id, ana)).rejects.toMatchObject(unreadable);
    }
    await query(
      databaseUrl,
      'update patients set sealed = (select sealed from patients where id = $1) where id = $2',
      [other.id, id],
    );
    await expect(store.patients.find([id])).rejects.toMatchObject(unreadable);
    expect(await store.patients.find([other.id])).toMatchObject([{ firstName: 'Ben' }]);
  });
});
