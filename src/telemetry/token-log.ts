import type { Logger } from 'pino';
import type { TokenReport } from '../auth/token-verifier.ts';

/** Milliseconds for which the same thing is not said again. */
const silence = 60_000;

const variableOf = { iss: 'AUTH_ISSUER', aud: 'AUTH_AUDIENCE' } as const;

/**
 * Why callers are refused: what only an operator can mend at `warn`, once a minute each, and what is
 * somebody's own token at `debug`. Nothing of whose it is, and nothing at all that the provider did not sign.
 */
export function createTokenLog(logger: Logger, clock: () => number): TokenReport {
  const saidAt = new Map<string, number>();
  const isNews = (what: string) => {
    const isOver = clock() - (saidAt.get(what) ?? Number.NEGATIVE_INFINITY) > silence;
    if (isOver) {
      saidAt.set(what, clock());
    }
    return isOver;
  };
  return {
    keysNotFetched({ problem, detail }, areKnown) {
      if (isNews(problem)) {
        const consequence = areKnown ? 'those of before are used' : 'nobody gets in';
        logger.warn(
          { problem, detail },
          `the identity provider’s keys cannot be fetched: ${consequence}; \`portico doctor\` says more`,
        );
      }
    },
    refused(reason) {
      logger.debug({ reason }, 'token refused');
    },
    misfit(claim, found) {
      if (isNews(claim)) {
        logger.warn(
          { claim, found },
          `the identity provider signed a token that does not fit ${variableOf[claim]}`,
        );
      }
    },
    withoutRole(why) {
      const level = why === 'NO_CLAIM' ? 'warn' : 'info';
      if (isNews(why)) {
        logger[level](
          { why },
          'a caller has no role, and may do nothing: see AUTH_ROLES_CLAIM and AUTH_ROLE_MAPPING',
        );
      }
    },
  };
}
