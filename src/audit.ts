import type { Environment } from './config.ts';
import { sayNowAndThen, withConfiguredStore } from './configured-store.ts';
import type { BrokenChain } from './domain/store.ts';

const problems: Record<BrokenChain['problem'], string> = {
  CHANGED: 'was changed',
  MISSING: 'is missing',
  REMOVED_AT_THE_END: 'and those after it were removed',
  ADDED: 'was added by somebody else',
};

/**
 * Follows each patient's chain of AccessEvents in the store that `serve` would use.
 * @returns whether all of them hold
 * @throws ConfigurationError, StoreError
 */
export function verifyAudit(
  environment: Environment,
  patientId: string | undefined,
  say: (line: string) => void,
  print: (line: string) => void,
): Promise<boolean> {
  return withConfiguredStore(environment, 'READ', say, async ({ accessLog }) => {
    const tell = sayNowAndThen(say);
    const report = await accessLog.verify(patientId, (chains) =>
      tell(() => `${chains} patients...`),
    );
    for (const broken of report.broken) {
      print(
        `BROKEN: patient ${broken.patientId}: event ${broken.number} ${problems[broken.problem]}.`,
      );
    }
    const { chains, events, unchained } = report;
    print(
      `${chains === 1 ? '1 patient' : `${chains} patients`}, ${events} events in chains, ${unchained} from before there were chains: ${report.broken.length === 0 ? 'all hold' : `${report.broken.length} broken`}.`,
    );
    return report.broken.length === 0;
  });
}
