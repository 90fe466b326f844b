import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { endAll, run, temporaryFolder } from './support/command-line.ts';

afterAll(endAll);

const slow = { timeout: 90_000 };
const committedSchema = new URL('../schema/schema.graphql', import.meta.url);

describe('portico print-schema', slow, () => {
  const schema = readFileSync(committedSchema, 'utf8');

  it('prints the committed schema', async () => {
    expect(await run(['print-schema'])).toEqual({ code: 0, stdout: schema, stderr: '' });
  });

  it('--write writes it, and --check then finds it current', async () => {
    const folder = temporaryFolder();
    await run(['print-schema', '--write', 'mine.graphql'], {}, folder);
    expect(readFileSync(join(folder, 'mine.graphql'), 'utf8')).toBe(schema);
    const checked = await run(['print-schema', '--check', 'mine.graphql'], {}, folder);
    expect(checked).toEqual({ code: 0, stdout: '', stderr: '' });
  });

  it('--check fails on a stale file, and on none, and says what to do', async () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, 'stale.graphql'), schema.replace('latestOrder', 'lastOrder'));
    for (const file of ['stale.graphql', 'absent.graphql']) {
      expect(await run(['print-schema', '--check', file], {}, folder)).toEqual({
        code: 1,
        stdout: '',
        stderr: `${file} is not current: run \`npm run schema\`.\n`,
      });
    }
  });
});

describe('portico print-schema --released', slow, () => {
  it('fails where clients of that schema would break, until it is recorded', async () => {
    const folder = temporaryFolder();
    const schema = readFileSync(committedSchema, 'utf8');
    const change = 'Patient.nickname was removed.';
    const older = schema.replace(/^type Patient .*\{$/m, '$&\n  nickname: String');
    writeFileSync(join(folder, 'older.graphql'), older);
    const record = [{ change, date: '2026-11-21', reason: 'Nobody has ever filled it.' }];
    writeFileSync(join(folder, 'recorded.json'), JSON.stringify(record));
    const words = ['print-schema', '--released', 'older.graphql'];
    expect(await run(words, {}, folder)).toEqual({
      code: 1,
      stdout: '',
      stderr: `Breaking and not recorded: ${change}\n`,
    });
    const recorded = await run([...words, '--recorded', 'recorded.json'], {}, folder);
    expect(recorded).toEqual({ code: 0, stdout: '', stderr: '' });
    // Without the schema that they break, nothing would have been looked at.
    const alone = await run(['print-schema', '--recorded', 'recorded.json'], {}, folder);
    expect(alone).toMatchObject({ code: 1, stdout: '' });
    expect(alone.stderr).toMatch(/^--recorded .* --released\.\n$/);
  });
});
