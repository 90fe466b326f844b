import type { Person } from './people.ts';

/** Milliseconds; the sandbox's tokens are good for eight hours. */
const keptFor = 60 * 60 * 1000;

/** Gets the person's token from the sandbox, and keeps it for an hour. */
export function tokenOf(person: Person): () => Promise<string> {
  let kept: { token: Promise<string>; until: number } | undefined;
  const fetchToken = async () => {
    const answer = await fetch(`/sandbox/token/${person}`);
    if (!answer.ok) {
      throw new Error(`The sandbox gave no token (HTTP ${answer.status}).`);
    }
    return answer.text();
  };
  return () => {
    if (kept === undefined || kept.until < Date.now()) {
      const token = fetchToken();
      kept = { token, until: Date.now() + keptFor };
      // A token that could not be had is asked for again.
      token.catch(() => {
        kept = undefined;
      });
    }
    return kept.token;
  };
}
