import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { endAll, temporaryFolder } from './support/command-line.ts';

const main = fileURLToPath(new URL('../src/portico.mjs', import.meta.url));
/** It runs a command in a terminal of its own, which closes when it is killed. */
const terminal = '/usr/bin/script';

afterAll(endAll);

// Elsewhere `script` takes other options, or is not there.
describe.skipIf(process.platform !== 'linux' || !existsSync(terminal))('a terminal', () => {
  it('K04: that closes ends what was started in it, in order', { timeout: 90_000 }, async () => {
    const folder = temporaryFolder();
    const kept = (name: string) => {
      const file = join(folder, name);
      return existsSync(file) ? readFileSync(file, 'utf8') : '';
    };
    const until = async (name: string, pattern: RegExp) => {
      for (let tries = 0; tries < 600 && !pattern.test(kept(name)); tries += 1) {
        await delay(100);
      }
      return kept(name);
    };
    // The shell outlives the terminal, to tell how its command ended.
    const command = `trap '' HUP; "${process.execPath}" "${main}" serve; echo $? > ended`;
    const child = spawn(terminal, ['-qfc', `sh -c '${command.replaceAll("'", "'\\''")}'`, 'seen'], {
      cwd: folder,
      stdio: 'ignore',
      env: {
        ...{ PATH: process.env.PATH, PORT: '0', LOG_LEVEL: 'trace' },
        ...{ AUTH_ISSUER: 'http://127.0.0.1:9/', AUTH_AUDIENCE: 'portico' },
        ...{ CERBO_URL: 'http://127.0.0.1:9/api/v1', CERBO_USERNAME: 'u', CERBO_PASSWORD: 'p' },
      },
    });
    const gone = once(child, 'close');
    expect(await until('seen', /Portico serves/)).toMatch(/Portico serves/);
    child.kill('SIGKILL');
    await gone;
    expect(await until('ended', /\n/)).toBe('0\n');
  });
});
