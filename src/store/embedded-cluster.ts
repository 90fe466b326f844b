import { fork } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { PGlite, type PGliteOptions } from '@electric-sql/pglite';

/** The files of an embedded database: made once, and opened by one process at a time. */

const maker = fileURLToPath(new URL('make-cluster.mjs', import.meta.url));
const pathOf = (directory: string) => join(directory, 'database');
const draftPrefix = 'database-draft-';
/** Milliseconds that it may take to make the files; it takes three seconds, where the machine is busy half a minute. */
const longest = 300_000;

/**
 * PGlite's own, with half of PostgreSQL's usual 128 MB for its pages: they are all in this process, and the system
 * keeps the files in its memory anyway. With 16, appending to a log of two million events took a fifth more; with
 * 64 no more than runs differ, and the process is 120 MB smaller.
 */
const settings = {
  shared_buffers: '64MB',
  // Of `embedded-upkeep.ts`: what is kept of its log after a checkpoint, and what it may take of time and memory.
  ...{ max_wal_size: '64MB', min_wal_size: '32MB' },
  ...{ default_statistics_target: '25', maintenance_work_mem: '16MB' },
};
const startParams = [
  ...PGlite.defaultStartParams,
  ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
];

/**
 * An empty database of this version of PGlite, beside the program (see `program.mjs`): to load it takes a fifth
 * of what it takes to make one, and a third of the memory.
 */
function archivePath(): string {
  const ours = createRequire(import.meta.url);
  const description = join(dirname(ours.resolve('@electric-sql/pglite')), '..', 'package.json');
  const { version } = JSON.parse(readFileSync(description, 'utf8')) as { version: string };
  const name = `empty-database-${version}.tar.gz`;
  return fileURLToPath(new URL(`../../node_modules/.cache/portico/${name}`, import.meta.url));
}

/**
 * In a process of its own, since what it takes to make the files (700 MB at its most) is not all given back.
 * @throws where it could not
 */
async function runMaker(archive: string, directory = ''): Promise<void> {
  // Nothing of the environment: it holds secrets, which are no business of the helper's.
  const helper = fork(maker, [archive, directory, ...startParams], {
    ...{ env: {}, execArgv: [], stdio: 'ignore', timeout: longest, killSignal: 'SIGKILL' },
  });
  const [code, signal] = await once(helper, 'exit');
  if (code !== 0) {
    throw new Error(`PostgreSQL's files could not be made (${signal ?? code}).`);
  }
}

/** The empty database, if there is one and it is whole: it may have been cut short by a power cut. */
function kept(archive: string): Blob | undefined {
  try {
    return new Blob([gunzipSync(readFileSync(archive))]);
  } catch {
    return undefined;
  }
}

/** Undefined where none can be kept. */
async function emptyDatabase(): Promise<Blob | undefined> {
  const archive = archivePath();
  const found = kept(archive);
  if (found !== undefined) {
    return found;
  }
  try {
    mkdirSync(dirname(archive), { recursive: true });
    accessSync(dirname(archive), constants.W_OK);
    await runMaker(archive);
  } catch {
    return undefined;
  }
  return kept(archive);
}

const removed = (path: string) =>
  rm(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });

/** Whether a data folder has a database in it. */
export const hasCluster = (directory: string) => existsSync(pathOf(directory));

/** Makes the files in a folder, under another name until they are complete. The folder has to be held. */
async function makeCluster(directory: string): Promise<void> {
  // Left by processes that were killed. A helper may still write until it notices; what stays, the next start finds.
  const left = (await readdir(directory)).filter((name) => name.startsWith(draftPrefix));
  await Promise.allSettled(left.map((name) => removed(join(directory, name))));
  const draft = await mkdtemp(join(directory, draftPrefix));
  try {
    await runMaker(archivePath(), draft);
    await rename(draft, pathOf(directory));
  } finally {
    await removed(draft).catch(() => undefined);
  }
}

async function optionsFor(directory: string | undefined): Promise<PGliteOptions> {
  if (directory === undefined) {
    const loadDataDir = await emptyDatabase();
    return loadDataDir === undefined ? {} : { loadDataDir };
  }
  if (!hasCluster(directory)) {
    await makeCluster(directory);
  }
  return { dataDir: pathOf(directory) };
}

/**
 * Opens PostgreSQL in this process.
 * @param directory data folder, held by this process; in memory where undefined
 */
export const openCluster = async (directory: string | undefined): Promise<PGlite> =>
  PGlite.create({ startParams, ...(await optionsFor(directory)) });
