import { randomBytes, randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Store } from '../src/domain/store.ts';
import { openStore } from '../src/store/open-store.ts';
import { createSealer } from '../src/store/sealing.ts';
import { endAll, run, temporaryFolder } from './support/command-line.ts';

/** The commands of a rotation, as an operator gives them one after another. */
describe('portico reseal', { timeout: 60_000 }, () => {
  const [first, second] = [randomBytes(32), randomBytes(32)];
  const folder = temporaryFolder();
  const person = { firstName: 'Ana', lastName: 'Silva', email: 'ana.silva@example.com' };
  const unknown = { birthDate: null, sex: null, phone: null, address: null };

  async function withStore<T>(
    current: Buffer,
    use: (store: Store) => Promise<T>,
    ...old: Buffer[]
  ) {
    const dataDirectory = join(folder, 'data', 'store');
    const sealer = createSealer({ current, old });
    const store = await openStore({ sealer, clock: Date.now, dataDirectory });
    try {
      return await use(store);
    } finally {
      await store.close();
    }
  }

  const command = (words: readonly string[], current: Buffer, ...old: Buffer[]) => {
    const text = (key: Buffer) => key.toString('base64');
    return run(
      words,
      {
        ...{ AUTH_ISSUER: 'http://127.0.0.1:9/', AUTH_AUDIENCE: 'portico', DATA_DIR: 'data' },
        ...{ CERBO_URL: 'http://127.0.0.1:9/api/v1', CERBO_USERNAME: 'u', CERBO_PASSWORD: 'p' },
        ...{ ENCRYPTION_KEY: text(current), ENCRYPTION_KEYS_OLD: old.map(text).join(',') },
      },
      folder,
    );
  };

  let patientId: string;
  beforeAll(async () => {
    patientId = await withStore(first, async ({ patients, accessLog }) => {
      const patient = await patients.create({ ...person, ...unknown }, null);
      const { id = '' } = patient ?? {};
      const what = { action: 'read', vendor: null, outcome: 'ALLOWED' as const };
      const who = { actor: 'subject-ana', actorRoles: ['PATIENT'] };
      await accessLog.record([{ id: randomUUID(), patientId: id, ...who, ...what }]);
      return id;
    });
  }, 60_000);
  afterAll(endAll);

  it('makes serve independent of the earlier key, and says what still needs it', async () => {
    const sealed = await command(['reseal'], second, first);
    expect(sealed.stdout).toBe(
      [
        'Sealed anew: patients 1, access_chains 1.',
        'No process of serve needs ENCRYPTION_KEYS_OLD any more. Keep it for audit verify, until the last event from its time is gone.',
        '',
      ].join('\n'),
    );
    expect(sealed.code).toBe(0);
    expect(`${sealed.stdout}${sealed.stderr}`).not.toMatch(/Ana|Silva/);

    const found = await withStore(second, ({ patients }) => patients.find([patientId]));
    expect(found).toMatchObject([person]);
    const verified = await command(['audit', 'verify'], second, first);
    expect(verified.stdout).toMatch(/^1 patient, 1 events .*all hold\.\n$/);

    const again = await command(['reseal'], second);
    expect(again.stdout).toMatch(/^Nothing was sealed with an earlier key\.\nNo process/);
    expect(again.code).toBe(0);
  });

  it('leaves what is sealed with a key that it is not given, and fails', async () => {
    const [third, fourth] = [randomBytes(32), randomBytes(32)];
    const other = { ...person, email: 'ana@example.com', ...unknown };
    await withStore(third, ({ patients }) => patients.create(other, null), second);
    const lacking = await command(['reseal'], fourth, second);
    expect(lacking.stdout).toMatch(
      /^Sealed anew: patients 1, access_chains 1\.\nLEFT, .*: patients 1\. Set the key .*again/,
    );
    expect(lacking.code).toBe(1);
    const whole = await command(['reseal'], fourth, second, third);
    expect(whole.stdout).toMatch(/^Sealed anew: patients 1\.\nNo process/);
    expect(whole.code).toBe(0);
  });
});
