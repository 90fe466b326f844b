import { mutationRules, queryRules, type Rule, subscriptionRules, typeRules } from './rules.ts';

const may = {
  SIGNED_IN: ['yes', 'yes', 'yes'],
  OWN_RECORD: ['own record', 'all', 'all'],
  OWN_WRITE: ['own writes', 'all', 'all'],
  STAFF: ['no', 'all', 'all'],
} as const satisfies Record<Rule | 'OWN_WRITE', readonly string[]>;

const linesOf = (prefix: string, rules: Readonly<Record<string, keyof typeof may>>) =>
  Object.entries(rules).map(
    ([name, rule]) => `| ${prefix} | \`${name}\` | ${may[rule].join(' | ')} |`,
  );

/** The authorization table as Markdown: what each role may ask, see and do. */
export const printedRules = () =>
  [
    '| | | PATIENT | STAFF | ADMIN |',
    '|---|---|---|---|---|',
    ...linesOf('query', queryRules),
    ...linesOf('type', typeRules),
    ...linesOf('mutation', mutationRules),
    ...linesOf('subscription', subscriptionRules),
    '',
  ].join('\n');
