import { randomBytes } from 'node:crypto';
import { sql } from 'drizzle-orm';
import { expect, test } from 'vitest';
import { createPendingConnections } from '../../src/store/connections.ts';
import type { Database } from '../../src/store/database.ts';
import { createSealer } from '../../src/store/sealing.ts';
import { connectionGrants, pendingConnections } from '../../src/store/tables.ts';
import {
  addPatient,
  describeOnBoth,
  encryptionKey,
  noon,
  type OpenFresh,
  tokensOf,
} from './stores.ts';

async function openWithLogin(open: OpenFresh) {
  const opened = await open();
  const { id } = await addPatient(opened.store);
  const connection = {
    vendor: 'MY_PATIENT_PORTAL',
    patientId: id,
    subject: 'subject-ana',
    returnTo: 'https://app.example.com/done',
    secrets: { codeVerifier: 'the-verifier', nonce: 'the-nonce', state: 'the-state' },
    expiresAt: new Date(noon + 600_000),
  };
  const grant = { vendorPatientId: 'p-1', tokens: tokensOf('granted') };
  const { vendor, patientId } = connection;
  return { ...opened, connection, grant, owner: { vendor, patientId } };
}

const rawText = async (database: Database) =>
  JSON.stringify([
    await database.run((queries) => queries.select().from(pendingConnections)),
    await database.run((queries) => queries.select().from(connectionGrants)),
  ]);

describeOnBoth('logins under way', (open) => {
  test('are taken by their state once, also when asked for at once', async () => {
    const { store, connection } = await openWithLogin(open);
    await store.connections.begin(connection);
    expect(await store.connections.takeByState('another')).toBeUndefined();
    const taken = await Promise.all(
      Array.from({ length: 5 }, () => store.connections.takeByState('the-state')),
    );
    expect(taken.filter((found) => found !== undefined)).toEqual([connection]);
    expect(await store.connections.takeByState('the-state')).toBeUndefined();
  });

  test('are over when their time is', async () => {
    const { store, clock, connection } = await openWithLogin(open);
    await store.connections.begin(connection);
    clock.now += 600_000;
    expect(await store.connections.takeByState('the-state')).toBeUndefined();
    clock.now = noon;
    expect(await store.connections.takeByState('the-state')).toBeUndefined();
  });

  test('that are finished are linked once, for the subject that began them', async () => {
    const { store, connection, grant, owner } = await openWithLogin(open);
    await store.connections.keepGrant('the-token', connection, grant);
    expect(await store.connections.findGrant('another', 'subject-ana')).toBeUndefined();
    expect(await store.connections.linkGrant('another')).toBeUndefined();
    expect(await store.connections.findGrant('the-token', 'subject-ana')).toEqual(owner);
    const results = await Promise.all(
      Array.from({ length: 5 }, () => store.connections.linkGrant('the-token')),
    );
    const account = { ...owner, vendorPatientId: 'p-1', linkMethod: 'OAUTH', connected: true };
    expect(results.filter((found) => found !== undefined)).toMatchObject([account]);
    expect(await store.accounts.findByPatients([owner.patientId])).toMatchObject([account]);
    expect(await store.tokens.read(owner.vendor, owner.patientId)).toEqual(grant.tokens);
  });

  test('that are finished are used up by another subject', async () => {
    const { store, connection, grant } = await openWithLogin(open);
    await store.connections.keepGrant('the-token', connection, grant);
    expect(await store.connections.findGrant('the-token', 'subject-eve')).toBeUndefined();
    expect(await store.connections.findGrant('the-token', 'subject-ana')).toBeUndefined();
    expect(await store.connections.linkGrant('the-token')).toBeUndefined();
  });

  test('that are finished are used up, and their tokens dropped, where the account is another’s', async () => {
    const { store, database, connection, grant, owner } = await openWithLogin(open);
    const ben = await addPatient(store);
    await store.accounts.link({
      ...owner,
      patientId: ben.id,
      vendorPatientId: 'p-1',
      linkMethod: 'OAUTH',
    });
    await store.connections.keepGrant('the-token', connection, grant);
    expect(await store.connections.linkGrant('the-token')).toBe('TAKEN');
    expect(await rawText(database)).toBe('[[],[]]');
    expect(await store.tokens.read(owner.vendor, owner.patientId)).toBeUndefined();
  });

  test('that are finished and cannot be kept are linked by the next who tries', async () => {
    const { store, database, connection, grant, owner } = await openWithLogin(open);
    await store.connections.keepGrant('the-token', connection, grant);
    const refusal = sql`alter table vendor_tokens add constraint refused check (vendor = 'NOBODY')`;
    await database.run((queries) => queries.execute(refusal));
    await expect(store.connections.linkGrant('the-token')).rejects.toThrow('breaks a rule');
    expect(await store.accounts.findByPatients([owner.patientId])).toEqual([]);
    await database.run((queries) =>
      queries.execute(sql`alter table vendor_tokens drop constraint refused`),
    );
    expect(await store.connections.findGrant('the-token', 'subject-ana')).toEqual(owner);
    expect(await store.connections.linkGrant('the-token')).toMatchObject({ connected: true });
  });

  test('that are finished are over when their time is', async () => {
    const { store, clock, connection, grant } = await openWithLogin(open);
    await store.connections.keepGrant('the-token', connection, grant);
    clock.now += 600_000;
    expect(await store.connections.findGrant('the-token', 'subject-ana')).toBeUndefined();
    expect(await store.connections.linkGrant('the-token')).toBeUndefined();
  });

  test('leave no secret in their rows, and no row once taken or over', async () => {
    const { store, database, clock, connection, grant } = await openWithLogin(open);
    await store.connections.begin(connection);
    await store.connections.keepGrant('the-token', connection, grant);
    const rows = await rawText(database);
    expect(rows).toContain('subject-ana');
    expect(rows).not.toMatch(/the-(verifier|nonce|state|token)|granted|p-1/);
    await store.connections.takeByState('the-state');
    await store.connections.linkGrant('the-token');
    expect(await rawText(database)).toBe('[[],[]]');
    await store.connections.begin(connection);
    await store.connections.keepGrant('the-token', connection, grant);
    clock.now += 600_000;
    const expiresAt = new Date(clock.now + 1000);
    const secrets = { ...connection.secrets, state: 'later' };
    await store.connections.begin({ ...connection, secrets, expiresAt });
    const left = await database.run((queries) =>
      queries
        .select({ rows: sql<number>`count(*)::int` })
        .from(
          sql`(select 1 from ${pendingConnections} union all select 1 from ${connectionGrants})`,
        ),
    );
    expect(left).toEqual([{ rows: 1 }]);
  });

  test('leave no row once over where nobody begins another', async () => {
    const { store, database, clock, connection, grant } = await openWithLogin(open);
    await store.connections.begin(connection);
    await store.connections.keepGrant('the-token', connection, grant);
    const [settledBefore, keysValidSince, eventsBefore] = [new Date(0), new Date(0), new Date(0)];
    const never = { settledBefore, keysValidSince, eventsBefore };
    await store.retention.prune(never);
    expect(await rawText(database)).toMatch(/^\[\[\{.*\}\],\[\{.*\}\]\]$/);
    clock.now += 600_000;
    await store.retention.prune(never);
    expect(await rawText(database)).toBe('[[],[]]');
  });

  test('are taken after the encryption key was changed, while the old one is known', async () => {
    const { store, database, clock, connection, grant, owner } = await openWithLogin(open);
    await store.connections.begin(connection);
    await store.connections.keepGrant('the-token', connection, grant);
    const next = createSealer({ current: randomBytes(32), old: [encryptionKey] });
    const rotated = createPendingConnections(database, next, () => clock.now);
    expect(await rotated.takeByState('the-state')).toEqual(connection);
    expect(await rotated.findGrant('the-token', 'subject-ana')).toEqual(owner);
    expect(await rotated.linkGrant('the-token')).toMatchObject({ vendorPatientId: 'p-1' });
  });

  test('do not open under the row of another login', async () => {
    const { store, database, connection } = await openWithLogin(open);
    await store.connections.begin(connection);
    const secrets = { ...connection.secrets, state: 'second' };
    await store.connections.begin({ ...connection, secrets });
    const rows = await database.run((queries) => queries.select().from(pendingConnections));
    await database.run((queries) =>
      queries.update(pendingConnections).set({ sealedSecrets: rows[0]?.sealedSecrets }),
    );
    const found = [
      await store.connections.takeByState('the-state'),
      await store.connections.takeByState('second'),
    ];
    expect(found.filter((login) => login !== undefined)).toHaveLength(1);
  });
});
