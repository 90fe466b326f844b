import { inSources } from './source-places.ts';

const isWord = (text: unknown): text is string =>
  typeof text === 'string' && /^[A-Z0-9_]{3,40}$/.test(text);

/**
 * Where an unexpected error came from, for the log: its name, its kind, its code and its place in the program.
 * Never its message, which may hold anything, a patient's data too.
 */
export function placeOf(error: unknown): {
  name: string;
  kind?: string;
  code?: string;
  stack?: string[];
} {
  if (!(error instanceof Error)) {
    return { name: typeof error };
  }
  const { name, message, stack = '' } = error;
  const { kind, code } = error as { kind?: unknown; code?: unknown };
  // The stack begins with the message, of which a line may look like a place: also where either was
  // changed later, so that it cannot be cut out.
  const places = stack.includes(message) ? stack.replace(message, () => '') : '';
  return {
    name: /^[A-Za-z]{1,40}$/.test(name) ? name : 'Error',
    ...(isWord(kind) && { kind }),
    ...(isWord(code) && { code }),
    stack: inSources(places)
      .split('\n')
      .filter((line) => /^\s+at /.test(line)),
  };
}
