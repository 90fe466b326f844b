import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  export interface ProvidedContext {
    /** The file of an empty cluster, see `pglite.ts`. */
    cluster: string;
  }
}

/** Makes an empty cluster once for a run of the tests: each file's own would take seconds of work. */
export async function setup({ provide }: TestProject) {
  const folder = await mkdtemp(join(tmpdir(), 'portico-cluster-'));
  const client = await PGlite.create();
  const cluster = await client.dumpDataDir('none');
  await client.close();
  const file = join(folder, 'cluster.tar');
  await writeFile(file, Buffer.from(await cluster.arrayBuffer()));
  provide('cluster', file);
  return () => rm(folder, { recursive: true, force: true });
}
