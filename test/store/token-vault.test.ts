import { setTimeout as delay } from 'node:timers/promises';
import { isNotNull, sql } from 'drizzle-orm';
import { describe, expect, test, vi } from 'vitest';
import type { VendorTokens } from '../../src/domain/capabilities/appointments.ts';
import { VendorError } from '../../src/domain/errors.ts';
import type { Database } from '../../src/store/database.ts';
import { vendorTokens } from '../../src/store/tables.ts';
import { createTokenVault } from '../../src/store/token-vault.ts';
import {
  addPatient,
  describeOnBoth,
  emptyDatabase,
  noon,
  type OpenFresh,
  query,
  sealer,
  tokensOf,
  useStores,
} from './stores.ts';

const vendor = 'MY_PATIENT_PORTAL';

/** A renewal that ends when it is told to. */
function heldRenewal() {
  let finish: (tokens: VendorTokens | undefined) => void = () => undefined;
  const result = new Promise<VendorTokens | undefined>((resolve) => {
    finish = resolve;
  });
  const renew = vi.fn((_current: VendorTokens) => result);
  return { renew, finish: (tokens: VendorTokens | undefined) => finish(tokens) };
}

/** As if their owner had been silent for long. */
const endLeases = (database: Database) =>
  database.run((queries) =>
    queries
      .update(vendorTokens)
      .set({ leaseUntil: sql`${vendorTokens.leaseUntil} - interval '1 hour'` })
      .where(isNotNull(vendorTokens.leaseUntil)),
  );

async function openWithTokens(open: OpenFresh) {
  const opened = await open();
  const { id } = await addPatient(opened.store);
  await opened.store.tokens.write(vendor, id, tokensOf('old'));
  /** Another process on the same database. */
  const elsewhere = createTokenVault(opened.database, sealer, () => opened.clock.now);
  return { ...opened, vault: opened.store.tokens, elsewhere, id, later: noon + 10_000 };
}

describeOnBoth('the token vault', (open) => {
  test('returns tokens as written, replaced and unlinked', async () => {
    const { vault, store, id } = await openWithTokens(open);
    expect(await vault.read(vendor, id)).toEqual(tokensOf('old'));
    expect(await vault.read('CERBO', id)).toBeUndefined();
    expect(await vault.read(vendor, 'no uuid')).toBeUndefined();
    await vault.write(vendor, id, { ...tokensOf('new'), refreshToken: null });
    expect(await vault.read(vendor, id)).toEqual({ ...tokensOf('new'), refreshToken: null });
    await store.accounts.unlink(id, vendor);
    expect(await vault.read(vendor, id)).toBeUndefined();
  });

  test('holds no token in its rows, and opens none that was moved or changed', async () => {
    const { vault, store, database, id } = await openWithTokens(open);
    const other = await addPatient(store);
    await vault.write(vendor, other.id, tokensOf('hers'));
    const rows = await database.run((queries) => queries.select().from(vendorTokens));
    expect(JSON.stringify(rows)).not.toMatch(/refresh|openid/);
    const hers = rows.find(({ patientId }) => patientId === other.id);
    await database.run((queries) => queries.update(vendorTokens).set({ sealed: hers?.sealed }));
    expect(await vault.read(vendor, id)).toBeUndefined();
    expect(await vault.read(vendor, other.id)).toEqual(tokensOf('hers'));
  });

  test('renews once for all callers of a process and for other processes', async () => {
    const { vault, elsewhere, id, later } = await openWithTokens(open);
    const renew = vi.fn(async () => {
      await delay(60);
      return tokensOf('new');
    });
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        (index % 2 === 0 ? vault : elsewhere).renew(vendor, id, 'old', later, renew),
      ),
    );
    expect(results).toEqual(Array.from({ length: 20 }, () => tokensOf('new')));
    expect(renew).toHaveBeenCalledTimes(1);
    expect(renew).toHaveBeenCalledWith(tokensOf('old'));
    expect(await vault.read(vendor, id)).toEqual(tokensOf('new'));
  });

  test('returns tokens that have changed since without renewing, and none where there are none', async () => {
    const { vault, store, id, later } = await openWithTokens(open);
    const renew = vi.fn();
    expect(await vault.renew(vendor, id, 'older', later, renew)).toEqual(tokensOf('old'));
    await store.accounts.unlink(id, vendor);
    expect(await vault.renew(vendor, id, 'old', later, renew)).toBeUndefined();
    expect(renew).not.toHaveBeenCalled();
  });

  test('removes tokens that cannot be renewed, for the waiting ones as well', async () => {
    const { vault, elsewhere, id, later } = await openWithTokens(open);
    const renew = vi.fn(async () => {
      await delay(40);
      return undefined;
    });
    const both = [vault, elsewhere].map((one) => one.renew(vendor, id, 'old', later, renew));
    expect(await Promise.all(both)).toEqual([undefined, undefined]);
    expect(renew).toHaveBeenCalledTimes(1);
    expect(await vault.read(vendor, id)).toBeUndefined();
  });

  test('passes on the error of a renewal, keeps the tokens and lets the next one try', async () => {
    const { vault, elsewhere, id, later } = await openWithTokens(open);
    const error = new VendorError({ vendor, operation: 'token', kind: 'TIMED_OUT' });
    const fail = vi.fn(async () => {
      await delay(40);
      throw error;
    });
    const here = Promise.allSettled([1, 2].map(() => vault.renew(vendor, id, 'old', later, fail)));
    await delay(15);
    const there = elsewhere.renew(vendor, id, 'old', later, async () => tokensOf('new'));
    expect(await here).toEqual([
      { status: 'rejected', reason: error },
      { status: 'rejected', reason: error },
    ]);
    expect(fail).toHaveBeenCalledTimes(1);
    expect(await there).toEqual(tokensOf('new'));
  });

  test('tries again for others when only the one who renewed was cut off', async () => {
    const { vault, id, later } = await openWithTokens(open);
    const cancelled = new VendorError({ vendor, operation: 'token', kind: 'CANCELLED' });
    const first = vault.renew(vendor, id, 'old', later, async () => {
      await delay(30);
      throw cancelled;
    });
    const second = vault.renew(vendor, id, 'old', later, async () => tokensOf('new'));
    await expect(first).rejects.toBe(cancelled);
    expect(await second).toEqual(tokensOf('new'));
  });

  test('ends a wait at its time, here and elsewhere', async () => {
    const { vault, elsewhere, clock, id } = await openWithTokens(open);
    const { renew, finish } = heldRenewal();
    const running = vault.renew(vendor, id, 'old', noon + 10_000, renew);
    await vi.waitFor(() => expect(renew).toHaveBeenCalled());
    const waits = [
      vault.renew(vendor, id, 'old', noon + 50, renew),
      elsewhere.renew(vendor, id, 'old', noon + 50, renew),
    ];
    await delay(20);
    clock.now += 60;
    expect(await Promise.all(waits)).toEqual([undefined, undefined]);
    finish(tokensOf('new'));
    expect(await running).toEqual(tokensOf('new'));
    expect(renew).toHaveBeenCalledTimes(1);
  });

  test('takes over from an owner that died, and only then', async () => {
    const { vault, elsewhere, database, id } = await openWithTokens(open);
    const dead = heldRenewal();
    const first = vault.renew(vendor, id, 'old', noon + 100_000, dead.renew);
    await vi.waitFor(() => expect(dead.renew).toHaveBeenCalled());
    const renew = vi.fn(async () => tokensOf('new'));
    const takeover = elsewhere.renew(vendor, id, 'old', noon + 100_000, renew);
    await delay(150);
    expect(renew).not.toHaveBeenCalled();
    await endLeases(database);
    expect(await takeover).toEqual(tokensOf('new'));
    const rows = await database.run((queries) => queries.select().from(vendorTokens));
    expect(rows).toMatchObject([{ leaseOwner: null, leaseUntil: null }]);
    dead.finish(undefined);
    expect(await first).toEqual(tokensOf('new'));
  });

  test.each([
    ['brings tokens', tokensOf('late')],
    ['finds them dead', undefined],
  ])('never lets an older renewal that %s undo a newer one', async (_, late) => {
    const { vault, elsewhere, database, id } = await openWithTokens(open);
    const slow = heldRenewal();
    const first = vault.renew(vendor, id, 'old', noon + 100_000, slow.renew);
    await vi.waitFor(() => expect(slow.renew).toHaveBeenCalled());
    await endLeases(database);
    await elsewhere.renew(vendor, id, 'old', noon + 100_000, async () => tokensOf('new'));
    slow.finish(late);
    expect(await first).toEqual(tokensOf('new'));
    expect(await vault.read(vendor, id)).toEqual(tokensOf('new'));
  });

  test.each([
    ['written', tokensOf('login')],
    ['unlinked', undefined],
    ['unlinked and written', tokensOf('login again')],
  ])('lets tokens be %s while a renewal runs', async (what, expected) => {
    const { vault, store, elsewhere, id, later } = await openWithTokens(open);
    const slow = heldRenewal();
    const renewal = vault.renew(vendor, id, 'old', later, slow.renew);
    await vi.waitFor(() => expect(slow.renew).toHaveBeenCalled());
    if (what.startsWith('unlinked')) {
      await store.accounts.unlink(id, vendor);
    }
    if (expected !== undefined) {
      await elsewhere.write(vendor, id, expected);
    }
    slow.finish(tokensOf('late'));
    expect(await renewal).toEqual(expected);
    expect(await vault.read(vendor, id)).toEqual(expected);
  });

  test('keeps the lease of a renewal that is slow but alive', async () => {
    const { database, clock, id } = await openWithTokens(open);
    const lease = 900;
    const vaults = [1, 2].map(() => createTokenVault(database, sealer, () => clock.now, lease));
    const slow = heldRenewal();
    const flights = vaults.map((vault) => vault.renew(vendor, id, 'old', noon + 5_000, slow.renew));
    await vi.waitFor(() => expect(slow.renew).toHaveBeenCalled());
    const leasedUntil = async () => {
      const [row] = await database.run((queries) => queries.select().from(vendorTokens));
      return row?.leaseUntil?.getTime() ?? 0;
    };
    const atFirst = await leasedUntil();
    await vi.waitFor(async () => expect(await leasedUntil()).toBeGreaterThan(atFirst + lease), {
      timeout: 5_000,
    });
    slow.finish(tokensOf('new'));
    expect(await Promise.all(flights)).toEqual([tokensOf('new'), tokensOf('new')]);
    expect(slow.renew).toHaveBeenCalledTimes(1);
  });

  test.each([-1, 1])('O12, V16: renews once although a clock is off by %i h', async (hours) => {
    const { vault, database, clock, id } = await openWithTokens(open);
    const now = () => clock.now + hours * 3_600_000;
    const wrong = createTokenVault(database, sealer, now);
    const slow = heldRenewal();
    const first = wrong.renew(vendor, id, 'old', now() + 10_000, slow.renew);
    await vi.waitFor(() => expect(slow.renew).toHaveBeenCalled());
    const renew = vi.fn(async () => tokensOf('twice'));
    const second = vault.renew(vendor, id, 'old', noon + 10_000, renew);
    await delay(150);
    slow.finish(tokensOf('new'));
    expect(await Promise.all([first, second])).toEqual([tokensOf('new'), tokensOf('new')]);
    expect(renew).not.toHaveBeenCalled();
  });

  test('holds neither connection nor transaction while a renewal runs', async () => {
    const { vault, store, id, later } = await openWithTokens(open);
    const renewed = await vault.renew(vendor, id, 'old', later, async (current) => {
      await store.portalAccess.add({ patientId: id, vendor, status: 'ACTIVE', expiresAt: null });
      await Promise.all(Array.from({ length: 20 }, () => vault.read(vendor, id)));
      return { ...current, accessToken: 'new' };
    });
    expect(renewed?.accessToken).toBe('new');
  });
});

describe('the token vault of two stores on one PostgreSQL', () => {
  const open = useStores();

  test('renews once for 20 concurrent callers', async () => {
    const databaseUrl = await emptyDatabase();
    const stores = [await open({ databaseUrl }), await open({ databaseUrl, poolSize: 2 })];
    const { id } = await addPatient(stores[0]?.store ?? expect.fail());
    await stores[0]?.store.tokens.write(vendor, id, tokensOf('old'));
    const renew = vi.fn(async () => {
      await delay(100);
      return tokensOf('new');
    });
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        stores[index % 2]?.store.tokens.renew(vendor, id, 'old', noon + 10_000, renew),
      ),
    );
    expect(results.map((tokens) => tokens?.accessToken)).toEqual(Array(20).fill('new'));
    expect(renew).toHaveBeenCalledTimes(1);
    const rows = await query(databaseUrl, 'select * from vendor_tokens');
    expect(rows).toHaveLength(1);
    expect(JSON.stringify(rows)).not.toMatch(/refresh|openid/);
  });
});
