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

/** How letters are written where a keyboard lacks them. */
const pairs: Readonly<Record<string, string | undefined>> = {
  ...{ ä: 'ae', ö: 'oe', ü: 'ue', ß: 'ss', å: 'aa', æ: 'ae', ø: 'oe' },
};
const pair = /(ae|oe|ue|aa|ss)/u;
/** What pairs may stand for, in German and Swedish, and in Danish and Norwegian. */
const readings: readonly Readonly<Record<string, string | undefined>>[] = [
  { ae: 'ä', oe: 'ö', ue: 'ü', aa: 'å', ss: 'ß' },
  { ae: 'æ', oe: 'ø', aa: 'å' },
];
/** Of one word: hardly any name has more, and each doubles what is asked for. */
const mostPairs = 4;

const spelledOut = (folded: string) =>
  folded.replace(/[äöüßåæø]/gu, (letter) => pairs[letter] ?? letter);

/**
 * What else a word may be written as: Mueller is Müller. It is the search that asks for all of them, so that
 * records are found whenever they were stored. A pair is never the letter without its accent: Michael is
 * not Michal, nor Joel Jol.
 */
function spellings(folded: string): string[] {
  const pieces = spelledOut(folded).split(pair);
  return readings.flatMap((letters) =>
    pieces.reduce<string[]>(
      (starts, piece, index) => {
        const letter = index < 2 * mostPairs ? letters[piece] : undefined;
        const ways = letter === undefined ? [piece] : [piece, letter];
        return starts.flatMap((start) => ways.map((way) => start + way));
      },
      [''],
    ),
  );
}

/** How each part of names may be written: without accents, or with pairs for what has some. */
const waysToWrite = (names: readonly string[]): string[][] =>
  names.flatMap(partsOf).map((part) => [plain(part), plain(spelledOut(part))]);

/**
 * Whether whole names are the same, wherever the first name ends and the last begins, and in whatever order
 * their parts are. Each part for itself: who is Jorg here and Mueller, may be Jörg Müller there.
 */
export function areSameNames(names: readonly string[], others: readonly string[]): boolean {
  const left = waysToWrite(others);
  const parts = waysToWrite(names);
  return (
    parts.length === left.length &&
    parts.every((part) => {
      const at = left.findIndex((ways) => ways.some((way) => part.includes(way)));
      return at >= 0 && left.splice(at, 1).length > 0;
    })
  );
}

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
 * plain, and in other spellings.
 */
export function wantedBeginnings(search: string): string[][] {
  const words = wordsOf(search);
  const parts = [...partsOf(search).filter(isLong), ...words.filter(isCaseless)];
  // With nothing else to go by, somebody may be called by a single letter, or by signs.
  const wanted = parts.length > 0 ? parts : words;
  return [...new Set(wanted)].map((part) => [
    ...new Set([part, plain(part), ...spellings(part)].map(beginningOf)),
  ]);
}
