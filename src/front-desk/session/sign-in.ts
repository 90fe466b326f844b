import type { PorticoClientOptions } from '../../client/client.ts';
import type { Person } from './people.ts';

/** Milliseconds; the sandbox's tokens are good for eight hours. */
const keptFor = 60 * 60 * 1000;

/** Gets the person's token from the sandbox, and keeps it for an hour, or until the gateway takes it no more. */
export function createSignIn(person: Person): Pick<PorticoClientOptions, 'token' | 'fetch'> {
  let kept: { token: Promise<string>; until: number } | undefined;
  const forget = () => {
    kept = undefined;
  };
  const fetchToken = async () => {
    const answer = await fetch(`/sandbox/token/${person}`);
    if (!answer.ok) {
      throw new Error(`The sandbox gave no token (HTTP ${answer.status}).`);
    }
    return answer.text();
  };
  return {
    token() {
      if (kept === undefined || kept.until < Date.now()) {
        const token = fetchToken();
        kept = { token, until: Date.now() + keptFor };
        // A token that could not be had is asked for again.
        token.catch(forget);
      }
      return kept.token;
    },
    async fetch(...request) {
      const answer = await fetch(...request);
      if (answer.status === 401) {
        // What is tried again signs in anew: a form that is open keeps what was entered.
        forget();
      }
      return answer;
    },
  };
}
