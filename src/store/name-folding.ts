/**
 * How names and e-mails are compared. Done here and not by the database, which sees neither, and whose
 * idea of upper and lower case depends on the locale it was created with.
 */

/** For comparing without regard to case or to how an accent is encoded. */
const fold = (value: string) => value.normalize('NFC').toLowerCase();

/** What e-mail addresses are equal by. */
export const foldedEmail = (email: string) => fold(email.trim());

/** The words of a name or of a search. */
const wordsOf = (value: string) => fold(value).split(/\s+/).filter(Boolean);

/** What whole names are equal by: their words, wherever the first name ends and the last begins. */
export const foldedName = (...names: readonly string[]) => names.flatMap(wordsOf).sort().join(' ');

/** Beginnings of one letter would tell everybody's initials; whole names of one letter are kept. */
const shortestBeginning = 2;
/** Of longer words, only the start is compared. */
const longestBeginning = 32;

const beginningOf = (word: string) => [...word].slice(0, longestBeginning).join('');

/** A word, and its rest from each later part on: of O'Hara-Silva also Hara-Silva and Silva. */
const restsOf = (word: string): string[] => [
  word,
  ...[...word.matchAll(/[^\p{L}\p{M}\p{N}]+(?=.)/gu)].map((gap) =>
    word.slice(gap.index + gap[0].length),
  ),
];

/** What somebody is found by: how each word of the names begins, and each part of a double name. */
export function nameBeginnings(...names: readonly string[]): string[] {
  const beginnings = names
    .flatMap(wordsOf)
    .flatMap(restsOf)
    .flatMap((word) => {
      const letters = [...beginningOf(word)];
      const shortest = Math.min(shortestBeginning, letters.length);
      return letters.map((_, index) => letters.slice(0, index + 1).join('')).slice(shortest - 1);
    });
  return [...new Set(beginnings)];
}

/** What each word of a search has to be among the `nameBeginnings` of. */
export const wantedBeginnings = (search: string): string[] => [
  ...new Set(wordsOf(search).map(beginningOf)),
];
