import { styleText } from 'node:util';
import {
  type ConfigurationProblem,
  doubtsAbout,
  type Environment,
  surveyConfig,
} from '../config.ts';
import { inTime } from '../domain/in-time.ts';
import { registry } from '../vendors/registry.ts';
import type { VendorDefinition } from '../vendors/vendor-definition.ts';
import { checkConfiguration } from './check-configuration.ts';
import { checkIdentityProvider } from './check-identity-provider.ts';
import { checkStore } from './check-store.ts';
import { checkVendor } from './check-vendor.ts';
import { type Finding, type FindingState, failed, note } from './finding.ts';

export interface DoctorOptions {
  environment: Environment;
  /** Names of those variables that the `.env` file alone sets. */
  ofFile?: readonly string[];
  /** Progress, for people who wait. */
  say: (line: string) => void;
  /** The report. */
  print: (line: string) => void;
  colors: boolean;
  /** Characters of a line on the operator's screen; undefined where the report goes elsewhere. */
  columns?: number | undefined;
  /** Milliseconds that any one check may take; default ten seconds. */
  patience?: number;
}

/** Milliseconds after which it is said what is still waited for, and how often. */
const silences = [1_000, 4_000];

const words: Record<FindingState, string> = {
  OK: 'ok',
  NOTE: 'note',
  FAILED: 'FAILED',
  SKIPPED: '-',
};

const colorOf = { OK: 'green', NOTE: 'yellow', FAILED: 'red', SKIPPED: 'gray' } as const;

interface Line {
  label: string;
  finding: Promise<Finding>;
}

/** Broken at blanks, and further lines under the first one's text. */
function wrapped(text: string, indent: number, columns = Number.POSITIVE_INFINITY): string {
  const most = Math.max(40, columns - indent);
  const lines = [''];
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1] ?? '';
    if (last !== '' && last.length + 1 + word.length > most) {
      lines.push(word);
    } else {
      lines[lines.length - 1] = last === '' ? word : `${last} ${word}`;
    }
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}

/** Neither a silent check nor our own fault keeps the others from being reported. */
async function bounded(check: Promise<Finding>, patience: number): Promise<Finding> {
  try {
    return await inTime(patience, check, () =>
      failed(`no answer within ${Math.round(patience / 1000)} s. Try again.`),
    );
  } catch (error) {
    const name = error instanceof Error ? error.name : typeof error;
    return failed(`could not be looked at, by a fault of Portico's own (${name}). Report it.`);
  }
}

/** Says now and then whom it waits for, until all are there. */
function tellWhoIsAwaited(lines: readonly Line[], say: (line: string) => void, patience: number) {
  const awaited = new Set(lines.map(({ label }) => label));
  for (const { label, finding } of lines) {
    void finding.then(() => awaited.delete(label));
  }
  const timers = silences.map((silence) =>
    setTimeout(() => {
      if (awaited.size > 0) {
        say(`Waiting for ${[...awaited].join(', ')} (${Math.round(patience / 1000)} s at most)...`);
      }
    }, silence),
  );
  return () => timers.forEach(clearTimeout);
}

/**
 * Looks at everything that `serve` needs, all at once, and changes nothing. The report does not wait for an
 * embedded store that is slow to open; the process does, to close it.
 * @returns whether all is well
 */
export async function runDoctor(options: DoctorOptions): Promise<boolean> {
  const { environment, ofFile = [], say, print, colors, columns, patience = 10_000 } = options;
  say('Checking the configuration, the store, the identity provider and the vendors...');
  const { config, problems } = surveyConfig(environment, 'production');
  const definitions = Object.entries(registry) as unknown as [string, VendorDefinition][];
  const ofVendor = ({ environment: { shape } }: VendorDefinition) =>
    problems.filter(({ variable }) => variable !== undefined && variable in shape);
  const vendors = definitions.map(([id, definition]) => ({
    id,
    definition,
    problems: ofVendor(definition),
  }));
  const general: ConfigurationProblem[] = problems.filter(
    (problem) => !vendors.some((vendor) => vendor.problems.includes(problem)),
  );
  const configuration = checkConfiguration(
    config,
    general,
    general.length < problems.length,
    environment,
  );
  // A little less than the bound: a check's own words are better than those of a bound, and it leaves nothing
  // behind that keeps the process.
  const own = patience * 0.9;
  const lines: Line[] = [
    ...[...configuration, ...doubtsAbout(environment, ofFile).map(note)].map((finding) => ({
      label: 'Configuration',
      finding: Promise.resolve(finding),
    })),
    { label: 'Store', finding: bounded(checkStore(config, own), patience) },
    { label: 'Identity provider', finding: bounded(checkIdentityProvider(config), patience) },
    ...vendors.map((vendor) => ({
      label: vendor.definition.label,
      finding: bounded(checkVendor({ ...vendor, config, patience: own }), patience),
    })),
  ];
  const quiet = tellWhoIsAwaited(lines, say, patience);
  const width = Math.max(...lines.map(({ label }) => label.length));
  const counts = { OK: 0, NOTE: 0, FAILED: 0, SKIPPED: 0 };
  for (const { label, finding } of lines) {
    const { state, text } = await finding;
    counts[state] += 1;
    const word = words[state].padEnd(6);
    const shown = colors ? styleText(colorOf[state], word, { validateStream: false }) : word;
    const indent = word.length + width + 4;
    print(`${shown}  ${label.padEnd(width)}  ${wrapped(text, indent, columns)}`);
  }
  quiet();
  print(summary(counts));
  return counts.FAILED === 0;
}

function summary({ FAILED, NOTE }: Record<FindingState, number>): string {
  if (FAILED > 0) {
    return `${FAILED} ${FAILED === 1 ? 'thing' : 'things'} to mend; then run portico doctor again.`;
  }
  return NOTE > 0 ? `All is well; mind ${NOTE === 1 ? 'the note' : 'the notes'}.` : 'All is well.';
}
