import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/open-store.ts';
import { createSealer } from '../../src/store/sealing.ts';
import { endAll, portico, run } from '../support/command-line.ts';
import { type RunningPostgres, startPostgres } from '../support/postgres.ts';
import { statement } from '../support/statement.ts';

/** `portico doctor` beside a `portico sandbox`, each in a process of its own, as an operator sees them. */

let postgres: RunningPostgres;
let good: Record<string, string>;

beforeAll(async () => {
  postgres = await startPostgres();
  const sandbox = portico(['sandbox', '--port', '0']);
  await sandbox.says(/The sandbox runs/);
  const pairs = sandbox
    .stdout()
    .split('\n')
    .flatMap((line) => (/^[A-Z]/.test(line) ? [line.split(/=(.*)/s).slice(0, 2)] : []));
  good = {
    ...Object.fromEntries(pairs),
    DATABASE_URL: postgres.url,
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  };
});

afterAll(async () => {
  await endAll();
  await postgres.stop();
});

const isSecret = (name: string) => /PASSWORD|SECRET|KEY|TOKEN|DATABASE_URL/.test(name);

const unreachable = { email: null, phone: null, address: null };

/** What the doctor says, after a look that it gives no secret away. */
async function doctor(environment: Record<string, string>) {
  const { code, stdout, stderr } = await run(['doctor'], environment);
  for (const [name, value] of Object.entries(environment)) {
    if (isSecret(name) && value !== '') {
      expect(`${stdout}${stderr}`).not.toContain(value);
    }
  }
  expect(`${stdout}${stderr}`).not.toMatch(/:\/\/[^\s/]*@/);
  return { code, lines: stdout.trimEnd().split('\n') };
}

const without = (environment: Record<string, string>, ...names: string[]) =>
  Object.fromEntries(Object.entries(environment).filter(([name]) => !names.includes(name)));

const lineOf = (lines: string[], label: string) =>
  lines.filter((line) => line.slice(8).startsWith(label)).join('\n');

describe('portico doctor', () => {
  it('finds a good configuration well, and changes nothing', async () => {
    const { code, lines } = await doctor(good);
    expect(lines).toEqual([
      'ok      Configuration      complete, from the environment; no .env is here.',
      expect.stringMatching(
        /^ok {6}Store {14}PostgreSQL \d+\.\d+ answers; \d+ migrations are to come, which serve applies when it starts\.$/,
      ),
      'ok      Identity provider  answers with 1 key. Whether its tokens say AUTH_AUDIENCE shows when somebody signs in.',
      'ok      Nimbus             answers and takes NIMBUS_USERNAME and NIMBUS_PASSWORD. Only real use proves NIMBUS_TREATMENT_TYPES and NIMBUS_CENTRAL_PHARMACY_ID.',
      'ok      VSee Clinic        answers and takes VSEE_ACCOUNT_CODE and VSEE_ADMIN_TOKEN. Only real use proves VSEE_API_KEY, VSEE_API_SECRET and VSEE_PORTAL_URL.',
      'ok      MyPatientPortal    answers and takes MY_PATIENT_PORTAL_CLIENT_ID and MY_PATIENT_PORTAL_CLIENT_SECRET.',
      'ok      Cerbo              answers and takes CERBO_USERNAME and CERBO_PASSWORD.',
      'ok      MD HQ              answers and takes MD_HQ_USERNAME and MD_HQ_PASSWORD.',
      'All is well.',
    ]);
    expect(code).toBe(0);
    const client = new pg.Client({ connectionString: good.DATABASE_URL });
    await client.connect();
    const { rows } = await client.query(
      "select schema_name from information_schema.schemata where schema_name = 'drizzle'",
    );
    await client.end();
    expect(rows).toEqual([]);
  });

  it('names what a half-configured one lacks, and looks at the rest', async () => {
    const { code, lines } = await doctor({
      ...without(good, 'CERBO_PASSWORD', 'AUTH_AUDIENCE', 'DATABASE_URL'),
      VSEE_API_URL: 'http://vsee.example.com/api_v3/',
      PORT: 'four thousand',
      ...{ MD_HQ_URL: '', MD_HQ_USERNAME: '', MD_HQ_PASSWORD: '' },
    });
    expect(lines).toEqual([
      'FAILED  Configuration      PORT must be a whole number. The README explains each variable.',
      'FAILED  Configuration      AUTH_AUDIENCE is missing. The README explains each variable.',
      'note    Store              embedded; serve makes it in .portico/store. Production wants PostgreSQL (DATABASE_URL).',
      expect.stringMatching(/^ok {6}Identity provider {2}answers/),
      expect.stringMatching(/^ok {6}Nimbus/),
      'FAILED  VSee Clinic        VSEE_API_URL must be https:// (http:// only on loopback) (Base URL of the API, with `/api_v3/`). Mend that, or unset all of its variables to do without VSee Clinic.',
      expect.stringMatching(/^ok {6}MyPatientPortal/),
      "FAILED  Cerbo              CERBO_PASSWORD is missing (The API user's key). Mend that, or unset all of its variables to do without Cerbo.",
      '-       MD HQ              not configured.',
      '4 things to mend; then run portico doctor again.',
    ]);
    expect(code).toBe(1);
  });

  it('says which credentials are wrong, and repeats none', async () => {
    const wrong = (name: string) => `${good[name]}-but-not-quite`;
    const url = new URL(postgres.url);
    url.password = 'not-the-password';
    const { code, lines } = await doctor({
      ...good,
      DATABASE_URL: url.href,
      NIMBUS_PASSWORD: wrong('NIMBUS_PASSWORD'),
      VSEE_ACCOUNT_CODE: 'another-clinic',
      MY_PATIENT_PORTAL_CLIENT_SECRET: wrong('MY_PATIENT_PORTAL_CLIENT_SECRET'),
      CERBO_PASSWORD: wrong('CERBO_PASSWORD'),
    });
    expect(lines).toEqual([
      expect.stringMatching(/^ok {6}Configuration/),
      'FAILED  Store              PostgreSQL refuses the user or the password (28P01). Check both in DATABASE_URL.',
      expect.stringMatching(/^ok {6}Identity provider/),
      'FAILED  Nimbus             does not accept NIMBUS_USERNAME and NIMBUS_PASSWORD (HTTP 401). Check them, and that NIMBUS_URL is where they belong.',
      'FAILED  VSee Clinic        does not know VSEE_ACCOUNT_CODE (HTTP 404). Check it, and the path in VSEE_API_URL.',
      'FAILED  MyPatientPortal    does not accept MY_PATIENT_PORTAL_CLIENT_ID and MY_PATIENT_PORTAL_CLIENT_SECRET (HTTP 401). Check them, and that MY_PATIENT_PORTAL_ISSUER is where they belong.',
      'FAILED  Cerbo              does not accept CERBO_USERNAME and CERBO_PASSWORD (HTTP 401). Check them, and that CERBO_URL is where they belong.',
      expect.stringMatching(/^ok {6}MD HQ/),
      '5 things to mend; then run portico doctor again.',
    ]);
    expect(code).toBe(1);
    const admin = await doctor({ ...good, VSEE_ADMIN_TOKEN: wrong('VSEE_ADMIN_TOKEN') });
    expect(lineOf(admin.lines, 'VSee Clinic')).toMatch(
      /does not accept VSEE_ADMIN_TOKEN \(HTTP 401\)/,
    );
  });

  it('says where the keys do not open what the store holds', async () => {
    const key = randomBytes(32);
    await statement(postgres.url, 'create database sealed');
    const url = new URL(postgres.url);
    url.pathname = '/sealed';
    const sealer = createSealer({ current: key });
    const store = await openStore({ databaseUrl: url.href, sealer, clock: Date.now });
    await store.patients.create(
      { ...{ firstName: 'Ana', lastName: 'Silva', birthDate: null, sex: null }, ...unreachable },
      null,
    );
    await store.close();
    const here = { ...good, DATABASE_URL: url.href };
    const lost = await doctor(here);
    expect(lineOf(lost.lines, 'Store')).toBe(
      'FAILED  Store              holds patients that neither ENCRYPTION_KEY nor ENCRYPTION_KEYS_OLD opens. Set the key that they were sealed with in one of them.',
    );
    expect(lost.code).toBe(1);
    for (const [name, says] of [
      ['ENCRYPTION_KEY', /^ok .* all migrations are applied\.$/],
      ['ENCRYPTION_KEYS_OLD', /^note .* are applied\. An earlier key is still .*portico reseal/],
    ] as const) {
      const { code, lines } = await doctor({ ...here, [name]: key.toString('base64') });
      expect(lineOf(lines, 'Store')).toMatch(says);
      expect(code).toBe(0);
    }
  });

  it('says that migrations are applied, and whose data folder is in use', {
    timeout: 60_000,
  }, async () => {
    const folderOf = portico(['serve'], {
      ...without(good, 'DATABASE_URL'),
      DATA_DIR: `data`,
      PORT: '0',
    });
    await folderOf.says(/Portico serves/);
    const { code, stdout } = await run(
      ['doctor'],
      { ...without(good, 'DATABASE_URL'), DATA_DIR: 'data' },
      folderOf.folder,
    );
    expect(lineOf(stdout.split('\n'), 'Store')).toBe(
      'note    Store              embedded in data/store, and in use by a process that runs. Production wants PostgreSQL (DATABASE_URL).',
    );
    expect(code).toBe(0);
    folderOf.process.kill('SIGTERM');
    expect(await folderOf.ended).toBe(0);
    const after = await run(
      ['doctor'],
      { ...without(good, 'DATABASE_URL'), DATA_DIR: 'data' },
      folderOf.folder,
    );
    expect(lineOf(after.stdout.split('\n'), 'Store')).toMatch(
      /^note {4}Store {14}embedded in data\/store; all migrations are applied\./,
    );
  });

  it('says why it is still there after its report', async () => {
    const kept = '--import data:text/javascript,setInterval(()=>undefined,60_000)';
    const doctor = portico(['doctor'], { NODE_OPTIONS: kept });
    await doctor.says(/^The report is complete\. Waiting for an embedded store .*\.\.\.$/m);
    expect(doctor.stdout()).toMatch(/^\d things to mend; then run portico doctor again\.$/m);
    doctor.process.kill();
  });
});
