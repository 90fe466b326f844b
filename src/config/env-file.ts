import type { Environment } from '../config.ts';

export interface Surroundings {
  /** What is in effect. */
  variables: Environment;
  /** Names of those that the `.env` file alone sets, the ones without effect included. */
  ofFile: readonly string[];
}

/** Node, and what it is made of, read these from the environment as they start: before any file. */
const readAtStart = [
  ...['NODE_EXTRA_CA_CERTS', 'NODE_OPTIONS', 'NODE_USE_SYSTEM_CA'],
  ...['SSL_CERT_DIR', 'SSL_CERT_FILE', 'UV_THREADPOOL_SIZE'],
];

/** Variables that are set win over the file; one that is set to nothing counts as not set. */
export function withFile(file: Environment, set: Environment): Surroundings {
  const ofFile = Object.keys(file).filter((name) => file[name]?.trim() && !set[name]?.trim());
  const added = ofFile.filter((name) => !readAtStart.includes(name));
  return {
    variables: { ...set, ...Object.fromEntries(added.map((name) => [name, file[name]])) },
    ofFile,
  };
}

/** A sentence for each variable of the file that comes too late. */
export const comesTooLate = (ofFile: readonly string[]): string[] =>
  ofFile
    .filter((name) => readAtStart.includes(name))
    .map(
      (name) =>
        `${name} has no effect in .env: Node reads it as it starts. Set it in the environment that starts Portico.`,
    );
