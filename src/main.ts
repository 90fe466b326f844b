import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { Command } from 'commander';
import { attemptToPrint, attemptToStart, print, say } from './attempt.ts';
import { firstPort, patientKey, webAddress, workerCount } from './command-arguments.ts';
import { type Surroundings, withFile } from './config/env-file.ts';
import type { Environment } from './config.ts';
import { StartError } from './listen.ts';
import type { SchemaFiles } from './schema-files.ts';
import { workerSeat } from './workers.ts';

/**
 * The command line: the only reader of the environment. What a command needs is loaded when it runs, so that
 * `--help` need not wait for a GraphQL server.
 */

function surroundings(): Surroundings {
  const found = withFile(envFile(), process.env);
  for (const [name, value] of Object.entries(found.variables)) {
    // OpenTelemetry's packages read theirs for themselves.
    if (name.startsWith('OTEL_') && value !== undefined) {
      process.env[name] = value;
    }
  }
  return found;
}

function envFile(): Environment {
  try {
    // Some editors begin a file with a mark, which is no part of the first name.
    return parseEnv(readFileSync('.env', 'utf8').replace(/^\uFEFF/, ''));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') {
      return {};
    }
    throw code === undefined
      ? error
      : new StartError(
          `The file .env cannot be read (${code}). Make it a file that this user may read, or remove it and set the variables in the environment.`,
        );
  }
}

const environment = () => surroundings().variables;

/** Of `package.json`, which lies above the sources wherever they run. */
function version(): string {
  const { version } = JSON.parse(
    readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
  ) as { version: string };
  return version;
}

const program = new Command('portico')
  .description('One GraphQL API in front of five patient-portal vendors.')
  .version(version(), '-V, --version', 'print the version')
  .showHelpAfterError();

program
  .command('start')
  .description(
    'Run on a sandbox: five simulated vendors, an identity provider and an embedded store.',
  )
  .addHelpText('after', '\nNothing is kept after it ends. PORT chooses the port (default 4000).')
  .action(() =>
    attemptToStart(async () => {
      say('PORTICO SANDBOX: simulated vendors, invented patients. Nothing here is real.');
      await (await import('./run.ts')).start(environment(), say);
    }),
  );

program
  .command('serve')
  .description('Run over the real vendors, as the environment (or a .env file) configures them.')
  .addHelpText(
    'after',
    '\nThe README lists the variables. SIGTERM ends it after the requests in hand.\n`portico doctor` says what is wrong with them.',
  )
  .option('--workers <number>', 'processes on one port, over one PostgreSQL', workerCount)
  .action(({ workers }: { workers?: number }) =>
    attemptToStart(async () => {
      const { serve, serveWithWorkers } = await import('./run.ts');
      const seat = workerSeat();
      if (seat !== undefined) {
        await serve(surroundings(), (line) => say(`Worker ${seat.id}: ${line}`), seat);
      } else if (workers === undefined) {
        await serve(surroundings(), say);
      } else {
        await serveWithWorkers(environment(), workers, say);
      }
    }),
  );

/** Milliseconds after its report that the doctor says why it is still there. */
const soon = 1_000;
const stillThere =
  'The report is complete. Waiting for an embedded store to close, or for the system to give up a look-up of a host name...';

program
  .command('doctor')
  .description(
    'Check what `portico serve` needs: configuration, store, identity provider, vendors.',
  )
  .addHelpText(
    'after',
    `
Reads the environment (or a .env file) as serve does, and asks each vendor a
harmless question with the configured credentials: it writes nothing at a vendor
or in PostgreSQL, reads nothing of a patient, and prints no credential. The
report is there within ten seconds. An embedded store is opened and closed,
which writes to its files and may go on for longer.

Prints one line each: ok, note (well, but good to know), FAILED (with what to do
next), - (not configured). Ends with 0 where nothing FAILED, otherwise with 1.`,
  )
  .action(async () => {
    await attemptToPrint(async () => {
      const { runDoctor } = await import('./doctor/run-doctor.ts');
      const { isTTY = false, columns } = process.stdout;
      const colors = isTTY && !process.env.NO_COLOR;
      const { variables, ofFile } = surroundings();
      const options = { environment: variables, ofFile, say, print, colors, columns };
      if (!(await runDoctor(options))) {
        process.exitCode = 1;
      }
    });
    // Only where something keeps it. An end by force would spoil the store, and waits for a look-up all the same.
    setTimeout(say, soon, stillThere).unref();
  });

program
  .command('sandbox')
  .description('Run the simulated vendors and the identity provider alone, for a `portico serve`.')
  .option('--port <number>', 'the first of six consecutive ports; 0: any', firstPort, 4010)
  .option(
    '--public-url <url>',
    'where the gateway will be reached',
    webAddress,
    new URL('http://localhost:4000'),
  )
  .addHelpText('after', '\nPrints the variables that `portico serve` needs, ready for a .env file.')
  .action(({ port, publicUrl }: { port: number; publicUrl: URL }) =>
    attemptToPrint(async () => {
      say('Starting the simulated vendors...');
      const { runSandboxOnly } = await import('./run.ts');
      await runSandboxOnly({ firstPort: port, publicUrl }, say, print);
    }),
  );

program
  .command('print-schema')
  .description('Print the GraphQL schema.')
  .option('--write <file>', 'write it to a file')
  .option('--check <file>', 'fail when the file is not current')
  .option('--released <file>', 'fail where it breaks what clients of this schema do')
  .option('--recorded <file>', 'the breaking changes that are meant, with date and reason')
  .option('--subgraph', 'as a supergraph is composed of it (Apollo Federation 2)')
  .action((files: SchemaFiles) =>
    attemptToPrint(async () => {
      const { printSchema } = await import('./schema-files.ts');
      if (!printSchema(files, say, print)) {
        process.exitCode = 1;
      }
    }),
  );

/** For commands that neither make a store nor bring it up to date. */
const servedFirst = 'The store must be there: serve makes it, and migrates it, when it starts.';

program
  .command('audit')
  .description('Look after the log of who saw or changed what of whom.')
  .command('verify')
  .description('Check that no event was changed or removed. Reads the store that `serve` uses.')
  .option('--patient <id>', 'of one patient only', patientKey)
  .addHelpText(
    'after',
    `
Ends with 1 where a chain is broken, and names its patient and event. Changes
nothing, so a standby in DATABASE_URL will do.
${servedFirst}`,
  )
  .action(({ patient }: { patient?: string }) =>
    attemptToPrint(async () => {
      say('Opening the store...');
      const { verifyAudit } = await import('./audit.ts');
      if (!(await verifyAudit(environment(), patient, say, print))) {
        process.exitCode = 1;
      }
    }),
  );

program
  .command('export')
  .description('Print all that is held of one patient, as JSON.')
  .requiredOption('--patient <id>', 'whose', patientKey)
  .addHelpText('after', `\nWithout tokens and links; noted in the log of access.\n${servedFirst}`)
  .action(({ patient }: { patient: string }) =>
    attemptToPrint(async () => {
      const { exportPatient } = await import('./patient-data.ts');
      process.exitCode = (await exportPatient(environment(), patient, say, print)) ? 0 : 1;
    }),
  );

program
  .command('erase')
  .description('Delete all that is held of one patient; without --yes, say what that is.')
  .requiredOption('--patient <id>', 'whose', patientKey)
  .option('--yes', 'really delete it', false)
  .addHelpText(
    'after',
    `
The log of access is kept until its time is over; what vendors hold is theirs to
delete. Refused while a write of the patient is not settled.
${servedFirst}`,
  )
  .action(({ patient, yes }: { patient: string; yes: boolean }) =>
    attemptToPrint(async () => {
      const { erasePatient } = await import('./patient-data.ts');
      process.exitCode = (await erasePatient(environment(), patient, yes, say, print)) ? 0 : 1;
    }),
  );

program
  .command('print-rules')
  .description('Print who may ask, see and do what, as a table in Markdown.')
  .action(() =>
    attemptToPrint(async () => {
      const { printedRules } = await import('./auth/print-rules.ts');
      process.stdout.write(printedRules());
    }),
  );

program
  .command('reseal')
  .description('After a rotation of the key: seal with ENCRYPTION_KEY what an earlier one sealed.')
  .addHelpText(
    'after',
    `
First give every process of serve the new key, and this command all of them in
ENCRYPTION_KEY and ENCRYPTION_KEYS_OLD. Over a DATABASE_URL they may go on
serving meanwhile. It may be broken off and run again, also to see that nothing
is left. Ends with 1 where something could not be opened.
${servedFirst}`,
  )
  .action(() =>
    attemptToPrint(async () => {
      say('Opening the store...');
      const { resealStore } = await import('./reseal.ts');
      process.exitCode = (await resealStore(environment(), say, print)) ? 0 : 1;
    }),
  );

program
  .command('generate-key')
  .description('Print a fresh ENCRYPTION_KEY.')
  .action(() => attemptToPrint(() => print(randomBytes(32).toString('base64'))));

await program.parseAsync();
