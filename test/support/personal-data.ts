import { sandboxAddress, sandboxPeople } from '../../src/sandbox/people.ts';

/** Words of the sandbox's patients that must be found nowhere but in their own answers. */
const personalWords: readonly string[] = [
  sandboxAddress.street,
  ...sandboxPeople.flatMap(({ firstName, lastName, birthDate, email, phone, subject }) => [
    ...[firstName, lastName, birthDate, email, phone],
    ...(subject === undefined ? [] : [subject]),
  ]),
];

/**
 * Those of them, and of other words given, that a text holds. Short names are looked for as whole words:
 * `ana` is in many a name of ours.
 */
export const personalIn = (text: string, more: readonly string[] = []): string[] =>
  [...personalWords, ...more].filter((word) =>
    new RegExp(`(?<![\\w-])${word.replaceAll(/[^\w]/g, '\\$&')}(?![\\w-])`, 'i').test(text),
  );
