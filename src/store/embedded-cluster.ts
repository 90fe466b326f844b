import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';

/** The files of an embedded database: made once, and opened by one process at a time. */

const maker = fileURLToPath(new URL('make-cluster.mjs', import.meta.url));
const pathOf = (directory: string) => join(directory, 'database');
const draftPrefix = 'database-draft-';
/** Milliseconds that it may take to make the files; it takes three seconds, where the machine is busy half a minute. */
const longest = 300_000;

/**
 * PGlite's own, with 16 of PostgreSQL's 128 MB for its pages: they are all in this process, and the system keeps
 * the files in its memory anyway (120 MB less; reads all over a table of 107 MB took 133 us and 129 us).
 */
const startParams = [...PGlite.defaultStartParams, '-c', 'shared_buffers=16MB'];

const removed = (path: string) =>
  rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });

/** Whether a data folder has a database in it. */
export const hasCluster = (directory: string) => existsSync(pathOf(directory));

/**
 * Makes the files where there are none: by a process of its own, since what it takes to make them (500 MB at its
 * most) is not all given back, and under another name until they are complete. The folder has to be held.
 */
async function makeCluster(directory: string): Promise<void> {
  // Left by processes that were killed. A helper may still write until it notices; what stays, the next start finds.
  const left = (await readdir(directory)).filter((name) => name.startsWith(draftPrefix));
  await Promise.allSettled(left.map((name) => removed(join(directory, name))));
  const draft = await mkdtemp(join(directory, draftPrefix));
  try {
    // Nothing of the environment: it holds secrets, which are no business of the helper's.
    const helper = fork(maker, [draft, ...startParams], {
      ...{ env: {}, execArgv: [], stdio: 'ignore', timeout: longest, killSignal: 'SIGKILL' },
    });
    const [code, signal] = await once(helper, 'exit');
    if (code !== 0) {
      throw new Error(`PostgreSQL's files could not be made (${signal ?? code}).`);
    }
    await rename(draft, pathOf(directory));
  } finally {
    await removed(draft).catch(() => undefined);
  }
}

/**
 * Opens PostgreSQL in this process.
 * @param directory data folder, held by this process; in memory where undefined
 */
export async function openCluster(directory: string | undefined): Promise<PGlite> {
  if (directory !== undefined && !hasCluster(directory)) {
    await makeCluster(directory);
  }
  const path = directory === undefined ? undefined : pathOf(directory);
  const client = new PGlite({ startParams, ...(path !== undefined && { dataDir: path }) });
  await client.waitReady;
  return client;
}
