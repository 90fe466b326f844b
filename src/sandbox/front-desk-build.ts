import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

export interface PageFile {
  type: string;
  content: Buffer;
}

const project = fileURLToPath(new URL('../../', import.meta.url));
const page = join(project, 'src', 'front-desk');
/** Whatever ends up in the page. */
const inputs = [page, join(project, 'src', 'client'), join(project, 'package-lock.json')];
/** Below the packages: a new installation builds anew, and nobody commits it. */
const builds = join(project, 'node_modules', '.cache', 'portico-front-desk');

const filesBelow = (path: string): string[] =>
  statSync(path).isDirectory()
    ? readdirSync(path, { recursive: true, encoding: 'utf8' })
        .sort()
        .map((name) => join(path, name))
        .filter((file) => statSync(file).isFile())
    : [path];

/** The same for the same sources, wherever they are. */
function fingerprint(): string {
  const hash = createHash('sha256');
  for (const file of inputs.flatMap(filesBelow)) {
    const content = readFileSync(file);
    hash.update(`${relative(project, file)} ${content.length}\n`).update(content);
  }
  return hash.digest('hex').slice(0, 16);
}

const types: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** In a process of its own, since vite changes the environment of its process. */
async function build(into: string): Promise<void> {
  const vite = dirname(createRequire(import.meta.url).resolve('vite/package.json'));
  const begun = `${into}.${process.pid}`;
  const words = ['build', page, '--outDir', begun, '--emptyOutDir', '--logLevel', 'error'];
  await promisify(execFile)(process.execPath, [join(vite, 'bin', 'vite.js'), ...words]);
  // At once, or not at all; another process may have been faster.
  if (existsSync(into)) {
    rmSync(begun, { recursive: true });
  } else {
    renameSync(begun, into);
  }
}

/**
 * The front-desk page, built by vite: files by their paths below where they are served. A build is kept for
 * as long as nothing of it changes. It is not committed, so that it cannot be older than its sources.
 */
export async function buildFrontDesk(say: (line: string) => void): Promise<Map<string, PageFile>> {
  const folder = join(builds, fingerprint());
  if (!existsSync(folder)) {
    say('Building the front-desk page...');
    await build(folder);
  }
  return new Map(
    filesBelow(folder).map((file) => [
      relative(folder, file).split(sep).join('/'),
      {
        type: types[extname(file)] ?? 'application/octet-stream',
        content: readFileSync(file),
      },
    ]),
  );
}
