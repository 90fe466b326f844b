import { StartError } from './listen.ts';
import { inSources } from './telemetry/source-places.ts';

/** What a command says and prints, and how it ends. */

// Whoever read what is said may be gone: that ends nothing.
process.stderr.on('error', () => undefined);

/** Why not all that was printed got out, where it did not. */
let unprinted: NodeJS.ErrnoException | undefined;
process.stdout.on('error', (error) => {
  unprinted ??= error;
});

export const say = (line: string) => void process.stderr.write(`${line}\n`);
export const print = (line: string) => void process.stdout.write(`${line}\n`);

type Run = () => Promise<unknown> | unknown;

/** Ends with one clear message for what the operator can mend, and with a stack for our own faults. */
async function attempt(run: Run): Promise<void> {
  try {
    await run();
  } catch (error) {
    const fault = error as NodeJS.ErrnoException;
    const mendable = ['ConfigurationError', 'StoreError', 'StartError'].includes(fault.name);
    say(mendable ? fault.message : inSources(String(fault.stack)));
    process.exitCode = 1;
  }
}

/** The same for what runs on: where it does not start, no simulator, and no line to a primary, keeps it. */
export async function attemptToStart(run: Run): Promise<void> {
  await attempt(run);
  if (process.exitCode === 1) {
    process.exit();
  }
}

/** The same for a command that is there for what it prints: where that does not get out, it failed. */
export const attemptToPrint = (run: Run) =>
  attempt(async () => {
    await run();
    await new Promise((resolve) => process.stdout.write('', resolve));
    if (unprinted !== undefined) {
      throw new StartError(
        `Not all of the output could be written (${unprinted.code}): do not rely on what there is of it. What was changed stays changed.`,
      );
    }
  });
