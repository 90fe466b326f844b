/**
 * How names and e-mails are compared. Done here and not by the database, which sees neither, and whose
 * idea of upper and lower case depends on the locale it was created with.
 */

/** For comparing without regard to case or to how an accent is encoded. */
const fold = (value: string) => value.normalize('NFC').toLowerCase();

/** What e-mail addresses are equal by. */
export const foldedEmail = (email: string) => fold(email.trim());

/** Letters that Unicode does not take apart into a plain one and an accent. */
const plainLetters: Readonly<Record<string, string | undefined>> = {
  ...{ ß: 'ss', æ: 'ae', œ: 'oe', ø: 'o', ł: 'l', đ: 'd', ı: 'i' },
};

const apostrophes = "'’‘ʼ`´";
const accentsAndApostrophes = new RegExp(`[\\u0300-\\u036f${apostrophes}]`, 'gu');
const betweenParts = new RegExp(`[^\\p{L}\\p{M}\\p{N}${apostrophes}]+`, 'u');

/** What was folded, as it is written without accents and apostrophes: José as Jose, O’Neil as ONeil. */
const plain = (folded: string) =>
  folded
    .normalize('NFD')
    .replace(accentsAndApostrophes, '')
    .normalize('NFC')
    .replace(/[ßæœøłđı]/gu, (letter) => plainLetters[letter] ?? letter);

/** The words of a name or of a search. */
const wordsOf = (value: string) => fold(value).split(/\s+/).filter(Boolean);

/** The parts of words: all but an apostrophe stands between two of them. Of an e-mail address, it alone. */
const partsOf = (value: string) =>
  wordsOf(value).flatMap((word) =>
    word.includes('@') ? [word] : word.split(betweenParts).filter(Boolean),
  );

/** What whole names are equal by: their parts, wherever the first name ends and the last begins. */
export const foldedName = (...names: readonly string[]) =>
  names.flatMap(partsOf).map(plain).sort().join(' ');

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
    .flatMap((word) => [word, plain(word)])
    .flatMap(restsOf)
    .flatMap((word) => {
      const letters = [...beginningOf(word)];
      const shortest = Math.min(shortestBeginning, letters.length);
      return letters.map((_, index) => letters.slice(0, index + 1).join('')).slice(shortest - 1);
    });
  return [...new Set(beginnings)];
}

const isLong = (part: string) => [...plain(part)].length >= shortestBeginning;
/** In a script without case, a name as likely as not; in others an initial, which begins too many names. */
const isCaseless = (part: string) => /^\p{Lo}$/u.test(part);

/**
 * What each part of a search has to be one of, among the `nameBeginnings` of somebody: as it was entered,
 * and plain.
 */
export function wantedBeginnings(search: string): string[][] {
  const words = wordsOf(search);
  const parts = [...partsOf(search).filter(isLong), ...words.filter(isCaseless)];
  // With nothing else to go by, somebody may be called by a single letter, or by signs.
  const wanted = parts.length > 0 ? parts : words;
  return [...new Set(wanted)].map((part) => [
    ...new Set([beginningOf(part), beginningOf(plain(part))]),
  ]);
}
