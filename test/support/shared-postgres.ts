import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import { startPostgres } from './postgres.ts';
import { statement } from './statement.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The URL of the server that a run of the tests shares. */
    postgres: string;
  }
}

/** Starts it once for a run of the tests. */
export async function setup({ provide }: TestProject) {
  const postgres = await startPostgres({ max_connections: '500' });
  provide('postgres', postgres.url);
  return () => postgres.stop();
}

/**
 * An empty database at the server of the run. The embedded one, which a process could have as well, takes it
 * seconds of computing, and each statement several times as long.
 */
export async function ownDatabase() {
  const server = inject('postgres');
  const name = `own_${randomUUID().replaceAll('-', '')}`;
  await statement(server, `create database ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  return { url: url.href, drop: () => statement(server, `drop database ${name} with (force)`) };
}
