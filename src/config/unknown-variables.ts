import { distance } from 'fastest-levenshtein';
import type { Environment } from '../config.ts';

/** The first words of variables that many programs have, each its own. */
const commonWords = ['DATA', 'DATABASE', 'HOST', 'LOG', 'METRICS', 'PORT', 'PUBLIC', 'RATE'];

/** What Kubernetes and Docker set for each service beside us, whatever it is called. */
const isServiceLink = (name: string, value = '') =>
  /_SERVICE_(HOST|PORT)(_[A-Z0-9_]+)?$|_PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?$/.test(name) ||
  /^(tcp|udp|sctp):\/\//.test(value);

const mostSlips = 2;

/** Of short names nothing is a slip of the pen for certain. */
const slipsIn = ({ length }: string) => (length < 8 ? 0 : length < 10 ? 1 : mostSlips);

/**
 * A sentence for each variable that looks like one of Portico's and is none: whoever misspells one would
 * otherwise never hear of it. Environments are full of other people's variables, so a likeness has to be
 * close there; what is in a `.env` was put there for Portico.
 * @param vendors the ids that variables of vendors begin with
 */
export function unknownVariables(
  environment: Environment,
  known: readonly string[],
  vendors: readonly string[],
  ofFile: readonly string[],
): string[] {
  // OpenTelemetry's packages read theirs for themselves, more than are known here.
  const ours = known.filter((name) => !name.startsWith('OTEL_'));
  const beginnings = (words: number) =>
    new Set(
      ours
        .map((name) => name.split('_'))
        .filter(([first = '', ...rest]) => rest.length > 0 && !commonWords.includes(first))
        .map((parts) => parts.slice(0, words).join('_')),
    );
  const byPlace = { file: beginnings(1), elsewhere: beginnings(2) };

  function sentence(name: string): string | undefined {
    const upper = name.toUpperCase();
    const parts = upper.split('_');
    const vendor = vendors.find((id) => upper.startsWith(`${id}_`));
    const beginsAsOurs = ofFile.includes(name)
      ? byPlace.file.has(parts.slice(0, 1).join('_'))
      : byPlace.elsewhere.has(parts.slice(0, 2).join('_'));
    const isOurs = vendor !== undefined || beginsAsOurs;
    const ownLetters = upper.length - (vendor?.length ?? 0);
    const most = isOurs ? ownLetters / (vendor === undefined ? 3 : 2) : mostSlips;
    const near = ours
      .filter((one) => vendor === undefined || one.startsWith(`${vendor}_`))
      .filter((one) => Math.abs(one.length - upper.length) <= most)
      .map((one) => ({ one, slips: distance(upper, one) }))
      .filter(({ one, slips }) => slips <= (isOurs ? most : slipsIn(one)))
      .sort((first, second) => first.slips - second.slips)[0]?.one;
    // Where the other is set as well, both are meant.
    if (!isOurs && (near === undefined || environment[near] !== undefined)) {
      return undefined;
    }
    const meant = near === undefined ? '' : ` Is ${near} meant?`;
    return `${name} is no variable of Portico's, and has no effect.${meant}`;
  }

  return Object.keys(environment)
    .filter((name) => /^[A-Za-z][A-Za-z0-9_]*$/.test(name) && !known.includes(name))
    .filter((name) => !name.startsWith('OTEL_') && !isServiceLink(name, environment[name]))
    .flatMap((name) => sentence(name) ?? []);
}
