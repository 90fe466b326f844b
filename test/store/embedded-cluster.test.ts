import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { PGlite } from '@electric-sql/pglite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const maker = fileURLToPath(new URL('../../src/store/make-cluster.mjs', import.meta.url));

/** Whether a process has a say in what a signal does. */
function catches(pid: number | undefined, signal: number): boolean {
  const caught = /SigCgt:\s+(\w+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '0';
  return (BigInt(`0x${caught}`) & (1n << BigInt(signal - 1))) !== 0n;
}

describe('the helper that makes an empty database', { timeout: 60_000 }, () => {
  const helpers: ChildProcess[] = [];
  let folder = '';
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'portico-cluster-'));
  });
  afterEach(() => {
    for (const helper of helpers.splice(0)) {
      helper.kill('SIGKILL');
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  });

  function start(archive: string, directory: string): ChildProcess {
    const helper = fork(maker, [archive, directory, ...PGlite.defaultStartParams], {
      ...{ env: {}, execArgv: [], stdio: 'ignore' },
    });
    helpers.push(helper);
    return helper;
  }

  it('keeps it in place of one that was cut short, and makes a folder of it', async () => {
    const archive = join(folder, 'empty.tar.gz');
    writeFileSync(archive, Buffer.from('1f8b0800', 'hex'));
    const [code] = await once(start(archive, join(folder, 'database')), 'exit');
    expect(code).toBe(0);
    expect(gunzipSync(readFileSync(archive)).length).toBeGreaterThan(10_000_000);
    expect(readdirSync(folder).sort()).toEqual(['database', 'empty.tar.gz']);
    const client = await PGlite.create(join(folder, 'database'));
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await client.close();
  });

  it('needs no place to keep it, and leaves it to the other to heed a signal', async () => {
    writeFileSync(join(folder, 'file'), '');
    const helper = start(join(folder, 'file', 'empty.tar.gz'), join(folder, 'database'));
    const ended = once(helper, 'exit');
    // Node itself has something to do at SIGTERM; of the three, this one is the last to be heeded.
    await vi.waitUntil(() => catches(helper.pid, constants.signals.SIGHUP), { timeout: 20_000 });
    helper.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
    expect(statSync(join(folder, 'database', 'PG_VERSION')).size).toBeGreaterThan(0);
  });

  it('ends where the other has ended', async () => {
    const helper = start(join(folder, 'empty.tar.gz'), join(folder, 'database'));
    helper.disconnect();
    expect(await once(helper, 'exit')).toEqual([1, null]);
    expect(readdirSync(folder)).not.toContain('empty.tar.gz');
  });
});
