import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { addPatient, describeOnBoth, named, noon, type OpenFresh, tokensOf } from './stores.ts';

const linkTo = (patientId: string, vendorPatientId: string, vendor = 'NIMBUS') => ({
  patientId,
  vendor,
  vendorPatientId,
  linkMethod: 'STAFF' as const,
});

async function openWithTwo(open: OpenFresh) {
  const opened = await open();
  const ana = await addPatient(opened.store);
  const ben = await addPatient(opened.store, named('Ben', 'Okafor'));
  return { ...opened, ana: ana.id, ben: ben.id };
}

describeOnBoth('vendor accounts', (open) => {
  test('link once, and again as the same', async () => {
    const { store, clock, ana } = await openWithTwo(open);
    const account = { ...linkTo(ana, '1001'), linkedAt: new Date(noon), connected: true };
    expect(await store.accounts.link(linkTo(ana, '1001'))).toEqual(account);
    clock.now += 1000;
    expect(await store.accounts.link({ ...linkTo(ana, '1001'), linkMethod: 'CREATED' })).toEqual(
      account,
    );
    expect(await store.accounts.findByPatients([ana, randomUUID(), 'none'])).toEqual([account]);
    expect(await store.accounts.findByVendorIds('NIMBUS', ['1001', '9'])).toEqual([account]);
    expect(await store.accounts.findByVendorIds('CERBO', ['1001'])).toEqual([]);
    expect(await store.accounts.findByPatients([])).toEqual([]);
    expect(await store.accounts.findByVendorIds('NIMBUS', [])).toEqual([]);
  });

  test("refuse another's account, and a second account of the same vendor", async () => {
    const { store, ana, ben } = await openWithTwo(open);
    await store.accounts.link(linkTo(ana, '1001'));
    expect(await store.accounts.link(linkTo(ben, '1001'))).toBe('TAKEN');
    expect(await store.accounts.link(linkTo(ana, '1002'))).toBe('TAKEN');
    expect(await store.accounts.link(linkTo(ben, '1001', 'CERBO'))).toMatchObject({
      vendor: 'CERBO',
    });
    await store.accounts.link(linkTo(ben, '1002'));
    expect(await store.accounts.link(linkTo(ana, '1002'))).toBe('TAKEN');
  });

  test('give an account to one of two who ask at once', async () => {
    const { store, ana, ben } = await openWithTwo(open);
    const results = await Promise.all(
      [ana, ben, ana, ben].map((patient) => store.accounts.link(linkTo(patient, '1001'))),
    );
    const owners = new Set(results.flatMap((found) => (found === 'TAKEN' ? [] : found.patientId)));
    expect(owners.size).toBe(1);
    expect(results.filter((found) => found === 'TAKEN')).toHaveLength(2);
  });

  test('take a vendor that is not known yet', async () => {
    const { store, ana } = await openWithTwo(open);
    expect(await store.accounts.link(linkTo(ana, 'x', 'SIXTH_VENDOR'))).toMatchObject({
      vendor: 'SIXTH_VENDOR',
    });
  });

  test('are connected while there are tokens, where the vendor vouched for them', async () => {
    const { store, ana } = await openWithTwo(open);
    const link = { ...linkTo(ana, 'p-1', 'MY_PATIENT_PORTAL'), linkMethod: 'OAUTH' as const };
    expect(await store.accounts.link(link)).toMatchObject({ connected: false });
    await store.tokens.write('MY_PATIENT_PORTAL', ana, tokensOf('one'));
    expect(await store.accounts.findByPatients([ana])).toMatchObject([{ connected: true }]);
    await store.tokens.renew('MY_PATIENT_PORTAL', ana, 'one', noon + 10_000, async () => undefined);
    expect(await store.accounts.findByPatients([ana])).toMatchObject([{ connected: false }]);
  });

  test('lose link and tokens together', async () => {
    const { store, ana, ben } = await openWithTwo(open);
    await store.accounts.link(linkTo(ana, '1001'));
    await store.tokens.write('NIMBUS', ana, tokensOf('one'));
    await store.tokens.write('CERBO', ana, tokensOf('two'));
    expect(await store.accounts.unlink(ana, 'NIMBUS')).toBe(true);
    expect(await store.accounts.unlink(ana, 'NIMBUS')).toBe(false);
    expect(await store.accounts.unlink('none', 'NIMBUS')).toBe(false);
    expect(await store.tokens.read('NIMBUS', ana)).toBeUndefined();
    expect(await store.tokens.read('CERBO', ana)).toBeDefined();
    expect(await store.accounts.link(linkTo(ben, '1001'))).toMatchObject({ patientId: ben });
  });
});

describeOnBoth('portal access', (open) => {
  const access = (
    patientId: string,
    status: 'ACTIVE' | 'INVITED' = 'ACTIVE',
    vendor = 'NIMBUS',
  ) => ({
    patientId,
    vendor,
    status,
    expiresAt: new Date(noon + 60_000),
  });

  test('that is new expires the older active one of the same vendor', async () => {
    const { store, ana } = await openWithTwo(open);
    const first = await store.portalAccess.add(access(ana));
    const invited = await store.portalAccess.add(access(ana, 'INVITED'));
    const elsewhere = await store.portalAccess.add(access(ana, 'ACTIVE', 'VSEE'));
    const second = await store.portalAccess.add(access(ana));
    expect(second).toEqual({
      id: expect.any(String),
      ...access(ana),
      issuedAt: new Date(noon),
      revokedAt: null,
      revocationReason: null,
    });
    const all = await store.portalAccess.findByPatients([ana]);
    expect(all.map(({ id, status }) => [id, status])).toEqual([
      [second.id, 'ACTIVE'],
      [elsewhere.id, 'ACTIVE'],
      [invited.id, 'INVITED'],
      [first.id, 'EXPIRED'],
    ]);
    expect(await store.portalAccess.findByIds([first.id, 'none'])).toEqual([
      { ...first, status: 'EXPIRED' },
    ]);
  });

  test('leaves one active of many that are added at once', async () => {
    const { store, ana } = await openWithTwo(open);
    await Promise.all(Array.from({ length: 8 }, () => store.portalAccess.add(access(ana))));
    const all = await store.portalAccess.findByPatients([ana]);
    expect(all).toHaveLength(8);
    expect(all.filter(({ status }) => status === 'ACTIVE')).toHaveLength(1);
  });

  test('is revoked with all that went before it, and stays as first revoked', async () => {
    const { store, clock, ana, ben } = await openWithTwo(open);
    await store.portalAccess.add(access(ana));
    const newest = await store.portalAccess.add(access(ana));
    const bens = await store.portalAccess.add(access(ben));
    clock.now += 5_000;
    const revoked = await store.portalAccess.revoke(ana, 'NIMBUS', 'lost phone');
    expect(revoked).toEqual({
      ...newest,
      status: 'REVOKED',
      revokedAt: new Date(noon + 5_000),
      revocationReason: 'lost phone',
    });
    expect(await store.portalAccess.findByPatients([ana])).toMatchObject([
      { status: 'REVOKED' },
      { status: 'REVOKED' },
    ]);
    clock.now += 5_000;
    expect(await store.portalAccess.revoke(ana, 'NIMBUS', 'again')).toEqual(revoked);
    expect(await store.portalAccess.revoke(ana, 'VSEE', null)).toBeUndefined();
    expect(await store.portalAccess.findByIds([bens.id])).toEqual([bens]);
  });

  test('of a patient who does not exist is refused', async () => {
    const { store } = await open();
    await expect(store.portalAccess.add(access(randomUUID()))).rejects.toMatchObject({
      kind: 'MISSING',
    });
  });
});

describeOnBoth('visits and follow-ups', (open) => {
  test('visits are kept once and listed newest first', async () => {
    const { store, clock, ana, ben } = await openWithTwo(open);
    const visit = (vendorVisitId: string, patientId = ana) => ({
      patientId,
      vendor: 'VSEE',
      vendorVisitId,
      kind: 'WALK_IN' as const,
    });
    await store.visits.add(visit('v1'));
    clock.now += 1000;
    await store.visits.add(visit('v2'));
    await store.visits.add(visit('v3'));
    await store.visits.add(visit('v1'));
    await store.visits.add(visit('v4', ben));
    const found = await store.visits.findByPatients([ana]);
    expect(found.map(({ vendorVisitId }) => vendorVisitId)).toEqual(['v3', 'v2', 'v1']);
    const keys = [
      { vendor: 'VSEE', vendorVisitId: 'v1' },
      { vendor: 'NIMBUS', vendorVisitId: 'v2' },
    ];
    expect(await store.visits.find(keys)).toEqual([{ ...visit('v1'), createdAt: new Date(noon) }]);
    expect(await store.visits.find([])).toEqual([]);
  });

  test('follow-ups are listed newest first, their day unshifted', async () => {
    const { store, ana } = await openWithTwo(open);
    const followUp = {
      patientId: ana,
      vendor: 'NIMBUS',
      vendorFollowUpId: '7',
      date: '2026-03-29',
    };
    const first = await store.followUps.add(followUp);
    const second = await store.followUps.add({ ...followUp, date: '2024-02-29' });
    expect(first).toEqual({ ...followUp, id: expect.any(String), createdAt: new Date(noon) });
    expect(await store.followUps.findByPatients([ana])).toEqual([second, first]);
    expect(await store.followUps.findByIds([first.id, 'none'])).toEqual([first]);
  });
});

describeOnBoth('the access log', (open) => {
  const event = (patientId: string, action: string) => ({
    id: randomUUID(),
    patientId,
    actor: 'subject-ana',
    actorRoles: ['PATIENT', 'a "quoted", {role}'],
    action,
    vendor: null,
    outcome: 'ALLOWED' as const,
  });
  const actions = (rows: readonly { value: { action: string } }[]) =>
    rows.map(({ value }) => value.action);

  test('keeps events of patients, also of such as do not exist', async () => {
    const { store } = await open();
    const nobody = randomUUID();
    await store.accessLog.record([{ ...event(nobody, 'patient.read'), outcome: 'DENIED' }]);
    await store.accessLog.record([]);
    const { rows, totalCount, hasMore } = await store.accessLog.list(nobody, { limit: 10 });
    expect(rows.map(({ value }) => value)).toEqual([
      {
        ...event(nobody, 'patient.read'),
        outcome: 'DENIED',
        id: expect.any(String),
        at: new Date(noon),
      },
    ]);
    expect([totalCount, hasMore]).toEqual([1, false]);
  });

  test('is paged newest first in both directions, also within one instant', async () => {
    const { store, clock, ana, ben } = await openWithTwo(open);
    await store.accessLog.record([event(ana, 'a'), event(ben, 'x'), event(ana, 'b')]);
    clock.now += 1;
    await store.accessLog.record([event(ana, 'c'), event(ana, 'd'), event(ana, 'e')]);
    const list = (page: Parameters<typeof store.accessLog.list>[1]) =>
      store.accessLog.list(ana, page);
    const first = await list({ limit: 2 });
    expect([actions(first.rows), first.hasMore, first.totalCount]).toEqual([['e', 'd'], true, 5]);
    const second = await list({ limit: 2, after: first.rows[1]?.key });
    expect([actions(second.rows), second.hasMore]).toEqual([['c', 'b'], true]);
    const third = await list({ limit: 2, after: second.rows[1]?.key });
    expect([actions(third.rows), third.hasMore]).toEqual([['a'], false]);
    const back = await list({ limit: 2, before: third.rows[0]?.key, fromEnd: true });
    expect([actions(back.rows), back.hasMore]).toEqual([['c', 'b'], true]);
    const last = await list({ limit: 3, fromEnd: true });
    expect([actions(last.rows), last.hasMore]).toEqual([['c', 'b', 'a'], true]);
  });

  test('refuses a key that is none of its own', async () => {
    const { store, ana } = await openWithTwo(open);
    for (const after of ['', 'x', '1_2_3', '-1_2', `${'9'.repeat(20)}_1`, ana]) {
      await expect(store.accessLog.list(ana, { limit: 1, after })).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
      });
    }
  });
});
