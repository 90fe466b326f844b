import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import type { Config, ConfigurationProblem, Environment } from '../config.ts';
import { readPersistedDocuments } from '../plugins/persisted-documents.ts';
import { type Finding, failed, note, ok } from './finding.ts';

function fault(read: () => unknown): string | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code ?? message;
  }
}

/** Files that variables name, which nothing reads before it is needed. */
function filesOf(config: Config, environment: Environment): Finding[] {
  const { file } = config.persistedDocuments;
  const documents = file && fault(() => readPersistedDocuments(readFileSync(file, 'utf8')));
  const authorities = environment.NODE_EXTRA_CA_CERTS;
  // Node only warns, and then trusts nobody new.
  const unread = authorities && fault(() => accessSync(authorities, constants.R_OK));
  return [
    ...(documents
      ? [failed(`PERSISTED_DOCUMENTS cannot be read: ${documents}. Check its path and content.`)]
      : []),
    ...(unread ? [failed(`NODE_EXTRA_CA_CERTS cannot be read: ${unread}. Check its path.`)] : []),
  ];
}

const whereFrom = () =>
  existsSync('.env')
    ? 'from the environment and the .env here'
    : 'from the environment; no .env is here';

/**
 * What concerns the whole. The problems of vendors stand on their own lines.
 * @param ofVendors whether there are any
 */
export function checkConfiguration(
  config: Config,
  problems: readonly ConfigurationProblem[],
  ofVendors: boolean,
  environment: Environment,
): Finding[] {
  const wrong = [
    ...problems.map(({ text }) => failed(`${text}. The README explains each variable.`)),
    ...filesOf(config, environment),
  ];
  if (wrong.length > 0) {
    return wrong;
  }
  if (ofVendors) {
    return [failed('a vendor is half configured, see below: serve does not start like this.')];
  }
  return [
    config.encryptionKey === undefined
      ? note(
          `complete, ${whereFrom()}; but without ENCRYPTION_KEY serve makes a key beside the data. Set one (portico generate-key) before it holds real data.`,
        )
      : ok(`complete, ${whereFrom()}.`),
  ];
}
