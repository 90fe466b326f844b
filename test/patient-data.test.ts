import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeOwnId } from '../src/domain/ids.ts';
import type { Store } from '../src/domain/store.ts';
import { openStore } from '../src/store/open-store.ts';
import { createSealer } from '../src/store/sealing.ts';
import { portico as begun, endAll, run, temporaryFolder } from './support/command-line.ts';

/** `portico export` and `portico erase`, as an operator meets them: a process each. */
describe('one patient’s data', { timeout: 90_000 }, () => {
  const folder = temporaryFolder();
  const encryptionKey = randomBytes(32);
  let id = '';
  let patientId = '';
  /** Opens the store that the processes use, while none does. */
  const withStore = async (use: (store: Store) => Promise<void>) => {
    const store = await openStore({
      dataDirectory: `${folder}/data/store`,
      ...{ sealer: createSealer({ current: encryptionKey }), clock: Date.now },
    });
    await use(store);
    await store.close();
  };
  afterAll(endAll);
  beforeAll(async () => {
    await withStore(async (store) => {
      const none = { birthDate: null, sex: null, phone: null, address: null };
      const person = { ...none, firstName: 'Exporta', lastName: 'Ble', email: 'x@example.com' };
      id = (await store.patients.create(person, null))?.id ?? '';
      const account = { patientId: id, vendor: 'CERBO', vendorPatientId: '77' };
      await store.accounts.link({ ...account, linkMethod: 'STAFF' });
    });
    patientId = encodeOwnId('Patient', id);
  });
  const variables = {
    ...{ DATA_DIR: `${folder}/data`, ENCRYPTION_KEY: encryptionKey.toString('base64') },
    ...{ AUTH_ISSUER: 'http://127.0.0.1:9/', AUTH_AUDIENCE: 'portico' },
    ...{ CERBO_URL: 'http://127.0.0.1:9/api/v1', CERBO_USERNAME: 'u', CERBO_PASSWORD: 'p' },
  };
  const portico = (...words: string[]) => run(words, variables);
  /** Nobody reads what it prints. */
  async function unread(...words: string[]) {
    const running = begun(words, variables);
    running.process.stdout?.destroy();
    return { code: await running.ended, stderr: running.stderr() };
  }

  it('is exported as JSON, which the log of access knows the next time', async () => {
    const first = await portico('export', '--patient', patientId);
    expect(first.code).toBe(0);
    expect(JSON.parse(first.stdout)).toMatchObject({
      exportedAt: expect.stringMatching(/^\d{4}-/),
      patient: { id, firstName: 'Exporta', email: 'x@example.com' },
      vendorAccounts: [{ vendor: 'CERBO', vendorPatientId: '77' }],
      accessEvents: [],
    });
    const second = await portico('export', '--patient', id);
    expect(JSON.parse(second.stdout).accessEvents).toMatchObject([
      { actor: expect.stringMatching(/^operator ./), action: 'export', outcome: 'ALLOWED' },
    ]);
    expect(`${first.stderr}${second.stderr}`).not.toMatch(/Exporta|example\.com/);
  });

  it('is exported by who has no name, too', async () => {
    const nobody = import.meta.resolve('./support/nobody-by-name.mjs');
    const first = await run(['export', '--patient', patientId], {
      ...variables,
      NODE_OPTIONS: `--import=${nobody}`,
    });
    expect({ code: first.code, stderr: first.stderr }).toEqual({ code: 0, stderr: '' });
    const { stdout } = await portico('export', '--patient', patientId);
    expect(JSON.parse(stdout).accessEvents.at(-1).actor).toMatch(/^operator uid \d+$/);
  });

  it('is not exported where nobody takes it', async () => {
    const lost = await unread('export', '--patient', patientId);
    expect(lost.code).toBe(1);
    expect(lost.stderr).toMatch(/^Not all of the output could be written \(EPIPE\)/m);
    expect(lost.stderr).not.toMatch(/\n {4}at /);
  });

  it('is not erased while a write is not settled, which it names as the API does', async () => {
    const write = randomUUID();
    await withStore(async ({ operations }) => {
      const worker = randomUUID();
      await operations.begin(
        {
          ...{ id: write, subject: 's', action: 'createFollowUp', idempotencyKey: null },
          ...{ inputFingerprint: 'f', input: {}, patientId: id, vendor: 'NIMBUS', target: null },
        },
        worker,
        new Date(0),
      );
      await operations.handBack(write, worker, { status: 'OUTCOME_UNKNOWN' });
    });
    const why = `1 of the patient's writes are not settled. Settle them with reconcileOperation first: ${encodeOwnId('Operation', write)}\n`;
    const asked = await portico('erase', '--patient', patientId);
    expect(asked).toMatchObject({ code: 1, stderr: `Nothing would be deleted: ${why}` });
    expect(asked.stdout).toContain('1 operations\n');
    expect(asked.stdout).not.toContain('--yes');
    const refused = await portico('erase', '--patient', patientId, '--yes');
    expect(refused).toMatchObject({ code: 1, stdout: '', stderr: `Nothing was deleted: ${why}` });
    await withStore(async ({ operations }) => {
      const worker = randomUUID();
      await operations.claim(write, worker);
      const outcome = { kind: 'ANSWER', answer: {} } as const;
      await operations.handBack(write, worker, { status: 'SUCCEEDED', outcome });
    });
  });

  it('is only counted before --yes, and gone after it', async () => {
    const asked = await portico('erase', '--patient', patientId);
    expect(asked.code).toBe(0);
    expect(asked.stdout).toContain('1 vendorAccounts\n');
    expect(asked.stdout).toContain('CERBO still has what it holds of its patient 77');
    expect(asked.stdout).toMatch(/Nothing was deleted.*--yes/);
    expect((await unread('erase', '--patient', patientId)).code).toBe(1);
    const done = await portico('erase', '--patient', patientId, '--yes');
    expect(done.code).toBe(0);
    expect(done.stdout).toMatch(/^Deleted: .*vendorAccounts 1,.*patients 1\. The log of access/);
    expect(done.stdout).toContain('only marked as deleted at Cerbo and MD HQ');
    const gone = await portico('export', '--patient', patientId);
    expect(gone).toMatchObject({ code: 1, stdout: '' });
    expect(gone.stderr).toContain(`There is no patient ${id} in the register.`);
  });

  it('is not looked for under what is no id', async () => {
    const refused = await portico('erase', '--patient', 'Exporta', '--yes');
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toContain('It must be the id of a Patient');
  });
});
