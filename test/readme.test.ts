import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const readme = readFileSync('README.md', 'utf8');

/** The code block after a marker comment. */
const block = (marker: string) =>
  new RegExp(`<!-- test: ${marker} -->\n\`\`\`\\w+\n([\\s\\S]*?)\n\`\`\``).exec(readme)?.[1] ?? '';

const freePort = async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return String(port);
};

let port: string;
let sandbox: ChildProcess;

beforeAll(async () => {
  port = await freePort();
  sandbox = spawn(process.execPath, ['src/portico.mjs', 'start'], {
    env: { ...process.env, PORT: port },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  for await (const chunk of sandbox.stderr ?? []) {
    said += chunk;
    if (said.includes('Ready.')) {
      break;
    }
  }
  expect(said).toContain('Ready.');
});
afterAll(async () => {
  sandbox.kill('SIGTERM');
  await once(sandbox, 'exit');
});

describe('the README', () => {
  it('shows a first query that works as it stands, and its very answer', async () => {
    const command = block('first query').replaceAll('localhost:4000', `localhost:${port}`);
    const { stdout } = await promisify(execFile)('sh', ['-c', command]);

    const answer = JSON.parse(stdout);
    expect({ data: answer.data }).toEqual(JSON.parse(block('first answer')));
    const vendors = answer.extensions.vendorCalls.map(({ vendor }: { vendor: string }) => vendor);
    expect(new Set(vendors)).toEqual(
      new Set(['NIMBUS', 'VSEE', 'MY_PATIENT_PORTAL', 'CERBO', 'MD_HQ']),
    );
  });

  it('names commands that can each be the first on a fresh checkout', () => {
    const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'));
    const installs = (name: string): boolean => {
      const [first = ''] = (scripts[`pre${name}`] ?? scripts[name] ?? '').split(' && ');
      const [, other] = /^npm run ([\w:]+)/.exec(first) ?? [];
      return other ? installs(other) : /^node .*src\/(portico|install-missing)\.mjs/.test(first);
    };
    const named = [...readme.matchAll(/`npm run ([a-z]+(?::[a-z]+)?)/g)].map(
      ([, name = '']) => name,
    );
    const commands = [...new Set(['start', 'test', 'pack', ...named])];
    expect(commands).toEqual(expect.arrayContaining(['bench', 'check', 'format', 'soak']));
    expect(commands.filter((name) => !installs(name))).toEqual([]);
  });
});
