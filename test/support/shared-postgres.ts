import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import { statement } from './statement.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The URL of the server that a run of the tests shares. */
    postgres: string;
  }
}

const server = fileURLToPath(new URL('./postgres-process.ts', import.meta.url));

/**
 * Starts it once for a run of the tests. Not in vitest's own process: the server's package ends that one with 0,
 * whatever became of the tests.
 */
export async function setup({ provide }: TestProject) {
  const child = spawn(process.execPath, ['--import', 'tsx', server], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(child, 'close');
  const early = ended.then(() => Promise.reject(new Error('PostgreSQL did not start.')));
  const [url] = await Promise.race([once(createInterface(child.stdout), 'line'), early]);
  early.catch(() => undefined);
  provide('postgres', String(url));
  return async () => {
    child.stdin.end();
    await ended;
  };
}

/**
 * An empty database at the server of the run. The embedded one, which a process could have as well, takes it
 * seconds of computing, and each statement several times as long.
 */
export async function ownDatabase() {
  const shared = inject('postgres');
  const name = `own_${randomUUID().replaceAll('-', '')}`;
  await statement(shared, `create database ${name}`);
  const url = new URL(shared);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => statement(shared, `drop database ${name} with (force)`) };
}
