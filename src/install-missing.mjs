// `npm start`, `npm test` or `npx portico` are the very first command on a fresh checkout: this installs
// what is missing before they run. Plain JavaScript, because nothing that could run TypeScript is there
// yet. A package that npm installed has no lock file, and all that it needs.
import { execSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const lock = join(root, 'package-lock.json');
// npm writes this file at the end of each install, so it dates the installed tree.
const installed = join(root, 'node_modules', '.package-lock.json');

const isStale = () =>
  !existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs - 1000;

if (existsSync(lock) && isStale()) {
  process.stderr.write('Installing packages (npm ci), about half a minute...\n');
  execSync('npm ci --ignore-scripts --no-audit --no-fund', { cwd: root, stdio: ['ignore', 2, 2] });
}
