import type { Environment } from './config.ts';
import { sayNowAndThen, withConfiguredStore } from './configured-store.ts';

const inWords = (counts: Readonly<Record<string, number>>) =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([table, count]) => `${table} ${count}`)
    .join(', ');
const sum = (counts: Readonly<Record<string, number>>) =>
  Object.values(counts).reduce((total, count) => total + count, 0);

/**
 * Brings the store that `serve` uses under ENCRYPTION_KEY, see `Resealing` in `domain/keeping.ts`.
 * @returns whether nothing is left that an earlier key is needed for
 * @throws ConfigurationError, StoreError
 */
export const resealStore = (
  environment: Environment,
  say: (line: string) => void,
  print: (line: string) => void,
): Promise<boolean> =>
  withConfiguredStore(environment, 'CHANGE', say, async ({ resealing }) => {
    const tell = sayNowAndThen(say);
    const { resealed, unreadable, loginsUntil } = await resealing.reseal((soFar) =>
      tell(() => `${sum(soFar)} values sealed anew...`),
    );
    print(
      sum(resealed) === 0
        ? 'Nothing was sealed with an earlier key.'
        : `Sealed anew: ${inWords(resealed)}.`,
    );
    if (sum(unreadable) > 0) {
      print(
        `LEFT, since they were changed or none of the keys opens them: ${inWords(unreadable)}. Set the key that is lacking in ENCRYPTION_KEYS_OLD and run this again; \`audit verify\` tells more about access_chains.`,
      );
      return false;
    }
    print(
      `No process of serve needs ENCRYPTION_KEYS_OLD any more${loginsUntil ? ` after ${loginsUntil.toISOString()}, when the logins that are under way are over` : ''}. Keep it for audit verify, until the last event from its time is gone.`,
    );
    return true;
  });
