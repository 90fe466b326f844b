#!/usr/bin/env -S npx tsx
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { Command, InvalidArgumentError } from 'commander';
import type { Environment } from './config.ts';

/**
 * The command line: the only reader of the environment and the only listener. What a command needs is
 * loaded when it runs, so that `--help` need not wait for a GraphQL server.
 */

function environment(): Environment {
  try {
    // Variables that are set win over the file.
    const variables = { ...parseEnv(readFileSync('.env', 'utf8')), ...process.env };
    for (const [name, value] of Object.entries(variables)) {
      // OpenTelemetry's packages read theirs for themselves.
      if (name.startsWith('OTEL_') && value !== undefined) {
        process.env[name] = value;
      }
    }
    return variables;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      return process.env;
    }
    throw error;
  }
}

const say = (line: string) => process.stderr.write(`${line}\n`);

/** Ends with one clear message for what the operator can mend, and with a stack for our own faults. */
async function attempt(run: () => Promise<unknown> | unknown): Promise<void> {
  try {
    await run();
  } catch (error) {
    const fault = error as NodeJS.ErrnoException;
    const mendable = ['ConfigurationError', 'StoreError', 'StartError'].includes(fault.name);
    say(mendable ? fault.message : String(fault.stack));
    process.exitCode = 1;
  }
}

function firstPort(text: string): number {
  if (!/^\d{1,5}$/.test(text) || Number(text) > 65_530) {
    throw new InvalidArgumentError('It must be a number from 0 to 65530.');
  }
  return Number(text);
}

function webAddress(text: string): URL {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new InvalidArgumentError('It must be a URL such as http://localhost:4000.');
  }
  return new URL(text);
}

/** A file that is not there is stale, too. */
const contentOf = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : undefined);

const program = new Command('portico')
  .description('One GraphQL API in front of five patient-portal vendors.')
  .showHelpAfterError();

program
  .command('start')
  .description(
    'Run on a sandbox: five simulated vendors, an identity provider and an embedded store.',
  )
  .addHelpText('after', '\nNothing is kept after it ends. PORT chooses the port (default 4000).')
  .action(() => attempt(async () => (await import('./run.ts')).start(environment(), say)));

program
  .command('serve')
  .description('Run over the real vendors, as the environment (or a .env file) configures them.')
  .addHelpText(
    'after',
    '\nThe README lists the variables. SIGTERM ends it after the requests in hand.',
  )
  .action(() => attempt(async () => (await import('./run.ts')).serve(environment(), say)));

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
    attempt(async () => {
      const { runSandboxOnly } = await import('./run.ts');
      const print = (line: string) => process.stdout.write(`${line}\n`);
      await runSandboxOnly({ firstPort: port, publicUrl }, say, print);
    }),
  );

program
  .command('print-schema')
  .description('Print the GraphQL schema.')
  .option('--write <file>', 'write it to a file')
  .option('--check <file>', 'fail when the file is not current')
  .action((options: { write?: string; check?: string }) =>
    attempt(async () => {
      const { printedSchema, schemaOver } = await import('./graph/schema.ts');
      const { vendorDescriptions } = await import('./vendors/registry.ts');
      const text = printedSchema(schemaOver(vendorDescriptions));
      if (options.write !== undefined) {
        writeFileSync(options.write, text);
      } else if (options.check === undefined) {
        process.stdout.write(text);
      } else if (contentOf(options.check) !== text) {
        say(`${options.check} is not current: run \`npm run schema\`.`);
        process.exitCode = 1;
      }
    }),
  );

const patientKey = (text: string): string => {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text)) {
    throw new InvalidArgumentError(
      'It must be a key of the register, as `audit verify` prints it.',
    );
  }
  return text;
};

program
  .command('audit')
  .description('Look after the log of who saw or changed what of whom.')
  .command('verify')
  .description('Check that no event was changed or removed. Reads the store that `serve` uses.')
  .option('--patient <key>', 'of one patient only, by the key in the register', patientKey)
  .addHelpText('after', '\nEnds with 1 where a chain is broken, and names its patient and event.')
  .action(({ patient }: { patient?: string }) =>
    attempt(async () => {
      const { verifyAudit } = await import('./audit.ts');
      const print = (line: string) => process.stdout.write(`${line}\n`);
      if (!(await verifyAudit(environment(), patient, say, print))) {
        process.exitCode = 1;
      }
    }),
  );

program
  .command('print-rules')
  .description('Print who may ask, see and do what, as a table in Markdown.')
  .action(async () => {
    const { printedRules } = await import('./auth/print-rules.ts');
    process.stdout.write(printedRules());
  });

program
  .command('generate-key')
  .description('Print a fresh ENCRYPTION_KEY.')
  .action(() => {
    process.stdout.write(`${randomBytes(32).toString('base64')}\n`);
  });

await program.parseAsync();
