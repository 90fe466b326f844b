/**
 * How names and e-mails are compared. Done here and not by the database, whose idea of upper and lower
 * case and of order depends on the locale it was created with.
 */

/** For comparing without regard to case or to how an accent is encoded. */
export const fold = (value: string) => value.normalize('NFC').toLowerCase();

/** The words that a search is made of. */
export const wordsOf = (value: string) => [...new Set(fold(value).split(/\s+/).filter(Boolean))];

/** What words are looked for in: a word holds no line break, so it never spans both names. */
export const searchName = (firstName: string, lastName: string) =>
  `${fold(firstName)}\n${fold(lastName)}`;

/** Far above any name, and safely below what a database index can hold. */
const longestSortName = 300;

/** What a register is ordered by: last name, first name, accented letters beside their plain ones. */
export const sortName = (firstName: string, lastName: string) =>
  [lastName, firstName]
    .map((name) => name.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase().trim())
    .join('\n')
    .slice(0, longestSortName);
