import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { printedSchema, printedSubgraph } from './graph/print-schema.ts';
import { schemaOver } from './graph/schema.ts';
import { compareSchemas } from './graph/schema-changes.ts';
import { StartError } from './listen.ts';
import { vendorDescriptions } from './vendors/registry.ts';

/** Files, by the names of the options of `print-schema`. */
export interface SchemaFiles {
  write?: string;
  check?: string;
  released?: string;
  recorded?: string;
  /** Whether the schema is meant as a supergraph is composed of it. */
  subgraph?: boolean;
}

const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code;

/** What an option names, as text. @throws StartError */
function contentOf(option: keyof SchemaFiles, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new StartError(
      `--${option}: ${file} cannot be read (${codeOf(error)}). Name a file that is there and that this user may read.`,
    );
  }
}

/** A file that is not there is stale, too. */
const isCurrent = (file: string, text: string) =>
  existsSync(file) && contentOf('check', file) === text;

function write(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (error) {
    throw new StartError(
      `--write: ${file} cannot be written (${codeOf(error)}). Name a file in a folder that is there and that this user may write to, on a disk with space left.`,
    );
  }
}

/**
 * Prints the schema, or does with files what the options ask for instead.
 * @returns whether nothing is to be mended
 * @throws StartError where a file cannot be had
 */
export function printSchema(
  { write: written, check, released, recorded, subgraph = false }: SchemaFiles,
  say: (line: string) => void,
  print: (line: string) => void,
): boolean {
  if (recorded !== undefined && released === undefined) {
    throw new StartError(
      '--recorded says which breaking changes are meant: name the schema that they break with --released.',
    );
  }
  const schema = schemaOver(vendorDescriptions);
  const text = subgraph ? printedSubgraph(schema) : printedSchema(schema);
  if (written !== undefined) {
    write(written, text);
  } else if (check === undefined && released === undefined) {
    print(text.trimEnd());
  }
  const isStale = check !== undefined && !isCurrent(check, text);
  if (isStale) {
    say(`${check} is not current: run \`npm run schema\`.`);
  }
  if (released === undefined) {
    return !isStale;
  }
  const { problems, notes } = compareSchemas({
    released: contentOf('released', released),
    current: text,
    recorded: recorded === undefined ? '[]' : contentOf('recorded', recorded),
  });
  notes.map((note) => say(`Clients may stumble: ${note}`));
  problems.map(say);
  return !isStale && problems.length === 0;
}
