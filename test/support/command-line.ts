import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/portico.mjs', import.meta.url));
const longestWait = 60_000;

/** The command line in a process of its own, as an operator would run it. */
export interface Running {
  readonly process: ChildProcess;
  /** Where it runs. */
  readonly folder: string;
  /** Everything it has written so far. */
  stdout(): string;
  stderr(): string;
  /** The first match in its stderr; fails where it ends or stays silent for a minute. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** Its exit code; null where a signal ended it. */
  ended: Promise<number | null>;
}

const open: ChildProcess[] = [];
const folders: string[] = [];

export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'portico-command-line-'));
  folders.push(folder);
  return folder;
}

/** Runs `portico <words>` in an empty folder, with nothing in its environment but what is given. */
export function portico(
  words: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  folder = temporaryFolder(),
): Running {
  const child = spawn(process.execPath, ['--max-semi-space-size=32', main, ...words], {
    cwd: folder,
    env: { PATH: process.env.PATH, NO_COLOR: '1', ...environment },
  });
  open.push(child);
  const written = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      written[name] += text;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return {
    process: child,
    folder,
    stdout: () => written.stdout,
    stderr: () => written.stderr,
    ended,
    async says(pattern) {
      const end = Date.now() + longestWait;
      for (;;) {
        const found = pattern.exec(written.stderr);
        if (found) {
          return found;
        }
        if (child.exitCode !== null || Date.now() > end) {
          throw new Error(`It did not say ${pattern} but: ${written.stderr}`);
        }
        await sleep(50);
      }
    },
  };
}

/** To its end. */
export async function run(...parameters: Parameters<typeof portico>) {
  const running = portico(...parameters);
  const code = await running.ended;
  return { code, stdout: running.stdout(), stderr: running.stderr() };
}

/** Ends what still runs and removes the folders; for `afterAll`. */
export async function endAll(): Promise<void> {
  await Promise.all(
    open.map(async (child) => {
      if (child.exitCode === null && child.signalCode === null) {
        const gone = new Promise((resolve) => child.on('close', resolve));
        child.kill('SIGKILL');
        await gone;
      }
    }),
  );
  for (const folder of folders) {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** One GraphQL request over real HTTP. */
export async function ask(origin: string, token: string, query: string) {
  const answer = await fetch(new URL('/graphql', origin), {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
    body: JSON.stringify({ query }),
  });
  return { status: answer.status, body: JSON.parse(await answer.text()) };
}
