import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

/**
 * Packages of a folder with a package.json of its own: large, and nothing else needs them. Installed where
 * they are missing or older than their lock file; no script of theirs is run.
 */
export async function installPackages(folder: string): Promise<void> {
  const installed = join(folder, 'node_modules', '.package-lock.json');
  const lock = statSync(join(folder, 'package-lock.json')).mtimeMs;
  if (!existsSync(installed) || statSync(installed).mtimeMs < lock - 1000) {
    await promisify(execFile)('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund'], {
      cwd: folder,
    });
  }
}
