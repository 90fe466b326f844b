import type { z } from 'zod';
import type { ConfigurationProblem } from '../config.ts';

export const problem = (variable: string, text: string): ConfigurationProblem => ({
  variable,
  text: `${variable} ${text}`,
});

/** `zod` quotes no values in these. */
export const problemsOf = (error: z.ZodError): ConfigurationProblem[] =>
  error.issues.map((issue) => {
    const variable = String(issue.path[0] ?? '');
    const missing = issue.code === 'invalid_type' && /undefined/.test(issue.message);
    return problem(variable, missing ? 'is missing' : describe(issue, variable));
  });

/** What a variable counts, by how its name ends. */
const units = { _MS: 'milliseconds', _DAYS: 'days', _BYTES: 'bytes' };

const counted = (count: number | bigint, unit = ''): string =>
  `${count} ${Number(count) === 1 ? unit.replace(/s$/, '') : unit}`.trim();

function describe(issue: z.core.$ZodIssue, variable: string): string {
  const unit = Object.entries(units).find(([ending]) => variable.endsWith(ending))?.[1];
  switch (issue.code) {
    case 'custom':
      return issue.message;
    case 'invalid_value':
      return `must be one of ${issue.values.join(', ')}`;
    case 'invalid_format':
      if (issue.message.startsWith('must')) {
        return unit === undefined ? issue.message : `${issue.message} of ${unit}`;
      }
      return issue.format === 'url' ? 'must be a URL' : 'is not valid';
    case 'too_small':
      return `must be at least ${counted(issue.minimum, unit)}`;
    case 'too_big':
      return `must be at most ${counted(issue.maximum, unit)}`;
    default:
      return 'is not valid';
  }
}
