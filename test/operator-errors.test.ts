import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { endAll, portico, run, temporaryFolder } from './support/command-line.ts';

/** What an operator can mend is said in words, without a stack. */

afterAll(endAll);

const slow = { timeout: 90_000 };
const stack = /\n {4}at /;
const essential = {
  ...{ AUTH_ISSUER: 'http://127.0.0.1:9/', AUTH_AUDIENCE: 'portico', PORT: '0' },
  ...{ CERBO_URL: 'http://127.0.0.1:9/api/v1', CERBO_USERNAME: 'u', CERBO_PASSWORD: 'p' },
};
const releasedSchema = new URL('../schema/released.graphql', import.meta.url);
const ENCRYPTION_KEY = Buffer.alloc(32, 5).toString('base64');

describe('a file of the configuration', slow, () => {
  it('.env that cannot be read is named', async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, '.env'));
    expect(await run(['serve'], essential, folder)).toEqual({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(
        /^The file \.env cannot be read \(EISDIR\)\. .*environment\.\n$/,
      ),
    });
  });

  it.each([{}, { ENCRYPTION_KEY }])(
    'DATA_DIR that cannot be made is named, with %o',
    async (more) => {
      const folder = temporaryFolder();
      writeFileSync(join(folder, 'file'), 'a file');
      // The second one only where the system has such folders, in which none can be made.
      for (const DATA_DIR of ['file', ...(existsSync('/proc') ? ['/proc/portico/data'] : [])]) {
        const { code, stderr } = await run(['serve'], { ...essential, ...more, DATA_DIR }, folder);
        expect(code).toBe(1);
        expect(stderr).toMatch(/name another DATA_DIR/);
        expect(stderr).not.toMatch(stack);
      }
    },
  );
});

describe('portico start', slow, () => {
  it('ends where something keeps it from coming up', async () => {
    const asked = { PORT: '0', PERSISTED_DOCUMENTS: 'absent.json' };
    const { code, stdout, stderr } = await run(['start'], asked);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/PERSISTED_DOCUMENTS cannot be read: ENOENT/);
    expect(stderr).not.toMatch(stack);
  });
});

describe('a file that print-schema is given', slow, () => {
  it.each([
    [
      ['--write', 'absent/mine.graphql'],
      /^--write: absent\/mine\.graphql .*written \(ENOENT\)\. Name/,
    ],
    [['--write', 'folder'], /^--write: folder cannot be written \(EISDIR\)\. Name/],
    [['--check', 'folder'], /^--check: folder cannot be read \(EISDIR\)\. Name/],
    [['--released', 'absent.graphql'], /^--released: absent\.graphql .*read \(ENOENT\)\. Name/],
    [['--released', 'file/absent.graphql'], /^--released: file\/absent.* \(ENOTDIR\)\. Name/],
    [['--released', 'file'], /^The released schema is no schema in GraphQL: name/],
    [
      ['--released', 'good.graphql', '--recorded', 'folder'],
      /^--recorded: folder .*\(EISDIR\)\. Name/,
    ],
    [
      ['--released', 'good.graphql', '--recorded', 'file'],
      /^The record of breaking changes is no list/,
    ],
  ])('%j is told in a line where it cannot be had', async (words, told) => {
    const folder = temporaryFolder();
    mkdirSync(join(folder, 'folder'));
    writeFileSync(join(folder, 'file'), '{ neither');
    copyFileSync(releasedSchema, join(folder, 'good.graphql'));
    const { code, stdout, stderr } = await run(['print-schema', ...words], {}, folder);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(told);
    expect(stderr.trimEnd()).not.toContain('\n');
  });
});

describe('portico sandbox', slow, () => {
  it('names the port that is in use, and ends', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    const { code, stdout, stderr } = await run(['sandbox', '--port', String(port - 2)]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^Port \d+ is in use, .* --port 0\.\n$/m);
    expect(stderr).not.toMatch(stack);
  });
});

describe('output that cannot be written', slow, () => {
  it.each([['generate-key'], ['print-rules'], ['print-schema']])(
    'of %s makes it fail where nobody reads it',
    async (...words) => {
      const running = portico(words);
      running.process.stdout?.destroy();
      expect(await running.ended).toBe(1);
      expect(running.stderr()).toMatch(/^Not all of the output could be written \(EPIPE\): /);
      expect(running.stderr()).not.toMatch(stack);
    },
  );

  // Only where the system has a disk that is always full.
  it.skipIf(!existsSync('/dev/full'))('makes it fail where the disk is full', async () => {
    const main = new URL('../src/portico.mjs', import.meta.url).pathname;
    const child = spawn('sh', ['-c', `"${process.execPath}" "${main}" generate-key > /dev/full`]);
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    expect(await once(child, 'close')).toEqual([1, null]);
    expect(said).toMatch(/^Not all of the output could be written \(ENOSPC\): .*\n$/);
  });
});

describe('a command on the store of serve', slow, () => {
  it.each([[['audit', 'verify']], [['export']], [['erase']]])(
    '%j makes none where there is none',
    async (words) => {
      const folder = temporaryFolder();
      const id = '00000000-0000-4000-8000-000000000000';
      const asked = [...words, '--patient', id];
      const withKey = await run(asked, { ...essential, ENCRYPTION_KEY, DATA_DIR: 'data' }, folder);
      expect(withKey).toMatchObject({ code: 1, stdout: '' });
      expect(withKey.stderr).toMatch(/^There is no store in the data folder data\/store; serve/m);
      const without = await run(asked, { ...essential, DATA_DIR: 'data' }, folder);
      expect(without).toMatchObject({ code: 1, stdout: '' });
      expect(without.stderr).toMatch(/there is no file data\/encryption-key: set the key/);
      expect(existsSync(join(folder, 'data'))).toBe(false);
    },
  );
});
