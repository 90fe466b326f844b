#!/usr/bin/env -S npx tsx
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { Command } from 'commander';
import { ConfigurationError, type Environment } from './config.ts';
import { printedSchema, schemaOver } from './graph/schema.ts';
import { runSandboxOnly, serve, start } from './run.ts';
import { vendorDescriptions } from './vendors/registry.ts';

/** The command line: the only reader of the environment and the only listener. */

function environment(): Environment {
  try {
    // Variables that are set win over the file.
    return { ...parseEnv(readFileSync('.env', 'utf8')), ...process.env };
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
    const mendable =
      error instanceof ConfigurationError || ['StoreError', 'StartError'].includes(fault.name);
    say(mendable ? fault.message : String(fault.stack));
    process.exitCode = 1;
  }
}

const program = new Command('portico')
  .description('One GraphQL API in front of five patient-portal vendors.')
  .showHelpAfterError();

program
  .command('start')
  .description(
    'Run on a sandbox: five simulated vendors, an identity provider and an embedded store.',
  )
  .addHelpText('after', '\nNothing is kept after it ends. PORT chooses the port (default 4000).')
  .action(() => attempt(() => start(environment(), say)));

program
  .command('serve')
  .description('Run over the real vendors, as the environment (or a .env file) configures them.')
  .addHelpText(
    'after',
    '\nThe README lists the variables. SIGTERM ends it after the requests in hand.',
  )
  .action(() => attempt(() => serve(environment(), say)));

program
  .command('sandbox')
  .description('Run the simulated vendors and the identity provider alone, for a `portico serve`.')
  .option('--port <number>', 'the first of six consecutive ports; 0: any', '4010')
  .option('--public-url <url>', 'where the gateway will be reached', 'http://localhost:4000')
  .addHelpText('after', '\nPrints the variables that `portico serve` needs, ready for a .env file.')
  .action((options: { port: string; publicUrl: string }) =>
    attempt(() =>
      runSandboxOnly(
        { firstPort: Number(options.port), publicUrl: new URL(options.publicUrl) },
        say,
        (line) => process.stdout.write(`${line}\n`),
      ),
    ),
  );

program
  .command('print-schema')
  .description('Print the GraphQL schema.')
  .option('--write <file>', 'write it to a file')
  .option('--check <file>', 'fail when the file is not current')
  .action((options: { write?: string; check?: string }) =>
    attempt(() => {
      const text = printedSchema(schemaOver(vendorDescriptions));
      if (options.write !== undefined) {
        writeFileSync(options.write, text);
      } else if (options.check === undefined) {
        process.stdout.write(text);
      } else if (readFileSync(options.check, 'utf8') !== text) {
        throw new ConfigurationError([`${options.check} is not current: run \`npm run schema\``]);
      }
    }),
  );

program
  .command('generate-key')
  .description('Print a fresh ENCRYPTION_KEY.')
  .action(() => {
    process.stdout.write(`${randomBytes(32).toString('base64')}\n`);
  });

await program.parseAsync();
