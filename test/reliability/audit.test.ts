import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { endAll, run } from '../support/command-line.ts';
import { type StartedGateway, startTestGateway, type Who } from '../support/gateway.ts';
import { globalIdOf, keyIn, mutate } from '../support/mutations.ts';
import { type RunningPostgres, startPostgres } from '../support/postgres.ts';
import { type Clinic, openClinic } from '../support/served.ts';
import { statement } from '../support/statement.ts';

/** reliability.md, section 4: A11, and the command that looks after the log. */

interface Event {
  actor: string;
  actorRoles: string[];
  action: string;
  vendor: string | null;
  outcome: string;
}

describe('A11: one audit record', () => {
  let gateway: StartedGateway;
  beforeAll(async () => {
    gateway = await startTestGateway();
  });
  afterAll(() => gateway.close());
  beforeEach(() => gateway.forget());

  /** The events of a patient, oldest first, without those of looking at them. */
  async function eventsOf(patientId: string): Promise<Event[]> {
    const { data } = await gateway.query(
      `query ($id: ID!) { patient(id: $id) { accessLog(first: 100) {
        nodes { actor actorRoles action vendor outcome }
      } } }`,
      { id: patientId },
      'admin',
    );
    const own = ({ actor }: Event) => actor !== 'sandbox-admin';
    return data.patient.accessLog.nodes.filter(own).reverse();
  }

  async function added(patientId: string, deed: () => Promise<unknown>): Promise<Event[]> {
    const before = await eventsOf(patientId);
    await deed();
    return (await eventsOf(patientId)).slice(before.length);
  }

  const roles = { ana: ['PATIENT'], ben: ['PATIENT'], staff: ['STAFF'] };
  const by = (who: keyof typeof roles) => ({
    actor: `sandbox-${who}`,
    actorRoles: roles[who],
  });

  it.each([
    ['patient', 'query ($id: ID!) { patient(id: $id) { fullName } }'],
    ['node', 'query ($id: ID!) { node(id: $id) { id } }'],
    ['nodes', 'query ($id: ID!) { nodes(ids: [$id, $id]) { id } }'],
  ])('of a refused look by %s, however often it is named', async (name, document) => {
    const { Ben } = gateway.ids;
    const events = await added(Ben, () => gateway.query(document, { id: Ben }, 'ana'));
    expect(events).toEqual([
      {
        ...by('ana'),
        action: name === 'patient' ? 'Query.patient' : 'Query.node',
        vendor: null,
        outcome: 'DENIED',
      },
    ]);
  });

  it('of a refused look at somebody, none at those who were made up', async () => {
    const { Ben } = gateway.ids;
    const ids = [...Array.from({ length: 99 }, () => globalIdOf('Patient', randomUUID())), Ben];
    const { chains } = await gateway.store.accessLog.verify(undefined);
    const find = vi.spyOn(gateway.store.patients, 'find');
    const looks = () => find.mock.calls.filter(([keys]) => keys.length > 0);
    const events = await added(Ben, async () => {
      find.mockClear();
      await gateway.query('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids }, 'ana');
      // All of them alike, and at once.
      expect(looks().map(([keys]) => keys.length)).toEqual([ids.length]);
      find.mockClear();
      await gateway.query('{ viewer { patient { id fullName } } }', {}, 'ana');
      expect(looks()).toHaveLength(1);
    });
    find.mockRestore();
    expect(events).toEqual([
      { ...by('ana'), action: 'Query.node', vendor: null, outcome: 'DENIED' },
    ]);
    expect(await gateway.store.accessLog.verify(undefined)).toMatchObject({ chains, broken: [] });
  });

  it.each([
    ['startWalkInVisit', { roomCode: 'clinic' }],
    ['enablePortalAccess', {}],
    ['disconnectPatientPortal', {}],
  ])('of a refused %s for another patient', async (name, input) => {
    const { Ben } = gateway.ids;
    const events = await added(Ben, () =>
      mutate(gateway, name, { patientId: Ben, ...input }, '', 'ana'),
    );
    expect(events).toEqual([{ ...by('ana'), action: name, vendor: null, outcome: 'DENIED' }]);
  });

  it.each([
    ['latestOrder { id }', 'Patient.latestOrder', 'NIMBUS'],
    ['insurances { id }', undefined, 'MY_PATIENT_PORTAL'],
    [
      'portalRequests(filter: { vendor: [CERBO] }) { totalCount }',
      'Patient.portalRequests',
      'CERBO',
    ],
  ])('of a read of %s, with its vendor, and one of the record', async (field, action, vendor) => {
    const { Ana } = gateway.ids;
    const ask = (who: Who) =>
      gateway.query(
        `query ($id: ID!) { patient(id: $id) { ${field} again: ${field} } }`,
        { id: Ana },
        who,
      );
    const events = await added(Ana, () => ask('staff'));
    expect(events.map((event) => [event.vendor, event.outcome])).toEqual([
      [null, 'ALLOWED'],
      [vendor, 'ALLOWED'],
    ]);
    expect(events[1]).toEqual({
      ...by('staff'),
      action: action ?? expect.any(String),
      vendor,
      outcome: 'ALLOWED',
    });
  });

  it('of a visit that is asked for by its id, the one of its vendor alone', async () => {
    const { Ana } = gateway.ids;
    const { data } = await gateway.query(
      'query ($id: ID!) { patient(id: $id) { visits(first: 1) { nodes { id } } } }',
      { id: Ana },
    );
    const [{ id }] = data.patient.visits.nodes;
    const ask = (document: string) => () => gateway.query(document, { id });
    const allowed = (action: string, vendor: string | null) => ({
      ...{ ...by('staff'), action, vendor, outcome: 'ALLOWED' },
    });
    const visit = allowed('Visit', 'VSEE');
    expect(await added(Ana, ask('query ($id: ID!) { visit(id: $id) { id } }'))).toEqual([visit]);
    expect(await added(Ana, ask('query ($id: ID!) { node(id: $id) { id } }'))).toEqual([visit]);
    // What the register says of them is another thing.
    expect(
      await added(Ana, ask('query ($id: ID!) { visit(id: $id) { patient { fullName } } }')),
    ).toEqual([visit, allowed('read', null)]);
  });

  it('of a write of three steps, and of one that the vendor refuses', async () => {
    const { Chloe } = gateway.ids;
    const input = { patientId: Chloe, roomCode: 'clinic' };
    const written = ({ vendor }: Event) => vendor === 'VSEE';
    const done = await added(Chloe, () => mutate(gateway, 'startWalkInVisit', input));
    expect(done.filter(written)).toEqual([
      { ...by('staff'), action: 'startWalkInVisit', vendor: 'VSEE', outcome: 'ALLOWED' },
    ]);
    gateway.sandbox.simulators.NIMBUS.fault({ kind: 'status', status: 404, times: 1 });
    const refused = await added(Chloe, () =>
      mutate(gateway, 'revokePortalAccess', { patientId: Chloe }),
    );
    expect(refused.filter(({ vendor }) => vendor === 'NIMBUS')).toEqual([
      { ...by('staff'), action: 'revokePortalAccess', vendor: 'NIMBUS', outcome: 'FAILED' },
    ]);
  });

  it('of each write in the register, whatever of the record the answer shows', async () => {
    const person = { firstName: 'Rita', lastName: 'Register' };
    const { payload } = await mutate(gateway, 'registerPatient', person, 'patient { id }');
    const patientId: string = payload.patient.id;
    const link = { vendor: 'NIMBUS', vendorPatientId: '4711' };
    await mutate(gateway, 'linkVendorAccount', { patientId, ...link });
    await mutate(gateway, 'unlinkVendorAccount', { patientId, vendor: 'NIMBUS' });
    await mutate(gateway, 'linkPatientSubject', { patientId, subject: 'sandbox-rita' });
    const written = (await eventsOf(patientId)).filter(({ action }) => action !== 'read');
    expect(written).toEqual([
      { ...by('staff'), action: 'registerPatient', vendor: null, outcome: 'ALLOWED' },
      { ...by('staff'), action: 'linkVendorAccount', vendor: 'NIMBUS', outcome: 'ALLOWED' },
      { ...by('staff'), action: 'unlinkVendorAccount', vendor: 'NIMBUS', outcome: 'ALLOWED' },
      { ...by('staff'), action: 'linkPatientSubject', vendor: null, outcome: 'ALLOWED' },
    ]);
  });

  it.each([
    ['revokePortalAccess', {}],
    ['invitePatientToPortal', { vendor: 'CERBO' }],
  ])('A05: of a PATIENT’s own %s, which only STAFF may do', async (name, input) => {
    const { Ana } = gateway.ids;
    const events = await added(Ana, () =>
      mutate(gateway, name, { patientId: Ana, ...input }, '', 'ana'),
    );
    expect(events).toEqual([{ ...by('ana'), action: name, vendor: null, outcome: 'DENIED' }]);
  });

  it('A05: of a PATIENT’s dismissal of a portal request', async () => {
    const { Ana } = gateway.ids;
    const portalRequestId = globalIdOf('PortalRequest', 'CERBO', keyIn(Ana), '27');
    const events = await added(Ana, () =>
      mutate(gateway, 'dismissPortalRequest', { portalRequestId }, '', 'ana'),
    );
    expect(events).toEqual([
      { ...by('ana'), action: 'dismissPortalRequest', vendor: null, outcome: 'DENIED' },
    ]);
  });
});

describe('portico audit verify', { timeout: 120_000 }, () => {
  let postgres: RunningPostgres;
  let clinic: Clinic;
  let environment: Readonly<Record<string, string>>;
  beforeAll(async () => {
    postgres = await startPostgres();
    clinic = await openClinic(postgres.url);
    ({ environment } = await clinic.serve());
  }, 120_000);
  afterAll(async () => {
    await clinic?.close();
    await endAll();
    await postgres?.stop();
  });
  const command = (words: readonly string[], databaseUrl = postgres.url) =>
    run(words, { ...environment, DATABASE_URL: databaseUrl });
  const verify = (...words: string[]) => command(['audit', 'verify', ...words]);
  const rows = (text: string) => statement(postgres.url, text);

  it('says that all holds, on a database that only reads as well', async () => {
    const holds = /^5 patients, \d+ events in chains, 0 from before .*: all hold\.\n$/;
    const good = await verify();
    expect(good.stdout).toMatch(holds);
    expect(good.code).toBe(0);

    const readOnly = `${postgres.url}?options=-c%20default_transaction_read_only%3Don`;
    const standby = await command(['audit', 'verify'], readOnly);
    expect(standby.stdout).toMatch(holds);
    expect(standby.code).toBe(0);
    const words = ['--patient', clinic.gateway.ids.Ana];
    const preview = await command(['erase', ...words], readOnly);
    expect(preview.stdout).toMatch(/Nothing was deleted.*--yes/);
    for (const refused of [['export', ...words], ['erase', ...words, '--yes'], ['reseal']]) {
      const { code, stdout, stderr } = await command(refused, readOnly);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^The database only reads: .*name the primary in DATABASE_URL\.\n$/m);
    }
  });

  it('makes and migrates nothing: serve has to start first', async () => {
    const words = ['--patient', clinic.gateway.ids.Ana];
    const commands = [
      ['audit', 'verify'],
      ['export', ...words],
      ['erase', ...words, '--yes'],
      ['reseal'],
    ];
    await rows('create database empty');
    const empty = new URL(postgres.url);
    empty.pathname = '/empty';
    for (const each of commands) {
      const { code, stdout, stderr } = await command(each, empty.href);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^There is no store in the database named by DATABASE_URL; serve /m);
    }
    const schemas = `select nspname from pg_namespace where nspname = 'drizzle'`;
    expect(await statement(empty.href, schemas)).toEqual([]);

    const applied = 'drizzle.__drizzle_migrations';
    const last = `(select max(created_at) from ${applied})`;
    const [row] = await rows(`delete from ${applied} where created_at = ${last} returning *`);
    for (const each of commands) {
      const { code, stdout, stderr } = await command(each);
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^The store in .* is of an earlier version .*start serve of this/m);
    }
    const { id, hash, created_at } = row as Record<string, string>;
    await rows(`insert into ${applied} values (${id}, '${hash}', ${created_at})`);
    expect((await verify()).code).toBe(0);
  });

  it('names whose event was changed', async () => {
    const patient = keyIn(clinic.gateway.ids.Ana);
    await rows(
      `update access_events set actor = 'somebody-else' where patient_id = '${patient}' and number = 1`,
    );
    const bad = await verify();
    expect(bad.code).toBe(1);
    expect(bad.stdout).toContain(`BROKEN: patient ${patient}: event 1 was changed.`);
    expect(bad.stdout).toContain('1 broken');
    expect(`${bad.stdout}${bad.stderr}`).not.toMatch(/Ana|Silva/);
    const other = await verify('--patient', keyIn(clinic.gateway.ids.Ben));
    expect(other.stdout).toMatch(/^1 patient, .*all hold/);
    expect(other.code).toBe(0);
    const none = await verify('--patient', 'Ana');
    expect(none.code).not.toBe(0);
  });
});
