import { inputsWithIdempotencyKey } from './generated/idempotent-inputs.ts';

/**
 * Which idempotency key a write is sent with. A submission is one input of one mutation, until the
 * gateway has settled it: a retry by the cache library (which calls the same function with the same
 * variables), a second click, and the user's own "try again" after a failure all send the same input,
 * so they get the same key. Once it is settled, the same input is a new submission with a new key.
 * That is the gateway's own rule, "same key, same input", read from the other side; a key that was tied
 * to a call or a component would be lost between two of them, and the write done twice.
 */
export interface Submissions {
  /** Variables with a key in each input that takes one and has none. */
  begin(inputTypes: ReadonlyMap<string, string>, variables: Variables): Submission;
}

/** One input as it is sent, from its first request to the gateway's last word. */
export interface Submission {
  variables: Variables;
  /** Whether nothing happens twice when the variables are sent again. */
  repeatable: boolean;
  /**
   * @param settled whether the gateway has answered for good: the same input is a new submission from
   * now on. Otherwise it stays the same one, even where another request has settled its like meanwhile.
   */
  end(settled: boolean): void;
}

export type Variables = Readonly<Record<string, unknown>>;

/** Submissions without an end that are remembered; more than anybody leaves behind in one page. */
const mostRemembered = 1000;

/** The same text for the same input, in whatever order its fields were written. */
const canonical = (value: unknown): string =>
  JSON.stringify(value, (_name, each: unknown) =>
    each !== null && typeof each === 'object' && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );

/** Not `crypto.randomUUID`: pages that are served without TLS do not have it. */
function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** Keys of one client: two clients share none. */
export function createSubmissions(): Submissions {
  const open = new Map<string, string>();

  const keyFor = (submission: string) => {
    const key = open.get(submission) ?? newKey();
    // The latest is the last to be forgotten.
    open.delete(submission);
    open.set(submission, key);
    const [oldest] = open.keys();
    if (open.size > mostRemembered && oldest !== undefined) {
      open.delete(oldest);
    }
    return key;
  };

  return {
    begin(inputTypes, given) {
      const variables: Record<string, unknown> = { ...given };
      const begun = new Map<string, string>();
      let repeatable = inputTypes.size > 0;
      for (const [name, type] of inputTypes) {
        const input = given[name] as Variables | null | undefined;
        if (input == null || !inputsWithIdempotencyKey.has(type)) {
          repeatable = false;
        } else if (input.idempotencyKey == null) {
          const submission = `${type} ${canonical({ ...input, idempotencyKey: undefined })}`;
          const idempotencyKey = keyFor(submission);
          begun.set(submission, idempotencyKey);
          variables[name] = { ...input, idempotencyKey };
        }
      }
      return {
        variables,
        repeatable,
        end(settled) {
          for (const [submission, key] of begun) {
            if (settled) {
              open.delete(submission);
            } else {
              open.set(submission, open.get(submission) ?? key);
            }
          }
        },
      };
    },
  };
}
